"""What a reminder says, to whom, and when it may arrive."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import APPOINTMENT_AT as AT
from tests.builders import make_reminder


def test_the_day_and_the_time_are_those_of_the_clinics_clock() -> None:
    values = make_reminder().values
    assert values["date"] == "jueves 26 de noviembre"
    assert values["time"] == "10:30"
    assert values["clinic"] == "Consultorio Ferreyra"


@pytest.mark.parametrize(
    ("people", "addressed"),
    [
        ({"attendee_name": "Lucía Pérez"}, "Lucía"),
        ({"attendee_name": None}, "Lucía"),
        ({"attendee_name": "Tomás Pérez"}, "Lucía (por el turno de Tomás)"),
        ({"patient_name": None, "contact_name": "Lu", "attendee_name": "Tomás"}, "Lu (por el turno de Tomás)"),
        ({"patient_name": None, "contact_name": None, "attendee_name": "Tomás"}, "Tomás"),
        ({"patient_name": None, "contact_name": " ", "attendee_name": None}, "paciente"),
    ],
)
def test_who_reads_it_is_addressed_and_who_comes_is_named(people: dict[str, Any], addressed: str) -> None:
    assert make_reminder(**people).values["name"] == addressed


@pytest.mark.parametrize(
    ("hour", "welcome"), [(11, False), (12, True), (18, True), (22, True), (23, False), (2, False)]
)
def test_nobody_is_written_to_at_night_by_the_clinics_clock(hour: int, welcome: bool) -> None:
    # UTC; Buenos Aires is three hours behind, and 9 to 20 are welcome there.
    assert make_reminder().may_arrive(AT.replace(hour=hour, minute=0)) is welcome


def test_the_same_appointment_at_another_time_is_another_reminder() -> None:
    reminder = make_reminder()
    moved = reminder.model_copy(update={"starts_at": AT + timedelta(hours=1)})
    again = reminder.model_copy()
    assert reminder.request_key == again.request_key
    assert reminder.request_key != moved.request_key
