"""What a text about time is made of: days, clock times, parts of the day, and the words that join or deny them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dentalist.domain.understanding.when import Clock, DayPart, Exactness, TimeRange


class Joint(StrEnum):
    """Words between the times."""

    OR = "or"
    COMMA = "comma"
    BREAK = "break"  # the clause ends here
    NO = "no"
    EXCEPT = "except"
    FROM = "from"
    AFTER = "after"
    UNTIL = "until"
    BEFORE = "before"
    ABOUT = "about"
    BETWEEN = "between"
    OF = "of"
    TO = "to"
    SICK_SINCE = "sick_since"  # "me duele desde…": what follows has passed
    WORD = "word"  # any other word


class DayKind(StrEnum):
    DAY = "day"  # one date
    WEEKDAY = "weekday"  # the coming Friday
    EVERY = "every"  # all Fridays
    SCOPE = "scope"  # a week, a month: may be narrowed by a weekday
    ANY = "any"


@dataclass(frozen=True)
class Days:
    """Some days. ``first`` and ``last`` are None for "los martes" and "cualquier día"."""

    kind: DayKind
    first: date | None = None
    last: date | None = None
    weekdays: frozenset[int] = frozenset()
    exactness: Exactness = Exactness.EXACT
    over_weeks: int = 0  # "el otro lunes": one week after the coming one


@dataclass(frozen=True)
class Times:
    """A time of the day; a bare clock time becomes a range with the joint before it."""

    clock: Clock | None = None
    span: TimeRange | None = None
    part: DayPart | None = None
    about: bool = False
    not_before: int | None = None


Piece = Days | Times | Joint
