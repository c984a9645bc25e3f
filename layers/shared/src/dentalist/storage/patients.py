"""Patients: read as somebody may see them, linked to conversations with the secret key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dentalist.domain.answering import KnownPatient
from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.patient_errors import AlreadyLinked, PatientExists, PatientNotFound
from dentalist.domain.patients import DoubtReason, LinkedPatient
from dentalist.storage.database import Database

_COLUMNS = ",".join(KnownPatient.model_fields)


class SupabaseReadablePatients:
    """The patients of one professional, as whoever asks may read them."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with a person's ``db``, so that row level security decides."""
        self._db = db
        self._professional_id = professional_id

    def get(self, patient_id: UUID) -> KnownPatient:
        """The patient.

        Raises:
            PatientNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select("patients", _COLUMNS, id=patient_id, professional_id=self._professional_id)
        if not rows:
            raise PatientNotFound
        return KnownPatient.model_validate(rows[0])


class SupabasePatients:
    """Whose conversation it is, written for the verified professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def convert(self, conversation_id: UUID, full_name: str, phone: str | None, *, actor_id: UUID) -> LinkedPatient:
        """Put a lead on record; what they decided in the conversation is decided for the patient.

        ``phone``, in international form, is theirs where the contact's number is not.

        Raises:
            AlreadyLinked: the conversation is a patient's, and nobody doubts it.
            PatientExists: this name with this number is on record.
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: not known whether it was done; asking again tells.
        """
        return self._linked("convert_contact", conversation_id, full_name=full_name, phone=phone, actor_id=actor_id)

    def link(self, conversation_id: UUID, patient_id: UUID, *, actor_id: UUID, replace: bool) -> LinkedPatient:
        """Say that a conversation is this patient's; doing it again changes nothing.

        Raises:
            AlreadyLinked: it is another patient's, nobody doubts it, and it is not to be replaced.
            PatientNotFound, ConversationNotFound: the professional has none.
            StoreUnavailable: as ``convert``.
        """
        return self._linked("link_patient", conversation_id, patient_id=patient_id, actor_id=actor_id, replace=replace)

    def _linked(self, function: str, conversation_id: UUID, **arguments: Any) -> LinkedPatient:
        named = {"professional_id": self._professional_id, "conversation_id": conversation_id, **arguments}
        answer: dict[str, Any] = self._db.rpc(function, named)
        match answer["outcome"]:
            case "linked" | "converted":
                return LinkedPatient.model_validate(answer)
            case "already_linked":
                raise AlreadyLinked(UUID(answer["patient_id"]))
            case "patient_exists":
                raise PatientExists(UUID(answer["patient_id"]))
            case "patient_not_found":
                raise PatientNotFound
            case _:
                raise ConversationNotFound


class SupabasePhoneTrust:
    """Whether the contacts of one professional are who they are taken for."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def doubt(self, conversation_id: UUID, reason: str) -> None:
        """Mark a phone as not verified, with an alert; audited. One that is marked stays as it is.

        Raises:
            ValueError: there is no such reason.
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: the store cannot be reached.
        """
        self._ask("mark_phone_unverified", conversation_id, reason=DoubtReason(reason).value)

    def trust(self, conversation_id: UUID) -> None:
        """The contact has said who they are; audited. Without a doubt nothing is changed.

        Raises:
            ConversationNotFound, StoreUnavailable: as ``doubt``.
        """
        self._ask("verify_phone", conversation_id)

    def _ask(self, function: str, conversation_id: UUID, **arguments: Any) -> None:
        named = {"professional_id": self._professional_id, "conversation_id": conversation_id, **arguments}
        if self._db.rpc(function, named)["outcome"] == "not_found":
            raise ConversationNotFound
