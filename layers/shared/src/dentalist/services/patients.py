"""A person of the clinic says who writes: a lead becomes a patient, or is one who is on record."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dentalist.domain.clinic import Clinic
from dentalist.domain.local_phones import international_phone
from dentalist.domain.patient_errors import PhoneNotUnderstood
from dentalist.domain.patients import LinkedPatient
from dentalist.services.ports_patients import Patients, ReadableClinic, ReadablePatients
from dentalist.services.ports_privacy import ReadableConversations


@dataclass(frozen=True)
class PatientDesk:
    """What naming the patient of a conversation needs, as the person who does it may read."""

    conversations: ReadableConversations
    clinic: ReadableClinic
    known: ReadablePatients
    patients: Patients


def convert_lead(
    conversation_id: UUID, *, full_name: str, phone: str | None, actor_id: UUID, desk: PatientDesk
) -> LinkedPatient:
    """Put the contact of a conversation on record as a patient.

    What they consented to in the conversation holds for the patient, and a doubt about the number ends.

    Args:
        conversation_id: merges are followed.
        full_name: as the clinic knows them.
        phone: as people write it in the clinic's country; None is the number they write from.
        actor_id: the person.
        desk: what it needs.

    Raises:
        ConversationNotFound: the person may see no such conversation.
        PhoneNotUnderstood: no number, or a local one whose country or area code is not known.
        AlreadyLinked, PatientExists: somebody is on record already.
        StoreUnavailable: the store cannot be reached.
    """
    conversation = desk.conversations.get(conversation_id)
    number = None if phone is None else _international(phone, desk.clinic)
    return desk.patients.convert(conversation.id, full_name, number, actor_id=actor_id)


def link_patient(
    conversation_id: UUID, patient_id: UUID, *, replace: bool, actor_id: UUID, desk: PatientDesk
) -> LinkedPatient:
    """Say that a conversation is that of a patient who is on record; a doubt about the number ends.

    Args:
        conversation_id: merges are followed.
        patient_id: whose it is.
        replace: also when it is another's until now; not needed while the number is doubted.
        actor_id: the person.
        desk: what it needs.

    Raises:
        ConversationNotFound, PatientNotFound: the person may see none.
        AlreadyLinked: it is another patient's.
        StoreUnavailable: the store cannot be reached.
    """
    conversation = desk.conversations.get(conversation_id)
    patient = desk.known.get(patient_id)
    return desk.patients.link(conversation.id, patient.id, actor_id=actor_id, replace=replace)


def _international(phone: str, readable: ReadableClinic) -> str:
    number = international_phone(phone, Clinic.from_row(readable.get()).country)
    if number is None:
        raise PhoneNotUnderstood
    return number
