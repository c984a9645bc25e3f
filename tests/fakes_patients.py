"""Patients, messages and an agenda in memory, for the tests of who writes and what is done for them by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.answering import Appointment, KnownPatient
from dentalist.domain.errors import DomainError, MessageNotFound
from dentalist.domain.patient_errors import PatientNotFound
from dentalist.domain.patients import LinkedPatient
from dentalist.domain.sent_message import SentMessage
from dentalist.services.answering.ports_agenda import Booking


@dataclass
class FakePatients:
    """Those on record, and what was asked to be linked; ``refusal`` is raised instead."""

    known: dict[UUID, KnownPatient] = field(default_factory=dict)
    refusal: DomainError | None = None
    done: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, full_name: str = "Marta Sosa") -> KnownPatient:
        patient = KnownPatient(id=uuid4(), full_name=full_name)
        self.known[patient.id] = patient
        return patient

    def get(self, patient_id: UUID) -> KnownPatient:
        if patient_id not in self.known:
            raise PatientNotFound
        return self.known[patient_id]

    def convert(self, conversation_id: UUID, full_name: str, phone: str | None, *, actor_id: UUID) -> LinkedPatient:
        self._note("convert", full_name=full_name, phone=phone, actor_id=actor_id)
        return LinkedPatient(conversation_id=conversation_id, patient_id=uuid4(), full_name=full_name, phone=phone)

    def link(self, conversation_id: UUID, patient_id: UUID, *, actor_id: UUID, replace: bool) -> LinkedPatient:
        self._note("link", patient_id=patient_id, replace=replace, actor_id=actor_id)
        return LinkedPatient(
            conversation_id=conversation_id,
            patient_id=patient_id,
            full_name=self.known[patient_id].full_name,
            phone_verified=True,
        )

    def _note(self, what: str, **named: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append((what, named))


@dataclass
class FakeClinicRow:
    """A professional's row."""

    row: dict[str, Any]

    def get(self) -> dict[str, Any]:
        return self.row


@dataclass
class FakeHandAgenda:
    """Books whatever a person decides, or answers ``outcome``."""

    outcome: str = "booked"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def book_by_hand(self, **named: Any) -> Booking:
        self.asked.append(named)
        if self.outcome != "booked":
            return Booking(self.outcome)
        columns = {name: value for name, value in named.items() if name != "actor_id"}
        appointment = Appointment(id=uuid4(), status="booked", source="dashboard", **columns)
        return Booking("booked", appointment, appointment.id, (appointment,))


@dataclass
class FakeMessages:
    """Messages that somebody may read."""

    by_id: dict[UUID, SentMessage] = field(default_factory=dict)

    def get(self, message_id: UUID) -> SentMessage:
        if message_id not in self.by_id:
            raise MessageNotFound
        return self.by_id[message_id]


def make_sent_message(**overrides: Any) -> SentMessage:
    """A text that has failed."""
    defaults = {
        "id": uuid4(),
        "professional_id": uuid4(),
        "conversation_id": uuid4(),
        "channel_id": uuid4(),
        "direction": "outbound",
        "status": "failed",
        "type": "text",
        "body": "Hola",
        "payload": {"type": "text", "text": {"body": "Hola", "preview_url": False}},
        "purpose": "care",
    }
    return SentMessage.model_validate({**defaults, **overrides})
