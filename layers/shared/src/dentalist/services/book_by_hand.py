"""A person of the clinic books an appointment for a contact, from their conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from dentalist.domain.answering import Appointment
from dentalist.domain.clinic import Clinic
from dentalist.domain.conversation import Conversation
from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.patient_errors import SlotInThePast, SlotTaken
from dentalist.services.answering.ports_agenda import Agenda
from dentalist.services.ports_patients import ReadableClinic, ReadablePatients
from dentalist.services.ports_privacy import ReadableConversations


@dataclass(frozen=True)
class AppointmentByHand:
    """What a person decided.

    Attributes:
        ends_at: None: as long as the clinic's price list says of ``reason``, else as its appointments usually take.
        patient_id: None: the conversation's own patient when they come, unless somebody else may have their number.
        attendee_name: None: the patient's, else what the contact is called.
    """

    starts_at: datetime
    ends_at: datetime | None = None
    reason: str | None = None
    patient_id: UUID | None = None
    attendee_name: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class BookingDesk:
    """What booking by hand needs, as the person who does it may read."""

    conversations: ReadableConversations
    clinic: ReadableClinic
    known: ReadablePatients
    agenda: Agenda
    follow_up: Callable[[UUID], object] = lambda _: None  # on an appointment that is booked


def book_by_hand(conversation_id: UUID, wanted: AppointmentByHand, *, actor_id: UUID, desk: BookingDesk) -> Appointment:
    """Book what a person decided, also outside of the opening hours. The contact is told nothing: the person does.

    Calendars beside the agenda are not asked: who books by hand sees them, and may know better.

    Raises:
        ConversationNotFound, PatientNotFound: the person may see none.
        SlotTaken: another appointment stands there, or is being chosen in a chat at this moment.
        SlotInThePast: it has begun.
        StoreUnavailable: not known whether it was booked.
    """
    conversation = desk.conversations.get(conversation_id)
    patient_id, name = _who_comes(conversation, wanted, desk.known)
    booking = desk.agenda.book_by_hand(
        conversation_id=conversation.id,
        patient_id=patient_id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at or wanted.starts_at + _usual_length(wanted.reason, desk.clinic),
        reason=wanted.reason,
        attendee_name=name,
        actor_id=actor_id,
    )
    if booking.appointment is None or booking.outcome != "booked":
        raise {"taken": SlotTaken, "past": SlotInThePast}.get(booking.outcome, ConversationNotFound)
    desk.follow_up(booking.appointment.id)
    return booking.appointment


def _who_comes(
    conversation: Conversation, wanted: AppointmentByHand, known: ReadablePatients
) -> tuple[UUID | None, str | None]:
    patient_id = wanted.patient_id
    if patient_id is None and wanted.attendee_name is not None:
        return None, wanted.attendee_name  # the store sees whether that is the conversation's patient
    if patient_id is None and conversation.phone_unverified_at is None:
        patient_id = conversation.patient_id
    if patient_id is None:
        return None, conversation.name_they_gave
    patient = known.get(patient_id)
    return patient.id, wanted.attendee_name or patient.full_name


def _usual_length(reason: str | None, readable: ReadableClinic) -> timedelta:
    clinic = Clinic.from_row(readable.get())
    return timedelta(minutes=clinic.minutes_for([reason] if reason else []))
