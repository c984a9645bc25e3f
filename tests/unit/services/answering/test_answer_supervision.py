"""The assistant stops by itself where it leads nowhere, and leaves a person all they need to go on."""

from datetime import timedelta
from typing import Any

import pytest

from dentalist.domain.errors import StoreUnavailable
from tests.fakes_answers import World, every_moment
from tests.fakes_handover import desk_with


def answers(world: World, *texts: str) -> World:
    """Each text gets its turn, seconds after the other."""
    for text in texts:
        world.writes(text)
        world.turn()
        world.now += timedelta(seconds=5)
    return world


# ---- circles ---------------------------------------------------------------------------------------------------------


def test_the_same_words_again_and_again_end_with_a_person() -> None:
    world = answers(World(), *["¿cuál es la dirección?"] * 6)

    assert len(world.sent) == 3
    assert world.conversation.handoff_reason == "bot_loop"
    assert world.alerts.count(("handoff", "warning")) == 1


def test_another_machine_gets_one_answer_at_most() -> None:
    machine = "Gracias por comunicarte con Óptica Visión. En breve te responderemos."
    world = answers(World(), "hola", machine, machine)

    assert len(world.sent) == 1
    assert world.conversation.handoff_reason == "bot_loop"


def test_a_machine_that_answers_a_campaign_is_left_to_a_person_to_look_at() -> None:
    world = answers(World(), "Este es un mensaje automático. Gracias por contactarnos.")

    assert world.sent == []
    assert world.conversation.ai_enabled
    assert world.alert_kinds == ["unanswered"]


def test_an_emergency_within_a_circle_is_answered() -> None:
    text = "me sangra mucho y no para, no puedo respirar bien"
    world = answers(World(), *["¿cuál es la dirección?"] * 4)
    sent = len(world.sent)

    answers(world, text)

    assert len(world.sent) == sent + 1
    assert "emergency" in world.alert_kinds


def test_an_opt_out_within_a_circle_is_answered() -> None:
    world = answers(World(), *["¿cuál es la dirección?"] * 4)

    answers(world, "BAJA")

    assert {scope for scope, action, _ in world.consents if action == "withdrawn"} == {"care", "marketing"}


def test_no_circle_is_left_over_once_a_person_gave_the_conversation_back() -> None:
    world = answers(World(), *["¿cuál es la dirección?"] * 4)
    sent = len(world.sent)
    world.person_hands_back()

    answers(world, "¿cuál es la dirección?")

    assert len(world.sent) == sent + 1
    assert world.conversation.ai_enabled


# ---- the limit of a day ----------------------------------------------------------------------------------------------


def limited(count: int) -> World:
    """A clinic that allows three answers a day, and a contact who got ``count``."""
    world = World()
    world.professional["policies"] = {"ai_answers_per_day": 3}
    plain = world.claim_answer

    def claim_answer(lease_seconds: int) -> Any:
        claim = plain(lease_seconds)
        counted = {"ai_answers_today": count}
        return claim.model_copy(update=counted) if hasattr(claim, "lease_id") else claim

    world.claim_answer = claim_answer  # type: ignore[method-assign]
    return world


def test_within_the_limit_of_a_day_the_assistant_answers() -> None:
    world = answers(limited(2), "¿cuál es la dirección?")

    assert "Siempreviva" in world.bodies[-1]
    assert world.conversation.ai_enabled


def test_at_the_limit_a_person_is_promised_once_and_then_nothing_is_said() -> None:
    world = answers(limited(3), "¿cuál es la dirección?", "¿hola?", "¿y?")

    assert len(world.sent) == 1
    assert "persona" in world.bodies[-1]
    assert world.conversation.handoff_reason == "too_many_messages"
    assert world.alerts.count(("handoff", "warning")) == 1


def test_at_the_limit_an_emergency_is_answered() -> None:
    world = answers(limited(3), "¿cuál es la dirección?", "me sangra mucho y no para, no puedo respirar bien")

    assert len(world.sent) == 2
    assert "emergency" in world.alert_kinds


def test_the_promise_at_the_limit_survives_a_worker_that_dies_at_any_moment() -> None:
    def begin() -> World:
        world = limited(3)
        world.writes("¿cuál es la dirección?")
        return world

    for index, what in every_moment(begin):
        if what == "granted":
            continue
        world = begin()
        world.crash_at = index

        world.settle_down()

        assert len(world.outbound) == 1, what
        assert "persona" in (world.outbound[0].body or ""), what
        assert world.conversation.handoff_reason == "too_many_messages", what


# ---- what a person is left with --------------------------------------------------------------------------------------


class Recorded:
    """A hand-over that keeps what it was told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: list[tuple[str, dict[str, str]]] = []

    def hand_over(self, _conversation_id: Any, reason: str, **named: Any) -> None:
        self.told.append((reason, dict(named["details"])))
        self.world.hand_over(reason)


def recorded(world: World) -> Recorded:
    people = Recorded(world)
    desk_with(world, handover=people)
    return people


def test_a_person_reads_what_was_asked_offered_and_said_last() -> None:
    world = World()
    people = recorded(world)
    answers(world, "quiero un turno para una limpieza", "mejor pasame con una persona")

    ((reason, details),) = people.told
    assert reason == "requested"
    summary = details["summary"]
    assert "pidió hablar con una persona" in summary
    assert "un turno" in summary
    assert "Se le ofreció: " in summary
    assert "«mejor pasame con una persona»" in summary


def test_a_person_reads_which_appointments_there_are() -> None:
    world = World()
    world.has_appointment(world.now + timedelta(days=2, hours=1))
    people = recorded(world)

    answers(world, "quiero hablar con una persona")

    assert "Turnos que tiene: Mar 24 nov 13:00 (Lucía Pérez)." in people.told[0][1]["summary"]


def test_a_request_for_one_s_data_is_told_with_the_last_day_for_it() -> None:
    world = World()
    people = recorded(world)

    answers(world, "quiero que borren todos mis datos personales")

    ((reason, details),) = people.told
    assert (reason, details["due_on"]) == ("data_request", "2026-11-30")
    assert "30/11/2026 (Ley 25.326, art. 16)" in details["message"]


def test_a_request_for_one_s_data_is_told_also_while_a_person_has_the_conversation() -> None:
    world = World()
    people = recorded(world)
    answers(world, "hola")
    world.person_writes()

    answers(world, "quiero que borren todos mis datos personales")

    assert [reason for reason, _ in people.told] == ["data_request"]
    assert len(world.sent) == 1


@pytest.mark.parametrize(
    ("text", "announced"),
    [
        ("me sangra mucho y no para, no puedo respirar bien", True),
        ("esto es una vergüenza, quiero hacer un reclamo", True),
        ("quiero hablar con una persona", False),
    ],
)
def test_what_leaves_the_product_is_announced_at_once(text: str, announced: bool) -> None:
    world = World()
    calls: list[str] = []
    desk_with(world, alerted=lambda: calls.append("alerted"))

    answers(world, text)

    assert calls == (["alerted"] if announced else [])


def test_a_queue_in_trouble_does_not_keep_the_safety_text_back() -> None:
    world = World()

    def broken() -> None:
        raise StoreUnavailable

    desk_with(world, alerted=broken)
    answers(world, "me sangra mucho y no para, no puedo respirar bien")

    assert len(world.sent) == 1
