"""Naming the patient of a conversation."""

from uuid import uuid4

import pytest

from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.patient_errors import PatientNotFound, PhoneNotUnderstood
from dentalist.services.patients import PatientDesk, convert_lead, link_patient
from tests.builders import make_conversation
from tests.fakes import FakeConversations
from tests.fakes_patients import FakeClinicRow, FakePatients

ACTOR = uuid4()
CONVERSATION = make_conversation()


@pytest.fixture
def patients() -> FakePatients:
    return FakePatients()


def desk_of(patients: FakePatients, country: str | None = "AR") -> PatientDesk:
    clinic = FakeClinicRow({"id": uuid4(), "country": country, "timezone": "America/Argentina/Buenos_Aires"})
    return PatientDesk(FakeConversations({CONVERSATION.id: CONVERSATION}), clinic, patients, patients)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(None, None), ("(011) 15-5032-0001", "+5491150320001"), ("+34 612 345 678", "+34612345678")],
)
def test_a_lead_is_put_on_record_with_an_international_number(
    patients: FakePatients, typed: str | None, kept: str | None
) -> None:
    convert_lead(CONVERSATION.id, full_name="Ana Prueba", phone=typed, actor_id=ACTOR, desk=desk_of(patients))

    assert patients.done == [("convert", {"full_name": "Ana Prueba", "phone": kept, "actor_id": ACTOR})]


def test_a_number_without_its_country_is_not_guessed(patients: FakePatients) -> None:
    with pytest.raises(PhoneNotUnderstood):
        convert_lead(
            CONVERSATION.id, full_name="Ana", phone="11 5032-0001", actor_id=ACTOR, desk=desk_of(patients, None)
        )

    assert patients.done == []


def test_only_what_the_person_may_read_is_linked(patients: FakePatients) -> None:
    desk, patient = desk_of(patients), patients.add()

    with pytest.raises(ConversationNotFound):
        link_patient(uuid4(), patient.id, replace=False, actor_id=ACTOR, desk=desk)
    with pytest.raises(PatientNotFound):
        link_patient(CONVERSATION.id, uuid4(), replace=False, actor_id=ACTOR, desk=desk)
    with pytest.raises(ConversationNotFound):
        convert_lead(uuid4(), full_name="Ana", phone=None, actor_id=ACTOR, desk=desk)

    assert patients.done == []


@pytest.mark.parametrize("replace", [True, False])
def test_a_patient_who_is_on_record_is_linked(patients: FakePatients, replace: bool) -> None:
    patient = patients.add()

    linked = link_patient(CONVERSATION.id, patient.id, replace=replace, actor_id=ACTOR, desk=desk_of(patients))

    assert (linked.patient_id, linked.phone_verified) == (patient.id, True)
    assert patients.done == [("link", {"patient_id": patient.id, "replace": replace, "actor_id": ACTOR})]
