"""When a clinic is open: weekly hours and closures in wall-clock time, read as instants in its IANA timezone.

At a clock change an interval never holds an instant whose local time lies outside it: one that lies wholly in the
skipped hour is empty, and one that begins or ends in the repeated hour loses the part that would be ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60
_SEARCH_DAYS = 60
_DAY = timedelta(days=1)
_LENGTH_OF_A_DATE = len("2026-01-31")


@dataclass(frozen=True, order=True)
class Interval:
    """Instants from ``starts_at`` up to, not including, ``ends_at``; aware UTC."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: Interval) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at


@dataclass(frozen=True, order=True)
class DaySpan:
    """Wall-clock minutes since midnight; ``end`` may pass midnight (22:00 to 02:00 is 1320 to 1560)."""

    start: int
    end: int


@dataclass(frozen=True)
class OpeningHours:
    """Spans of each weekday, Monday first; sorted and not overlapping."""

    days: tuple[tuple[DaySpan, ...], ...]

    @property
    def ever_open(self) -> bool:
        return any(self.days)


@dataclass(frozen=True)
class Closure:
    """Closed between two instants, for a reason that patients may read."""

    interval: Interval
    reason: str = ""


# Reading the database's JSON ----------------------------------------------------------------------------------------


def parse_opening_hours(value: object) -> OpeningHours | None:
    """Read ``{"mon": [["09:00","13:00"]], …}``; None when it is not that: unknown hours are not closed hours."""
    if not isinstance(value, Mapping) or not value or not set(value) <= set(DAY_KEYS):
        return None
    days = []
    for key in DAY_KEYS:
        spans = _parse_day(value.get(key))
        if spans is None:
            return None
        days.append(spans)
    return OpeningHours(tuple(days))


def _parse_day(value: object) -> tuple[DaySpan, ...] | None:
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    spans = []
    for pair in value:
        span = _parse_span(pair)
        if span is None:
            return None
        spans.append(span)
    return _merge_spans(spans)


def _parse_span(pair: object) -> DaySpan | None:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:  # noqa: PLR2004 - a pair has two
        return None
    start, end = _parse_minutes(pair[0]), _parse_minutes(pair[1])
    if start is None or end is None or start == end or start >= _MIDNIGHT:
        return None
    return DaySpan(start, end if end > start else end + _MIDNIGHT)


def _parse_minutes(value: object) -> int | None:
    if not isinstance(value, str):
        return None
    hours, _, minutes = value.strip().partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes[:2].isascii() and minutes[:2].isdigit()):
        return None
    total = int(hours) * 60 + int(minutes[:2])
    return total if total <= _MIDNIGHT and int(minutes[:2]) < 60 else None  # noqa: PLR2004 - minutes of an hour


