"""How well date and time expressions are read.

An expected range is written ``2026-11-30..2026-12-06 mon,thu !wed 13:00-21:00``: days (``..`` alone: any day of the
horizon; ``2026-12-10..``: from then on), which weekdays, which not, and the times of each day; nothing but the days is
the whole day. The clinic is open from 9 to 13 and from 15 to 20, on Saturdays from 9 to 13.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dentalist.domain.agenda import HORIZON
from dentalist.domain.hours import DAY_KEYS, local_instant, parse_opening_hours
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_ranges import ranges
from infra.evaluation.labels import Expression

Range = tuple[datetime, datetime]

HOURS = parse_opening_hours(
    {day: [["09:00", "13:00"], ["15:00", "20:00"]] for day in DAY_KEYS[:5]} | {"sat": [["09:00", "13:00"]]}
)
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)?(\.\.)?(\d{4}-\d\d-\d\d)?")
_WHOLE_DAY = (0, 24 * 60)


def is_read(expression: Expression) -> bool:
    """Whether exactly the expected instants come out."""
    zone = ZoneInfo(expression.timezone)
    now = datetime.fromisoformat(expression.now).replace(tzinfo=zone)
    found = ranges(parse_when(expression.text, now=now), now=now, timezone=zone, opening_hours=HOURS)
    return joined((item.starts_at, item.ends_at) for item in found) == expected_ranges(expression, now, zone)


def misread(expressions: Iterable[Expression]) -> list[str]:
    """The texts that are read wrongly."""
    return [expression.text for expression in expressions if not is_read(expression)]


def expected_ranges(expression: Expression, now: datetime, zone: ZoneInfo) -> list[Range]:
    """The label as instants."""
    end = now.astimezone(UTC) + HORIZON
    found: list[Range] = []
    for label in expression.expected:
        days, *limits = label.split()
        first, last = _first_and_last(days, now.date(), end.astimezone(zone).date())
        weekdays, minutes = _limits(limits)
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            starts_at = max(local_instant(day, minutes[0], zone), now.astimezone(UTC))
            ends_at = min(local_instant(day, minutes[1], zone), end)
            if day.weekday() in weekdays and starts_at < ends_at:
                found.append((starts_at, ends_at))
    return joined(found)


def joined(found: Iterable[Range]) -> list[Range]:
    """Sorted, and those that touch as one."""
    result: list[Range] = []
    for starts_at, ends_at in sorted(found):
        if result and starts_at <= result[-1][1]:
            result[-1] = (result[-1][0], max(ends_at, result[-1][1]))
        else:
            result.append((starts_at, ends_at))
    return result


def _first_and_last(days: str, today: date, horizon: date) -> tuple[date, date]:
    said = _DAYS.fullmatch(days)
    if said is None:
        raise ValueError(f"no days: {days}")
    first = date.fromisoformat(said[1]) if said[1] else today
    if said[3]:
        return max(first, today), date.fromisoformat(said[3])
    return max(first, today), horizon if said[2] else first


def _limits(limits: Sequence[str]) -> tuple[set[int], tuple[int, int]]:
    weekdays, minutes = set(range(7)), _WHOLE_DAY
    for limit in limits:
        if limit[0].isdigit():
            first, last = limit.split("-")
            minutes = _minutes(first), _minutes(last)
        elif limit.startswith("!"):
            weekdays.discard(DAY_KEYS.index(limit[1:]))
        else:
            weekdays = {DAY_KEYS.index(name) for name in limit.split(",")}
    return weekdays, minutes


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
