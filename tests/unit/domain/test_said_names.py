"""Whose names a model must not be told of."""

import time

import pytest

from dentalist.domain.understanding.said_names import names_said
from tests.assistant_claims import make_clinic

CLINIC = make_clinic(
    name="Consultorio Sarmiento", insurances=["Swiss Medical"], price_list=[{"treatment": "Corona Zirconio"}]
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Soy Zoraida Quintanilla", {"Zoraida Quintanilla"}),
        ("soy zoraida quintanilla y necesito turno", {"Zoraida Quintanilla"}),
        ("es para mi hijo tomas quintanilla", {"Tomas Quintanilla"}),
        ("me atendió la dra. hermenegilda?", {"Hermenegilda"}),
    ],
)
def test_names_are_found_in_any_case(text: str, names: set[str]) -> None:
    assert names <= names_said([text], clinic=CLINIC)


@pytest.mark.parametrize(
    "text",
    [
        "¿El Consultorio Sarmiento trabaja con Swiss Medical?",
        "quiero una Corona Zirconio",
        "Hola Lía, quiero un turno para mañana",
    ],
)
def test_what_the_clinic_says_of_itself_and_its_assistant_is_nobodys_name(text: str) -> None:
    assert names_said([text], clinic=CLINIC, assistant="Lía") == frozenset()


@pytest.mark.parametrize("words", ["soy ", "juana ", "Zoraida ", "mi hijo ", "dra. "])
def test_nobody_waits_for_who_repeats_themself(words: str) -> None:
    started = time.process_time()

    names_said([(words * 4096)[:4096]] * 5, clinic=CLINIC)

    assert time.process_time() - started < 1.0
