"""People and the assistant over the real store: who is faster, what is suggested, and what nobody may miss."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.suggestions import SuggestionNotFound, SuggestionOutdated
from dentalist.domain.understanding.intents import Intent, Language
from dentalist.services.answering.answer_desk import Desk
from dentalist.services.answering.ports_models import Interpretation, ModelUnavailable, Toolbox, Wording, WordingTask
from dentalist.services.sending import Sending
from dentalist.services.suggestions import SuggestionDesk, discard_suggestion, send_suggestion
from dentalist.services.watch_conversations import watch
from dentalist.storage.agenda import SupabaseAgenda
from dentalist.storage.conversations import SupabaseConversations
from dentalist.storage.database import Database
from dentalist.storage.send_gate import SupabaseSendGate
from dentalist.storage.suggestions import SupabaseSuggestions
from dentalist.storage.tasks import SupabaseTasks
from dentalist.storage.watched_conversations import SupabaseWatchedConversations
from tests.database.handover_builders import long_ago
from tests.database.inbound_builders import consent, echo, ingest
from tests.database.outbound_builders import Connection, rows, rpc, update, utc_now
from tests.fakes import FakeChannels, FakeLinks
from tests.fakes_answers import Crash
from tests.integration.reply.real_world import RealWorld, _Meta, moments_of

ADDRESS = "hola, ¿cuál es la dirección?"


@pytest.fixture
def make(db: Connection, store: Database) -> Callable[[], RealWorld]:
    return lambda: RealWorld(db, store)


@pytest.fixture
def world(make: Callable[[], RealWorld]) -> RealWorld:
    return make()


@pytest.fixture
def person(world: RealWorld, store: Database) -> "Person":
    """Somebody of a clinic that decides on every answer itself."""
    update(world.db, "marketing_channels", world.office.channel_id, ai_mode="suggest")
    return Person(world, store)


class Person:
    """Reads what is suggested, and decides."""

    def __init__(self, world: RealWorld, store: Database) -> None:
        self.world = world
        self.id = uuid4()
        professional_id = world.office.id
        self.desk = SuggestionDesk(
            readable=SupabaseConversations(store, professional_id),
            suggestions=SupabaseSuggestions(store, professional_id),
            agenda=SupabaseAgenda(store, professional_id),
            tasks=SupabaseTasks(store, professional_id),
            sending=Sending(
                gate=SupabaseSendGate(store, professional_id, pause=lambda _: None),
                sender_for=lambda _: _Meta(world),
                channels=FakeChannels(),
                links=FakeLinks(),
                pause=lambda _: None,
            ),
        )

    @property
    def waiting(self) -> dict[str, Any] | None:
        found = rows(self.world.db, "marketing_suggestions", conversation_id=self.world.conversation_id)
        return found[0] if found else None

    def sends(self, body: str | None = None, **named: Any) -> Any:
        return send_suggestion(self.world.conversation_id, body=body, actor_id=self.id, desk=self.desk, **named)


# ---- suggestions -----------------------------------------------------------------------------------------------------


def test_a_suggestion_waits_and_is_sent_once_as_the_person(world: RealWorld, person: Person) -> None:
    world.writes(ADDRESS)
    assert world.turn().outcome == "suggested"
    assert world.sent == []
    assert person.waiting is not None

    person.sends()

    assert person.waiting is None
    (row,) = world.messages(direction="outbound")
    assert (row["sender"], row["actor_id"], row["status"]) == ("professional", person.id, "sent")
    assert "Siempreviva" in row["body"]
    with pytest.raises(SuggestionNotFound):
        person.sends()
    assert len(world.sent) == 1


def test_a_choice_is_booked_when_the_person_sends_the_confirmation(world: RealWorld, person: Person) -> None:
    world.writes("quiero un turno para una limpieza")
    world.turn()
    person.sends()
    sections = world.sent[-1]["interactive"]["action"]["sections"]
    world.taps(next(row["id"] for section in sections for row in section["rows"]))
    assert world.turn().outcome == "suggested", "having written does not silence the suggestions"
    assert world.booked == []

    person.sends()

    (booked,) = world.booked
    assert "confirmad" in world.sent[-1]["text"]["body"]
    assert booked["attendee_name"] == "Lucía Pérez"
    assert "effect_not_told" not in {kind for kind, _ in world.alerts}


def test_a_time_that_somebody_took_sends_nothing(world: RealWorld, person: Person) -> None:
    world.writes("quiero un turno para una limpieza")
    world.turn()
    person.sends()
    sections = world.sent[-1]["interactive"]["action"]["sections"]
    chosen = next(row["id"] for section in sections for row in section["rows"])
    world.taps(chosen)
    world.turn()
    (offer,) = rows(world.db, "marketing_slot_offers", id=UUID(chosen))
    rpc(
        world.db,
        "book_by_hand",
        professional_id=world.office.id,
        conversation_id=None,
        patient_id=None,
        starts_at=offer["starts_at"],
        ends_at=offer["ends_at"],
        reason=None,
        attendee_name="Otra persona",
        actor_id=person.id,
    )
    sent = len(world.sent)

    with pytest.raises(SuggestionOutdated):
        person.sends()

    assert len(world.sent) == sent
    assert person.waiting is None
    assert [row["attendee_name"] for row in world.booked] == ["Otra persona"]


def test_what_the_person_read_is_what_they_send(world: RealWorld, person: Person) -> None:
    world.writes(ADDRESS)
    world.turn()
    assert person.waiting is not None
    read = person.waiting["id"]
    world.writes("¿y hasta qué hora están?")
    world.turn()

    with pytest.raises(SuggestionOutdated):
        person.sends(suggestion_id=read)

    assert world.sent == []
    discard_suggestion(world.conversation_id, actor_id=person.id, desk=person.desk)
    assert person.waiting is None
    assert world.audits("suggestion.discarded") == 1


# ---- people are faster -----------------------------------------------------------------------------------------------


class SlowModel:
    """A model whose every answer takes long enough for something to happen."""

    provider, model = "openai", "gpt-test"

    def __init__(self, world: RealWorld) -> None:
        self._world = world

    def interpret(self, _messages: Any, **_named: Any) -> Interpretation:
        self._world.pass_by("before interpret")
        self._world.pass_by("after interpret")
        return Interpretation([(Intent.GENERAL_INQUIRY, 0.9)], Language.SPANISH)

    def word(self, task: WordingTask, *, toolbox: Toolbox, seconds: float) -> Wording:
        self._world.pass_by("before word")
        if seconds <= 0 or not toolbox.tools:
            raise ModelUnavailable("no_time")
        self._world.pass_by("after word")
        return Wording(task.prepared)


def with_model(world: RealWorld) -> None:
    plain = world._desk_for

    def desk_for(claimed: AnswerClaim) -> Desk:
        model = SlowModel(world)
        return Desk(**{**vars(plain(claimed)), "interpreter": lambda: model, "wordsmith": lambda: model})

    world._desk_for = desk_for  # type: ignore[method-assign]


def test_nothing_is_granted_after_a_person_wrote_while_a_model_was_asked(make: Callable[[], RealWorld]) -> None:
    undisturbed = make()
    with_model(undisturbed)
    undisturbed.writes(ADDRESS)
    moments = list(moments_of(undisturbed))
    assert {"before interpret", "after word"} <= {what for _, what in moments}

    for index, what in moments:
        world = make()
        with_model(world)
        world.writes(ADDRESS)
        world.happens = (index, world.person_writes)
        world.settle_down()

        assert "person writes" in world.moments, what
        spoke_at = world.row["last_human_at"]
        assert all(row["created_at"] < spoke_at for row in world.answers), what
        assert all((row["ai_metadata"] or {}).get("intent") for row in world.messages(direction="inbound")), what


def test_an_opt_out_that_a_person_answered_first_still_counts(world: RealWorld) -> None:
    world.writes("BAJA")
    ingest(world.db, echo(world.office, "¡Hola! ¿Cómo estás?", phone=world.phone))
    assert world.row["answer_due_at"] is None

    turn = world.turn()

    assert (turn.outcome, world.sent) == ("silent", [])
    assert consent(world.db, world.conversation_id) == (False, False)


def test_an_emergency_that_a_person_answered_first_is_an_alert(world: RealWorld) -> None:
    world.writes("me sangra mucho la boca y no para")
    world.person_writes()

    world.turn()

    assert world.sent == []
    assert ("emergency", "critical") in world.alerts


def test_whom_a_dead_worker_left_without_an_intent_is_found_and_heard(world: RealWorld, store: Database) -> None:
    world.writes(ADDRESS)
    gone = next(index for index, what in moments_of(world) if what == "after settle_send")
    world.writes("¿y hasta qué hora están?")
    world.crash_at = len(world.moments) + gone
    with pytest.raises(Crash):
        world.turn()
    asked = world.messages(direction="inbound")[-1]
    assert asked["ai_metadata"] is None
    sent = len(world.sent)
    update(world.db, "marketing_messages", asked["id"], created_at=utc_now() - timedelta(minutes=2))
    world.let_leases_end()
    world.crash_at = None

    found = watch(SupabaseWatchedConversations(store), now=datetime.now(UTC))
    world.turn()

    assert found.to_wake == (world.conversation_id,)
    assert len(world.sent) == sent, "it was answered already"
    assert world.messages(direction="inbound")[-1]["ai_metadata"]["intent"]


# ---- hand-over -------------------------------------------------------------------------------------------------------


def test_a_person_finds_a_summary_in_the_thread(world: RealWorld) -> None:
    world.writes("quiero un turno para una limpieza")
    world.turn()
    world.writes("quiero hablar con una persona")
    world.turn()

    (summary,) = world.messages(type="handoff_summary")
    assert summary["direction"] == "system"
    assert "pidió hablar con una persona" in summary["body"]
    assert "Se le ofreció: " in summary["body"]


def test_whoever_waits_is_told_of_again_and_comes_back_when_the_clinic_said_so(
    world: RealWorld, store: Database
) -> None:
    update(world.db, "professionals", world.office.id, policies={"resume_after_hours": 4}, opening_hours=None)
    world.writes("quiero hablar con una persona")
    world.turn()
    watched = SupabaseWatchedConversations(store)

    assert watch(watched, now=datetime.now(UTC) + timedelta(minutes=14)).alerted == 0
    assert watch(watched, now=datetime.now(UTC) + timedelta(minutes=16)).alerted == 1
    assert watch(watched, now=datetime.now(UTC) + timedelta(minutes=16)).alerted == 0
    assert ("handoff_waiting", "warning") in world.alerts

    long_ago(world.db, world.conversation_id, 5)
    assert watch(watched, now=datetime.now(UTC)).resumed == 1
    assert world.row["ai_enabled"] is True


def test_a_machine_at_the_other_end_gets_no_more_than_three_answers(world: RealWorld) -> None:
    for _ in range(6):
        world.writes(ADDRESS)
        world.turn()

    assert len(world.sent) == 3
    assert world.row["handoff_reason"] == "bot_loop"
