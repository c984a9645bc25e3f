"""What people of a clinic do with a conversation from the dashboard, beside or instead of the assistant."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.demo.outside import Dashboard, Patient, Row, equals, eventually
from tests.integration.e2e.support.linking import refusal
from tests.integration.e2e.support.world import World, text_of

pytestmark = pytest.mark.xdist_group("stack")
REMINDER = "Te esperamos mañana."


@pytest.fixture(scope="module")
def reception(world: World) -> Iterator[Dashboard]:
    """Somebody of the first clinic, signed in."""
    dashboard = world.sign_in(world.ferreyra)
    yield dashboard
    dashboard.close()


@pytest.fixture
def only_suggests(world: World, reception: Dashboard) -> Iterator[None]:
    """The first number's assistant drafts answers, and people send them."""
    channel = f"/api/marketing/channels/{world.ferreyra.numbers[0].channel_id}"
    reception.call("PATCH", channel, {"ai_mode": "suggest"}).raise_for_status()
    yield
    reception.call("PATCH", channel, {"ai_mode": "auto"}).raise_for_status()


class Desk:
    """One patient's conversation as the reception has it in front of them."""

    def __init__(self, world: World, dashboard: Dashboard, patient: Patient) -> None:
        self.world, self.dashboard, self.patient = world, dashboard, patient

    def does(self, action: str, body: Any) -> httpx.Response:
        conversation = self.dashboard.conversation_with(self.patient)
        return self.dashboard.post(f"/api/marketing/conversations/{conversation['id']}/{action}", body)

    def suggestion(self) -> Row:
        """The answer that waits for a person."""
        conversation = self.world.conversation(self.patient)["id"]
        waiting = {"conversation_id": equals(str(conversation))}
        [found] = eventually(lambda: self.dashboard.select("marketing_suggestions", **waiting), "a suggestion")
        return found


@pytest.mark.usefixtures("only_suggests")
def test_a_suggested_answer_reaches_the_patient_as_a_person_edited_it(world: World, reception: Dashboard) -> None:
    patient = world.patient("Elena Prueba")
    patient.writes("Hola, ¿dónde están?")
    eventually(lambda: world.messages(patient), "the message stored")
    desk = Desk(world, reception, patient)
    drafted = desk.suggestion()
    world.calm()
    assert "Santa Fe 2450" in drafted["body"]
    assert patient.received() == [], "nothing leaves without a person"

    edited = "¡Hola, Elena! Estamos en Santa Fe 2450, al lado de la farmacia."
    sent = desk.does("suggestion", {"action": "send", "body": edited, "suggestion_id": drafted["id"]})
    again = desk.does("suggestion", {"action": "send", "suggestion_id": drafted["id"]})

    assert sent.status_code == 201, sent.text
    assert [text_of(message) for message in patient.received()] == [edited]
    assert world.messages(patient, "outbound")[0]["sender"] == "professional"
    assert again.status_code == 409, again.text


def free_night(world: World) -> datetime:
    """Six in the morning of a day weeks ahead: the chat offers no such time, and every run takes another one."""
    [later] = world.rows(
        """select count(*) as days from appointments where professional_id = %s and starts_at > now() + '3 weeks'""",
        world.ferreyra.id,
    )
    today = datetime.now(world.ferreyra.timezone).replace(hour=6, minute=0, second=0, microsecond=0)
    return today + timedelta(days=22 + later["days"])


def test_a_lead_becomes_a_patient_and_gets_an_appointment_by_hand_in_a_time_that_nobody_else_gets(
    world: World, reception: Dashboard
) -> None:
    patient, other = world.patient("Celeste Prueba"), world.patient("Otro Prueba")
    for somebody in (patient, other):
        world.converse(somebody, "Hola")
    desk = Desk(world, reception, patient)
    starts_at = free_night(world)
    time = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(minutes=20)).isoformat()}

    converted = desk.does("patient", {"full_name": "Celeste Prueba Gómez"})
    booked = desk.does("appointments", {**time, "reason": "Control"})
    taken = Desk(world, reception, other).does("appointments", time)

    assert converted.status_code == 201, converted.text
    assert converted.json()["phone"] == patient.phone
    assert booked.status_code == 201, booked.text
    assert booked.json()["patient_id"] == converted.json()["patient_id"]
    assert refusal(taken) == (409, "slot_taken")
    [row] = reception.select("appointments", id=equals(booked.json()["id"]))
    assert (row["status"], row["attendee_name"], row["reason"]) == ("booked", "Celeste Prueba Gómez", "Control")
    told = text_of(world.converse(patient, "¿Cuándo tengo turno?"))
    assert "06:00" in told
    assert f" {starts_at.day} " in told


def test_a_failed_message_is_sent_once_more_in_a_row_of_its_own_and_one_that_arrived_is_not(
    world: World, reception: Dashboard
) -> None:
    patient = world.patient()
    world.converse(patient, "Hola")
    world.fault({"kind": "error", "code": 131026}, to=patient.digits, route="messages")
    said = {"conversation_id": str(world.conversation(patient)["id"]), "type": "text", "text": {"body": REMINDER}}
    reception.post("/api/marketing/whatsapp/send", said)
    failed = world.messages(patient, "outbound")[-1]
    assert failed["status"] == "failed"

    retried = reception.post(f"/api/marketing/messages/{failed['id']}/retry", {})

    assert retried.status_code == 201, retried.text
    assert [text_of(message) for message in patient.received()][1:] == [REMINDER]
    rows = {str(row["id"]): row["status"] for row in world.messages(patient, "outbound")}
    assert rows.pop(str(failed["id"])) == "failed"
    assert len(rows) == 2
    arrived = reception.post(f"/api/marketing/messages/{retried.json()['message_id']}/retry", {})
    assert refusal(arrived) == (409, "not_retryable")
