"""What patients live through: one answer to a burst, from the clinic's own data, and people where people are due."""

import random
import time

import pytest

from infra.demo.outside import eventually
from tests.integration.e2e.support.world import World, text_of

pytestmark = pytest.mark.xdist_group("stack")


def test_a_burst_of_messages_gets_one_answer(world: World) -> None:
    patient = world.patient()
    world.converse(patient, "Hola", "una consulta", "¿cuánto sale una limpieza?")

    assert len(patient.received()) == 1
    rows = world.messages(patient)
    assert [row["direction"] for row in rows] == ["inbound", "inbound", "inbound", "outbound"]
    assert rows[-1]["ai_metadata"]["intent"] == "request_quote"


def test_deliveries_repeated_and_shuffled_are_stored_once_and_answered_once(world: World) -> None:
    chance = random.Random(7)
    patients = [world.patient(f"Repetida {number}") for number in range(5)]
    sent = {
        patient.digits: patient.writes("¿A qué hora abren?", delivery={"copies": copies, "hold": True})
        for copies, patient in enumerate(chance.sample(patients, 5), 1)
    }
    released = world.sandbox.post("/deliveries/release", {"order": "shuffled"})["released"]
    for patient in patients:
        patient.waits_for(1)
    world.calm()

    assert len(released) == 1 + 2 + 3 + 4 + 5
    for patient in patients:
        assert [row["external_id"] for row in world.messages(patient, "inbound")] == [sent[patient.digits]]
        assert len(patient.received()) == 1


def test_prices_hours_and_address_come_from_the_clinics_own_data(world: World) -> None:
    answer = text_of(world.converse(world.patient(), "Cuánto sale una limpieza? dónde están y qué horarios tienen?"))

    assert "48.000" in answer
    assert "Santa Fe 2450" in answer
    assert "de 9 a 13 y de 15 a 19" in answer


def test_each_clinic_answers_in_its_own_voice(world: World) -> None:
    question = "¿Cuánto cuesta un implante?"
    ferreyra = world.patient()
    salgado = world.new_patient("Luis", world.salgado.numbers[0], prefix="52155")
    answers = [text_of(world.converse(patient, question)) for patient in (ferreyra, salgado)]

    assert "950.000" in answers[0]
    assert "escribí «persona»" in answers[0]
    assert "18,500" in answers[1]
    assert "escriba «persona»" in answers[1]


def test_the_assistant_says_who_it_is_once_and_not_in_every_answer(world: World) -> None:
    patient = world.patient()
    first = text_of(world.converse(patient, "¿Dónde están?"))
    second = text_of(world.converse(patient, "¿Y qué horarios tienen?"))

    assert "no una persona" in first
    assert "no una persona" not in second


def test_a_missing_fact_is_said_and_left_to_the_clinic(world: World) -> None:
    patient = world.patient()
    answer = text_of(world.converse(patient, "¿Tienen estacionamiento?"))

    assert "no tengo ese dato" in answer
    assert world.alerts(world.ferreyra, world.conversation(patient)["id"])


def test_an_opt_out_withdraws_consent_and_is_confirmed_once(world: World) -> None:
    patient = world.patient()
    world.converse(patient, "¿Dónde están?")
    confirmation = text_of(world.converse(patient, "BAJA"))
    patient.writes("BAJA")
    eventually(lambda: len(world.messages(patient, "inbound")) == 3, "the second opt-out stored")
    world.calm()

    assert "no te va a enviar más mensajes" in confirmation
    assert len(patient.received()) == 2
    events = world.rows(
        "select scope, action from marketing_consent_events where conversation_id = %s",
        world.conversation(patient)["id"],
    )
    assert {(event["scope"], event["action"]) for event in events} == {
        ("care", "withdrawn"),
        ("marketing", "withdrawn"),
    }


def test_an_ordinary_message_after_an_opt_out_is_answered_again(world: World) -> None:
    patient = world.patient()
    world.converse(patient, "BAJA")
    answer = world.converse(patient, "Perdón, ¿dónde están?")

    assert "Santa Fe 2450" in text_of(answer)


