"""Models are slow: whoever is faster wins, and a voice note is waited for only where somebody can write it down."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.model_prices import PriceTable
from dentalist.domain.understanding.intents import Intent, Language
from dentalist.domain.voice_notes import Transcript
from dentalist.outbound.llm.interpreter import ModelInterpreter
from dentalist.outbound.llm.wordsmith import ModelWordsmith
from dentalist.runtime.wiring_assistant import MODEL_SECONDS
from dentalist.services.answering.answer_conversation import answer_conversation
from dentalist.services.answering.answer_desk import Desk
from dentalist.services.answering.metered_model import MeteredModel
from dentalist.services.answering.model_context import scene_of
from dentalist.services.answering.ports_models import (
    Answer,
    Interpretation,
    ModelReply,
    Prompt,
    Toolbox,
    Usage,
    Wording,
    WordingTask,
)
from tests.fakes_answers import World, every_moment
from tests.fakes_handover import desk_with

# ---- people are faster than a model ----------------------------------------------------------------------------------


class SlowModel:
    """A model whose every answer is a moment in which something may happen."""

    provider, model = "openai", "gpt-test"

    def __init__(self, world: World) -> None:
        self._world = world

    def interpret(self, _messages: Any, **_named: Any) -> Interpretation:
        self._world.pass_by("before interpret")
        self._world.pass_by("after interpret")
        return Interpretation([(Intent.GENERAL_INQUIRY, 0.9)], Language.SPANISH)

    def word(self, task: WordingTask, *, toolbox: Toolbox, seconds: float) -> Wording:
        assert toolbox.tools
        assert seconds > 0
        self._world.pass_by("before word")
        self._world.pass_by("after word")
        return Wording(task.prepared)

    def transcribe(self, _content: bytes, **_named: Any) -> str:
        self._world.pass_by("before transcribe")
        self._world.pass_by("after transcribe")
        return "¿cuál es la dirección?"


class Notes:
    """Recordings in memory."""

    def __init__(self) -> None:
        self.saved: list[UUID] = []

    def read(self, _path: str, **_named: Any) -> bytes:
        return b"OggS" + b"\0" * 200

    def save_transcript(self, message_id: UUID, _transcript: Transcript) -> None:
        self.saved.append(message_id)


def test_what_somebody_says_who_came_with_the_history_of_the_number_is_told_to_no_model() -> None:
    world = World()
    told: list[str] = []
    desk_with(
        world,
        interpreter=lambda: told.append("words"),
        transcriber=lambda: told.append("voice"),
        notes=Notes,
    )
    people = {"ai_enabled": False, "handoff_reason": "history", "handoff_at": world.now - timedelta(days=2)}
    world.conversation = world.conversation.model_copy(update=people)
    world.writes("¿jugamos el jueves?")
    world.writes("🎤 Nota de voz", type="audio", media_status="stored", storage_path="p/1.ogg", payload={"audio": {}})
    world.settle_down()

    assert told == []
    assert world.sent == []
    world.writes("me sangra mucho y no para, no puedo respirar bien")
    world.settle_down()
    assert "emergency" in world.alert_kinds, "rules alone still hear what cannot wait"


def asked_of_a_model() -> World:
    world = World()
    model = SlowModel(world)
    desk_with(world, interpreter=lambda: model, wordsmith=lambda: model)
    world.writes("¿cuál es la dirección?")
    return world


MODEL_MOMENTS = [
    pytest.param(index, id=f"{what.replace(' ', '_')}-{index}")
    for index, what in every_moment(asked_of_a_model)
    if what != "granted"
]


@pytest.mark.parametrize("index", MODEL_MOMENTS)
def test_nothing_is_granted_after_a_person_wrote_while_a_model_was_asked(index: int) -> None:
    world = asked_of_a_model()
    world.happens = (index, world.person_writes)

    world.settle_down()

    assert "granted" not in world.moments[world.moments.index("person writes") :]


def test_both_questions_to_a_model_are_among_the_moments() -> None:
    assert {"before interpret", "after interpret", "before word", "after word"} <= {
        what for _, what in every_moment(asked_of_a_model)
    }


# ---- voice notes -----------------------------------------------------------------------------------------------------


def listening(*, status: str, can_listen: bool = True) -> tuple[World, Notes]:
    """A voice note came, where somebody may be able to write it down."""
    world, notes = World(), Notes()
    model = SlowModel(world) if can_listen else None
    desk_with(world, transcriber=lambda: model, notes=lambda: notes)
    world.writes(
        "🎤 Nota de voz",
        type="audio",
        payload={"audio": {"id": "1", "voice": True}},
        media_status=status,
        storage_path="a/b.ogg" if status == "stored" else None,
    )
    return world, notes


def test_a_voice_note_that_is_on_its_way_is_waited_for() -> None:
    world, _ = listening(status="pending")

    turn = world.turn()

    assert (turn.outcome, turn.again_in, world.sent) == ("listening", 3, [])
    assert world.conversation.answer_due_at is not None


def test_a_voice_note_that_does_not_come_is_answered_without() -> None:
    world, _ = listening(status="pending")
    world.now += timedelta(seconds=20)

    assert world.turn().outcome == "sent"


def test_nobody_waits_for_what_nobody_can_write_down() -> None:
    world, _ = listening(status="pending", can_listen=False)

    assert world.turn().outcome == "sent"


def test_a_voice_note_is_answered_by_its_words() -> None:
    world, notes = listening(status="stored")

    world.turn()

    assert "Siempreviva" in world.bodies[-1]
    assert len(notes.saved) == 1


def test_where_a_person_has_the_conversation_they_listen_themselves() -> None:
    world, notes = listening(status="stored")
    world._set(ai_enabled=False, handoff_reason="human_reply", handoff_at=world.now, last_human_at=world.now)

    world.turn()

    assert notes.saved == []
    assert world.sent == []


# ---- nobody waits longer than ten seconds ----------------------------------------------------------------------------


class Watch:
    """A clock that only those move who take their time."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Generous:
    """Whoever asks may."""

    def admit(self, _provider: str) -> None:
        return None

    def record(self, _provider: str, _usage: Usage, *, failure: str | None) -> None:
        assert failure is None


