"""What the assistant asked last and waits to hear. A part of the answer that asked it, so that it is forgotten when
somebody else speaks: it lives in that message's ``ai_metadata``, never beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

_KEY = "dialog"


class Question(StrEnum):
    """What is asked."""

    WHO_COMES = "who_comes"  # the names of those an appointment is for
    FULL_NAME = "full_name"  # a lead's own name, before a time they chose is booked
    WHICH_APPOINTMENT = "which_appointment"  # of several, which to cancel or move
    CONFIRM_CANCEL = "confirm_cancel"  # whether to cancel the one that is named
    CONFIRM_BOOKING = "confirm_booking"  # a time chosen by voice is booked by a tap
    ONE_OF_TWO = "one_of_two"  # not all of a family fit one after the other: one alone, or a person looks
    WHICH_PATIENT = "which_patient"  # two patients share this phone
    CORRECT_NAME = "correct_name"  # booked under the name of their profile: nobody has to answer
    VERIFY_NAME = "verify_name"  # the phone is unverified: the full name on the appointment


class Wanted(StrEnum):
    """What will be done once it is answered."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"


class Attendee(BaseModel):
    """Somebody an appointment is for; without a name until it was said."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str | None = None
    patient_id: UUID | None = None


class Span(BaseModel):
    """A stretch of time that was asked for; UTC."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    starts_at: datetime
    ends_at: datetime


class Dialog(BaseModel):
    """One open question with all that its answer will need.

    Attributes:
        asks: the question.
        wanted: what it is for.
        appointments: those it is about, in the order in which they were named.
        offer_id: the chosen time that waits.
        attendees: those the appointment is for; empty for the author alone.
        treatments: names of the price list.
        spans: when it should be; empty for any time.
        tries: how often it was asked without an answer; at two a person takes over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    asks: Question
    wanted: Wanted = Wanted.BOOK
    appointments: tuple[UUID, ...] = ()
    offer_id: UUID | None = None
    attendees: tuple[Attendee, ...] = ()
    treatments: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    tries: int = 0

    def as_memo(self) -> dict[str, Any]:
        """The part of ``ai_metadata`` that keeps it."""
        return {_KEY: self.model_dump(mode="json", exclude_defaults=True)}

    @classmethod
    def recall(cls, ai_metadata: Mapping[str, Any] | None) -> Self | None:
        """The question that a message asked; None when it asked none, or one of an earlier version."""
        kept = (ai_metadata or {}).get(_KEY)
        try:
            return cls.model_validate(kept) if isinstance(kept, Mapping) else None
        except ValidationError:
            return None
