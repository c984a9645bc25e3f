"""Prices as people write them in the clinic's country."""

from __future__ import annotations

from decimal import Decimal

_OWN_CURRENCY = {
    "AR": "ARS", "BO": "BOB", "CL": "CLP", "CO": "COP", "CR": "CRC", "DO": "DOP", "EC": "USD", "ES": "EUR",
    "GT": "GTQ", "HN": "HNL", "MX": "MXN", "NI": "NIO", "PA": "USD", "PE": "PEN", "PR": "USD", "PY": "PYG",
    "SV": "USD", "US": "USD", "UY": "UYU", "VE": "VES",
}  # fmt: skip
# How the own currency is written; "$" where it is a peso.
_SYMBOLS = {
    "BOB": "Bs",
    "CRC": "₡",
    "GTQ": "Q",
    "HNL": "L",
    "NIO": "C$",
    "PEN": "S/",
    "PYG": "₲",
    "VES": "Bs",
    "DOP": "RD$",
}
_POINT_FOR_DECIMALS = frozenset({"MX", "PE", "GT", "HN", "NI", "PA", "DO", "PR", "SV", "US"})


def currency_of(country: str | None) -> str | None:
    """ISO 4217 code of a country's currency; None when the country is unknown."""
    return _OWN_CURRENCY.get(country or "")


def format_amount(amount: Decimal, currency: str | None, country: str | None) -> str:
    """ "$ 45.000" in Argentina, "$1,200" in Mexico, "60 €" in Spain; a foreign currency by its code: "USD 300".

    Without a currency, the country's own is meant; without either, the bare number.
    """
    number = _number(amount, country)
    code = currency or currency_of(country)
    if code is None:
        return number
    if code == "EUR":
        return f"{number} €"
    if code != currency_of(country):
        return f"{code} {number}"
    symbol = _SYMBOLS.get(code, "$")
    return f"{symbol}{number}" if country in {"MX", "US", "PR", "CL"} else f"{symbol} {number}"


def _number(amount: Decimal, country: str | None) -> str:
    cents = amount.quantize(Decimal("0.01"))
    text = f"{cents:,.2f}" if cents != cents.to_integral_value() else f"{cents:,.0f}"
    if country in _POINT_FOR_DECIMALS:
        return text
    return text.translate(str.maketrans(",.", ".,"))
