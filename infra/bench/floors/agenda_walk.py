"""The floor of a search for free slots: one pass over the opening hours on the wall clock, without a timezone, closures
or an order of offering; busy times come sorted and not overlapping."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

GRID = timedelta(minutes=15)
Span = tuple[datetime, datetime]


def free_slots(
    hours: Sequence[Sequence[tuple[time, time]]],
    busy: Sequence[Span],
    *,
    first_day: date,
    days: int,
    length: timedelta,
    buffer: timedelta,
) -> list[Span]:
    """Hours by weekday, Monday first; everything in local time without an offset."""
    ends = [end for _, end in busy]
    found = []
    for number in range(days):
        day = first_day + timedelta(days=number)
        for opens, closes in hours[day.weekday()]:
            opened, closed = datetime.combine(day, opens), datetime.combine(day, closes)
            start = opened
            while start + length <= closed:
                next_busy = bisect_right(ends, start - buffer)
                if next_busy < len(busy) and busy[next_busy][0] - buffer < start + length:
                    start = _on_grid(busy[next_busy][1] + buffer, opened)
                else:
                    found.append((start, start + length))
                    start = _on_grid(start + length + buffer, opened)
    return found


def _on_grid(instant: datetime, origin: datetime) -> datetime:
    return origin - (origin - instant) // GRID * GRID
