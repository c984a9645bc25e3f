from datetime import timedelta
from typing import Any

import pytest

from dentalist.domain.persona import Persona, parse_persona
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import HandoffReason, Language
from dentalist.domain.wording.answers import compose_answer
from dentalist.domain.wording.drafts import Draft, Effect
from dentalist.domain.wording.safety import safety_text
from dentalist.domain.wording.voice import Voice
from tests.unit.domain.clinics import MONDAY_11AM, make_bare_clinic, make_clinic, make_context

SUNDAY = MONDAY_11AM - timedelta(days=1)


def find_answer(text: str, **context: Any) -> Draft | None:
    return compose_answer(classify(text), make_clinic(), Persona(), make_context(**context))


@pytest.mark.parametrize(
    ("country", "number"),
    [("AR", "107 o al 911"), ("MX", "911"), ("ES", "112"), ("CL", "131"), ("CO", "123"), ("UY", "911"), ("PE", "106")],
)
def test_the_safety_text_holds_the_countrys_number(country: str, number: str) -> None:
    assert f"al {number}" in safety_text(Voice(make_clinic(country=country), Persona()), MONDAY_11AM)


@pytest.mark.parametrize("country", [None, "", "ZZ", "Narnia"])
def test_without_a_known_country_it_says_how_to_find_the_number(country: str | None) -> None:
    text = safety_text(Voice(make_clinic(country=country), Persona()), MONDAY_11AM)
    assert "112 o al número de emergencias de tu país" in text


def test_a_clinic_that_filled_in_nothing_still_gives_the_safety_text() -> None:
    text = safety_text(Voice(make_bare_clinic(), Persona()), MONDAY_11AM)
    assert "112" in text
    assert "Es posible que nadie lea este chat en este momento" in text


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (MONDAY_11AM, "Estamos en horario de atención, pero pueden tardar"),
        (SUNDAY, "La clínica está cerrada y nadie lee este chat hasta mañana lunes a las 09:00"),
    ],
)
def test_it_says_whether_somebody_reads(now: Any, words: str) -> None:
    assert words in safety_text(Voice(make_clinic(), Persona()), now)


def test_the_clinics_own_phone_and_instructions_are_in_it() -> None:
    clinic = make_clinic(emergency_instructions="Presioná con una gasa limpia.")
    text = safety_text(Voice(clinic, Persona()), MONDAY_11AM)
    assert "+54 11 5555-0000" in text
    assert "Presioná con una gasa limpia." in text


@pytest.mark.parametrize("language", list(Language))
def test_it_exists_in_every_language_that_is_recognised(language: Language) -> None:
    text = safety_text(Voice(make_clinic(country="MX"), Persona()), MONDAY_11AM, language)
    assert "911" in text
    assert "Clínica Sonrisas" in text


def test_an_emergency_raises_the_alert_hands_over_and_ignores_the_token_limit() -> None:
    persona = parse_persona({"max_output_tokens": 60, "tone": "formal"})
    draft = compose_answer(classify("tengo la cara hinchada y fiebre"), make_clinic(), persona, make_context())
    assert draft is not None
    assert draft.effects == {Effect.RAISE_EMERGENCY_ALERT}
    assert draft.handoff is HandoffReason.EMERGENCY
    assert "llame ya al 107 o al 911" in draft.body
    assert "+54 11 5555-0000" in draft.body


def test_an_emergency_together_with_an_opt_out_does_both_in_one_message() -> None:
    draft = find_answer("me desangro. y no me escriban más")
    assert draft is not None
    assert draft.effects == {Effect.RAISE_EMERGENCY_ALERT, Effect.WITHDRAW_CONSENT}
    assert "107 o al 911" in draft.body
    assert "no te va a enviar más mensajes" in draft.body


@pytest.mark.parametrize(
    ("state", "is_sent"),
    [
        ({}, True),
        ({"safety_text_sent_at": timedelta(minutes=1)}, True),  # the assistant is in charge: it always answers
        ({"handed_over": True, "handed_over_at": timedelta(hours=1)}, True),
        (
            {"handed_over": True, "handed_over_at": timedelta(hours=1), "last_person_message_at": timedelta(minutes=5)},
            False,
        ),
        (
            {"handed_over": True, "handed_over_at": timedelta(hours=1), "last_person_message_at": timedelta(hours=2)},
            True,
        ),
        (
            {"handed_over": True, "handed_over_at": timedelta(hours=1), "safety_text_sent_at": timedelta(minutes=29)},
            False,
        ),
        (
            {"handed_over": True, "handed_over_at": timedelta(hours=1), "safety_text_sent_at": timedelta(minutes=30)},
            True,
        ),
    ],
)
def test_while_handed_over_it_is_sent_if_nobody_wrote_and_at_most_every_half_hour(
    state: dict[str, Any], is_sent: bool
) -> None:
    instants = {name: MONDAY_11AM - value if isinstance(value, timedelta) else value for name, value in state.items()}
    assert (find_answer("me sangra y no para", **instants) is not None) is is_sent
