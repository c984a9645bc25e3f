"""What knowing who writes asks of the outside: patients, and whether a number still is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from dentalist.domain.answering import KnownPatient
from dentalist.domain.patients import LinkedPatient


class PhoneTrust(Protocol):
    """Whether the contacts of one professional are who they are taken for.

    While there is a doubt nothing that the clinic initiates is sent, and no appointment is named or moved.
    """

    def doubt(self, conversation_id: UUID, reason: str) -> None:
        """Somebody else may have this phone now: ``wrong_number``, ``not_me`` or ``identity_changed``.

        Doubted already, it stays as it was. Tells a person of the clinic once.
        """

    def trust(self, conversation_id: UUID) -> None:
        """The contact gave the full name that is on the appointments; without a doubt nothing happens."""


class ReadablePatients(Protocol):
    """The patients that the signed-in person may read."""

    def get(self, patient_id: UUID) -> KnownPatient:
        """The patient, or PatientNotFound."""


class Patients(Protocol):
    """Whose conversation it is, for one professional; both are audited, and end a doubt about the number."""

    def convert(self, conversation_id: UUID, full_name: str, phone: str | None, *, actor_id: UUID) -> LinkedPatient:
        """A new record for a lead, with the contact's own number unless another is given."""

    def link(self, conversation_id: UUID, patient_id: UUID, *, actor_id: UUID, replace: bool) -> LinkedPatient:
        """A patient who is on record."""


class ReadableClinic(Protocol):
    """The professional's row as the signed-in person may read it."""

    def get(self) -> Mapping[str, Any]:
        """All of it, or ProfessionalNotFound."""
