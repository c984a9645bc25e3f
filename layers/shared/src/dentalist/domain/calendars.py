"""Calendars beside the agenda: what an appointment looks like in one, and what one tells. No I/O.

An event holds as little of a person as the clinic asks for: by default the name of who comes, never notes, phone or
address. Who can open the calendar can read it, and that is the clinic's decision, not ours.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from dentalist.domain.accounts import LinkedAccount
from dentalist.domain.errors import DomainError

_LONGEST_SUMMARY = 200


class CalendarUnreadable(DomainError):
    """A linked calendar does not say when it is busy, so nothing may be offered or booked without a person.

    ``cause`` is one word for the log.
    """

    detail = "The linked calendar cannot be read right now."

    def __init__(self, cause: str) -> None:
        super().__init__()
        self.cause = cause


class EventRefused(DomainError):
    """The calendar works, but not this event: it belongs to somebody else, or is not what the API takes."""

    detail = "The calendar does not take this event."


class FeedUnreadable(DomainError):
    """What stands behind a feed's address cannot be read as a calendar; ``cause`` is one word for the log."""

    detail = "No calendar can be read at this address."

    def __init__(self, cause: str) -> None:
        super().__init__()
        self.cause = cause


class EventDetails(StrEnum):
    """What the title of an event tells: ``settings.event_details`` of the calendar's channel."""

    NONE = "none"
    NAME = "name"
    NAME_AND_REASON = "name_and_reason"

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> EventDetails:
        """As the clinic set it; a name where it set nothing that is known."""
        wanted = settings.get("event_details")
        return cls(wanted) if isinstance(wanted, str) and wanted in set(cls) else cls.NAME


def event_id(professional_id: UUID, appointment_id: UUID) -> str:
    """The id of an appointment's event: always the same, so that writing it twice is writing it once.

    Lower-case base32hex, the characters that Google takes for ids. SQL's twin is ``app.calendar_event_id``.

    Source:
        https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
    """
    digest = hashlib.sha256(professional_id.bytes + appointment_id.bytes).digest()
    return base64.b32hexencode(digest).decode().rstrip("=").lower()


@dataclass(frozen=True)
class CalendarEvent:
    """An appointment as its event shows it. ``etag``: as it was written last, None when it never was.

    ``revision`` counts the changes of the appointment: of two writers the one with the higher is right.
    """

    id: str
    appointment_id: UUID
    revision: int
    starts_at: datetime
    ends_at: datetime
    timezone: str
    summary: str = field(repr=False)
    etag: str | None = None


@dataclass(frozen=True)
class RemoteEvent:
    """An event as the calendar has it. Without times it lasts whole days, or was deleted.

    ``appointment_id`` and ``revision`` are ours, where the event still carries them.
    """

    id: str
    etag: str | None
    is_cancelled: bool
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    summary: str | None = field(default=None, repr=False)
    appointment_id: str | None = None
    revision: int | None = None


@dataclass(frozen=True)
class Changes:
    """What changed since a token. ``is_complete``: everything there is was read, because there was no usable token."""

    events: tuple[RemoteEvent, ...]
    next_token: str | None = field(repr=False)
    is_complete: bool


class DueEvent(BaseModel):
    """An event to write or to take away, as the store hands it out; without an appointment it is only to be removed."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    action: Literal["put", "remove"]
    event_id: str
    appointment_id: UUID | None = None
    etag: str | None = None
    revision: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attendee_name: str | None = Field(None, repr=False)
    reason: str | None = Field(None, repr=False)

    def as_event(self, *, timezone: str, details: EventDetails) -> CalendarEvent:
        """What the calendar is to show."""
        if self.appointment_id is None or self.starts_at is None or self.ends_at is None:
            raise ValueError("an event to put has an appointment with its times")
        zone = ZoneInfo(timezone)
        return CalendarEvent(
            id=self.event_id,
            appointment_id=self.appointment_id,
            revision=self.revision,
            starts_at=self.starts_at.astimezone(zone),
            ends_at=self.ends_at.astimezone(zone),
            timezone=timezone,
            summary=_summary(self.attendee_name, self.reason, details),
            etag=self.etag,
        )


class SyncTurn(BaseModel):
    """One reader's turn at one linked calendar. ``sync_token`` None: from the start."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    lease_id: UUID
    account: LinkedAccount
    seen_at: datetime
    timezone: str
    sync_token: str | None = Field(None, repr=False)
    settings: dict[str, Any] = {}


@dataclass(frozen=True)
class LinkedCalendars:
    """The calendars of a professional besides the agenda; ``feed_url`` opens a calendar, so it is a secret.

    ``timezone`` is the clinic's, ``settings`` are those of the Google calendar's channel.
    """

    timezone: str
    google: LinkedAccount | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    feed_url: str | None = field(default=None, repr=False)


def _summary(name: str | None, reason: str | None, details: EventDetails) -> str:
    told = [_line(name)] if details is not EventDetails.NONE else []
    if details is EventDetails.NAME_AND_REASON:
        told.append(_line(reason))
    words = " · ".join(word for word in told if word)
    return f"Turno: {words}"[:_LONGEST_SUMMARY] if words else "Turno"


def _line(value: str | None) -> str:
    return " ".join((value or "").split())
