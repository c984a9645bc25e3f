"""Numbers in words become digits, and digits in any local spelling become amounts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

SAID = "~"  # marks a number that was written in words: small ones are mostly no figures ("los dos")

_UNITS = {
    "un": 1, "uno": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8,
    "nueve": 9,
}  # fmt: skip
_TEENS = {
    "diez": 10, "once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciseis": 16, "diecisiete": 17,
    "dieciocho": 18, "diecinueve": 19, "veinte": 20, "veintiun": 21, "veintiuno": 21, "veintiuna": 21,
    "veintidos": 22, "veintitres": 23, "veinticuatro": 24, "veinticinco": 25, "veintiseis": 26, "veintisiete": 27,
    "veintiocho": 28, "veintinueve": 29, "ventiuno": 21, "ventidos": 22, "ventitres": 23, "venticuatro": 24,
    "venticinco": 25, "ventiseis": 26, "ventisiete": 27, "ventiocho": 28, "ventinueve": 29,
}  # fmt: skip
_TENS = {"treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90}
_HUNDREDS = {
    "cien": 100, "ciento": 100, "doscient": 200, "trescient": 300, "cuatrocient": 400, "quinient": 500,
    "seiscient": 600, "setecient": 700, "ochocient": 800, "novecient": 900,
}  # fmt: skip
_ONE_OF = {name: "|".join(sorted(table, key=len, reverse=True)) for name, table in (
    ("unit", _UNITS), ("teen", _TEENS), ("tens", _TENS)
)}  # fmt: skip
_HUNDRED = r"(?:cien|ciento|(?:dos|tres|cuatro|seis|sete|ocho|nove)cient[oa]s|quinient[oa]s)"
_BELOW_HUNDRED = rf"(?:(?:{_ONE_OF['tens']})(?: y (?:{_ONE_OF['unit']}))?|{_ONE_OF['teen']}|{_ONE_OF['unit']})"
_BELOW_THOUSAND = rf"(?:{_HUNDRED}(?: {_BELOW_HUNDRED})?|{_BELOW_HUNDRED})"
_IN_WORDS = re.compile(
    rf"(?<!\w)(?:{_BELOW_THOUSAND} (?:millon(?:es)?|palos)(?: {_BELOW_THOUSAND})?(?: mil)?(?: {_BELOW_THOUSAND})?"
    rf"|(?:{_BELOW_THOUSAND} |(?<!\d ))(?:mil|lucas?)(?: {_BELOW_THOUSAND})?|{_BELOW_THOUSAND})(?!\w)"
)
_ARTICLES = frozenset(_word for _word, _value in _UNITS.items() if _value == 1)
_IDIOMS = re.compile(r"mil (?:gracias|perdones|disculpas|veces|amores)|(?:por )?ciento por ciento|mil$")
_MANY = {"mil": 1000, "luca": 1000, "lucas": 1000, "millon": 10**6, "millones": 10**6, "palos": 10**6}

_NUMBER = (
    rf"{SAID}?\d{{1,3}}(?:[.,' \u2009]\d{{3}})+(?![\d])(?:[.,]\d{{1,2}}(?!\d))?|{SAID}?\d+(?:[.,]\d{{1,2}}(?!\d))?"
)
_FOREIGN = r"(?:usd|u\$s|us\$|u\$d|u\$|dolares|dolar|dls|verdes)"
_EURO = r"(?:euros?|eur|€)"
_OWN = (
    r"(?:ars|mxn|clp|cop|uyu|pen|pesos?|mangos?|soles|sol(?= )|bolivianos?|guaranies|quetzales|lempiras|colones"
    r"|\$|s/|bs|₡|₲)"
)
_CURRENCY = rf"(?:{_FOREIGN}|{_EURO}|{_OWN})"
AMOUNT = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_CURRENCY})\s?)?(?P<number>{_NUMBER})"
    rf"(?:\s?(?P<times>mil(?!\w)|k(?!\w)|lucas?(?!\w)|millon(?:es)?(?!\w)|palos?(?!\w)|m(?=\s|$)))?"
    rf"(?:\s(?:de\s)?(?P<verdes>palos\sverdes))?"
    rf"(?:\s?(?:de\s)?(?P<after>{_CURRENCY})(?![\w]))?"
    r"(?:\s?(?P<unit>%|(?:por ciento|cuotas?|pagos?|minutos?|mins?|segundos?|horas?|hs|hrs|dias?|semanas?|mes|meses"
    r"|anos?"
    r"|mg|ml|gotas?|comprimidos?|pastillas?|x1|sesion|sesiones)(?!\w)))?"
)


@dataclass(frozen=True)
class Amount:
    """One number of a text. ``currency`` is "own", "usd", "eur" or None; ``unit`` a plain word without its plural."""

    value: Decimal
    start: int
    end: int
    currency: str | None = None
    unit: str | None = None
    in_words: bool = False

    @property
    def is_money(self) -> bool:
        return self.currency is not None or (self.value >= 1000 and self.unit is None)  # noqa: PLR2004 - no time or age


def in_digits(text: str) -> str:
    """A plain text in which numbers written in words are digits, marked by ``SAID``; "un", "una" stay."""
    return _IN_WORDS.sub(lambda found: _digits_of(found.group(), text[found.start() :]), text)


def amounts(text: str) -> list[Amount]:
    """The numbers of a plain text that went through ``in_digits``."""
    return [_amount(found) for found in AMOUNT.finditer(text)]


def _digits_of(words: str, rest: str) -> str:
    if words in _ARTICLES or _IDIOMS.match(rest):
        return words
    total, current = 0, 0
    for word in words.split():
        if word == "y":
            continue
        if word in _MANY:
            total += max(current, 1) * _MANY[word]
            current = 0
        else:
            current += _value(word)
    return f"{SAID}{total + current}"


def _value(word: str) -> int:
    for table in (_UNITS, _TEENS, _TENS):
        if word in table:
            return table[word]
    return next(
        value for stem, value in _HUNDREDS.items() if word.startswith(stem) and (stem != "cien" or word == stem)
    )


def _amount(found: re.Match[str]) -> Amount:
    number = found["number"]
    many = {"k": 1000, "m": 10**6, **_MANY}
    times = (found["times"] or "").strip()
    factor = many.get(times) or many.get(f"{times}s", 1)
    unit = found["unit"]
    return Amount(
        value=_decimal(number.removeprefix(SAID)) * factor,
        start=found.start(),
        end=found.end(),
        currency=_currency(found["before"] or found["after"]),
        unit=_unit(unit) if unit else None,
        in_words=number.startswith(SAID),
    )


def _decimal(number: str) -> Decimal:
    """ "25.000", "25,000", "25 000" and "25000" are the same; one or two digits after the last mark are cents."""
    cents = re.search(r"[.,](\d{1,2})$", number)
    whole = number[: cents.start()] if cents else number
    digits = re.sub(r"\D", "", whole)
    return Decimal(f"{digits}.{cents[1]}" if cents else digits).normalize()


def _currency(mark: str | None) -> str | None:
    if mark is None:
        return None
    if re.fullmatch(_FOREIGN, mark):
        return "usd"
    return "eur" if re.fullmatch(_EURO, mark) else "own"


def _unit(word: str) -> str:
    known = {"min": "minuto", "mins": "minuto", "hs": "hora", "hrs": "hora", "meses": "mes", "por ciento": "%"}
    return known.get(word, word if word == "mes" else word.rstrip("s"))
