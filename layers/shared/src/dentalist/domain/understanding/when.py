"""When a contact would like to come, as they said it: alternatives of days and times, before the clinic's hours.

``when_parsing.parse_when`` makes them out of text, ``when_ranges.ranges`` turns them into instants.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

MIDDAY = 12 * 60
MIDNIGHT = 24 * 60


class DayPart(StrEnum):
    """A named part of a day. Its minutes are in ``when_words.PARTS``; the edges of the day follow opening hours."""

    EARLY = "early"
    MORNING = "morning"
    MID_MORNING = "mid_morning"
    BEFORE_NOON = "before_noon"
    NOON = "noon"
    AFTER_NOON = "after_noon"
    AFTER_LUNCH = "after_lunch"
    SIESTA = "siesta"
    EARLY_AFTERNOON = "early_afternoon"
    AFTERNOON = "afternoon"
    MID_AFTERNOON = "mid_afternoon"
    LATE_AFTERNOON = "late_afternoon"
    END_OF_AFTERNOON = "end_of_afternoon"
    EVENING = "evening"
    NIGHT = "night"
    AFTER_WORK = "after_work"
    LATE = "late"


class Exactness(StrEnum):
    EXACT = "exact"  # a clock time, or nothing but a day
    ABOUT = "about"  # "tipo 5", "en quince días"
    RANGE = "range"  # "a la tarde", "de 3 a 5", "la semana que viene"


@dataclass(frozen=True)
class Clock:
    """A time on the clock. ``fixed`` is false for a bare "a las 4", which is 4:00 or 16:00 by the opening hours."""

    minutes: int
    fixed: bool


@dataclass(frozen=True)
class TimeRange:
    """Clock times on one day; a missing end is open. ``exact``: the start alone was said ("a las 9")."""

    start: Clock | None = None
    end: Clock | None = None
    exact: bool = False


@dataclass(frozen=True)
class Alternative:
    """One of the times that suit, e.g. "los martes de diciembre a la tarde".

    Attributes:
        first, last: local dates, both included; None is from today, or without end.
        weekdays: Monday is 0; empty for all.
        excluded: weekdays that do not suit.
        excluded_dates: single days that do not suit.
        not_before: minutes of the first day before which nothing suits: "más tarde", said at eleven.
    """

    first: date | None = None
    last: date | None = None
    weekdays: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()
    excluded_dates: frozenset[date] = frozenset()
    time: TimeRange | None = None
    part: DayPart | None = None
    not_before: int | None = None
    exactness: Exactness = Exactness.EXACT


@dataclass(frozen=True)
class When:
    """What suits, in the order in which it was said; no alternatives when the text names no time."""

    alternatives: tuple[Alternative, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.alternatives)


NO_TIME = When()