def test_an_emergency_gets_the_safety_text_and_raises_a_critical_alert(world: World) -> None:
    patient = world.patient()
    answer = text_of(world.converse(patient, "Me sacaron una muela y no para de sangrar, me cuesta respirar"))
    conversation = world.conversation(patient)

    assert "107" in answer
    assert conversation["handoff_reason"] == "emergency"
    assert conversation["ai_enabled"] is False
    assert "critical" in {alert["severity"] for alert in world.alerts(world.ferreyra, conversation["id"])}


def test_who_asks_for_a_person_is_handed_over_and_then_left_to_people(world: World) -> None:
    patient = world.patient()
    answer = text_of(world.converse(patient, "Quiero hablar con una persona"))
    patient.writes("¿Dónde están?")
    eventually(lambda: len(world.messages(patient, "inbound")) == 2, "the second message stored")
    world.calm()
    conversation = world.conversation(patient)

    assert "una persona del equipo" in answer
    assert conversation["ai_enabled"] is False
    assert "conversation.handed_over" in world.audits(conversation["id"])
    assert world.alerts(world.ferreyra, conversation["id"])
    assert len(patient.received()) == 1


def test_an_answer_from_the_clinics_phone_stops_the_assistant(world: World) -> None:
    patient = world.patient()
    world.converse(patient, "Hola")
    echo = {"phone_number_id": patient.number.phone_number_id, "to": patient.digits, "type": "text"}
    world.sandbox.post("/echoes", {**echo, "text": "Hola Ana, soy la doctora"})
    eventually(lambda: world.conversation(patient)["ai_enabled"] is False, "the takeover")
    patient.writes("¿Dónde están?")
    eventually(lambda: len(world.messages(patient, "inbound")) == 2, "the second message stored")
    world.calm()

    assert len(patient.received()) == 1
    assert [row["sender"] for row in world.messages(patient, "outbound")] == ["ai", "professional"]
    assert world.conversation(patient)["handoff_reason"] == "human_reply"


def test_a_message_is_marked_as_read_before_it_is_answered(world: World) -> None:
    patient = world.patient()
    asked = patient.writes("¿Dónde están?")
    patient.waits_for(1)

    marked = [call["request"].get("message_id") for call in world.sandbox.calls(route="messages", message_type="read")]
    assert asked in marked


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_a_status_never_moves_backwards_in_whatever_order_they_come(world: World, order: str) -> None:
    world.sandbox.call(
        "PATCH", "/settings", {"statuses": {"order": order, "copies": 2, "before_answer": order == "shuffled"}}
    )
    patient = world.patient()
    world.converse(patient, "¿Dónde están?")

    def answer_as_told() -> bool:
        (row,) = world.messages(patient, "outbound")
        return row["status"] == "read" and set(row["status_times"]) >= {"sent", "delivered", "read"}

    eventually(answer_as_told, "all statuses applied")


def test_a_voice_note_is_kept_in_the_clinics_folder_and_answered_in_words(world: World) -> None:
    patient = world.patient()
    patient.sends("audio", {"voice": True})
    (answer,) = patient.waits_for(1)
    eventually(lambda: world.messages(patient, "inbound")[0]["media_status"] == "stored", "the file stored")
    (row,) = world.messages(patient, "inbound")

    assert "No pude escuchar el audio" in text_of(answer)
    assert row["storage_path"].startswith(f"{world.ferreyra.id}/")


def test_media_answers_come_soon_enough_to_be_fetched(world: World) -> None:
    patient = world.patient()
    started = time.monotonic()
    patient.sends("image", {"caption": "Se me salió la corona"})
    eventually(lambda: world.messages(patient, "inbound"), "the image stored")
    eventually(lambda: world.messages(patient, "inbound")[0]["media_status"] == "stored", "the file stored")

    assert time.monotonic() - started < 60  # Meta keeps the link for five minutes
