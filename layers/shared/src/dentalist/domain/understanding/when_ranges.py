"""``When`` to instants: what a contact said, in the professional's timezone and read with the opening hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dentalist.domain.agenda import HORIZON
from dentalist.domain.hours import Interval, OpeningHours, local_instant
from dentalist.domain.understanding.when import MIDDAY, MIDNIGHT, Alternative, Clock, DayPart, Exactness, When
from dentalist.domain.understanding.when_words import PARTS

_HOUR = 60
_LAST_HOURS = 2 * _HOUR
_WAKING = (7 * _HOUR, 22 * _HOUR)  # which of 3:00 and 15:00 "a las 3" is, where no opening hours tell
_EARLIER_THAN_ABOUT = 30


def ranges(
    when: When, *, now: datetime, timezone: ZoneInfo, opening_hours: OpeningHours | None = None,
    horizon: timedelta = HORIZON,
) -> list[Interval]:  # fmt: skip
    """The instants at which an appointment may start so that it suits.

    Args:
        when: from ``parse_when``.
        now: nothing before it is a range.
        timezone: the professional's.
        opening_hours: tell which of 4:00 and 16:00 "a las 4" is, and when "a última hora" is; nothing is cut to them.
        horizon: nothing begins or ends later than this after ``now``.

    Returns:
        Sorted intervals within one local day each, without doubles.
    """
    now = now.astimezone(UTC)
    end = now + horizon
    found: set[Interval] = set()
    for alternative in when.alternatives:
        for day in _days(alternative, now.astimezone(timezone).date(), end.astimezone(timezone).date()):
            first, last = _minutes(alternative, day, opening_hours)
            starts_at = max(local_instant(day, first, timezone), now)
            ends_at = min(local_instant(day, last, timezone), end)
            if starts_at < ends_at:
                found.add(Interval(starts_at, ends_at))
    return sorted(found)


def _days(alternative: Alternative, today: date, horizon: date) -> Iterator[date]:
    first = max(alternative.first or today, today)
    last = min(alternative.last or horizon, horizon)
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        suits = not alternative.weekdays or day.weekday() in alternative.weekdays
        if suits and day.weekday() not in alternative.excluded and day not in alternative.excluded_dates:
            yield day


def _minutes(alternative: Alternative, day: date, hours: OpeningHours | None) -> tuple[int, int]:
    """The minutes of a day that suit; beyond 24 hours is the next day."""
    part = _part(alternative.part, day, hours)
    time = alternative.time
    if alternative.not_before is not None and day == alternative.first:
        part = (max(part[0], alternative.not_before), max(part[1], alternative.not_before))
    if time is None:
        return part
    within = part if alternative.part else None
    start = _clock(time.start, day, hours, within) if time.start else part[0]
    if time.exact:
        return start - _EARLIER_THAN_ABOUT * (alternative.exactness is Exactness.ABOUT), start + _HOUR
    if time.end is None:
        return start, max(part[1], start + _HOUR)
    return start, _end(time.end, start, day, hours, within)


def _part(part: DayPart | None, day: date, hours: OpeningHours | None) -> tuple[int, int]:
    if part is None:
        return 0, MIDNIGHT
    first, last = PARTS[part]
    spans = hours.days[day.weekday()] if hours else ()
    if spans and part is DayPart.EARLY:
        last = max(last, spans[0].start + _HOUR)
    if spans and part is DayPart.LATE:
        first = min(spans[-1].end, MIDNIGHT) - _LAST_HOURS
    return first, last


def _readings(clock: Clock) -> list[int]:
    """Both halves of the day for a bare hour, the likelier first where nothing else tells."""
    if clock.fixed:
        return [clock.minutes]
    return sorted({clock.minutes, clock.minutes + MIDDAY})


def _clock(clock: Clock, day: date, hours: OpeningHours | None, within: tuple[int, int] | None) -> int:
    readings = _readings(clock)
    spans = [(span.start, span.end) for span in hours.days[day.weekday()]] if hours else []
    for allowed in ([within] if within else [], spans, [_WAKING]):
        for reading in readings:
            if any(first <= reading < last for first, last in allowed):
                return reading
    return readings[0]


def _end(clock: Clock, start: int, day: date, hours: OpeningHours | None, within: tuple[int, int] | None) -> int:
    """An end lies after its start: "de 9 a 1" is until 13:00, "antes de las 6" until 18:00."""
    opening = min((span.start for span in hours.days[day.weekday()]), default=_WAKING[0]) if hours else _WAKING[0]
    earliest = max(start, opening, within[0] if within else 0)
    later = [reading for reading in _readings(clock) if reading > earliest]
    return later[0] if later else max(_readings(clock)[-1], start)
