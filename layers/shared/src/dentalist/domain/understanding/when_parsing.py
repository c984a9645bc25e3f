"""Text to ``When``: the pieces that a text holds, put together.

Own rules, because no maintained library does this in Spanish: dateparser 1.5.0 (``search_dates``, Spanish, future
preferred), judged leniently (any date found on the right day), had 23 % of tests/data/dates_dev.jsonl and 29 % of
dates_heldout.jsonl right. It knows single dates, and no ranges, parts of a day, weeks, alternatives or exclusions.
The figures of these rules are in tests/data/eval_history.jsonl.

How pieces combine:

- a weekday after a week or month narrows it ("la semana que viene el jueves"), and the other way round with "de";
- a time belongs to the days before it ("lunes o martes a la tarde"), or, where it opens the text, to those after it;
- a denied day is taken out of the others ("cualquier día menos el miércoles"); alone, it leaves all other days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dentalist.domain.understanding.when import Alternative, DayPart, Exactness, TimeRange, When
from dentalist.domain.understanding.when_dates import day_after, day_before
from dentalist.domain.understanding.when_pieces import DayKind, Days, Joint, Times
from dentalist.domain.understanding.when_scan import pieces
from dentalist.domain.understanding.when_words import PARTS

_BOUNDS = frozenset({Joint.FROM, Joint.AFTER, Joint.UNTIL, Joint.BEFORE})
_ENDS_A_CLAUSE = frozenset({Joint.BREAK, Joint.COMMA})
_LISTED = frozenset({Joint.OR, Joint.COMMA})
_REACH = 3  # words after "no" that it denies
_WEEK = 7
_MOST = 8  # alternatives: who names more means any
_WEEKDAY_KINDS = frozenset({DayKind.WEEKDAY, DayKind.EVERY})
_ANY = Days(DayKind.ANY)
_COMPLEMENTS = {DayPart.MORNING: DayPart.AFTERNOON, DayPart.AFTERNOON: DayPart.MORNING}


@dataclass
class _Draft:
    """An alternative in the making."""

    days: Days
    bound: Joint | None = None
    until: date | None = None  # the end of "desde el lunes hasta el jueves"
    narrowed_to: frozenset[int] = frozenset()
    time: TimeRange | None = None
    part: DayPart | None = None
    not_before: int | None = None
    about: bool = False
    denied: bool = False

    @property
    def timed(self) -> bool:
        return bool(self.time or self.part or self.not_before is not None)

    def take_time(self, other: _Draft) -> None:
        self.time, self.part, self.not_before, self.about = other.time, other.part, other.not_before, other.about


def parse_when(text: str, *, now: datetime, denials: bool = True) -> When:
    """What days and times a text names.

    Args:
        text: as written; a message, a clause or a whole burst.
        now: local time of the professional at which it was written.
        denials: whether "no puedo el lunes" excludes it. False where the text speaks of the time of an appointment
            that exists: "no voy el lunes" is about Monday.
    """
    reader = _Reader(denials=denials)
    for piece in pieces(text, now):
        if isinstance(piece, Joint):
            reader.join(piece)
        elif isinstance(piece, Days):
            reader.take_days(piece)
        else:
            reader.take_times(piece)
    drafts = reader.finish()
    wanted, denied = [draft for draft in drafts if not draft.denied], [draft for draft in drafts if draft.denied]
    if denied and not wanted:
        wanted = [_others(denied)]
    found = [_alternative(draft, denied, now.date()) for draft in wanted]
    return When(tuple(dict.fromkeys(found))[:_MOST])


@dataclass
class _Reader:
    denials: bool
    drafts: list[_Draft] = field(default_factory=list)
    leading: list[_Draft] = field(default_factory=list)  # times said before any day
    since: list[Joint] = field(default_factory=list)  # joints since the last day or time

    def join(self, joint: Joint) -> None:
        """A word between the times. "El lunes no puedo" denies what stands before it."""
        self.since.append(joint)
        before = self.since[:-1]
        if self.denials and joint is Joint.NO and self.drafts and before in ([], [Joint.WORD]):
            self.drafts[-1].denied = True

    def take_days(self, days: Days) -> None:
        since, denied = self.since, self._denied()
        if Joint.SICK_SINCE in since and Joint.FROM in since[-1:]:
            self.since = [Joint.WORD]
            return  # "me duele desde el lunes" asks for nothing
        bound = since[-1] if since and since[-1] in _BOUNDS else None
        last = self.drafts[-1] if self.drafts else None
        if last and last.days.kind is DayKind.EVERY and days.kind is DayKind.WEEKDAY and set(since) <= _LISTED:
            days = Days(DayKind.EVERY, weekdays=days.weekdays)  # "los lunes o miércoles"
        if not (last and not denied and not last.denied and self._joined(last, days, bound)):
            draft = _Draft(days, bound, denied=denied)
            if Joint.BETWEEN in since[-1:]:
                draft.bound = Joint.BETWEEN
            self.drafts.append(draft)
        self.since = []

    def _joined(self, last: _Draft, days: Days, bound: Joint | None) -> bool:
        """Whether these days only say more about the last ones."""
        separate = Joint.OR in self.since or Joint.BREAK in self.since
        if last.days.first and last.days.first == days.first and last.days.last == days.last:
            return True
        if (
            last.bound in {Joint.FROM, Joint.BETWEEN}
            and days.last
            and (bound is Joint.UNTIL or self.since[-1:] == [Joint.TO] or (last.bound is Joint.BETWEEN and separate))
        ):
            last.until = days.last
            return True
        if days.kind in _WEEKDAY_KINDS and last.days.kind is DayKind.SCOPE:
            return self._narrow(last, days, separate=separate)
        if days.kind is DayKind.WEEKDAY and last.days.kind is DayKind.DAY and not separate and last.days.first:
            return last.days.first.weekday() in days.weekdays  # "mañana jueves"
        if days.kind is DayKind.SCOPE and last.days.kind in _WEEKDAY_KINDS and not separate and bound is None:
            for draft in reversed(self.drafts):
                if draft.denied or draft.days.kind not in _WEEKDAY_KINDS:
                    break
                draft.narrowed_to, draft.days = draft.days.weekdays, days
            return True
        return False

    def _narrow(self, last: _Draft, days: Days, *, separate: bool) -> bool:
        if last.narrowed_to:
            if Joint.BREAK in self.since:
                return False
            self.drafts.append(_Draft(last.days, last.bound, narrowed_to=days.weekdays))
            return True
        if separate:
            return False
        last.narrowed_to = days.weekdays
        return True

    def take_times(self, times: Times) -> None:
        said = _timed(times, self.since)
        last = self.drafts[-1] if self.drafts else None
        denied = self._denied() and not (last and last.denied)
        same_clause = not _ENDS_A_CLAUSE.intersection(self.since)
        if last is None:
            said.denied = denied
            self._take_leading(said)
        elif last.denied:
            self._after_denied(last, said, same_clause=same_clause)
        elif denied:
            self.drafts.append(replace(said, days=last.days, denied=True))
        elif not last.timed:
            last.take_time(said)
        elif Joint.OR in self.since or not _merged(last, said):
            self.drafts.append(replace(said, days=last.days, bound=last.bound, narrowed_to=last.narrowed_to))
        self.since = []

    def _take_leading(self, said: _Draft) -> None:
        if not self.leading or Joint.OR in self.since or not _merged(self.leading[-1], said):
            self.leading.append(said)

    def _after_denied(self, last: _Draft, said: _Draft, *, same_clause: bool) -> None:
        if same_clause and not last.timed:
            last.take_time(said)  # "no puedo el jueves a la mañana"
        elif last.timed:
            self.drafts.append(replace(said, days=last.days))  # "…, mejor a la tarde": of the same day
        else:
            self.drafts.append(said)

    def _denied(self) -> bool:
        if not self.denials:
            return False
        since = self.since
        for index in range(len(since) - 1, -1, -1):
            if since[index] is Joint.EXCEPT:
                return True
            if since[index] is Joint.NO:
                return len(since) - 1 - index <= _REACH
            if since[index] in _ENDS_A_CLAUSE:
                break
        # "Menos lunes y martes": what is joined to a denied day is denied too.
        joined = set(since) <= _LISTED and Joint.OR in since
        return bool(joined and self.drafts and self.drafts[-1].denied)

    def finish(self) -> list[_Draft]:
        """The drafts, with times said once for several days given to each."""
        if not any(not draft.denied for draft in self.drafts):
            return [*(draft for draft in self.leading), *self.drafts]
        leading = next((draft for draft in self.leading if not draft.denied), None)
        following: _Draft | None = None
        for draft in reversed(self.drafts):
            if draft.denied:
                continue
            if draft.timed:
                following = draft
            elif following or leading:
                draft.take_time(following or leading or draft)
        return self.drafts


def _timed(times: Times, since: Sequence[Joint]) -> _Draft:
    """A piece with the joint before it: "desde" and "las 4" are 16:00 until the end of the day."""
    bound = since[-1] if since else None
    about = times.about or bound is Joint.ABOUT
    span = times.span
    if times.clock and bound in {Joint.FROM, Joint.AFTER}:
        span = TimeRange(start=times.clock)
    elif times.clock and bound in {Joint.UNTIL, Joint.BEFORE}:
        span = TimeRange(end=times.clock)
    elif times.clock:
        span = TimeRange(start=times.clock, exact=True)
    return _Draft(_ANY, time=span, part=times.part, about=about, not_before=times.not_before)


def _merged(last: _Draft, said: _Draft) -> bool:
    """Put two times of the same day together, where they say different things about it."""
    if said.not_before is not None and last.not_before is None and not last.time:
        last.not_before, last.time = said.not_before, said.time
    elif said.time and last.time:
        if not (last.time.start and not last.time.exact and last.time.end is None and said.time.end):
            return False
        last.time = TimeRange(last.time.start, said.time.end)
    elif said.time:
        last.time, last.about = said.time, said.about
    elif said.part and last.part:
        first, second = PARTS[last.part], PARTS[said.part]
        if max(first[0], second[0]) >= min(first[1], second[1]):
            return False
        last.part = min(last.part, said.part, key=lambda part: PARTS[part][1] - PARTS[part][0])
    elif said.part:
        last.part = said.part
    return True


def _others(denied: Sequence[_Draft]) -> _Draft:
    """What is left when only something was denied: all other days, or the other half of them."""
    part = next((draft.part for draft in denied if draft.part in _COMPLEMENTS), None)
    days = denied[0].days if part and denied[0].days is not _ANY else _ANY
    return _Draft(days, part=_COMPLEMENTS[part] if part else None)


def _alternative(draft: _Draft, denied: Sequence[_Draft], today: date) -> Alternative:
    days = draft.days
    first, last = _bounded(draft, today)
    weekdays = draft.narrowed_to or (days.weekdays if days.kind is DayKind.EVERY else frozenset[int]())
    excluded, excluded_dates = _excluded(denied) if days.kind not in {DayKind.DAY, DayKind.WEEKDAY} else (
        frozenset[int](), frozenset[date]()
    )  # fmt: skip
    if draft.not_before is not None and first is None:
        first = last = today
    return Alternative(
        first=first,
        last=last,
        weekdays=weekdays - excluded or weekdays,
        excluded=excluded,
        excluded_dates=excluded_dates,
        time=draft.time,
        part=draft.part,
        not_before=draft.not_before,
        exactness=_exactness(draft),
    )


def _bounded(draft: _Draft, today: date) -> tuple[date | None, date | None]:
    first, last = draft.days.first, draft.days.last
    if first is None or last is None:
        return None, None
    if draft.until:
        return first, draft.until
    bounds: dict[Joint, tuple[date, date | None]] = {
        Joint.FROM: (first, None),
        Joint.AFTER: (day_after(last), None),
        Joint.UNTIL: (today, last),
        Joint.BEFORE: (today, day_before(first)),
    }
    return bounds.get(draft.bound, (first, last)) if draft.bound else (first, last)


def _excluded(denied: Sequence[_Draft]) -> tuple[frozenset[int], frozenset[date]]:
    weekdays: set[int] = set()
    dates: set[date] = set()
    for draft in denied:
        if draft.timed:
            continue  # "el jueves a la mañana no" leaves its afternoon
        if draft.days.kind in _WEEKDAY_KINDS:
            weekdays |= draft.days.weekdays
        elif draft.days.first and draft.days.last:
            length = min((draft.days.last - draft.days.first).days, 31)
            dates |= {draft.days.first + timedelta(days=offset) for offset in range(length + 1)}
    return frozenset(weekdays) if len(weekdays) < _WEEK else frozenset(), frozenset(dates)


def _exactness(draft: _Draft) -> Exactness:
    if draft.about or draft.days.exactness is Exactness.ABOUT:
        return Exactness.ABOUT
    if draft.time and draft.time.exact and draft.time.start:
        return Exactness.EXACT
    return Exactness.RANGE if draft.timed or draft.bound else draft.days.exactness
