"""Whatever dies and whenever: one message an answer at most, nothing booked that nobody tells, nobody left unheard."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from dentalist.domain.message import MessageStatus
from tests.fakes_answers import World, every_moment, offered, throttle


def plain_question() -> World:
    world = World()
    world.writes("hola, ¿cuál es la dirección?")
    return world


def wish_for_a_person() -> World:
    world = World()
    world.writes("quiero hablar con una persona")
    return world


def wish_for_an_appointment() -> World:
    world = World()
    world.writes("quiero un turno para ortodoncia")
    return world


def tap() -> World:
    world = World()
    world.taps(offered(world)[1])
    return world


def choice_in_words() -> World:
    world = World()
    offered(world)
    world.writes("el segundo")
    return world


def emergency() -> World:
    world = World()
    world.writes("me sangra mucho y no para, no puedo respirar bien")
    return world


def opt_out() -> World:
    world = World()
    world.writes("BAJA")
    return world


def not_understood_again() -> World:
    world = World()
    world.writes("asdkjh qwe")
    world.settle_down()
    world.writes("zxcvb poiu")
    return world


def cancellation() -> World:
    world = World()
    world.has_appointment(world.now + timedelta(days=2))
    world.writes("cancelá mi turno")
    return world


def cancellation_by_tap() -> World:
    world = World()
    mine = world.has_appointment(world.now + timedelta(days=2))
    world.has_appointment(world.now + timedelta(days=3), attendee_name="Tomás", patient_id=None)
    world.presses("cancel", mine.id, "Sí, cancelar")
    return world


def cancellation_of_two() -> World:
    world = World()
    world.has_appointment(world.now + timedelta(days=2))
    world.has_appointment(world.now + timedelta(days=3), attendee_name="Tomás", patient_id=None)
    world.writes("cancelá los dos turnos")
    world.settle_down()
    world.writes("sí")
    return world


def one_for_another() -> World:
    world = World()
    world.has_appointment(world.now + timedelta(days=1))
    world.writes("cancelá el de mañana y dame uno el jueves")
    return world


def move() -> World:
    world = World()
    world.has_appointment(world.now + timedelta(days=2))
    world.writes("quiero cambiar mi turno para el jueves")
    world.settle_down()
    world.writes("el segundo")
    return world


def name_of_a_lead() -> World:
    world = World(patient=None)
    world.taps(offered(world)[1])
    world.settle_down()
    world.writes("Ana Pérez")
    return world


def family() -> World:
    world = World()
    world.writes("quiero turno para mis hijos Tomás y Sofía")
    world.settle_down()
    world.writes("el primero")
    return world


def full_name_on_the_appointment() -> World:
    world = World()
    world.has_appointment(world.now + timedelta(days=2))
    world.doubt("not_me")
    world.writes("cancelá mi turno")
    world.settle_down()
    world.writes("Lucía Pérez")
    return world


def wrong_number() -> World:
    world = World()
    world.has_appointment(world.now + timedelta(days=2))
    world.writes("número equivocado")
    return world


def choice_and_a_person() -> World:
    world = World()
    chosen = offered(world)[0]
    world.writes("después quiero hablar con una persona")
    world.taps(chosen)
    return world


def voice_note() -> World:
    world = World()
    world.writes("🎤 Nota de voz", type="audio", payload={"audio": {"id": "1", "voice": True}})
    return world


SCENES: dict[str, Callable[[], World]] = {
    scene.__name__: scene
    for scene in (
        plain_question,
        wish_for_a_person,
        wish_for_an_appointment,
        tap,
        choice_in_words,
        emergency,
        opt_out,
        not_understood_again,
        voice_note,
        cancellation,
        cancellation_by_tap,
        cancellation_of_two,
        one_for_another,
        move,
        name_of_a_lead,
        family,
        full_name_on_the_appointment,
        wrong_number,
        choice_and_a_person,
    )
}
CRASHES = [
    pytest.param(begin, index, id=f"{name}-{index}-{what.replace(' ', '_')}")
    for name, begin in SCENES.items()
    for index, what in every_moment(begin)
    if what != "granted"
]


def told(world: World) -> set[str]:
    """What may have reached the contact, without the parts that change from turn to turn."""
    return {row.body or "" for row in world.outbound}


@pytest.mark.parametrize(("begin", "index"), CRASHES)
def test_a_worker_that_dies_at_any_moment_leaves_one_message_at_most_and_nothing_forgotten(
    begin: Callable[[], World], index: int
) -> None:
    undisturbed = begin()
    undisturbed.settle_down()
    world = begin()
    earlier = len(world.sent)
    world.crash_at = index

    world.settle_down()

    assert world.crash_at is None, "it did not die"
    assert len(world.outbound) == len(undisturbed.outbound), "one row for the answer, however often it was tried"
    assert len(world.sent) - earlier <= 1
    assert told(world) == told(undisturbed), "the words are those of an undisturbed turn"
    assert [(row.starts_at, row.attendee_name) for row in world.booked] == [
        (row.starts_at, row.attendee_name) for row in undisturbed.booked
    ]
    assert [row.starts_at for row in world.appointments if row.status == "cancelled"] == [
        row.starts_at for row in undisturbed.appointments if row.status == "cancelled"
    ]
    assert world.verified == undisturbed.verified
    assert set(world.alert_kinds) == set(undisturbed.alert_kinds)
    assert world.conversation.handoff_reason == undisturbed.conversation.handoff_reason
    assert world.audits == undisturbed.audits
    assert world.consents == undisturbed.consents
    assert world.conversation.answered_epoch == world.conversation.epoch


@pytest.mark.parametrize("begin", SCENES.values(), ids=SCENES)
def test_a_worker_that_dies_between_asking_the_gate_and_settling_leaves_unknown_and_sends_nothing_again(
    begin: Callable[[], World],
) -> None:
    moments = list(every_moment(begin))
    for what in ("after gate_claim", "before send", "after send", "before settle_send"):
        world = begin()
        earlier = len(world.sent)
        world.crash_at = next(index for index, name in moments if name == what)

        world.settle_down()

        assert world.outbound[-1].status == "unknown"
        assert len(world.sent) - earlier == (1 if what in ("after send", "before settle_send") else 0)


@pytest.mark.parametrize("begin", [tap, choice_in_words])
def test_the_confirmation_says_what_was_committed(begin: Callable[[], World]) -> None:
    for index, what in every_moment(begin):
        world = begin()
        world.crash_at = index if what != "granted" else None
        world.settle_down()

        [appointment] = world.booked
        local = appointment.starts_at.astimezone(world_zone())
        assert f"{local:%H:%M}" in world.bodies[-1], what
        assert str(local.day) in world.bodies[-1], what
        assert world.outbound[-1].body, what


def world_zone() -> ZoneInfo:
    return ZoneInfo("America/Argentina/Buenos_Aires")


def test_an_answer_that_was_paced_after_booking_in_words_is_still_the_confirmation() -> None:
    world = choice_in_words()
    world.gate_refusals = [throttle()]
    world.settle_down()

    assert len(world.booked) == 1
    assert "confirmad" in world.bodies[-1]
    assert world.outbound[-1].status == MessageStatus.SENT.value


def test_who_writes_on_after_the_worker_died_is_still_told_of_the_booking() -> None:
    world = choice_in_words()
    world.crash_at = next(index for index, what in every_moment(choice_in_words) if what == "after commit")
    with pytest.raises(BaseException, match="after commit"):
        world.turn()
    world.crash_at = None
    world.writes("¿me lo confirmás?")

    world.settle_down()

    assert len(world.booked) == 1
    assert "confirmad" in world.bodies[-1]


def test_a_booking_that_can_no_longer_be_told_is_left_to_a_person() -> None:
    world = tap()
    world.crash_at = next(index for index, what in every_moment(tap) if what == "after commit")
    with pytest.raises(BaseException, match="after commit"):
        world.turn()
    world.crash_at = None
    world.writes("me sangra mucho y no para")

    world.settle_down()

    assert world.outbound[-1].purpose == "safety"
    assert {"effect_not_told", "emergency"} <= set(world.alert_kinds)


def test_a_booking_that_was_told_is_not_told_again() -> None:
    world = tap()
    world.settle_down()
    world.writes("¿cuál es la dirección?")
    world.settle_down()

    assert "confirmad" in world.bodies[-2]
    assert "confirmad" not in world.bodies[-1]


def test_a_person_who_took_over_by_hand_is_not_spoken_over_with_the_booking() -> None:
    world = choice_in_words()
    world.crash_at = next(index for index, what in every_moment(choice_in_words) if what == "after commit")
    with pytest.raises(BaseException, match="after commit"):
        world.turn()
    world.crash_at = None
    sent = len(world.sent)
    world.person_takes_over()

    world.settle_down()

    assert len(world.sent) == sent
    assert "effect_not_told" in world.alert_kinds
