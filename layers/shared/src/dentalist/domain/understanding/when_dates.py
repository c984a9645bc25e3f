"""Calendar arithmetic on local dates: what "el 31" or "el primer lunes de diciembre" is, seen from today."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

Span = tuple[date, date]
_DAY = timedelta(days=1)
_MONTHS_AHEAD = 13
_WEEK = 7
_THIRD_OF_A_MONTH = 10


def make_date(year: int, month: int, day: int) -> date | None:
    """The date, or None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def next_weekday(today: date, weekday: int) -> date:
    """The coming one, never today: who means today says so."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % _WEEK + 1)


def next_date(today: date, day: int, month: int | None = None, weekday: int | None = None) -> date | None:
    """The next "22", "3 de marzo" or "lunes 7"; a weekday that never fits is taken for a slip."""
    candidates = []
    for months_ahead in range(_MONTHS_AHEAD + 36 * (day == 29)):  # noqa: PLR2004 - 29 February comes every four years
        years, index = divmod(today.month - 1 + months_ahead, 12)
        found = make_date(today.year + years, index + 1, day)
        if found and found >= today and month in {None, found.month}:
            candidates.append(found)
    near = candidates[:3] if month is None else candidates[:1]
    return next((found for found in near if weekday in {None, found.weekday()}), candidates[0] if candidates else None)


def week_of(day: date) -> Span:
    """Monday to Sunday."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=_WEEK - 1)


def month_of(year: int, month: int) -> Span:
    """First to last day; months beyond twelve are next year's."""
    years, index = divmod(month - 1, 12)
    return (
        date(year + years, index + 1, 1),
        date(year + years, index + 1, monthrange(year + years, index + 1)[1]),
    )


def next_month_named(today: date, month: int) -> Span:
    """The month of this name that is running or comes next."""
    return month_of(today.year + (month < today.month), month)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    first, last = month_of(day.year, day.month + months)
    return first + timedelta(days=min(day.day, last.day) - 1)


def third_of(month: Span, third: int) -> Span:
    """The beginning, the middle or the end of a month; the end is its last ten days."""
    first, last = month
    if third == 0:
        return first, first + timedelta(days=_THIRD_OF_A_MONTH - 1)
    if third == 1:
        return first + timedelta(days=_THIRD_OF_A_MONTH), first + timedelta(days=2 * _THIRD_OF_A_MONTH - 1)
    return last - timedelta(days=_THIRD_OF_A_MONTH - 1), last


def nth_weekday(month: Span, weekday: int, ordinal: int) -> date | None:
    """The first (1), second … or last (-1) weekday of a month."""
    first, last = month
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    fitting = [day for day in days if day.weekday() == weekday]
    index = ordinal - 1 if ordinal > 0 else ordinal
    return fitting[index] if -len(fitting) <= index < len(fitting) else None


def nth_week(month: Span, ordinal: int) -> Span:
    """ "La primera semana": days 1 to 7; the last one is the last seven days."""
    first, last = month
    if ordinal < 0:
        return last - timedelta(days=_WEEK - 1), last
    return first + timedelta(days=_WEEK * (ordinal - 1)), min(first + timedelta(days=_WEEK * ordinal - 1), last)


def holiday(today: date, month: int, day: int) -> date:
    """The next one, today included."""
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)


def day_before(day: date) -> date:
    return day - _DAY


def day_after(day: date) -> date:
    return day + _DAY
