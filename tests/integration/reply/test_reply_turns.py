"""The assistant over the real store: whatever dies or interferes, one answer at most, and people always win."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.storage.database import Database
from tests.database.inbound_builders import consent
from tests.database.outbound_builders import Connection, update
from tests.integration.reply.real_world import RealWorld, moments_of

METADATA = {"intent", "confidence", "provider", "model", "fallback", "latency_ms", "input_tokens", "output_tokens"}
EMERGENCY = "me sangra mucho la boca y no para"
ADDRESS = "hola, ¿cuál es la dirección?"


@pytest.fixture
def make(db: Connection, store: Database) -> Callable[[], RealWorld]:
    return lambda: RealWorld(db, store)


@pytest.fixture
def world(make: Callable[[], RealWorld]) -> RealWorld:
    return make()


def question(world: RealWorld) -> None:
    world.writes(ADDRESS)


def wish_for_a_person(world: RealWorld) -> None:
    world.writes("quiero hablar con una persona")


def wish_for_an_appointment(world: RealWorld) -> None:
    world.writes("quiero un turno para una limpieza")


def tap(world: RealWorld) -> None:
    wish_for_an_appointment(world)
    world.turn()
    world.taps(world.shown()[1])


def choice_in_words(world: RealWorld) -> None:
    wish_for_an_appointment(world)
    world.turn()
    world.writes("el segundo")


def emergency(world: RealWorld) -> None:
    world.writes(EMERGENCY)


def opt_out(world: RealWorld) -> None:
    world.writes("BAJA")


SCENES = [question, wish_for_a_person, wish_for_an_appointment, tap, choice_in_words, emergency, opt_out]


@pytest.mark.parametrize("begin", SCENES)
def test_a_worker_that_dies_at_any_moment_leaves_one_message_at_most_and_nothing_forgotten(
    make: Callable[[], RealWorld], begin: Callable[[RealWorld], None]
) -> None:
    undisturbed = make()
    begin(undisturbed)
    moments = list(moments_of(undisturbed))
    assert undisturbed.answers

    for index, what in moments:
        world = make()
        begin(world)
        earlier = len(world.sent)
        world.crash_at = index
        world.settle_down()

        assert world.crash_at is None, "it did not die"
        assert len(world.sent) - earlier <= 1, what
        assert len(world.answers) == len(undisturbed.answers), what
        assert world.answers[-1]["status"] in ("sent", "unknown"), what
        assert len(world.booked) == len(undisturbed.booked), what
        assert {kind for kind, _ in world.alerts} - {"answer_unconfirmed"} == {kind for kind, _ in undisturbed.alerts}
        assert world.row["handoff_reason"] == undisturbed.row["handoff_reason"], what
        assert world.audits("conversation.handed_over") == undisturbed.audits("conversation.handed_over"), what
        assert world.audits("appointment.booked") == undisturbed.audits("appointment.booked"), what
        assert world.consents == undisturbed.consents, what
        for appointment in world.booked:
            local = appointment["starts_at"].astimezone(ZoneInfo("America/Argentina/Buenos_Aires"))
            assert f"{local:%H:%M}" in world.answers[-1]["body"], what
            assert str(local.day) in world.answers[-1]["body"], what


@pytest.mark.parametrize("begin", [question, tap, wish_for_a_person])
def test_nothing_of_the_assistant_is_granted_after_a_person_wrote(
    make: Callable[[], RealWorld], begin: Callable[[RealWorld], None]
) -> None:
    undisturbed = make()
    begin(undisturbed)

    for index, what in list(moments_of(undisturbed)):
        world = make()
        begin(world)
        world.happens = (index, world.person_writes)
        world.settle_down()

        assert "person writes" in world.moments, what
        spoke_at = world.row["last_human_at"]
        assert all(row["created_at"] < spoke_at for row in world.answers), what
        assert world.row["ai_enabled"] is False
        kinds = {kind for kind, _ in world.alerts}
        assert "unanswered" not in kinds, what
        told = [row for row in world.answers if "confirmad" in row["body"]]
        assert bool(world.booked) == bool(told or "effect_not_told" in kinds), what


def test_a_confirmation_that_a_person_overtook_is_a_system_row_and_an_alert(world: RealWorld) -> None:
    tap(world)
    index = len(world.moments)
    original = world.pass_by

    def person_at_the_gate(what: str) -> None:
        if what == "before gate_claim" and "person writes" not in world.moments[index:]:
            world.person_writes()
        original(what)

    world._store.watch = person_at_the_gate

    assert world.turn().outcome == "superseded"

    [system] = world.messages(direction="system")
    assert "confirmad" in system["body"]
    assert ("effect_not_told", "warning") in world.alerts
    assert len(world.booked) == 1


def test_every_message_of_a_burst_is_classified_and_the_answer_says_how_it_came_about(world: RealWorld) -> None:
    world.writes("hola")
    world.writes(ADDRESS)

    assert world.turn().outcome == "sent"

    for row in world.messages(direction="inbound"):
        assert set(row["ai_metadata"]) == {"intent", "confidence"}
    [answer] = world.answers
    assert set(answer["ai_metadata"]) >= METADATA
    assert "Siempreviva 742" in answer["body"]


@pytest.mark.parametrize(
    ("begin", "calls"),
    [
        (question, ["claim_answer", "gate_claim", "settle_send", "finish_answer"]),
        (
            wish_for_an_appointment,
            ["claim_answer", "busy_intervals", "create_offers", "gate_claim", "settle_send", "finish_answer"],
        ),
        (tap, ["claim_answer", "hold_slot", "commit_slot", "gate_claim", "settle_send", "finish_answer"]),
    ],
)
def test_a_turn_asks_the_store_few_times(
    world: RealWorld, begin: Callable[[RealWorld], None], calls: list[str]
) -> None:
    begin(world)
    first = len(world.moments)

    world.turn()

    asked = [what.removeprefix("before ") for what in world.moments[first:] if what.startswith("before ")]
    assert [what for what in asked if what != "send"] == calls


def test_an_opt_out_ends_both_consents_and_the_next_ordinary_message_is_answered(world: RealWorld) -> None:
    opt_out(world)
    world.turn()
    assert consent(world.db, world.conversation_id) == (False, False)

    world.writes("baja")
    world.turn()
    assert len(world.sent) == 1, "confirmed once"
    assert consent(world.db, world.conversation_id) == (False, False)

    question(world)
    world.turn()
    assert len(world.sent) == 2
    assert consent(world.db, world.conversation_id) == (True, False)


def test_an_emergency_is_a_critical_alert_of_its_own_kind(world: RealWorld) -> None:
    emergency(world)
    world.turn()

    assert world.alerts == {("emergency", "critical")}
    assert world.answers[0]["purpose"] == "safety"
    assert world.row["handoff_reason"] == "emergency"


def test_an_emergency_on_a_silenced_number_still_reaches_somebody(world: RealWorld) -> None:
    update(world.db, "marketing_channels", world.office.channel_id, ai_enabled=False)
    emergency(world)
    world.turn()

    assert world.alerts == {("emergency", "critical")}
    assert world.sent == []


def test_what_is_two_hours_old_is_listed_and_not_answered(world: RealWorld) -> None:
    world.writes(ADDRESS, sent_at=datetime.now(UTC) - timedelta(hours=2, minutes=1))

    assert world.turn().outcome == "unanswered"
    assert world.sent == []
    assert world.alerts == {("unanswered", "info")}
    assert world.messages(direction="inbound")[0]["ai_metadata"]["intent"] == "general_inquiry"


def test_a_message_that_could_not_leave_waits_as_its_row_and_leaves_later(world: RealWorld) -> None:
    question(world)
    world.send_answers = [MetaUnreachable(), MetaUnreachable()]

    first = world.turn()
    assert (first.outcome, first.again_in) == ("waiting", 4)
    world.settle_down()

    [answer] = world.answers
    assert (answer["status"], answer["attempt"], len(world.sent)) == ("sent", 3, 1)


def test_two_who_choose_the_same_slot_get_one_appointment_and_other_times(make: Callable[[], RealWorld]) -> None:
    world = make()
    wish_for_an_appointment(world)
    world.turn()
    first, chosen, phone = world.conversation_id, world.shown()[0], world.phone
    world.phone = f"{phone[:-1]}{(int(phone[-1]) + 1) % 10}"
    wish_for_an_appointment(world)
    world.turn()
    assert world.conversation_id != first
    world.taps(world.shown()[0])
    world.turn()
    world.phone = phone
    world.taps(chosen)
    world.turn()

    assert len(world.booked) == 1
    assert "ya no está disponible" in world.answers[-1]["body"]
    assert chosen not in world.shown()


def test_a_slot_of_another_conversation_books_nothing(make: Callable[[], RealWorld]) -> None:
    other = make()
    wish_for_an_appointment(other)
    other.turn()
    world = make()
    world.taps(other.shown()[0])
    world.turn()

    assert (world.booked, other.booked) == ([], [])
    assert world.answers[-1]["type"] == "interactive"
