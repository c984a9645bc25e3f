"""Models are slow: whoever is faster wins, and a voice note is waited for only where somebody can write it down."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dentalist.domain.understanding.intents import Intent, Language
from dentalist.domain.voice_notes import Transcript
from dentalist.services.ports_models import Interpretation, Toolbox, Wording, WordingTask
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
