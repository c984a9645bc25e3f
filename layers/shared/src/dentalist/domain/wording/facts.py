"""What the clinic's own data says about a subject, in words; nothing is ever made up.

Each function returns a sentence, or None when the clinic has not filled in the fact. The caller then says so and leaves
a task.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dentalist.domain.clinic import Clinic, Price
from dentalist.domain.hours import OpeningHours, next_opening, whole_day
from dentalist.domain.wording.money import format_amount
from dentalist.domain.wording.times import describe_hours, join, long_date, moment
from dentalist.domain.wording.voice import Voice

_LINES = 12  # of a price list in one message
_LONGEST_FACT = 300  # what a clinic typed into a field may not fill the message

_CLOSURE_IS_NEAR = timedelta(days=7)
_CLOSURES_TOLD = 4
_EMPTY_HOURS = "Por ahora no tenemos un horario de atención fijo."


def clip(text: str, limit: int = _LONGEST_FACT) -> str:
    """A text of the clinic on one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rsplit(" ", 1)[0].rstrip(",;. ") + "…"


def address(voice: Voice) -> str | None:
    clinic = voice.clinic
    if not clinic.address:
        return f"Así se llega: {clip(clinic.maps_url)}" if clinic.maps_url else None
    where = voice.say("Estamos en {address}.", address=clip(clinic.address))
    return f"{where} Mapa: {clip(clinic.maps_url)}" if clinic.maps_url else where


def hours(voice: Voice, now: datetime) -> str | None:
    """The weekly hours, and what is on or near that changes them: closures, and holidays, closed or not."""
    clinic = voice.clinic
    if clinic.opening_hours is None:
        return None
    described = describe_hours(clinic.opening_hours)
    text = f"Atendemos {described}." if described else _EMPTY_HOURS
    return " ".join([text, *_closed_days(clinic, clinic.opening_hours, now), *_opened_holidays(clinic, now)])


def _closed_days(clinic: Clinic, weekly: OpeningHours, now: datetime) -> list[str]:
    closures = clinic.closed_from(now)
    near = [c for c in closures if now < c.interval.ends_at and c.interval.starts_at - now <= _CLOSURE_IS_NEAR]
    said = []
    for closure in near[:_CLOSURES_TOLD]:
        reason = f" ({clip(closure.reason)})" if closure.reason else ""
        if closure.interval.starts_at > now:
            said.append(f"El {long_date(closure.interval.starts_at, clinic.timezone)} cerramos{reason}.")
        elif not said:  # one that is on; another that is on too says nothing new
            reopening = next_opening(weekly, closures, clinic.timezone, now)
            back = f" y volvemos {moment(reopening, clinic.timezone, now=now)}" if reopening else ""
            said.append(f"Ahora estamos cerrados{reason}{back}.")
    return said


def _opened_holidays(clinic: Clinic, now: datetime) -> list[str]:
    """A holiday that is near and on which the clinic opens: without a word everybody takes it for closed."""
    days = [(whole_day(item.date, clinic.timezone), item) for item in clinic.holidays_from(now)]
    return [
        f"El {long_date(day.starts_at, clinic.timezone)} atendemos ({clip(item.reason)})."
        for day, item in days
        if item.date in clinic.open_holidays
        and now < day.ends_at
        and day.starts_at - now <= _CLOSURE_IS_NEAR
        and not any(closure.interval.overlaps(day) for closure in clinic.closures)
    ]


def insurance(voice: Voice, asked: Sequence[str]) -> str | None:
    known = voice.clinic.insurances
    if not known:
        return None
    if asked:
        return f"Sí, trabajamos con {join([clip(name) for name in asked])}."
    return voice.say(
        "Trabajamos con {names}. Si [la tuya|la tuya|la suya] no está en la lista, [te|te|se] lo confirma la clínica.",
        names=join([clip(name) for name in known[:_LINES]]),
    )


def payment(voice: Voice) -> str | None:
    methods = voice.clinic.payment_methods
    return f"Se puede pagar con {join([clip(method) for method in methods[:_LINES]])}." if methods else None


def phone(voice: Voice) -> str | None:
    return f"El teléfono de la clínica es {clip(voice.clinic.phone)}." if voice.clinic.phone else None


def price_line(price: Price, clinic: Clinic) -> str | None:
    """ "Limpieza: $ 25.000"; None when the clinic lists no price for it."""
    if price.amount is None:
        return None
    return f"{clip(price.treatment)}: {format_amount(price.amount, price.currency, clinic.country)}"


def prices(voice: Voice, treatments: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The prices asked for, from the clinic's list alone, and the treatments that have none there.

    Without treatments the whole list is meant; an empty one is a missing fact named "precios".
    """
    clinic = voice.clinic
    if not treatments:
        lines = [line for price in clinic.price_list if (line := price_line(price, clinic))]
        if not lines:
            return None, ("los precios",)
        return "\n".join(["Estos son nuestros precios:", *(f"• {line}" for line in lines[:_LINES])]), ()
    found: list[str] = []
    missing: list[str] = []
    for name in treatments:
        price = clinic.find_price(name)
        line = price_line(price, clinic) if price else None
        if line:
            found.append(line)
        else:
            missing.append(f"el precio de {clip(name).lower()}")
    if len(found) > 1:
        return "\n".join(["Estos son los precios:", *(f"• {line}" for line in found[:_LINES])]), tuple(missing)
    return (f"{found[0]}." if found else None), tuple(missing)


def treatments_done(voice: Voice, treatments: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Whether the clinic lists what was asked about, and how long it takes there."""
    listed = [price for name in treatments if (price := voice.clinic.find_price(name))]
    missing = tuple(clip(name).lower() for name in treatments if not voice.clinic.find_price(name))
    if not listed:
        return None, missing or ("ese tratamiento",)
    names = join([clip(price.treatment) for price in listed])
    minutes = [f"{clip(price.treatment)}: unos {price.minutes} minutos" for price in listed if price.minutes]
    text = f"Sí, está entre nuestros tratamientos: {names}."
    return (f"{text} {'; '.join(minutes)}." if minutes else text), missing
