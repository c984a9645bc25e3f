"""When a feed is busy: its events, repeated as they repeat, in the timezones they name.

Strict in one direction: what cannot be understood makes the whole feed unreadable, because a clinic that seems free and
is not gives away a time twice.

Source:
    https://datatracker.ietf.org/doc/html/rfc5545
    https://icalendar.readthedocs.io
    https://recurring-ical-events.readthedocs.io
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dentalist.domain.calendars import FeedUnreadable
from dentalist.domain.hours import Interval, local_instant

_BUDGET = 5.0  # seconds for expanding: rules can be written that never end
_MOST_BUSY = 20_000
_DAYS = {"DAILY", "WEEKLY"}
_FREQUENCIES = _DAYS | {"MONTHLY", "YEARLY"}
_FIRST_YEAR = 1970  # of what repeats by the day; birthdays go back further, once a year
_TIMES_A_DAY = 48
_MARGIN = timedelta(days=2)  # a whole day begins and ends elsewhere in another timezone
_DAY = timedelta(days=1)


def busy_times(
    content: bytes,
    start: datetime,
    end: datetime,
    *,
    timezone: ZoneInfo,
    clock: Callable[[], float] = time.monotonic,
) -> list[Interval]:
    """When the calendar in ``content`` is busy between two instants; sorted.

    Whole days and times without a timezone are the clinic's. Events marked as free, and cancelled ones, do not count.

    Args:
        content: of the feed.
        start, end: aware instants.
        timezone: the clinic's.
        clock: seconds, for the time that expanding may take.

    Raises:
        FeedUnreadable: it is no calendar, or something in it cannot be understood.
    """
    reader = _Reader(start, end, timezone, give_up_at=clock() + _BUDGET, clock=clock)
    try:
        return sorted(set(reader.read(content)))
    except FeedUnreadable:
        raise
    except Exception:  # noqa: BLE001 - libraries on somebody else's bytes: whatever they stumble over is unreadable
        raise FeedUnreadable("no_calendar") from None  # what they say about it quotes the calendar


class _Reader:
    def __init__(
        self, start: datetime, end: datetime, timezone: ZoneInfo, *, give_up_at: float, clock: Callable[[], float]
    ) -> None:
        self._wanted = Interval(start.astimezone(UTC), end.astimezone(UTC))
        self._timezone = timezone
        self._give_up_at = give_up_at
        self._clock = clock

    def read(self, content: bytes) -> Iterator[Interval]:
        _check_whole(content)
        # Only clinics with a feed need the library, which is slow to load.
        from icalendar import Calendar  # noqa: PLC0415

        found = 0
        for calendar in Calendar.from_ical(content, multiple=True):
            if calendar.name != "VCALENDAR" or calendar.errors:
                raise FeedUnreadable("no_calendar")
            for busy in self._busy(calendar):
                if busy.overlaps(self._wanted) and busy.starts_at < busy.ends_at:
                    found += 1
                    if found > _MOST_BUSY:
                        raise FeedUnreadable("too_many")
                    yield busy

    def _busy(self, calendar: Any) -> Iterator[Interval]:
        series: dict[str, list[Any]] = {}
        for event in calendar.walk("VEVENT"):
            self._check(event)
            series.setdefault(str(event.get("UID", "")), []).append(event)
        for same in series.values():
            if any(map(_repeats, same)):
                yield from self._occurrences(same)
            else:
                yield from (self._interval(event) for event in same if _is_busy(event))
        for told in calendar.walk("VFREEBUSY"):
            yield from self._periods(told)

    def _check(self, event: Any) -> None:
        if event.errors or "DTSTART" not in event:
            raise FeedUnreadable("bad_event")
        for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
            told = event.get(name)
            if told is None:
                continue
            if isinstance(told, list) or not isinstance(told.dt, date):
                raise FeedUnreadable("bad_event")
            if "TZID" in told.params and isinstance(told.dt, datetime) and told.dt.tzinfo is None:
                raise FeedUnreadable("bad_timezone")

    def _occurrences(self, series: list[Any]) -> Iterator[Interval]:
        """The events of one series with what was changed of single ones."""
        import recurring_ical_events  # noqa: PLC0415 - see read
        from icalendar import Calendar  # noqa: PLC0415

        for event in series:
            _check_rules(event)
        if self._clock() > self._give_up_at:
            raise FeedUnreadable("too_many")
        alone = Calendar()
        for event in series:
            alone.add_component(event)
        window = (self._wanted.starts_at - _MARGIN, self._wanted.ends_at + _MARGIN)
        for occurrence in recurring_ical_events.of(alone).between(*window):
            if _is_busy(occurrence):
                yield self._interval(occurrence)

    def _interval(self, event: Any) -> Interval:
        first, last = event.start, event.end
        starts_at = self._instant(first)
        ends_at = self._instant(last)
        if ends_at < starts_at:
            raise FeedUnreadable("bad_event")
        return Interval(starts_at, ends_at)

    def _instant(self, told: date) -> datetime:
        if not isinstance(told, datetime):
            return local_instant(told, 0, self._timezone)
        if told.tzinfo is None:
            return local_instant(told.date(), told.hour * 60 + told.minute, self._timezone)
        return told.astimezone(UTC)

    def _periods(self, told: Any) -> Iterator[Interval]:
        """What is published without any events: free and busy times alone."""
        if told.errors:
            raise FeedUnreadable("bad_event")
        periods = told.get("FREEBUSY", [])
        for period in periods if isinstance(periods, list) else [periods]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() == "FREE":
                continue
            for each in _flat(period):
                yield Interval(self._instant(each.start), self._instant(each.end))


def _check_whole(content: bytes) -> None:
    """Everything that begins ends: half a download would parse, as a calendar that is free from there on."""
    opened: list[bytes] = []
    for line in content.splitlines():
        word, _, name = line.strip().upper().partition(b":") if line[:1] not in (b" ", b"\t") else (b"", b"", b"")
        if word == b"BEGIN":
            opened.append(name)
        elif word == b"END" and (not opened or opened.pop() != name):
            raise FeedUnreadable("no_calendar")
    if opened or b"VCALENDAR" not in content.upper():
        raise FeedUnreadable("no_calendar")


def _flat(period: Any) -> Iterable[Any]:
    """One property may hold several periods."""
    values = getattr(period, "dts", None)
    return [period] if values is None else values


def _repeats(event: Any) -> bool:
    return any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def _is_busy(event: Any) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return False
    return str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"


def _check_rules(event: Any) -> None:
    """Rules that a person's calendar has; others could be expanded for hours."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        frequencies = {str(value).upper() for value in rule.get("FREQ", [])}
        if not frequencies or not frequencies <= _FREQUENCIES:
            raise FeedUnreadable("bad_rule")
        if frequencies & _DAYS and event["DTSTART"].dt.year < _FIRST_YEAR:
            raise FeedUnreadable("bad_rule")
        times = math.prod(max(len(rule.get(name, [])), 1) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
        if times > _TIMES_A_DAY:
            raise FeedUnreadable("bad_rule")
