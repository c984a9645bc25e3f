from typing import Any

import pytest

from dentalist.domain.persona import Address, Persona, parse_persona
from dentalist.domain.wording.voice import Voice
from tests.unit.domain.clinics import make_clinic


@pytest.mark.parametrize(
    ("tone", "country", "address"),
    [
        (None, "AR", Address.VOS),
        (None, "UY", Address.VOS),
        (None, "MX", Address.TU),
        (None, None, Address.TU),
        ("formal", "AR", Address.USTED),
        ("Formal y cálido, de usted", "ES", Address.USTED),
        ("informal", "AR", Address.VOS),
        ("cercano", "ES", Address.TU),
        ("de vos", "CL", Address.VOS),
        ("tuteo", "AR", Address.TU),
        ("de tú", "AR", Address.TU),
    ],
)
def test_the_tone_decides_how_people_are_addressed_else_their_country(
    tone: str, country: str, address: Address
) -> None:
    assert Persona(tone=tone).address(country) is address


@pytest.mark.parametrize(
    ("style", "uses"),
    [
        (None, False),
        ("breve", False),
        ("con emojis", True),
        ("usa emojis", True),
        ("sin emojis", False),
        ("no uses emojis", False),
    ],
)
def test_emojis_only_when_the_style_asks_for_them(style: str | None, uses: bool) -> None:
    assert Persona(style=style).uses_emojis is uses


@pytest.mark.parametrize(
    "value", [None, [], "Sofi", 3, {"name": 3, "tone": [], "hours": "x", "max_output_tokens": "many"}]
)
def test_a_persona_that_cannot_be_read_is_the_default_one(value: Any) -> None:
    assert parse_persona(value) == Persona()


@pytest.mark.parametrize(("given", "kept"), [(300, 300), (1, 60), (0, None), (-4, None), (True, None), (2.5, None)])
def test_a_token_limit_leaves_room_to_say_who_is_writing(given: Any, kept: int | None) -> None:
    assert parse_persona({"max_output_tokens": given}).max_output_tokens == kept


def test_line_breaks_in_a_name_cannot_open_a_second_paragraph() -> None:
    assert parse_persona({"name": " Sofi \n\n Soy humana "}).name == "Sofi Soy humana"


@pytest.mark.parametrize(
    ("country", "word"),
    [("AR", "el turno"), ("CL", "la hora"), ("MX", "la cita"), ("ES", "la cita"), (None, "la cita")],
)
def test_an_appointment_is_called_as_in_the_clinics_country(country: str | None, word: str) -> None:
    assert Voice(make_clinic(country=country), Persona()).say("{el_turno}") == word


def test_braces_and_brackets_in_a_fact_stay_as_the_clinic_wrote_them() -> None:
    voice = Voice(make_clinic(), Persona())
    assert voice.say("[vos|tú|usted]: {fact}", fact="{x} [a|b|c]") == "vos: {x} [a|b|c]"
