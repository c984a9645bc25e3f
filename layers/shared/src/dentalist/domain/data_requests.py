"""Requests to see, correct or delete one's own data, and by when the law of the clinic's country wants them answered.

Sources:
    AR: Ley 25.326, art. 14 (access, 10 days) and 16 (correction and deletion, 5 business days)
        https://servicios.infoleg.gob.ar/infolegInternet/anexos/60000-64999/64790/texact.htm
    MX: LFPDPPP, a decision within 20 business days of the request
        https://www.diputados.gob.mx/LeyesBiblio/pdf/LFPDPPP.pdf
    ES and the European Union: GDPR, art. 12.3, one month
        https://eur-lex.europa.eu/eli/reg/2016/679/oj
    CL: Ley 19.628, art. 16, 2 business days; from 1 December 2026 Ley 21.719, art. 11, 30 days
        https://www.bcn.cl/leychile/navegar?idNorma=141599 and https://www.bcn.cl/leychile/navegar?idNorma=1209272
    CO: Ley 1581 de 2012, art. 14 (access, 10 business days) and 15 (correction and deletion, 15 business days)
        https://www.funcionpublica.gov.co/eva/gestornormativo/norma.php?i=49981
    UY: Ley 18.331, art. 14 and 15, 5 business days
        https://www.impo.com.uy/bases/leyes/18331-2008

Of these, what is said of the European Union, of Colombia's article 15, of Uruguay's article 14 and of the day on which
Chile's law changes was compared with published texts. The other numbers are unverified: a lawyer of the country should
see them before a clinic there relies on the day. A day too early harms nobody, so no extension is counted.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dentalist.domain.holidays import holidays_between
from dentalist.domain.understanding.normalise import bare_words

_FIRST_WEEKEND_DAY = 5
_DECEMBER = 12
_LONGEST = timedelta(days=120)  # far more than any of the deadlines; for the holidays to look at


class DataRight(StrEnum):
    """What somebody wants of their data."""

    ACCESS = "access"
    CORRECTION = "correction"
    DELETION = "deletion"


class Unit(StrEnum):
    """How a law counts."""

    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"


@dataclass(frozen=True)
class Deadline:
    """How long the clinic has, and which law says so."""

    count: int
    unit: Unit
    law: str


_GDPR = {right: Deadline(1, Unit.MONTHS, "RGPD, art. 12.3") for right in DataRight}
_CHILE_BEFORE = {right: Deadline(2, Unit.BUSINESS_DAYS, "Ley 19.628, art. 16") for right in DataRight}
_CHILE_SINCE = {right: Deadline(30, Unit.DAYS, "Ley 21.719, art. 11") for right in DataRight}
_CHILE_CHANGED_ON = date(2026, 12, 1)
_CHANGES_AR = Deadline(5, Unit.BUSINESS_DAYS, "Ley 25.326, art. 16")
_CHANGES_CO = Deadline(15, Unit.BUSINESS_DAYS, "Ley 1581 de 2012, art. 15")

_DEADLINES: dict[str, dict[DataRight, Deadline]] = {
    "AR": {
        DataRight.ACCESS: Deadline(10, Unit.DAYS, "Ley 25.326, art. 14"),
        DataRight.CORRECTION: _CHANGES_AR,
        DataRight.DELETION: _CHANGES_AR,
    },
    "MX": {right: Deadline(20, Unit.BUSINESS_DAYS, "LFPDPPP") for right in DataRight},
    "CO": {
        DataRight.ACCESS: Deadline(10, Unit.BUSINESS_DAYS, "Ley 1581 de 2012, art. 14"),
        DataRight.CORRECTION: _CHANGES_CO,
        DataRight.DELETION: _CHANGES_CO,
    },
    "UY": {right: Deadline(5, Unit.BUSINESS_DAYS, "Ley 18.331, art. 14 y 15") for right in DataRight},
    **dict.fromkeys(
        (
            "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
            "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
        ),
        _GDPR,
    ),
}  # fmt: skip

_DELETION = re.compile(r"\b(?:borr|elimin|suprim|olvid|quit|sac|dar? de baja|den de baja|dame de baja|apag)\w*\b")
_CORRECTION = re.compile(r"\b(?:correg|corrij|rectific|actualiz|modific|cambi|arregl|estan? mal|equivocad)\w*")

_ASKED = {
    DataRight.ACCESS: "ver sus datos",
    DataRight.CORRECTION: "corregir sus datos",
    DataRight.DELETION: "borrar sus datos",
}


def right_asked(text: str) -> DataRight:
    """Which right a request is about; access where the words do not say, which every such request begins with."""
    words = bare_words(text)
    if _DELETION.search(words):
        return DataRight.DELETION
    return DataRight.CORRECTION if _CORRECTION.search(words) else DataRight.ACCESS


def deadline_of(country: str | None, right: DataRight, asked_on: date) -> Deadline | None:
    """What the law of a country (ISO 3166-1 alpha-2) says of a request of this day; None where it is not known here."""
    if country == "CL":
        return (_CHILE_SINCE if asked_on >= _CHILE_CHANGED_ON else _CHILE_BEFORE)[right]
    return _DEADLINES.get(country or "", {}).get(right)


def due_on(deadline: Deadline, asked_on: date, country: str | None) -> date:
    """The last day for an answer; the day of the request does not count."""
    if deadline.unit is Unit.DAYS:
        return asked_on + timedelta(days=deadline.count)
    if deadline.unit is Unit.MONTHS:
        return _months_later(asked_on, deadline.count)
    closed = {item.date for item in holidays_between(country, asked_on, asked_on + _LONGEST)}
    day, left = asked_on, deadline.count
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _FIRST_WEEKEND_DAY and day not in closed
    return day


def _months_later(day: date, months: int) -> date:
    """The same day of that month, or its last where it has no such day."""
    years, month = divmod(day.month - 1 + months, _DECEMBER)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True)
class DataRequest:
    """What is asked, as the clinic's people read it, and the last day for it where one is known."""

    right: DataRight
    message: str
    due_on: date | None


def data_request(text: str, *, country: str | None, asked_on: date) -> DataRequest:
    """Read a request of this day and say by when it must be answered."""
    right = right_asked(text)
    deadline = deadline_of(country, right, asked_on)
    asks = f"Alguien pide {_ASKED[right]}."
    if deadline is None:
        return DataRequest(right, f"{asks} Respondele cuanto antes: la ley le da un plazo.", None)
    last = due_on(deadline, asked_on, country)
    told = f"{asks} Respondele a más tardar el {last.day}/{last.month}/{last.year} ({deadline.law})."
    return DataRequest(right, told, last)
