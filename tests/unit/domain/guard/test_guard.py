"""What a model wrote is judged before anybody reads it: bad texts are caught, good ones pass."""

from datetime import UTC, datetime, timedelta

import pytest

from dentalist.domain.guard.check import Rule, check_words
from dentalist.domain.persona import Persona
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import Language
from dentalist.domain.wording.answers import compose_answer
from tests.unit.domain.clinics import MONDAY_11AM, make_bare_clinic, make_clinic, make_context, make_slots
from tests.unit.domain.guard.bad_answers import Bad, every_bad_answer
from tests.unit.domain.guard.good_answers import GOOD, MORE_GOOD
from tests.unit.domain.guard.situations import make_allowed

_BAD = list(every_bad_answer())
_GOOD = [(name, text) for corpus in (GOOD, MORE_GOOD) for name, texts in corpus.items() for text in texts]
_ASKED = (
    "hola",
    "buenas, cuanto sale una limpieza?",
    "que horarios tienen y donde quedan?",
    "quiero un turno",
    "me duele un poquito cuando como frio",
    "aceptan osde? se puede pagar con tarjeta?",
    "gracias!",
    "cancelen mi turno",
    "a que hora tengo turno?",
    "hacen implantes? tienen estacionamiento?",
    "asdf qwer",
    "llego 10 minutos tarde",
)


def rules_broken(text: str, situation: str = "greeting", **changes: object) -> set[Rule]:
    """The rules that a text breaks."""
    return {violation.rule for violation in check_words(text, make_allowed(situation, **changes))}


def test_the_corpora_are_large_enough_to_say_something() -> None:
    assert len({(bad.situation, bad.text) for bad in _BAD}) >= 700
    assert len({text for _, text in _GOOD}) >= 250


@pytest.mark.parametrize("bad", _BAD, ids=lambda bad: f"{bad.family}: {ascii(bad.text)[1:60]}")
def test_a_bad_text_is_caught_by_the_rule_that_it_breaks(bad: Bad) -> None:
    assert rules_broken(bad.text, bad.situation) & bad.rules


@pytest.mark.parametrize(("situation", "text"), _GOOD)
def test_a_good_answer_passes(situation: str, text: str) -> None:
    assert check_words(text, make_allowed(situation)) == ()


@pytest.mark.parametrize("country", ["AR", "MX", "ES", "CL", "CO", "UY"])
@pytest.mark.parametrize("asked", _ASKED)
def test_what_code_says_itself_passes(asked: str, country: str) -> None:
    offer = make_slots(MONDAY_11AM + timedelta(days=1), MONDAY_11AM + timedelta(days=2, hours=3))
    for clinic in (make_clinic(country=country), make_bare_clinic(country=country)):
        understood = classify([asked], treatments=[price.treatment for price in clinic.price_list])
        draft = compose_answer(understood, clinic, Persona(name="Sofi"), make_context(offer=offer))
        assert draft is not None
        assert check_words(draft.plain, make_allowed(facts=draft.plain, clinic=clinic, max_chars=4096)) == ()


def test_nothing_but_signs_is_empty() -> None:
    assert rules_broken(" \n… 🙂") == {Rule.EMPTY}


def test_a_text_over_the_limit_is_too_long_whatever_it_says() -> None:
    assert rules_broken("Hola. " * 200, max_chars=900) == {Rule.TOO_LONG}


def test_tomorrow_may_stand_for_a_date_that_code_issued() -> None:
    facts = "1. martes 24 de noviembre a las 10:00"

    assert rules_broken("¿Te sirve mañana a las 10?", facts=facts) == set()
    assert Rule.INVENTED_DATE in rules_broken("¿Te sirve pasado mañana a las 10?", facts=facts)


def test_without_today_only_what_code_called_tomorrow_may_be() -> None:
    assert Rule.INVENTED_DATE in rules_broken(
        "¿Te sirve mañana?", facts="1. martes 24 de noviembre a las 10:00", now=None
    )
    assert rules_broken("Tenés turno mañana a las 15:30.", "mine", now=None) == set()


