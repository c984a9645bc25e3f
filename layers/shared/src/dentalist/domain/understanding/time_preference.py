"""When a contact would like to come: days and parts of the day, as instants in the professional's timezone.

A small grammar on purpose: what it does not understand is no preference, and the offer then shows the next free times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dentalist.domain.hours import Interval, local_instant
from dentalist.domain.understanding.normalise import normalise
from dentalist.domain.understanding.time_words import DAY_PARTS, WEEKDAYS, clock_times

_WHOLE_DAY = (0, 24 * 60)
_ANY_DAY = 21  # how many days ahead "a la tarde" without a day may mean
_CLINIC_DAY = (7 * 60, 22 * 60)  # which of 03:00 and 15:00 somebody means who writes "a las 3"
_SATURDAY, _SUNDAY = 5, 6

_TOMORROW = re.compile(r"(?<!la )(?<!pasado )(?<!\w)manana(?!\w)")
_TODAY = re.compile(r"(?<!\w)(?:hoy|esta (?:tarde|manana|noche))(?!\w)")
_MONTH_DAY = re.compile(r"(?:el|dia) (?:\w+ )?(\d{1,2})(?![\d:.])(?: de (\w+))?")
_FROM = re.compile(r"(?:desde|a partir de|despues de|pasadas|mas de) las?")
_UNTIL = re.compile(r"(?:antes de|hasta) las?")
_MONTHS = {
    "enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9,
    "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12,
}  # fmt: skip
_NEXT_WEEK = re.compile(r"(?:semana|sem) (?:que viene|proxima|siguiente|entrante)|(?:proxima|otra) semana")


def preferred_ranges(text: str, *, now: datetime, timezone: ZoneInfo) -> tuple[Interval, ...]:
    """The instants a text asks for, sorted; empty when it names no time.

    Args:
        text: the messages of a burst.
        now: the instant at which "mañana" is said.
        timezone: the professional's.
    """
    words = normalise(text)
    today = now.astimezone(timezone).date()
    days = _days(words, today)
    spans = _spans(words)
    if not days and spans == [_WHOLE_DAY]:
        return ()
    wanted = days or [today + timedelta(days=offset) for offset in range(_ANY_DAY)]
    ranges = (
        Interval(local_instant(day, start, timezone), local_instant(day, end, timezone))
        for day in sorted(set(wanted))
        for start, end in spans
    )
    return tuple(Interval(max(item.starts_at, now), item.ends_at) for item in ranges if item.ends_at > now)


def _days(words: str, today: date) -> list[date]:
    """The days that are named; empty for any."""
    weekdays = [WEEKDAYS[word] for word in words.split() if word in WEEKDAYS]
    if _NEXT_WEEK.search(words):
        monday = today + timedelta(days=7 - today.weekday())
        return [monday + timedelta(days=offset) for offset in (weekdays or range(7))]
    return _dated(words, today) or [_next_weekday(today, weekday) for weekday in weekdays] or _relative(words, today)


def _relative(words: str, today: date) -> list[date]:
    if "fin de semana" in words:
        return [_next_weekday(today, _SATURDAY), _next_weekday(today, _SUNDAY)]
    if "esta semana" in words:
        return [today + timedelta(days=offset) for offset in range(7 - today.weekday())]
    if "pasado manana" in words:
        return [today + timedelta(days=2)]
    if _TOMORROW.search(words):
        return [today + timedelta(days=1)]
    return [today] if _TODAY.search(words) else []


def _dated(words: str, today: date) -> list[date]:
    """ "El 22", "el 3 de marzo": the next day of that name."""
    found = _MONTH_DAY.search(words)
    if not found:
        return []
    day, month = int(found[1]), _MONTHS.get(found[2] or "")
    for months_ahead in range(13):
        year, index = divmod(today.month - 1 + months_ahead, 12)
        candidate = _date(today.year + year, index + 1, day)
        if candidate and candidate >= today and month in {None, candidate.month}:
            return [candidate]
    return []


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_weekday(today: date, weekday: int) -> date:
    """The coming one, never today: who means today says so."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _spans(words: str) -> list[tuple[int, int]]:
    """Minutes of the day that are asked for."""
    part = next((span for phrase, span in DAY_PARTS.items() if re.search(rf"(?<!\w)(?:{phrase})(?!\w)", words)), None)
    minutes = _likely_minutes([hour * 60 + minute for hour, minute in clock_times(words)], part)
    if minutes is None:
        return [part or _WHOLE_DAY]
    if _FROM.search(words):
        return [(minutes, (part or _WHOLE_DAY)[1])]
    if _UNTIL.search(words):
        return [((part or _WHOLE_DAY)[0], minutes)]
    return [(minutes, minutes + 60)]


def _likely_minutes(readings: Sequence[int], part: tuple[int, int] | None) -> int | None:
    if not readings:
        return None
    first, last = part or _CLINIC_DAY
    return next((minutes for minutes in sorted(readings) if first <= minutes < last), min(readings))
