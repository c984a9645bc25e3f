"""Appointments become events of the linked calendar, and what the clinic changes there comes back to the agenda.

Safe at any moment and by several at once: turns and events are leased, an event's id is always the same, and what
changed while it was written stays due.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from dentalist.domain.calendars import CalendarEvent, DueEvent, EventDetails, EventRefused, LinkedCalendars, SyncTurn
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import DomainError, StoreUnavailable
from dentalist.services.accounts.calendar_access import note_refusal
from dentalist.services.ports_calendar import SyncDesk, SyncDeskFor, SyncTurns

_TURNS = 20  # claimed at a time
_EVENTS = 20
_ROUNDS = 10  # of so many events in one turn: a calendar that was linked just now takes several
_LEASE_SECONDS = 300  # of a turn: longer than any takes
_EVENT_LEASE_SECONDS = 120
_TAKEN_OVER = ("cancelled", "moved", "conflict")

logger = logging.getLogger(__name__)


class Synced(NamedTuple):
    """How many calendars and events there were of each kind."""

    calendars: int
    unreadable: int
    written: int
    removed: int
    refused: int
    cancelled: int  # by the clinic, in its calendar
    moved: int
    conflict: int
    not_reached: int  # 1 when the time was over before the last calendar


def sync_calendars(
    turns: SyncTurns, *, desk_for: SyncDeskFor, budget: timedelta, clock: Callable[[], float] = time.monotonic
) -> Synced:
    """Give every linked calendar whose time has come one turn, for as long as the budget lasts.

    Args:
        turns: whose turn it is.
        desk_for: what a turn at one account needs.
        budget: no further turn begins after it.
        clock: seconds, for the budget.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached. Running again repeats nothing that was done.
    """
    counts: Counter[str] = Counter()
    give_up_at = clock() + budget.total_seconds()
    for turn in _all(turns):
        if clock() >= give_up_at:
            counts["not_reached"] = 1
            turns.finish(turn, sync_token=None)
            continue
        counts["calendars"] += 1
        try:
            sync_calendar(turn, turns=turns, desk=desk_for(turn.account), counts=counts)
        except StoreUnavailable:
            raise
        except Exception as exc:  # noqa: BLE001 - one calendar, whatever its trouble, does not cost the others their turn
            # Not the exception's text: it may quote what the calendar holds.
            extra = {"channel_id": str(turn.account.channel_id), "error": type(exc).__name__}
            logger.error("calendar not synchronised", extra=extra)  # noqa: TRY400 - the traceback quotes it too
            counts["unreadable"] += 1
            turns.finish(turn, sync_token=None, error="failed")
    return Synced(**{name: counts[name] for name in Synced._fields})


def sync_calendar(turn: SyncTurn, *, turns: SyncTurns, desk: SyncDesk, counts: Counter[str]) -> None:
    """One turn: read what was changed there, then write what was changed here.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached; the turn ends with its lease.
    """
    try:
        token = _read(turn, desk, counts)
        _write_all(turn, desk, counts)
    except StoreUnavailable:
        raise
    except DomainError as exc:
        extra = {"channel_id": str(turn.account.channel_id), "error_code": exc.code}
        logger.warning("calendar not reached", extra=extra)
        counts["unreadable"] += 1
        note_refusal(exc, turn.account, desk.accounts)
        turns.finish(turn, sync_token=None, error=exc.code)
        return
    turns.finish(turn, sync_token=token)


def write_event(appointment_id: UUID, *, calendars: LinkedCalendars, desk_for: SyncDeskFor) -> bool:
    """Bring the event of one appointment up to date, now; what does not work is left to the next turn.

    Args:
        appointment_id: just booked, moved or cancelled.
        calendars: of its professional.
        desk_for: what writing into one account needs.

    Returns:
        Whether it was written.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached.
    """
    account = calendars.google
    if account is None or account.status is not ChannelStatus.CONNECTED:
        return False
    desk = desk_for(account)
    due = desk.events.due(limit=1, lease_seconds=_EVENT_LEASE_SECONDS, appointment_id=appointment_id)
    details, counts = EventDetails.of(calendars.settings), Counter[str]()
    try:
        _write(due, desk, timezone=calendars.timezone, details=details, counts=counts)
    except StoreUnavailable:
        raise
    except DomainError as exc:
        logger.warning("event not written yet", extra={"appointment_id": str(appointment_id), "error_code": exc.code})
        note_refusal(exc, account, desk.accounts)
    return counts["written"] + counts["removed"] > 0


def _all(turns: SyncTurns) -> Iterator[SyncTurn]:
    seen: set[UUID] = set()
    while claimed := turns.claim(limit=_TURNS, lease_seconds=_LEASE_SECONDS):
        fresh = [turn for turn in claimed if turn.account.channel_id not in seen]
        seen.update(turn.account.channel_id for turn in fresh)
        yield from fresh
        if len(fresh) < _TURNS:
            return


def _read(turn: SyncTurn, desk: SyncDesk, counts: Counter[str]) -> str | None:
    """Where the next turn begins; None where this one did, because something of ours is not settled yet."""
    changes = desk.calendar.changes(turn.sync_token)
    is_settled = True
    for event in changes.events:
        outcome = desk.events.apply(event, seen_at=turn.seen_at)
        is_settled = is_settled and outcome != "pending"
        if outcome in _TAKEN_OVER:
            counts[outcome] += 1
            extra = {"channel_id": str(turn.account.channel_id), "outcome": outcome}
            logger.info("change in the calendar taken over", extra=extra)
    if changes.is_complete:
        desk.events.rewrite_missing([event.id for event in changes.events], seen_at=turn.seen_at)
    return changes.next_token if is_settled else None


def _write_all(turn: SyncTurn, desk: SyncDesk, counts: Counter[str]) -> None:
    details = EventDetails.of(turn.settings)
    for _ in range(_ROUNDS):
        due = desk.events.due(limit=_EVENTS, lease_seconds=_EVENT_LEASE_SECONDS)
        _write(due, desk, timezone=turn.timezone, details=details, counts=counts)
        if len(due) < _EVENTS:
            return


def _write(due: list[DueEvent], desk: SyncDesk, *, timezone: str, details: EventDetails, counts: Counter[str]) -> None:
    """One after the other; when the account does not work, the others are given back untried."""
    for position, event in enumerate(due):
        try:
            etag = _written(event, desk, timezone=timezone, details=details)
        except StoreUnavailable:
            raise
        except EventRefused:
            counts["refused"] += 1
            desk.events.settle(event, "failed")
            continue
        except DomainError:
            desk.events.settle(event, "failed")
            for untried in due[position + 1 :]:
                desk.events.settle(untried, "released")
            raise
        counts["written" if event.action == "put" else "removed"] += 1
        desk.events.settle(event, "done", etag=etag)


def _written(event: DueEvent, desk: SyncDesk, *, timezone: str, details: EventDetails) -> str | None:
    if event.action == "remove":
        desk.calendar.remove(event.event_id)
        return None
    shown: CalendarEvent = event.as_event(timezone=timezone, details=details)
    return desk.calendar.put(shown)
