"""Which answers a model may say in its own words: none that states, promises, asks or protects."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.wording.drafts import Draft
from dentalist.services.answering.hear_burst import hear
from dentalist.services.answering.write_answer import write_answer
from tests.fakes_answers import World, offered


def draft_of(world: World) -> Draft:
    """The answer that is owed, as the rules write it."""
    claim = world.claim_answer(30)
    assert isinstance(claim, AnswerClaim)
    clinic = Clinic.from_row(world.professional)
    burst = hear(claim.unanswered)
    treatments = [price.treatment for price in clinic.price_list]
    understanding = classify(list(burst.words), treatments=treatments, insurances=clinic.insurances or ())
    desk = world.desk_for(claim)
    written = write_answer(
        claim, understanding, burst, clinic=clinic, agenda=desk.agenda, now=world.now, trust=desk.trust
    )
    assert written.draft is not None
    return written.draft


def says(*words: str, appointments: int = 0, **fields: Any) -> Callable[[], World]:
    """Earlier words were answered; the last ones are owed an answer."""

    def begin() -> World:
        world = World(**fields)
        for day in range(appointments):
            world.has_appointment(world.now + timedelta(days=2 + day))
        for text in words[:-1]:
            world.writes(text)
            world.settle_down()
        world.writes(words[-1])
        return world

    return begin


def taps() -> World:
    world = World()
    world.taps(offered(world)[0])
    return world


def taps_as_a_lead() -> World:
    world = World(patient=None)
    world.taps(offered(world)[0])
    return world


def taps_what_is_gone() -> World:
    world = World()
    world.taps(uuid4())
    return world


def sends_a_voice_note() -> World:
    world = World()
    world.writes("🎤 Nota de voz", type="audio", payload={"audio": {"voice": True}})
    return world


@pytest.mark.parametrize(
    "begin",
    [
        says("hola"),
        says("¿cuál es la dirección?"),
        says("¿cuánto sale la limpieza?"),
        says("¿cuánto sale un implante?"),
        says("hola", "gracias"),
        says("hola", "asdkjh qwe"),
        says("quiero un turno"),
        says("quiero un turno el jueves y ¿cuánto sale la limpieza?"),
        says("turno para mis hijos Tomás y Sofía"),
        says("quiero un turno", "ninguno me sirve"),
        says("¿cuándo es mi turno?", appointments=1),
    ],
)
def test_ordinary_answers_small_talk_and_invitations_may_be_worded(begin: Callable[[], World]) -> None:
    assert draft_of(begin()).wordable


@pytest.mark.parametrize(
    "begin",
    [
        says("me sangra mucho y no para"),
        says("BAJA"),
        says("quiero hablar con una persona"),
        says("quiero hacer un reclamo, me atendieron mal"),
        says("hola", "asdkjh qwe", "zxcvb poiu"),
        says("Hello, I need an appointment please"),
        says("me duele un poquito cuando como frío"),
        says("cancelá mi turno", appointments=1),
        says("cancelá mi turno", appointments=2),
        says("¿puedo cancelar mi turno?", appointments=1),
        says("cancelá mi turno"),
        says("cancelá el de mañana y dame uno el jueves", appointments=1),
        says("quiero cambiar mi turno al jueves", appointments=1),
        says("confirmo mi turno", appointments=1),
        says("quiero un turno para mis hijos"),
        says("quiero otro turno", appointments=3),
        says("número equivocado"),
        says("sos un bot?"),
        says("quiero un turno", "no, gracias"),
        says("quiero un turno para el lunes o el martes", "el martes"),
        taps,
        taps_as_a_lead,
        taps_what_is_gone,
        sends_a_voice_note,
    ],
)
def test_what_states_promises_asks_or_protects_is_said_as_code_wrote_it(begin: Callable[[], World]) -> None:
    assert not draft_of(begin()).wordable


def test_outside_its_hours_nothing_is_worded() -> None:
    world = says("quiero un turno")()
    world.credential["ai_persona"] = {"hours": {"mon": [["09:00", "10:00"]]}}

    assert not draft_of(world).wordable


def test_what_may_be_worded_begins_with_its_opening() -> None:
    draft = draft_of(says("¿cuál es la dirección?")())

    assert draft.opening
    assert draft.body.startswith(draft.opening)
    assert draft.body != draft.opening
