"""Times, dates, prices and other numbers: each must be one that code issued, and on the day and for the treatment that
code issued it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dentalist.domain.guard.denials import denied
from dentalist.domain.guard.issued import LINK, OPENING, Issued, Moments, blank, phones
from dentalist.domain.guard.moments import Spoken, days, pairs, times
from dentalist.domain.guard.numbers import Amount, amounts, in_digits
from dentalist.domain.guard.reading import Sentence
from dentalist.domain.guard.verdict import Rule, Violation
from dentalist.domain.understanding.treatments import find_treatments

_SMALL = 10  # in words, up to this is mostly no figure: "estos dos horarios"
_OFFERS = re.compile(
    r"(?<!\w)(?:teng[oa]|tenemos|hay|habria|qued[ao]\w*|libres?|disponib\w+|huecos?|espacios?|lugar|agend\w+|reserv\w+"
    r"|anot\w+|confirm\w+|turnos? (?:para|el|a las)|cita (?:para|el|a las)|te (?:sirve|viene|doy|ofrezco|puedo|puede)"
    r"|pod[eé]s|puedes|puede|veni|ven|venga|vengas|prefer\w+|prefier\w+|que tal)(?!\w)"
)
_WHENEVER = re.compile(
    r"noche|madrugada|toda hora|todo el dia|siempre|todos los dias|feriado|tambien|hasta tarde|temprano"
)
# "Abre a las 7" is no way to say 19:00.
_OPENS = re.compile(r"(?<!\w)abr(?:e|en|imos)(?!.*(?<!\w)(?:cierr|cerr))")
_APPOINTMENT = re.compile(r"turno|cita|libre|disponib|hueco|lugar")
_DURATIONS = frozenset({"minuto", "segundo", "hora", "dia", "semana", "mes", "ano"})
_OF_MONEY = frozenset({"%", "cuota", "pago"})
_CONDITIONS = re.compile(
    r"(?<!\w)(?:gratis|gratuit\w+|sin (?:cargo|costo|coste|interes\w*)|bonificad\w+|en el (?:dia|acto)(?= ?[.,!;]|$)"
    r"|descuentos?|rebaj\w+|promo\w*"
    r"|ofertas?|2x1|dos por uno|mitad de precio|cortesia|invita la casa|regal\w+|sena de|reintegros?|devolucion\w*"
    r"|financ\w+|cuotas|barat\w+|no (?:te |le |se )?(?:cuesta|sale|cobr\w+|pag(?:as|a|an|ues)|(?:tenes|tiene|tienes)"
    r" que pagar)"
    r"|(?:sale|cuesta|vale|cobra\w*|pagas) (?:mas o menos|lo mismo|nada|poco|igual|como|menos|muy|algo|casi|re)"
    r"|medio millon|palos)(?!\w)"
)


def check_figures(said: list[Sentence], issued: Issued) -> Iterator[Violation]:
    """Every figure of a text that code did not issue."""
    after_opening = False
    for sentence in said:
        text = in_digits(sentence.text)
        text = blank(text, list(LINK.finditer(text)))
        dialled = list(phones(text))
        yield from _phones(dialled, issued)
        text = blank(text, dialled)
        said_times, said_days = times(text, exact=bool(_OPENS.search(text))), days(text)
        moments = _moments_for(text, issued, after_opening=after_opening)
        after_opening = bool(OPENING.search(text))
        yield from _times(said_times, said_days, moments, issued)
        yield from _days(text, said_days, moments, issued, asks=sentence.asks)
        yield from _whenever(text, issued)
        rest = blank(text, [*said_times, *said_days])
        yield from _amounts(rest, issued)
        yield from _conditions(sentence.text, issued)


def _moments_for(text: str, issued: Issued, *, after_opening: bool) -> Moments:
    """Opening hours may only be told as such: a time when the clinic is open is not a time that is free."""
    offers = _OFFERS.search(text)
    opens = OPENING.search(text)
    if opens and not (offers and _APPOINTMENT.search(text)):
        return issued.moments
    if not offers and (after_opening or not issued.offered.times) and issued.opening_was_said:
        return issued.moments
    return issued.offered


def _whenever(text: str, issued: Issued) -> Iterator[Violation]:
    """Open at night, always, on holidays: no time is named, and yet hours are."""
    found = _WHENEVER.search(text) if OPENING.search(text) else None
    if found and not issued.has_words(found.group()) and not denied(text, found.start()):
        yield Violation(Rule.INVENTED_TIME, found.group())


def _phones(dialled: list[re.Match[str]], issued: Issued) -> Iterator[Violation]:
    for found in dialled:
        digits = re.sub(r"\D", "", found.group())
        if not any(digits in known or (len(known) > 6 and known in digits) for known in issued.digits):  # noqa: PLR2004
            yield Violation(Rule.INVENTED_FACT, found.group())


def _times(said_times: list[Spoken], said_days: list[Spoken], moments: Moments, issued: Issued) -> Iterator[Violation]:
    for time, refs in pairs(said_times, said_days):
        if not moments.has_time(time.minutes) or any(
            not moments.has_pair(ref, time.minutes, issued.today) for ref in refs
        ):
            yield Violation(Rule.INVENTED_TIME, time.words)


def _days(text: str, said_days: list[Spoken], moments: Moments, issued: Issued, *, asks: bool) -> Iterator[Violation]:
    matters = bool(OPENING.search(text) or _OFFERS.search(text))
    for day in said_days:
        for ref in day.refs:
            today = ref.ahead == 0
            if today and (asks or not matters):
                continue  # "¿en qué te ayudo hoy?" promises nothing
            if not moments.has_day(ref, issued.today):
                yield Violation(Rule.INVENTED_DATE, day.words)
                break


def _amounts(text: str, issued: Issued) -> Iterator[Violation]:
    found = amounts(text)
    for amount in found:
        if amount.in_words and amount.value <= _SMALL and amount.unit is None and amount.currency is None:
            continue
        if not any(_same(amount, known, issued.own_currency) for known in issued.amounts):
            yield Violation(_rule_for(amount), text[amount.start : amount.end])
    yield from _of_other_treatments(text, found, issued)


def _rule_for(amount: Amount) -> Rule:
    if amount.is_money or amount.unit in _OF_MONEY:
        return Rule.INVENTED_PRICE
    return Rule.INVENTED_TIME if amount.unit in _DURATIONS else Rule.INVENTED_FACT


def _same(said: Amount, known: Amount, own: str) -> bool:
    if said.value != known.value or (said.unit is not None and said.unit != known.unit):
        return False
    if said.currency is None:
        return True
    if known.currency is None:
        return said.currency in ("own", own)
    currencies = {own if currency == "own" else currency for currency in (said.currency, known.currency)}
    return len(currencies) == 1


def _of_other_treatments(text: str, found: list[Amount], issued: Issued) -> Iterator[Violation]:
    """A true price or length beside the name of another treatment."""
    lines = issued.clinic.price_list
    names, start = [line.treatment for line in lines], 0
    for amount in found:
        if not (amount.is_money or amount.unit == "minuto"):
            continue
        before, start = text[start : amount.start], amount.end
        spoken_of = find_treatments(before, names) or find_treatments(text[amount.end :], names)
        of_all = {line.treatment: line.amount if amount.is_money else line.minutes for line in lines}
        of_these = [of_all.get(name, amount.value) for name in spoken_of]
        if of_these and amount.value in of_all.values() and amount.value not in of_these:
            yield Violation(_rule_for(amount), text[amount.start : amount.end])


def _conditions(text: str, issued: Issued) -> Iterator[Violation]:
    for found in _CONDITIONS.finditer(text):
        if not issued.has_words(found.group()) and not denied(text, found.start()):
            yield Violation(Rule.INVENTED_PRICE, found.group())
