"""A phone number as people write it at home, as ``+`` and digits."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

# Dialled before mobiles until 2019 in Mexico and 2018 in Chile: people still write them, the tables forgot them.
_FORMER_PREFIXES = {
    "MX": re.compile(r"^(?:\+?521|044|045|01)(?=[0-9]{10}$)"),
    "CL": re.compile(r"^0(?=9[0-9]{8}$)"),
}
_FILLING = re.compile(r"[^0-9+]")


def international_phone(text: str, country: str | None) -> str | None:
    """``+`` and digits of a number written in any of the ways people of ``country`` write it, or None.

    ``+54 9 11 5032-0001``, ``0054 9 11 …``, ``54 9 11 …``, ``(011) 15-5032-0001``, ``11 5032-0001`` are one number in
    Argentina. Nothing is guessed: without its area code, or without a country, a local number is none.

    Args:
        text: as somebody typed it.
        country: the clinic's, of two capital letters; None where it is not known.
    """
    written = text.strip()
    if country in _FORMER_PREFIXES:
        written = _FORMER_PREFIXES[country].sub("", _FILLING.sub("", written))
    if country is None and written.startswith("00"):
        written = f"+{written[2:]}"
    try:
        number = phonenumbers.parse(written, country)
    except NumberParseException:
        return None
    # Numbers abroad are newer than the tables now and then; one at home is written by somebody who knows it.
    abroad = written.startswith(("+", "00"))
    known = phonenumbers.is_possible_number(number) if abroad else phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if known else None
