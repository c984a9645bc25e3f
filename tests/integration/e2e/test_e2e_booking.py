"""Booking by chat: what is offered is free, what is confirmed is committed, and nobody gets a slot twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from infra.demo.outside import Patient, Row
from tests.integration.e2e.support.world import World, offered, text_of

pytestmark = pytest.mark.xdist_group("stack")


def appointments(world: World, patient: Patient) -> list[Row]:
    """What the agenda holds for the patient's conversation."""
    return world.rows("select * from appointments where conversation_id = %s", world.conversation(patient)["id"])


def test_a_tapped_slot_is_booked_and_the_confirmation_tells_its_local_time_and_day(world: World) -> None:
    patient = world.patient()
    slot = offered(world.converse(patient, "Quiero un turno para una limpieza"))[0]
    patient.taps(slot)
    confirmation = text_of(patient.waits_for(2)[1])
    (appointment,) = appointments(world, patient)
    starts_at: datetime = appointment["starts_at"].astimezone(world.ferreyra.timezone)

    assert appointment["status"] == "booked"
    assert f"{starts_at:%H:%M}" in slot["title"]
    assert f"{starts_at:%H:%M}" in confirmation
    assert f" {starts_at.day} " in confirmation
    assert "appointment.booked" in world.audits(appointment["id"])


def test_two_patients_who_tap_the_same_time_at_once_get_one_booking_and_one_alternative(world: World) -> None:
    rivals = [world.patient("Paula Prueba"), world.patient("Pedro Prueba")]
    offers = [offered(world.converse(patient, "Quiero un turno para una consulta")) for patient in rivals]
    shared = next(row["title"] for row in offers[0] if row["title"] in {other["title"] for other in offers[1]})
    choices = [next(row for row in offer if row["title"] == shared) for offer in offers]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda pair: pair[0].taps(pair[1]), zip(rivals, choices, strict=True)))
    answers = [patient.waits_for(2)[1] for patient in rivals]

    found = [[row["status"] for row in appointments(world, patient)] for patient in rivals]
    assert sorted(found) == [[], ["booked"]]
    loser = answers[found.index([])]
    assert "Ese horario ya no está disponible" in text_of(loser)
    assert offered(loser)
    assert shared not in {row["title"] for row in offered(loser)}


def test_a_tap_repeated_by_the_patient_books_no_second_appointment(world: World) -> None:
    patient = world.patient()
    slot = offered(world.converse(patient, "Quiero un turno para una limpieza"))[0]
    patient.taps(slot)
    patient.waits_for(2)
    patient.taps(slot)
    patient.waits_for(3)

    assert len(appointments(world, patient)) == 1


def test_a_slot_of_another_conversation_cannot_be_taken(world: World) -> None:
    owner, thief = world.patient("Dueña"), world.patient("Otro")
    slot = offered(world.converse(owner, "Quiero un turno para una limpieza"))[0]
    world.converse(thief, "Hola")
    thief.taps(slot)
    thief.waits_for(2)

    assert appointments(world, thief) == []
