"""Free slots of a professional's agenda: what may be offered, right by construction across clock changes.

Everything here works on UTC instants; wall-clock time enters only through the opening hours and the requested ranges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from zoneinfo import ZoneInfo

from dentalist.domain.hours import Closure, Interval, OpeningHours, open_intervals

HORIZON = timedelta(days=60)
GRID = timedelta(minutes=15)
MAX_OFFERED = 10  # rows of a WhatsApp list
FEW_OFFERED = 3
DAYS_OFFERED = 5
_PLENTY = 400


@dataclass(frozen=True, order=True)
class Slot:
    """A time that can be booked; aware UTC."""

    starts_at: datetime
    ends_at: datetime

    @property
    def interval(self) -> Interval:
        return Interval(self.starts_at, self.ends_at)


@dataclass(frozen=True)
class OfferedSlot:
    """A slot under the opaque id that the caller issued for it, valid for one conversation.

    Attributes:
        attendee_name: whom it is for, where that is said.
        beside: the slots of a family that are booked together with it, in order; only this one's id is chosen.
    """

    id: str
    starts_at: datetime
    ends_at: datetime
    attendee_name: str | None = None
    beside: tuple[OfferedSlot, ...] = ()


def one_after_the_other(slot: Slot, count: int, *, buffer: timedelta = timedelta(0)) -> list[Slot]:
    """A long slot as ``count`` appointments of the same length, with the buffer between them.

    The other way round than ``minutes_together``, which says how long a slot must be for that.
    """
    length = (slot.ends_at - slot.starts_at - (count - 1) * buffer) / count
    starts = [slot.starts_at + place * (length + buffer) for place in range(count)]
    return [Slot(start, start + length) for start in starts]


def minutes_together(minutes: int, count: int, *, buffer: timedelta = timedelta(0)) -> int:
    """How long ``count`` appointments take, one after the other."""
    return count * minutes + (count - 1) * int(buffer.total_seconds() // 60)


def free_slots(
    hours: OpeningHours,
    closures: Sequence[Closure],
    busy: Iterable[Interval],
    *,
    minutes: int,
    buffer: timedelta = timedelta(0),
    lead_time: timedelta = timedelta(0),
    now: datetime,
    timezone: ZoneInfo,
    preferred: Sequence[Interval] | None = None,
    limit: int = _PLENTY,
    horizon: timedelta = HORIZON,
) -> list[Slot]:
    """The free slots, sorted and not overlapping each other.

    Args:
        busy: appointments, holds and calendar entries, in any order.
        minutes: length of the appointment.
        buffer: kept free on both sides of what is busy.
        lead_time: how long before it starts a slot can still be booked.
        preferred: only slots that start within one of these; None for all.
        limit: at most so many.
        horizon: how far ahead to look.
    """
    if minutes <= 0 or limit <= 0:
        return []
    earliest = now.astimezone(UTC) + lead_time
    blocked = _merged(Interval(item.starts_at - buffer, item.ends_at + buffer) for item in busy)
    # From midnight, not from now: the grid begins when the clinic opened, not at the second in which somebody asks.
    today = now.astimezone(timezone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    opened = open_intervals(hours, closures, timezone, start=today, end=now.astimezone(UTC) + horizon)
    found = _slots(
        opened,
        blocked,
        length=timedelta(minutes=minutes),
        buffer=buffer,
        earliest=earliest,
        preferred=preferred,
        timezone=timezone,
    )
    return list(islice(found, limit))


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for item in sorted(intervals):
        if merged and item.starts_at <= merged[-1].ends_at:
            merged[-1] = Interval(merged[-1].starts_at, max(merged[-1].ends_at, item.ends_at))
        else:
            merged.append(item)
    return merged


def _slots(
    opened: Iterable[Interval],
    blocked: Sequence[Interval],
    *,
    length: timedelta,
    buffer: timedelta,
    earliest: datetime,
    preferred: Sequence[Interval] | None,
    timezone: ZoneInfo,
) -> Iterator[Slot]:
    next_blocked = 0
    for interval in opened:
        start = _on_grid(max(interval.starts_at, earliest), interval.starts_at)
        while start + length <= interval.ends_at:
            while next_blocked < len(blocked) and blocked[next_blocked].ends_at <= start:
                next_blocked += 1
            if next_blocked < len(blocked) and blocked[next_blocked].starts_at < start + length:
                start = _on_grid(blocked[next_blocked].ends_at, interval.starts_at)
                continue
            if preferred is not None and not any(wanted.contains(start) for wanted in preferred):
                later = [wanted.starts_at for wanted in preferred if wanted.starts_at > start]
                if not later:
                    return
                start = _on_grid(min(later), interval.starts_at)
                continue
            if start.astimezone(timezone).fold:
                # The second 01:30 of a night: a contact could not tell it from the first.
                start += GRID
                continue
            yield Slot(start, start + length)
            start = _on_grid(start + length + buffer, interval.starts_at)


def _on_grid(instant: datetime, origin: datetime) -> datetime:
    """The first step of the grid that begins when the clinic opens, not before ``instant``."""
    steps = -((origin - instant) // GRID)
    return origin + max(steps, 0) * GRID


def spread(slots: Sequence[Slot], limit: int = MAX_OFFERED, *, timezone: ZoneInfo) -> list[Slot]:
    """Pick at most ``limit`` slots over as many days as there are, early and late ones of a day alike; sorted."""
    days: dict[object, list[Slot]] = {}
    for slot in sorted(slots):
        days.setdefault(slot.starts_at.astimezone(timezone).date(), []).append(slot)
    shares = _shares([len(day) for day in days.values()], limit)
    return [slot for day, share in zip(days.values(), shares, strict=True) for slot in _evenly(day, share)]


def _shares(sizes: Sequence[int], limit: int) -> list[int]:
    """How many of each day: one each in turn, so that near days get the odd ones."""
    shares = [0] * len(sizes)
    left = min(limit, sum(sizes))
    while left > 0:
        for day, size in enumerate(sizes):
            if left and shares[day] < size:
                shares[day] += 1
                left -= 1
    return shares


def _evenly(day: Sequence[Slot], count: int) -> list[Slot]:
    if count <= 1:
        return list(day[:count])
    return [day[index * (len(day) - 1) // (count - 1)] for index in range(count)]


@dataclass(frozen=True)
class SlotSearch:
    """What a search found, in the order in which it is offered, and whether what was asked for is among it."""

    slots: tuple[Slot, ...]
    requested_available: bool


def slots_to_offer(
    hours: OpeningHours | None,
    closures: Sequence[Closure],
    busy: Sequence[Interval],
    *,
    minutes: int,
    buffer: timedelta = timedelta(0),
    lead_time: timedelta = timedelta(0),
    now: datetime,
    timezone: ZoneInfo,
    preferred: Sequence[Interval] | None = None,
    limit: int = MAX_OFFERED,
    without: Collection[datetime] = (),
) -> SlotSearch:
    """The slots of one offer: those requested first, then, where these are few, others of that day, then the next ones.

    Unknown opening hours offer nothing: only a person knows whether the clinic is open then. Nothing that starts at one
    of the instants ``without`` is offered: it was turned down, or is what the contact has. The other arguments are
    those of ``free_slots``.
    """
    if hours is None:
        return SlotSearch((), requested_available=False)
    search = partial(
        free_slots, hours, closures, minutes=minutes, buffer=buffer, lead_time=lead_time, now=now, timezone=timezone
    )
    requested = _but(without, search(busy, preferred=preferred)) if preferred else []
    chosen = spread(_of_first_days(requested, timezone), limit, timezone=timezone)
    if len(chosen) < min(FEW_OFFERED, limit):
        others = _but(without, search([*busy, *(slot.interval for slot in chosen)]))
        near = _on_the_days_of(preferred or (), others, timezone)
        chosen += spread(near, limit - len(chosen), timezone=timezone)
        rest = [slot for slot in others if slot not in near]
        chosen += spread(_of_first_days(rest, timezone), limit - len(chosen), timezone=timezone)
    return SlotSearch(tuple(chosen), requested_available=bool(requested) or not preferred)


def _but(without: Collection[datetime], slots: Sequence[Slot]) -> list[Slot]:
    return [slot for slot in slots if slot.starts_at not in without]


def _on_the_days_of(preferred: Sequence[Interval], slots: Sequence[Slot], timezone: ZoneInfo) -> list[Slot]:
    """Where few days were asked for, their other slots; "por la tarde" asks for no day."""
    dates = {span.starts_at.astimezone(timezone).date() for span in preferred}
    if len(dates) > DAYS_OFFERED:
        return []
    return [slot for slot in slots if slot.starts_at.astimezone(timezone).date() in dates]


def _of_first_days(slots: Sequence[Slot], timezone: ZoneInfo) -> list[Slot]:
    dates = sorted({slot.starts_at.astimezone(timezone).date() for slot in slots})[:DAYS_OFFERED]
    return [slot for slot in slots if slot.starts_at.astimezone(timezone).date() in dates]
