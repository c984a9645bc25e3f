"""Which of several appointments an answer speaks of."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.understanding.which_of import which_of

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
SUNDAY = datetime(2026, 11, 22, 13, 0, tzinfo=ZONE)
THREE = (
    datetime(2026, 11, 24, 10, 0, tzinfo=ZONE),  # Tuesday
    datetime(2026, 11, 26, 16, 30, tzinfo=ZONE),  # Thursday
    datetime(2026, 12, 8, 9, 0, tzinfo=ZONE),  # a Tuesday, in two weeks
)
TWO = THREE[:2]


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("el primero", (0,)),
        ("la primera", (0,)),
        ("opción 3", (2,)),
        ("el 1ro", (0,)),
        ("2do", (1,)),
        ("el uno", (0,)),
        ("segunda opción", (1,)),
        ("2", (1,)),
        ("el 1", (0,)),
        ("el último", (2,)),
        ("el primero y el tercero", (0, 2)),
        ("los dos primeros", (0, 1)),
        ("los tres", (0, 1, 2)),
        ("todos", (0, 1, 2)),
        ("todos menos el segundo", (0, 2)),
        ("no el primero, el segundo", (1,)),
        ("el más cercano", (0,)),
        ("el próximo", (0,)),
        ("el que viene", (0,)),
        ("el que es más tarde", (2,)),
        ("el del martes", (0,)),
        ("el del martes no, el del jueves", (1,)),
        ("el del martes y el del jueves", (0, 1)),
        ("cancelá el del martes 24", (0,)),
        ("el de pasado mañana", (0,)),
        ("el 8 de diciembre", (2,)),
        ("el del 8", (2,)),
        ("el 8", (2,)),
        ("el de diciembre", (2,)),
        ("el de las 10", (0,)),
        ("el de las 4 y media", (1,)),
        ("el de las 16:30", (1,)),
        ("el de las 4", (1,)),
        ("el de la mañana", (0, 2)),
        ("el del jueves a la tarde", (1,)),
    ],
)
def test_an_appointment_is_picked_by_position_day_or_hour(text: str, positions: tuple[int, ...]) -> None:
    assert which_of(text, THREE, now=SUNDAY) == positions


@pytest.mark.parametrize(
    ("text", "positions"),
    [("los dos", (0, 1)), ("ambos", (0, 1)), ("las dos", (0, 1)), ("todos menos el del martes", (1,)), ("el 2", (1,))],
)
def test_of_two_both_or_all_but_one_can_be_meant(text: str, positions: tuple[int, ...]) -> None:
    assert which_of(text, TWO, now=SUNDAY) == positions


@pytest.mark.parametrize(
    "text",
    [
        "cancelá uno", "uno de los dos", "dame un segundo", "primero decime el precio", "en segundo lugar",
        "es el segundo mensaje que mando", "todos los días trabajo", "el jueves te confirmo", "a las 10 te digo",
        "¿cuándo es el segundo?",
        "el de las 10 y media", "el de mañana", "ninguno", "no sé", "el de Tomás", "el cuarto", "", "hola",
    ],
)  # fmt: skip
def test_an_answer_that_fits_none_picks_none(text: str) -> None:
    assert which_of(text, THREE, now=SUNDAY) == ()


def test_a_day_with_two_appointments_leaves_both() -> None:
    later = THREE[0].replace(hour=11)

    assert which_of("el del martes", (THREE[0], later, THREE[1]), now=SUNDAY) == (0, 1)
    assert which_of("los dos del martes", (THREE[0], later, THREE[1]), now=SUNDAY) == (0, 1)
    assert which_of("el del martes a las 11", (THREE[0], later, THREE[1]), now=SUNDAY) == (1,)


def test_an_appointment_is_meant_in_the_professionals_timezone() -> None:
    in_utc = tuple(instant.astimezone(ZoneInfo("UTC")) for instant in THREE)

    assert which_of("el de las 10", in_utc, now=SUNDAY) == (0,)


def test_of_none_none_is_picked() -> None:
    assert which_of("el primero", (), now=SUNDAY) == ()


@given(st.text(max_size=60))
def test_no_text_breaks_the_choice(text: str) -> None:
    assert set(which_of(text, THREE, now=SUNDAY)) <= {0, 1, 2}
