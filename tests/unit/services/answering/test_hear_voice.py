"""Voice notes of a burst that become words, and those that do not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.answering import StoredMessage
from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.sending_errors import MediaNotFound, MediaRefused
from dentalist.domain.understanding.intents import Intent
from dentalist.domain.voice_notes import MOST_BYTES, Transcript
from dentalist.domain.wording.drafts import InboundMedia
from dentalist.services.answering.hear_burst import hear
from dentalist.services.answering.hear_voice import seconds_to_wait, transcribe
from dentalist.services.answering.ports_models import ModelUnavailable
from dentalist.services.answering.understand import understand
from tests.builders import NOON
from tests.unit.domain.clinics import make_clinic
from tests.unit.domain.test_voice_notes import ogg


@dataclass
class Phone:
    """The stored voice notes, the speech model, and the time that both take. A recording is what is said in it."""

    said: dict[str, str | Exception] = field(default_factory=dict)  # by path: words, or why it cannot be read
    content: bytes = ogg(8)
    answer: ModelUnavailable | None = None
    seconds_each: float = 0
    passed: float = 0
    read_paths: list[str] = field(default_factory=list)
    asked: list[tuple[str, float]] = field(default_factory=list)
    saved: dict[UUID, Transcript] = field(default_factory=dict)
    provider: str = "openai"
    model: str = "gpt-4o-mini-transcribe"

    def records(self, words: str | Exception, *, extension: str = "ogg", **fields: Any) -> StoredMessage:
        path = f"p/inbound/{len(self.said)}.{extension}"
        self.said[path] = words
        return voice_note(**{"media_status": "stored", "storage_path": path, **fields})

    def read(self, storage_path: str, *, max_bytes: int, seconds: float) -> bytes:
        assert max_bytes == MOST_BYTES
        assert seconds > 0
        self.read_paths.append(storage_path)
        words = self.said[storage_path]
        if isinstance(words, Exception):
            raise words
        return self.content

    def transcribe(self, content: bytes, *, mime_type: str, seconds: float) -> str:
        assert content == self.content
        self.asked.append((mime_type, seconds))
        self.passed += self.seconds_each
        if self.answer is not None:
            raise self.answer
        words = self.said[self.read_paths[-1]]
        assert isinstance(words, str)
        return words

    def save_transcript(self, message_id: UUID, transcript: Transcript) -> None:
        self.saved[message_id] = transcript

    def hears(self, *messages: StoredMessage, transcriber: Callable[[], Any] | None = None) -> list[StoredMessage]:
        return transcribe(messages, transcriber=transcriber or (lambda: self), notes=self, clock=lambda: self.passed)


def voice_note(**fields: Any) -> StoredMessage:
    return StoredMessage(
        **{
            "id": uuid4(),
            "conversation_id": uuid4(),
            "channel_id": uuid4(),
            "direction": "inbound",
            "sender": "contact",
            "type": "audio",
            "body": "🎤 Nota de voz",
            "payload": {"audio": {"voice": True}},
            **fields,
        }
    )


def text(body: str) -> StoredMessage:
    return voice_note(type="text", body=body, payload={})


def test_a_voice_note_becomes_the_contacts_words() -> None:
    phone = Phone()
    note = phone.records(" Hola,  quiero un turno ")

    burst = hear(phone.hears(text("Buenas"), note))

    assert burst.words == ("Buenas", "Hola, quiero un turno")
    assert burst.spoken
    assert burst.media == frozenset()
    assert phone.saved == {note.id: Transcript("Hola, quiero un turno", "openai", "gpt-4o-mini-transcribe")}
    assert [mime_type for mime_type, _ in phone.asked] == ["audio/ogg"]


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("tengo la cara como un globo y treinta y nueve de fiebre", Intent.EMERGENCY),
        ("no me manden más mensajes por favor", Intent.OPT_OUT),
    ],
)
def test_what_cannot_wait_is_understood_of_a_voice_note_too(said: str, intent: Intent) -> None:
    phone = Phone()

    burst = hear(phone.hears(phone.records(said)))

    assert understand(burst.words, clinic=make_clinic(), interpreter=None).understanding.primary is intent


def test_a_note_that_was_written_down_before_is_not_paid_for_again() -> None:
    phone = Phone()
    [first] = phone.hears(phone.records("quiero un turno"))

    assert phone.hears(first) == [first]
    assert len(phone.asked) == 1


def test_a_note_in_which_nothing_is_said_stays_a_voice_note_and_is_not_asked_about_again() -> None:
    phone = Phone()
    [first] = phone.hears(phone.records("Subtítulos realizados por la comunidad de Amara.org"))

    burst = hear(phone.hears(first))

    assert (burst.words, burst.spoken, burst.media) == ((), False, {InboundMedia.AUDIO})
    assert len(phone.asked) == 1


def test_without_somebody_who_writes_it_down_it_stays_a_voice_note() -> None:
    phone = Phone()

    burst = hear(phone.hears(phone.records("quiero un turno"), transcriber=lambda: None))

    assert (burst.words, burst.spoken, burst.media) == ((), False, {InboundMedia.AUDIO})


def test_no_model_is_made_for_a_burst_without_voice_notes() -> None:
    def transcriber() -> None:
        raise AssertionError("made")

    photo = voice_note(type="image", media_status="stored", storage_path="p/inbound/1.jpg")

    heard = Phone().hears(text("hola"), photo, transcriber=transcriber)

    assert [item.type for item in heard] == ["text", "image"]


@pytest.mark.parametrize(
    "trouble", [StoreUnavailable(), MediaNotFound(), MediaRefused()], ids=lambda trouble: type(trouble).__name__
)
def test_a_recording_that_cannot_be_read_does_not_stop_the_answer_or_the_next_note(trouble: Exception) -> None:
    phone = Phone()

    burst = hear(phone.hears(phone.records(trouble), phone.records("quiero un turno")))

    assert burst.words == ("quiero un turno",)
    assert burst.media == {InboundMedia.AUDIO}


@pytest.mark.parametrize("cause", ["timeout", "budget_spent", "unauthorised"])
def test_a_model_that_fails_is_not_asked_again_in_the_same_turn(cause: str) -> None:
    phone = Phone(answer=ModelUnavailable(cause))

    burst = hear(phone.hears(phone.records("uno"), phone.records("dos")))

    assert (burst.words, len(phone.asked), phone.saved) == ((), 1, {})


def test_all_notes_of_a_burst_share_six_seconds() -> None:
    phone = Phone(seconds_each=4)

    phone.hears(phone.records("uno"), phone.records("dos"), phone.records("tres"))

    assert [seconds for _, seconds in phone.asked] == [6, 2]


@pytest.mark.parametrize("content", [ogg(181), b"", bytes(MOST_BYTES + 1)])
def test_a_recording_that_is_too_long_is_left_to_a_person(content: bytes) -> None:
    phone = Phone(content=content)

    phone.hears(phone.records("quiero un turno"))

    assert phone.asked == []


def test_a_format_that_no_speech_model_takes_is_not_even_read() -> None:
    phone = Phone()

    phone.hears(phone.records("quiero un turno", extension="amr"))

    assert phone.read_paths == []


@pytest.mark.parametrize("status", ["pending", "refused", "failed", None])
def test_a_note_without_a_file_is_left_as_it_is(status: str | None) -> None:
    note = voice_note(media_status=status)

    assert Phone().hears(note) == [note]


def test_a_transcript_that_cannot_be_kept_is_not_answered() -> None:
    class Forgetful(Phone):
        def save_transcript(self, *_: object) -> None:
            raise StoreUnavailable

    phone = Forgetful()

    with pytest.raises(StoreUnavailable):
        phone.hears(phone.records("quiero un turno"))


# ---- a file that is still on its way


def waits(*messages: StoredMessage, since: timedelta = timedelta(seconds=5)) -> int | None:
    return seconds_to_wait(messages, first_unanswered_at=NOON - since, now=NOON)


def test_a_recording_on_its_way_is_waited_for_some_seconds() -> None:
    assert waits(text("hola"), voice_note(media_status="pending")) == 3


@pytest.mark.parametrize("status", ["stored", "refused", "failed", None])
def test_nothing_is_waited_for_that_will_not_come(status: str | None) -> None:
    assert waits(voice_note(media_status=status)) is None


def test_after_twenty_seconds_the_answer_goes_without_it() -> None:
    assert waits(voice_note(media_status="pending"), since=timedelta(seconds=20)) is None


def test_who_writes_of_an_emergency_waits_for_nothing() -> None:
    urgent = text("me sangra muchísimo y no para")

    assert waits(urgent, voice_note(media_status="pending")) is None


def test_who_wrote_of_an_emergency_does_not_wait_for_a_machine_to_listen_either() -> None:
    phone = Phone()
    note = phone.records("y además me caí")

    assert phone.hears(text("me sangra muchísimo y no para"), note)[1] == note
    assert phone.asked == []


def test_a_photo_on_its_way_is_not_waited_for() -> None:
    assert waits(voice_note(type="image", media_status="pending")) is None
