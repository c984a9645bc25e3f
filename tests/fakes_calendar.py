"""A linked calendar in memory, as strict as the real ones about what a test relies on.

``FakeBook`` keeps the rules of the SQL functions: an event is leased, settled by the revision it was written for, and
what was changed in Google is taken over only where nothing of ours waits. ``FakeCalendar`` is Google.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.domain.calendars import CalendarEvent, Changes, DueEvent, RemoteEvent, SyncTurn, event_id
from dentalist.domain.errors import DomainError
from dentalist.services.ports_calendar import SyncDesk
from tests.builders import NOON
from tests.fakes_accounts import FakeAccountBook

HALF_AN_HOUR = timedelta(minutes=30)


@dataclass
class FakeCalendar:
    """Events by id; every change gets a number, and a sync token is one."""

    events: dict[str, CalendarEvent] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    changed: dict[str, int] = field(default_factory=dict)
    forgotten: bool = False  # sync tokens are
    failures: dict[str, list[Exception]] = field(default_factory=dict)  # by method, in turn
    calls: list[str] = field(default_factory=list)
    on_put: Callable[[], None] = lambda: None
    number: int = 0

    def _called(self, method: str) -> None:
        self.calls.append(method)
        if self.failures.get(method):
            raise self.failures[method].pop(0)

    def _note(self, event: str) -> None:
        self.number += 1
        self.changed[event] = self.number

    def busy(self, _start: datetime, _end: datetime) -> list[Any]:
        self._called("busy")
        return []

    def put(self, event: CalendarEvent) -> str | None:
        self._called("put")
        self.on_put()
        self.events[event.id] = event
        self.cancelled.discard(event.id)
        self._note(event.id)
        return f'"{self.number}"'

    def remove(self, event_id: str) -> None:
        self._called("remove")
        if event_id in self.events and event_id not in self.cancelled:
            self.cancelled.add(event_id)
            self._note(event_id)

    def changes(self, sync_token: str | None) -> Changes:
        self._called("changes")
        since = None if sync_token is None or self.forgotten else int(sync_token)
        seen = [self._seen(each) for each, number in self.changed.items() if since is None or number > since]
        self.forgotten = False
        return Changes(tuple(seen), str(self.number), is_complete=since is None)

    def _seen(self, event: str) -> RemoteEvent:
        if event in self.cancelled or event not in self.events:
            return RemoteEvent(event, None, is_cancelled=event in self.cancelled)
        known = self.events[event]
        return RemoteEvent(event, '"x"', is_cancelled=False, starts_at=known.starts_at, ends_at=known.ends_at)

    # ---- what the dentist does

    def delete(self, event: str) -> None:
        self.cancelled.add(event)
        self._note(event)

    def move(self, event: str, by: timedelta) -> None:
        known = self.events[event]
        self.events[event] = replace(known, starts_at=known.starts_at + by, ends_at=known.ends_at + by)
        self._note(event)

    @property
    def shown(self) -> dict[str, CalendarEvent]:
        return {each: event for each, event in self.events.items() if each not in self.cancelled}


@dataclass
class _Row:
    id: UUID
    starts_at: datetime
    name: str = "Ana"
    status: str = "booked"
    revision: int = 1
    etag: str | None = None
    written: bool = False
    leased: bool = False
    attempts: int = 0


@dataclass
class FakeBook:
    """The appointments of one professional."""

    professional_id: UUID = field(default_factory=uuid4)
    rows: dict[UUID, _Row] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    missing: int = 0

    def book(self, at: datetime = NOON, **values: Any) -> UUID:
        row = _Row(uuid4(), at, **values)
        self.rows[row.id] = row
        return row.id

    def change(self, appointment_id: UUID, **values: Any) -> None:
        row = self.rows[appointment_id]
        changed = replace(row, **values, revision=row.revision + 1, written=False, leased=False, attempts=0)
        self.rows[appointment_id] = changed

    def event_of(self, appointment_id: UUID) -> str:
        return event_id(self.professional_id, appointment_id)

    def next_day(self) -> None:
        """Leases and delays are over."""
        for row in self.rows.values():
            row.leased = False

    def due(self, *, limit: int, lease_seconds: int, appointment_id: UUID | None = None) -> list[DueEvent]:
        assert lease_seconds > 60
        found = []
        for row in self.rows.values():
            if row.written or row.leased or appointment_id not in (None, row.id) or len(found) == limit:
                continue
            row.leased, row.attempts = True, row.attempts + 1
            found.append(
                DueEvent(
                    action="put" if row.status == "booked" else "remove",
                    event_id=self.event_of(row.id),
                    appointment_id=row.id,
                    etag=row.etag,
                    revision=row.revision,
                    starts_at=row.starts_at,
                    ends_at=row.starts_at + HALF_AN_HOUR,
                    attendee_name=row.name,
                    reason="Limpieza",
                )
            )
        return found

    def settle(self, event: DueEvent, outcome: str, *, etag: str | None = None) -> bool:
        assert outcome in ("done", "failed", "released")
        self.settled.append(outcome)
        assert event.appointment_id is not None
        row = self.rows[event.appointment_id]
        if row.revision != event.revision:
            return False
        row.written, row.etag = outcome == "done", etag or row.etag
        row.leased = outcome == "failed"
        row.attempts -= outcome == "released"
        return True

    def apply(self, event: RemoteEvent, *, seen_at: datetime) -> str:
        assert seen_at == NOON
        self.applied.append(self._apply(event))
        return self.applied[-1]

    def _apply(self, event: RemoteEvent) -> str:
        row = next((row for row in self.rows.values() if self.event_of(row.id) == event.id), None)
        if row is None:
            return "foreign"
        if row.status != "booked" or event.starts_at == row.starts_at:
            return "unchanged"
        if not row.written:
            return "pending"
        if event.is_cancelled:
            self.change(row.id, status="cancelled")
            return "cancelled"
        if event.starts_at is None:
            return "conflict"
        self.change(row.id, starts_at=event.starts_at)
        return "moved"

    def rewrite_missing(self, event_ids: Collection[str], *, seen_at: datetime) -> int:
        assert seen_at == NOON
        absent = [row for row in self.rows.values() if row.written and self.event_of(row.id) not in event_ids]
        for row in absent:
            row.written, row.etag = False, None
        self.missing += len(absent)
        return len(absent)


@dataclass
class FakeTurns:
    """Turns at calendars; ``waiting`` are handed out once each."""

    waiting: list[SyncTurn] = field(default_factory=list)
    finished: list[tuple[str | None, str | None]] = field(default_factory=list)

    def claim(self, *, limit: int, lease_seconds: int, **_named: Any) -> list[SyncTurn]:
        assert lease_seconds > 60
        page, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return page

    def finish(self, _turn: SyncTurn, *, sync_token: str | None, error: str | None = None) -> None:
        self.finished.append((sync_token, error))


class CalendarWorld:
    """A professional with a linked Google calendar, an agenda and a store."""

    def __init__(self) -> None:
        self.book = FakeBook()
        self.calendar = FakeCalendar()
        self.accounts = FakeAccountBook()
        self.row = self.accounts.add(
            self.book.professional_id, ChannelType.GOOGLE_CALENDAR, access_token="token-1", refresh_token="refresh-1"
        )
        self.turns = FakeTurns()
        self.token: str | None = None
        self.settings: dict[str, Any] = {}

    @property
    def account(self) -> LinkedAccount:
        return self.row.as_linked()

    def desk_for(self, account: LinkedAccount) -> SyncDesk:
        return SyncDesk(self.calendar, self.book, self.accounts.of(account.professional_id))

    def turn(self) -> SyncTurn:
        return SyncTurn(
            lease_id=uuid4(),
            account=self.account,
            seen_at=NOON,
            timezone="America/Argentina/Buenos_Aires",
            sync_token=self.token,
            settings=self.settings,
        )

    def refuse(self, method: str, *errors: DomainError) -> None:
        self.calendar.failures[method] = list(errors)
