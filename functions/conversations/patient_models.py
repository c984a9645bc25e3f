"""The public contract of what a person does for the patient behind a conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from conversations.models import storable
from dentalist.domain.answering import Appointment
from dentalist.domain.message import Message
from dentalist.domain.patients import LinkedPatient
from dentalist.services.book_by_hand import AppointmentByHand

_LONGEST_APPOINTMENT = timedelta(hours=12)
_YEARS = range(2000, 2200)


def _in_utc(instant: datetime) -> datetime:
    if instant.year not in _YEARS:
        raise ValueError("is no year for an appointment")
    return instant.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=r"[^\W\d_]"),
    AfterValidator(storable),
]
Phone = Annotated[str, StringConstraints(min_length=6, max_length=40, pattern=r"[0-9]"), AfterValidator(storable)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(storable)
]
Words = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"\S"), AfterValidator(storable)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PatientRequest(_Request):
    """Either a new patient by name, or one who is on record by id."""

    full_name: Name | None = None
    phone: Annotated[Phone | None, Field(description="as people write it; without one, the contact's own")] = None
    patient_id: UUID | None = None
    replace: Annotated[bool, Field(description="link them in place of the patient who is linked")] = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.full_name is None) == (self.patient_id is None):
            raise ValueError("name either full_name or patient_id")
        if self.patient_id is not None and self.phone is not None:
            raise ValueError("a patient who is on record keeps their phone")
        if self.full_name is not None and self.replace:
            raise ValueError("replace goes with patient_id")
        return self

    @property
    def new_name(self) -> str:
        """The name of the new patient."""
        if self.full_name is None:
            raise ValueError("this request links a patient who is on record")
        return self.full_name


class PatientAnswer(BaseModel):
    """The patient to whom the conversation belongs; ``phone_verified``: a doubt about the number has ended."""

    conversation_id: UUID
    patient_id: UUID
    full_name: str
    phone: str | None
    is_minor: bool
    whatsapp_opt_in: bool
    phone_verified: bool

    @classmethod
    def of(cls, linked: LinkedPatient) -> Self:
        """The answer for a linked patient."""
        return cls(**linked.model_dump())


class AppointmentRequest(_Request):
    """When, and for whom: the conversation's own patient or contact unless somebody is named."""

    starts_at: Instant
    ends_at: Annotated[Instant | None, Field(description="without one, as long as the treatment takes")] = None
    reason: Reason | None = None
    attendee_name: Name | None = None
    patient_id: UUID | None = None

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        if self.ends_at is not None and not timedelta(0) < self.ends_at - self.starts_at <= _LONGEST_APPOINTMENT:
            raise ValueError("an appointment ends after it begins, and within twelve hours")
        return self

    @property
    def wanted(self) -> AppointmentByHand:
        """The same in the words of the service."""
        return AppointmentByHand(**self.model_dump())


class AppointmentAnswer(BaseModel):
    """The appointment as it stands in the agenda."""

    id: UUID
    conversation_id: UUID | None
    patient_id: UUID | None
    attendee_name: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    status: str
    source: str | None

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        """The answer for an appointment."""
        return cls(**appointment.model_dump(include=set(cls.model_fields)))


class SuggestionRequest(_Request):
    """What becomes of the answer that waits; ``suggestion_id`` is the one that the person has read."""

    action: Literal["send", "discard"]
    body: Words | None = None
    suggestion_id: UUID | None = None

    @model_validator(mode="after")
    def _nothing_to_say(self) -> Self:
        if self.action == "discard" and self.body is not None:
            raise ValueError("what is discarded has no words")
        return self


class SuggestionAnswer(BaseModel):
    """What was done; of a sent one, its message."""

    conversation_id: UUID
    action: Literal["send", "discard"]
    message_id: UUID | None = None
    wamid: str | None = None
    status: str | None = None

    @classmethod
    def of(cls, message: Message) -> Self:
        """The answer for a suggestion that was sent."""
        return cls(
            conversation_id=message.conversation_id,
            action="send",
            message_id=message.message_id,
            wamid=message.external_id,
            status=message.status.value,
        )
