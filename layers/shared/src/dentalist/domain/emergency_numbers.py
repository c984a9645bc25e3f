"""The number to call in a medical emergency, by country.

Where a country has both a general number and an ambulance number, the ambulance comes first. Countries that are not
listed get the number that mobile networks route everywhere (112, GSM 02.30) and the advice to call the local one.

Source: the governments' own pages, e.g. https://www.argentina.gob.ar/emergencias, https://112.es,
https://www.gob.mx/911, https://www.chileatiende.gob.cl (131, SAMU), https://linea123.gov.co.
"""

from __future__ import annotations

_NUMBERS = {
    "AR": "107 o al 911",
    "BO": "118 o al 110",
    "CL": "131",
    "CO": "123",
    "CR": "911",
    "CU": "104",
    "DO": "911",
    "EC": "911",
    "ES": "112",
    "GQ": "112",
    "GT": "123 o al 122",
    "HN": "911",
    "MX": "911",
    "NI": "128",
    "PA": "911",
    "PE": "106 o al 116",
    "PR": "911",
    "PY": "911 o al 141",
    "SV": "132 o al 911",
    "US": "911",
    "UY": "911 o al 105",
    "VE": "911",
}
ANYWHERE = "112"


def emergency_number(country: str | None) -> str | None:
    """What follows "llamá al": one number, or two joined in words; None for a country that is not listed."""
    return _NUMBERS.get(country_code(country) or "")


_NAMES = {
    "ARGENTINA": "AR",
    "CHILE": "CL",
    "COLOMBIA": "CO",
    "ESPAÑA": "ES",
    "MEXICO": "MX",
    "MÉXICO": "MX",
    "PERU": "PE",
    "PERÚ": "PE",
    "SPAIN": "ES",
    "URUGUAY": "UY",
}


def country_code(country: str | None) -> str | None:
    """ISO 3166-1 alpha-2 in upper case, from what the host application stored; None when it is neither."""
    if country is None:
        return None
    text = country.strip().upper()
    if len(text) == 2 and text.isascii() and text.isalpha():  # noqa: PLR2004 - alpha-2
        return text
    return _NAMES.get(text)
