"""A reminder on the running stack: the approved template leaves once, and its buttons change the agenda."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from infra.demo.outside import Patient, Row, eventually
from tests.integration.e2e.support.world import World, text_of

pytestmark = pytest.mark.xdist_group("stack")


class Tomorrow:
    """A patient who wrote once and has an appointment the day after tomorrow at noon; the reminder leaves tomorrow."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.patient: Patient = world.patient("Lucía Prueba")
        world.converse(self.patient, "Hola")
        zone = world.ferreyra.timezone
        day = datetime.now(zone).date() + timedelta(days=2)
        self.fires_at = datetime.combine(day - timedelta(days=1), time(13), zone)
        starts_at = self._free(datetime.combine(day, time(12), zone))
        (self.row,) = world.rows(
            """insert into appointments
                 (professional_id, conversation_id, attendee_name, starts_at, ends_at, status, source, created_at)
               values (%s, %s, 'Tomás Prueba', %s, %s, 'booked', 'host_app', now() - interval '3 days') returning *""",
            world.ferreyra.id,
            world.conversation(self.patient)["id"],
            starts_at,
            starts_at + timedelta(minutes=5),
        )
        self.clock = f"{starts_at.astimezone(zone):%H:%M}"

    def _free(self, wished: datetime) -> datetime:
        """Other tests book in the same agenda: five minutes that nobody has."""
        taken = self.world.rows(
            "select max(ends_at) as last from appointments where starts_at between %s and %s", wished,
            wished + timedelta(minutes=55),
        )[0]["last"]  # fmt: skip
        return max(wished, taken) if taken else wished

    def run(self) -> list[Row]:
        """The hourly function; what reached the patient by template so far."""
        self.world.fire("reminders", at=self.fires_at)
        return [item for item in self.patient.received() if item["type"] == "template"]

    def presses(self, reminder: Row, label: str) -> str:
        """A button of the reminder; the answer."""
        buttons = [item for item in reminder["content"]["components"] if item["type"] == "button"]
        payload = next(
            button["parameters"][0]["payload"]
            for button, text in zip(buttons, ("Confirmo", "Cancelar"), strict=True)
            if text == label
        )
        before = len(self.patient.received())
        self.patient.sends("button", {"payload": payload, "text": label})
        answer = text_of(self.patient.waits_for(before + 1)[-1])
        self.world.calm()
        return answer

    def appointment(self) -> Row:
        return self.world.rows("select * from appointments where id = %s", self.row["id"])[0]


@pytest.fixture
def tomorrow(world: World) -> Tomorrow:
    return Tomorrow(world)


def _texts(reminder: Row) -> list[Any]:
    (body,) = [item for item in reminder["content"]["components"] if item["type"] == "body"]
    return [parameter["text"] for parameter in body["parameters"]]


def test_a_reminder_leaves_once_and_names_who_comes_and_when(tomorrow: Tomorrow) -> None:
    (reminder,) = tomorrow.run()

    assert [item["id"] for item in tomorrow.run()] == [reminder["id"]]
    assert reminder["content"]["name"] == "appointment_reminder"
    addressed, clinic, _day, at = _texts(reminder)
    assert addressed == "Lucía (por el turno de Tomás)"
    assert (clinic, at) == (tomorrow.world.ferreyra.name, tomorrow.clock)
    assert tomorrow.appointment()["reminded_at"] is not None


def test_its_first_button_confirms_the_appointment(tomorrow: Tomorrow) -> None:
    (reminder,) = tomorrow.run()

    answer = tomorrow.presses(reminder, "Confirmo")

    assert tomorrow.clock in answer
    assert tomorrow.appointment()["confirmed_at"] is not None
    assert tomorrow.appointment()["status"] == "booked"


def test_its_second_button_cancels_that_appointment(tomorrow: Tomorrow) -> None:
    (reminder,) = tomorrow.run()

    answer = tomorrow.presses(reminder, "Cancelar")

    assert tomorrow.clock in answer
    eventually(lambda: tomorrow.appointment()["status"] == "cancelled", "the cancelled appointment")


def test_without_consent_nothing_leaves(tomorrow: Tomorrow) -> None:
    tomorrow.world.converse(tomorrow.patient, "BAJA")

    assert tomorrow.run() == []
    assert tomorrow.appointment()["reminded_at"] is None
