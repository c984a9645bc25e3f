"""Public holidays of a country, from the maintained library `holidays`. They count as closed unless the clinic opens.

National holidays only: what a province or town celebrates is a closure that the clinic writes down itself.

Source:
    https://holidays.readthedocs.io
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple

_SPANISH = "es"
_ALPHA_2 = 2
_YEARS_KEPT = 32  # a warm function serves clinics of a few countries, each this year and the next


class Holiday(NamedTuple):
    """A whole local day."""

    date: date
    name: str
    in_spanish: bool = True

    @property
    def reason(self) -> str:
        """What patients are told; a name they might not read is left out."""
        return f"feriado: {self.name}" if self.in_spanish else "feriado"


def is_supported(country: str) -> bool:
    """Whether the holidays of this country (ISO 3166-1 alpha-2, upper case) are known."""
    return country in _countries()


def holidays_between(country: str | None, first: date, last: date) -> list[Holiday]:
    """The holidays from ``first`` to ``last``, both included, in order; none of a country that is not known."""
    if country is None or not is_supported(country):
        return []
    years = range(first.year, last.year + 1)
    return [holiday for year in years for holiday in _of_year(country, year) if first <= holiday.date <= last]


def parse_dates(value: object) -> frozenset[date]:
    """Read a list of ISO dates; what is none is left out."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return frozenset()
    return frozenset(day for item in value if isinstance(item, str) and (day := _parse_date(item)) is not None)


def _parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


@cache
def _countries() -> frozenset[str]:
    # Loading the library costs 40 ms and only clinics with a holiday_country need it.
    from holidays.registry import EntityLoader  # noqa: PLC0415

    return frozenset(code for code in EntityLoader.get_country_codes() if len(code) == _ALPHA_2)


@lru_cache(maxsize=_YEARS_KEPT)
def _of_year(country: str, year: int) -> tuple[Holiday, ...]:
    from holidays import country_holidays  # noqa: PLC0415 - as above

    # One country's module is loaded, not all of them; some have no Spanish names, and then their own.
    calendar = country_holidays(country, years=year)
    in_spanish = _SPANISH in calendar.supported_languages
    language = _SPANISH if in_spanish else calendar.default_language
    named = country_holidays(country, years=year, language=language)
    return tuple(Holiday(day, named[day], in_spanish) for day in sorted(named))
