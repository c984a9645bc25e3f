"""What a person books for a contact."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.conversation import Conversation
from dentalist.domain.errors import ConversationNotFound, DomainError
from dentalist.domain.patient_errors import PatientNotFound, SlotInThePast, SlotTaken
from dentalist.services.book_by_hand import AppointmentByHand, BookingDesk, book_by_hand
from tests.builders import make_conversation
from tests.fakes import FakeConversations
from tests.fakes_patients import FakeClinicRow, FakeHandAgenda, FakePatients

ACTOR = uuid4()
AT_TEN = datetime(2026, 11, 23, 13, tzinfo=UTC)
CLINIC = {
    "id": uuid4(),
    "timezone": "America/Argentina/Buenos_Aires",
    "appointment_minutes": 20,
    "price_list": [{"treatment": "Ortodoncia", "price": 1, "currency": "ARS", "minutes": 45}],
}


class World:
    """A conversation, the patients on record and the agenda."""

    def __init__(self) -> None:
        self.conversation: Conversation = make_conversation(contact_name="Tito")
        self.patients = FakePatients()
        self.agenda = FakeHandAgenda()
        self.written: list[UUID] = []

    def book(self, **wanted: Any) -> dict[str, Any]:
        """Book, and answer what the agenda was asked."""
        desk = BookingDesk(
            FakeConversations({self.conversation.id: self.conversation}),
            FakeClinicRow(CLINIC),
            self.patients,
            self.agenda,
            self.written.append,
        )
        booked = book_by_hand(
            self.conversation.id, AppointmentByHand(**{"starts_at": AT_TEN, **wanted}), actor_id=ACTOR, desk=desk
        )
        assert self.written == [booked.id]
        return self.agenda.asked[-1]


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("wanted", "minutes"),
    [
        ({}, 20),
        ({"reason": "Ortodoncia"}, 45),
        ({"reason": "Charla"}, 20),
        ({"reason": "Ortodoncia", "ends_at": AT_TEN + timedelta(minutes=10)}, 10),
    ],
)
def test_an_appointment_takes_as_long_as_said_or_as_its_treatment_usually_does(
    world: World, wanted: dict[str, Any], minutes: int
) -> None:
    asked = world.book(**wanted)

    assert asked["ends_at"] - asked["starts_at"] == timedelta(minutes=minutes)
    assert asked["actor_id"] == ACTOR


def test_a_leads_appointment_is_under_the_name_they_gave(world: World) -> None:
    asked = world.book()

    assert (asked["patient_id"], asked["attendee_name"]) == (None, "Tito")


def test_what_the_clinics_address_book_calls_somebody_is_no_name_of_theirs(world: World) -> None:
    world.conversation = world.conversation.model_copy(update={"name_from_phone_app": True})

    assert world.book()["attendee_name"] is None


def test_a_patients_appointment_is_under_the_name_on_record(world: World) -> None:
    patient = world.patients.add("Marta Sosa")
    world.conversation = world.conversation.model_copy(update={"patient_id": patient.id})

    asked = world.book()

    assert (asked["patient_id"], asked["attendee_name"]) == (patient.id, "Marta Sosa")


def test_a_person_may_name_another_patient_or_somebody_who_is_none(world: World) -> None:
    mother, child = world.patients.add("Marta Sosa"), world.patients.add("Tomás Sosa")
    world.conversation = world.conversation.model_copy(update={"patient_id": mother.id})

    asked = world.book(patient_id=child.id)
    assert (asked["patient_id"], asked["attendee_name"]) == (child.id, "Tomás Sosa")
    world.written.clear()
    asked = world.book(attendee_name="Su marido")
    assert (asked["patient_id"], asked["attendee_name"]) == (None, "Su marido")


def test_whoever_has_the_number_now_is_not_booked_for_as_the_patient_who_had_it(world: World) -> None:
    before = world.patients.add("Marta Sosa")
    doubted = {"patient_id": before.id, "phone_unverified_at": AT_TEN, "phone_unverified_reason": "not_me"}
    world.conversation = world.conversation.model_copy(update=doubted)

    asked = world.book()

    assert (asked["patient_id"], asked["attendee_name"]) == (None, "Tito")
    world.written.clear()
    assert world.book(patient_id=before.id)["patient_id"] == before.id, "somebody decided so"


@pytest.mark.parametrize(
    ("outcome", "error"), [("taken", SlotTaken), ("past", SlotInThePast), ("not_found", ConversationNotFound)]
)
def test_what_the_agenda_refuses_writes_no_event(world: World, outcome: str, error: type[DomainError]) -> None:
    world.agenda.outcome = outcome

    with pytest.raises(error):
        world.book()

    assert world.written == []


def test_a_patient_the_person_cannot_read_is_not_booked_for(world: World) -> None:
    with pytest.raises(PatientNotFound):
        world.book(patient_id=uuid4())

    assert world.agenda.asked == []