def _merge_spans(spans: Sequence[DaySpan]) -> tuple[DaySpan, ...]:
    merged: list[DaySpan] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = DaySpan(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def parse_closures(value: object, timezone: ZoneInfo) -> tuple[Closure, ...]:
    """Read ``[{"from","to","reason"}]``: dates count whole local days, both included; times are local unless offset.

    A closure whose end is missing or unreadable lasts its first day. One whose start is unreadable says nothing and is
    left out.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    found = (_parse_closure(item, timezone) for item in value if isinstance(item, Mapping))
    return tuple(sorted((c for c in found if c is not None), key=lambda c: c.interval))


def _parse_closure(item: Mapping[str, object], timezone: ZoneInfo) -> Closure | None:
    first = _parse_moment(item.get("from"), timezone)
    if first is None:
        return None
    last = _parse_moment(item.get("to"), timezone) or Interval(first.starts_at, first.ends_at)
    starts_at, ends_at = min(first.starts_at, last.starts_at), max(first.ends_at, last.ends_at)
    reason = item.get("reason")
    return Closure(Interval(starts_at, ends_at), reason.strip() if isinstance(reason, str) else "")


def _parse_moment(value: object, timezone: ZoneInfo) -> Interval | None:
    """A date as its whole local day, a time of day as an instant."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= _LENGTH_OF_A_DATE:
        return whole_day(moment.date(), timezone)
    instant = moment.astimezone(UTC) if moment.tzinfo else _instant(moment, timezone)
    return Interval(instant, instant)


# Wall clock to instants ---------------------------------------------------------------------------------------------


def local_instant(day: date, minutes: int, timezone: ZoneInfo) -> datetime:
    """The first instant at which the local clock shows this time, or, where it skips it, goes on after it."""
    return _instant(datetime.combine(day, time()) + timedelta(minutes=minutes), timezone)


def whole_day(day: date, timezone: ZoneInfo) -> Interval:
    """From midnight to midnight on the local clock."""
    return Interval(local_instant(day, 0, timezone), local_instant(day, _MIDNIGHT, timezone))


def _instant(wall: datetime, timezone: ZoneInfo, *, second: bool = False) -> datetime:
    """``second``: the later one of a time that the clock shows twice."""
    before = wall.replace(tzinfo=timezone, fold=0).astimezone(UTC)
    after = wall.replace(tzinfo=timezone, fold=1).astimezone(UTC)
    if after < before:  # a skipped time: read with the new offset it lies before the change, with the old one after it
        return _clock_change(after, before, timezone)
    return after if second else before


def _on_day(day: date, span: DaySpan, timezone: ZoneInfo) -> Interval:
    """The instants of a span on one day; see the module's note on clock changes."""
    midnight = datetime.combine(day, time())
    start, end = midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end)
    starts_at, ends_at = _instant(start, timezone, second=True), _instant(end, timezone)
    return Interval(starts_at, ends_at if ends_at > starts_at else _instant(end, timezone, second=True))


def _clock_change(low: datetime, high: datetime, timezone: ZoneInfo) -> datetime:
    """The second at which the UTC offset changes between two instants."""
    offset = low.astimezone(timezone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(timezone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def open_intervals(
    hours: OpeningHours, closures: Sequence[Closure], timezone: ZoneInfo, *, start: datetime, end: datetime
) -> Iterator[Interval]:
    """Yield, in order, when the clinic is open between two instants; intervals that touch are joined."""
    pending: Interval | None = None
    day = (start.astimezone(timezone) - _DAY).date()  # yesterday's span may pass midnight
    last_day = end.astimezone(timezone).date()
    while day <= last_day:
        for span in hours.days[day.weekday()]:
            for piece in _without_closures(_on_day(day, span, timezone), closures):
                clipped = Interval(max(piece.starts_at, start), min(piece.ends_at, end))
                if clipped.starts_at >= clipped.ends_at:
                    continue
                if pending and clipped.starts_at <= pending.ends_at:
                    pending = Interval(pending.starts_at, max(pending.ends_at, clipped.ends_at))
                    continue
                if pending:
                    yield pending
                pending = clipped
        day += _DAY
    if pending:
        yield pending


def _without_closures(whole: Interval, closures: Sequence[Closure]) -> list[Interval]:
    pieces = [whole]
    for closure in closures:
        closed = closure.interval
        pieces = [
            piece
            for interval in pieces
            for piece in (
                Interval(interval.starts_at, min(interval.ends_at, closed.starts_at)),
                Interval(max(interval.starts_at, closed.ends_at), interval.ends_at),
            )
            if piece.starts_at < piece.ends_at
        ]
    return pieces


def open_interval_at(
    hours: OpeningHours, closures: Sequence[Closure], timezone: ZoneInfo, at: datetime
) -> Interval | None:
    """The stretch of open time that holds this instant, from now on; None while closed."""
    for interval in open_intervals(hours, closures, timezone, start=at, end=at + 2 * _DAY):
        return interval if interval.starts_at == at else None
    return None


def next_opening(
    hours: OpeningHours, closures: Sequence[Closure], timezone: ZoneInfo, after: datetime
) -> datetime | None:
    """When it opens next, or ``after`` itself while open; None when it does not open within sixty days."""
    until = after + timedelta(days=_SEARCH_DAYS)
    first = next(open_intervals(hours, closures, timezone, start=after, end=until), None)
    return first.starts_at if first else None
