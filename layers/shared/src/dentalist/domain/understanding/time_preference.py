"""When a contact would like to come, as instants: what an offer searches for first."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dentalist.domain.hours import Interval, OpeningHours
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_ranges import ranges


def preferred_ranges(
    text: str, *, now: datetime, timezone: ZoneInfo, opening_hours: OpeningHours | None = None
) -> tuple[Interval, ...]:
    """The instants a text asks for, sorted; empty when it names no time.

    Args:
        text: the messages of a burst.
        now: the instant at which "mañana" is said.
        timezone: the professional's.
        opening_hours: tell which of 4:00 and 16:00 "a las 4" is.
    """
    when = parse_when(text, now=now.astimezone(timezone))
    return tuple(ranges(when, now=now, timezone=timezone, opening_hours=opening_hours))
