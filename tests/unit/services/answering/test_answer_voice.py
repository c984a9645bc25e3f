"""A whole turn that begins with voice notes, photos and documents."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from dentalist.domain.answering import AnswerClaim, StoredMessage
from dentalist.domain.voice_notes import Transcript
from dentalist.services.answering.answer_conversation import answer_conversation
from dentalist.services.answering.answer_desk import Desk, Turn
from dentalist.services.answering.ports_models import ModelUnavailable
from tests.fakes_answers import World
from tests.unit.domain.test_voice_notes import ogg


class Ear:
    """A clinic with voice notes: the stored recordings, and the model that writes them down."""

    provider = "openai"
    model = "gpt-4o-mini-transcribe"

    def __init__(self, *said: str, failure: ModelUnavailable | None = None) -> None:
        self.world = World()
        self.failure = failure
        self.said = list(said)
        self.asked = 0
        self.meanwhile: Callable[[], object] = lambda: None  # happens while the model listens
        for number, _ in enumerate(said):
            self.arrives(media_status="stored", storage_path=f"p/inbound/{number}.ogg")

    def arrives(self, **fields: object) -> StoredMessage:
        return self.world.writes("🎤 Nota de voz", type="audio", payload={"audio": {"voice": True}}, **fields)

    def read(self, storage_path: str, **_: object) -> bytes:
        self.reading = int(storage_path.rpartition("/")[2].partition(".")[0])
        return ogg(8)

    def transcribe(self, _content: bytes, **_: object) -> str:
        self.asked += 1
        self.meanwhile()
        if self.failure is not None:
            raise self.failure
        return self.said[self.reading]

    def save_transcript(self, message_id: UUID, transcript: Transcript) -> None:
        rows = self.world.rows
        index = next(position for position, row in enumerate(rows) if row.id == message_id)
        payload = {**rows[index].payload, "transcript": transcript._asdict()}
        rows[index] = rows[index].model_copy(update={"payload": payload})

    def desk_for(self, claim: AnswerClaim) -> Desk:
        return replace(self.world.desk_for(claim), transcriber=lambda: self, notes=lambda: self)

    def turn(self) -> Turn:
        world = self.world
        return answer_conversation(
            world.conversation.id, answers=world.answers, desk_for=self.desk_for, now=lambda: world.now
        )


def test_a_question_that_was_spoken_is_answered() -> None:
    ear = Ear("hola cuánto sale la limpieza")

    assert ear.turn().outcome == "sent"
    assert "30.000" in ear.world.bodies[0]
    assert "unread_media" not in ear.world.alert_kinds


def test_an_emergency_that_was_spoken_reaches_somebody() -> None:
    ear = Ear("tengo la cara como un globo y treinta y nueve de fiebre")

    turn = ear.turn()

    assert turn.intent == "emergency"
    assert "107" in ear.world.bodies[0]
    assert ("emergency", "critical") in ear.world.alerts


def test_an_opt_out_that_was_spoken_withdraws_consent() -> None:
    ear = Ear("no me manden más mensajes por favor")

    ear.turn()

    assert [scope for scope, action, _ in ear.world.consents if action == "withdrawn"] == ["care", "marketing"]


def test_an_answer_that_is_written_again_does_not_pay_for_the_transcript_again() -> None:
    ear = Ear("hola cuánto sale la limpieza")
    ear.meanwhile = lambda: ear.world.writes("y la ortodoncia?")

    ear.turn()

    [body] = ear.world.bodies
    assert "30.000" in body
    assert "90.000" in body
    assert ear.asked == 1


@pytest.mark.parametrize("cause", ["timeout", "budget_spent", "circuit_open", "rejected"])
def test_where_nobody_can_write_it_down_one_message_asks_for_words(cause: str) -> None:
    ear = Ear("hola", "quiero", "un turno", failure=ModelUnavailable(cause))

    ear.turn()

    [body] = ear.world.bodies
    assert body.count("¿Me lo escribís") == 1
    assert "emergencia" in body or "urgencia" in body
    assert "107" in body
    assert ear.world.alert_kinds == ["unread_media"]
    assert ear.asked == 1


def test_a_recording_on_its_way_is_waited_for_and_then_answered_without() -> None:
    ear = Ear()
    ear.arrives(media_status="pending")

    first = ear.turn()

    assert (first.again_in, ear.world.sent) == (3, [])
    ear.world.now += timedelta(seconds=20)
    assert ear.turn().outcome == "sent"
    assert "¿Me lo escribís" in ear.world.bodies[0]


def test_a_recording_that_arrives_in_time_is_heard() -> None:
    ear = Ear()
    note = ear.arrives(media_status="pending")
    ear.turn()
    ear.said = ["hola cuánto sale la limpieza"]
    arrived = note.model_copy(update={"media_status": "stored", "storage_path": "p/inbound/0.ogg"})
    ear.world.rows[:] = [arrived if row.id == note.id else row for row in ear.world.rows]
    ear.world.now += timedelta(seconds=3)

    ear.turn()

    assert "30.000" in ear.world.bodies[0]


def test_where_a_person_has_the_conversation_nothing_is_sent_to_a_model() -> None:
    ear = Ear("hola")
    ear.world.person_writes()
    ear.arrives(media_status="stored", storage_path="p/inbound/0.ogg")

    ear.turn()

    assert ear.asked == 0


@pytest.mark.parametrize("type_", ["image", "document"])
def test_a_photo_or_a_document_is_left_to_a_person_and_never_interpreted(type_: str) -> None:
    ear = Ear()
    ear.world.writes("📷", type=type_, payload={type_: {}}, media_status="stored", storage_path=f"p/inbound/0.{type_}")

    ear.turn()

    [body] = ear.world.bodies
    assert "no puedo interpretar" in body
    assert "107" in body
    assert ear.world.alert_kinds == ["unread_media"]
    assert ear.asked == 0