class Tortoise:
    """Answers in the very last moment that it is given, whatever it is asked."""

    provider, model = "openai", "gpt-test"

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.asked: list[str] = []

    def ask(self, _prompt: Prompt, answer_type: type[Answer], *, seconds: float, **_: Any) -> ModelReply[Answer]:
        self.asked.append(answer_type.__name__)
        self.watch.now += seconds
        intents = [{"intent": "general_inquiry", "confidence": 0.9}]
        return ModelReply(answer_type.model_validate({"intents": intents, "text": "Abrimos a las 22:30."}))

    def transcribe(self, _content: bytes, *, seconds: float, **_: Any) -> str:
        self.asked.append("transcript")
        self.watch.now += seconds
        return "¿cuál es la dirección?"


@pytest.mark.parametrize(
    ("spoken", "asked"),
    [(False, ["IntentsOfBurst", "WordedText"]), (True, ["transcript", "IntentsOfBurst"])],
    ids=["written", "spoken"],
)
def test_however_slow_the_models_are_the_answer_is_there_within_ten_seconds(*, spoken: bool, asked: list[str]) -> None:
    world = World() if not spoken else listening(status="stored")[0]
    if not spoken:
        world.writes("¿cuál es la dirección?")
    watch = Watch()
    slow = Tortoise(watch)

    def desk_for(claim: AnswerClaim) -> Desk:
        model = MeteredModel(
            slow, meter=Generous(), prices=PriceTable(), give_up_at=watch() + MODEL_SECONDS, clock=watch
        )
        return replace(
            world.desk_for(claim),
            interpreter=lambda: ModelInterpreter(model, names=(), scene=scene_of(claim)),
            wordsmith=lambda: ModelWordsmith(model),
            transcriber=lambda: slow,
            notes=Notes,
        )

    turn = answer_conversation(
        world.conversation.id, answers=world.answers, desk_for=desk_for, now=lambda: world.now, clock=watch
    )

    assert (turn.outcome, slow.asked) == ("sent", asked)
    assert watch.now <= MODEL_SECONDS < 10
    assert "Siempreviva" in world.bodies[-1]