def test_today_is_that_of_the_clinic() -> None:
    just_past_midnight_utc = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # still Monday in Buenos Aires

    broken = rules_broken(
        "¿Te sirve mañana?", facts="1. martes 24 de noviembre a las 10:00", now=just_past_midnight_utc
    )

    assert broken == set()


def test_a_placeholder_passes_only_when_it_was_given_out() -> None:
    given = frozenset({"[[NOMBRE_1]]"})

    assert rules_broken("¡Hola, [[NOMBRE_1]]! ¿En qué te ayudo?", placeholders=given) == set()
    assert rules_broken("¡Hola, [[NOMBRE_2]]! ¿En qué te ayudo?", placeholders=given) == {Rule.OTHER_PEOPLE}


def test_a_person_may_be_named_by_each_part_of_the_name() -> None:
    assert rules_broken("Gracias, lucia. ¿En qué te ayudo?") == set()
    assert Rule.OTHER_PEOPLE in rules_broken("Gracias, Lucrecia. ¿En qué te ayudo?")


def test_the_instructions_are_never_repeated() -> None:
    hidden = "Nunca ofrezcas turnos los viernes por la tarde porque el consultorio está cerrado por reformas edilicias."

    assert Rule.LEAK in rules_broken(
        "Te cuento: el consultorio está cerrado por reformas edilicias, qué pena.", hidden=hidden, facts="cerrado"
    )
    assert Rule.LEAK not in rules_broken("¡Hola! ¿En qué te puedo ayudar?", hidden=hidden)


def test_opening_hours_are_no_free_times() -> None:
    assert rules_broken("Atendemos los martes de 9 a 13 y de 15 a 19.", "offer") == set()
    assert Rule.INVENTED_TIME in rules_broken("Tengo lugar el martes a las 9.", "offer")
    assert Rule.INVENTED_TIME in rules_broken("¿Querés venir el martes a las 9?", "offer")


def test_a_true_price_of_another_treatment_is_invented() -> None:
    assert rules_broken("El implante sale USD 900 y la limpieza $ 25.000.", "prices") == set()
    assert Rule.INVENTED_PRICE in rules_broken("La limpieza sale USD 900 y el implante $ 25.000.", "prices")


def test_a_link_passes_only_whole() -> None:
    assert rules_broken("Mapa: https://maps.example/sonrisas", "address") == set()
    assert Rule.LEAK in rules_broken("Mapa: https://maps.example/sonrisas2", "address")


@pytest.mark.parametrize(
    ("clinic", "text"),
    [
        (make_clinic(country="ES", price_list=[{"treatment": "Limpieza", "price": 60}]), "La limpieza cuesta 60 €."),
        (make_clinic(country="ES", price_list=[{"treatment": "Limpieza", "price": 60}]), "Son sesenta euros."),
        (make_clinic(country="MX", price_list=[{"treatment": "Limpieza", "price": 1200}]), "Cuesta $1,200 pesos."),
        (make_clinic(country="MX", price_list=[{"treatment": "Limpieza", "price": 1200}]), "Cuesta mil doscientos."),
        (make_clinic(country="CL", price_list=[{"treatment": "Limpieza", "price": 35000}]), "La limpieza: $35.000."),
        (make_clinic(country="PE", price_list=[{"treatment": "Limpieza", "price": 150}]), "Cuesta S/ 150."),
    ],
)
def test_a_price_passes_as_it_is_written_in_the_country(clinic: object, text: str) -> None:
    assert rules_broken(text, facts="Limpieza", clinic=clinic) == set()


def test_what_is_judged_is_quoted_nowhere_by_accident() -> None:
    violation = check_words("Hola Martina", make_allowed())[0]

    assert "Martina" not in repr(violation)


def test_another_language_passes_where_it_is_the_answers() -> None:
    text = "I can only answer in Spanish; I have passed it on to the team."

    broken = rules_broken(text, facts=text, language=Language.ENGLISH)

    assert Rule.WRONG_LANGUAGE not in broken
