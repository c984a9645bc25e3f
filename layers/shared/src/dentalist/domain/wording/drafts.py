"""What the assistant is about to say, and everything that must be known to say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.dialog import Dialog
from dentalist.domain.understanding.intents import HandoffReason


class DraftKind(StrEnum):
    TEXT = "text"
    INTERACTIVE = "interactive"


class TaskKind(StrEnum):
    """Something only a person at the clinic can do; the caller stores it as an alert or task."""

    MISSING_FACT = "missing_fact"
    CANCEL_REQUEST = "cancel_request"
    RESCHEDULE_REQUEST = "reschedule_request"
    BOOK_REQUEST = "book_request"  # nothing could be offered: a person looks for a time
    CALENDAR_UNREADABLE = "calendar_unreadable"  # the same, because the linked calendar could not be read
    CONFIRM_ATTENDANCE = "confirm_attendance"
    RUNNING_LATE = "running_late"
    WRONG_NUMBER = "wrong_number"
    FOREIGN_LANGUAGE = "foreign_language"
    UNREAD_MEDIA = "unread_media"
    UNANSWERED = "unanswered"  # written outside the assistant's hours


@dataclass(frozen=True)
class Task:
    kind: TaskKind
    detail: str = ""  # which fact: "insurance", "price", …; never a person's words


class Effect(StrEnum):
    """What the caller must do along with sending the draft."""

    WITHDRAW_CONSENT = "withdraw_consent"  # before anything else is sent
    RAISE_EMERGENCY_ALERT = "raise_emergency_alert"  # critical
    OPEN_OFFER = "open_offer"  # remember the offered slots: the contact may choose one


@dataclass(frozen=True)
class Draft:
    """One message, ready for the send gate.

    ``body`` is what a person reads of it, also when it is interactive (stored in ``marketing_messages.body``).
    ``interactive`` is the value of Meta's ``interactive`` object. ``plain`` says the same as text with the slots
    numbered, for channels without lists.
    """

    body: str
    kind: DraftKind = DraftKind.TEXT
    interactive: Mapping[str, Any] | None = None
    plain: str = ""
    tasks: tuple[Task, ...] = ()
    handoff: HandoffReason | None = None
    effects: frozenset[Effect] = frozenset()
    discloses: bool = False  # the text says that an assistant, not a person, is writing
    opening: str = ""  # how ``body`` begins (greeting, disclosure, apology): never worded by a model
    wordable: bool = False  # a model may say the rest in its own words, by the rules of domain/guard
    memo: Mapping[str, Any] = field(default_factory=dict)  # what a later turn must know; goes to ``ai_metadata``


@dataclass(frozen=True)
class BookedAppointment:
    """A committed row of ``appointments``, as far as the words need it."""

    starts_at: datetime
    ends_at: datetime
    attendee_name: str | None = None
    reason: str | None = None


class InboundMedia(StrEnum):
    """What came along without words that could be understood."""

    AUDIO = "audio"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class AnswerContext:
    """The state of the conversation at the moment of answering. Instants are aware UTC datetimes.

    Attributes:
        offer: free slots with the caller's opaque ids; None when none were searched, empty when none are free.
        requested_unavailable: the offer does not hold what was asked for, only what comes closest.
        agenda_unreadable: the calendar could not be read, so nothing may be offered.
        outside_hours_said_at: when the "outside my hours" text was last sent.
        clarifications: how often the assistant has just said that it did not understand, in a row.
        dialog: what the assistant asked last, when nobody has written since but the contact.
    """

    now: datetime
    last_ai_answer_at: datetime | None = None
    handed_back_at: datetime | None = None
    contact_name: str | None = None
    late: bool = False
    handed_over: bool = False
    last_person_message_at: datetime | None = None
    handed_over_at: datetime | None = None
    safety_text_sent_at: datetime | None = None
    opt_out_confirmed: bool = False
    outside_hours_said_at: datetime | None = None
    clarifications: int = 0
    offer: tuple[OfferedSlot, ...] | None = None
    requested_unavailable: bool = False
    agenda_unreadable: bool = False
    upcoming: tuple[BookedAppointment, ...] = ()
    media: frozenset[InboundMedia] = frozenset()
    dialog: Dialog | None = None
