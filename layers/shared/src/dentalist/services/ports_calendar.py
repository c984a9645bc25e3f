"""What keeping the agenda and the calendars beside it together asks of the outside."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dentalist.domain.accounts import LinkedAccount
from dentalist.domain.calendars import CalendarEvent, Changes, DueEvent, LinkedCalendars, RemoteEvent, SyncTurn
from dentalist.domain.hours import Interval
from dentalist.services.accounts.ports_accounts import Accounts


class BusyTimes(Protocol):
    """Something that knows when the professional has no time."""

    def busy(self, start: datetime, end: datetime) -> list[Interval]:
        """When, between two instants. Anything but a complete answer is an error, never an empty list."""


class Calendar(BusyTimes, Protocol):
    """A calendar that can also be written. No error leaves a half-done write that a repetition would not finish."""

    def put(self, event: CalendarEvent) -> str | None:
        """Write an event, new or changed, and answer its etag. Again: the same event."""

    def remove(self, event_id: str) -> None:
        """Take an event away; one that is not there is gone already."""

    def changes(self, sync_token: str | None) -> Changes:
        """What was changed since the token was given, by anybody."""


class CalendarAccess(Protocol):
    """The right to use an account for a while."""

    def token(self) -> str:
        """A token that lives for some minutes more; AccessLost, ScopeMissing or ChannelDisconnected."""

    def renewed(self, refused: str) -> str:
        """Another in the place of one that was refused."""


class Calendars(Protocol):
    """Which calendars one professional has."""

    def find(self) -> LinkedCalendars:
        """Those that are linked now."""


class CalendarFeeds(Protocol):
    """The feed of one professional."""

    def put(self, url: str | None, *, host: str | None, actor_id: UUID) -> None:
        """Keep an address, sealed, in place of the one before; None takes it away."""


class EventBook(Protocol):
    """The events of one professional's appointments."""

    def due(self, *, limit: int, lease_seconds: int, appointment_id: UUID | None = None) -> list[DueEvent]:
        """Events to write or to take away, leased: nobody else gets them meanwhile."""

    def settle(self, event: DueEvent, outcome: str, *, etag: str | None = None) -> bool:
        """``done``, ``failed`` or ``released``; False when the appointment changed meanwhile and is due again."""

    def apply(self, event: RemoteEvent, *, seen_at: datetime) -> str:
        """Bring the agenda up to an event as it was seen; see ``apply_calendar_change`` for the outcomes."""

    def rewrite_missing(self, event_ids: Collection[str], *, seen_at: datetime) -> int:
        """What a whole reading of the calendar did not show is written again; how many."""


class SyncTurns(Protocol):
    """Whose turn it is to be read."""

    def claim(self, *, limit: int, lease_seconds: int, channel_id: UUID | None = None) -> list[SyncTurn]:
        """Turns, leased."""

    def finish(self, turn: SyncTurn, *, sync_token: str | None, error: str | None = None) -> None:
        """End a turn; the token is where the next one begins, None where this one did."""


@dataclass(frozen=True)
class SyncDesk:
    """What one turn at a calendar needs."""

    calendar: Calendar
    events: EventBook
    accounts: Accounts


SyncDeskFor = Callable[[LinkedAccount], SyncDesk]
