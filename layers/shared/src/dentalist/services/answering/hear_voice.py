"""Voice notes become words before a burst is heard, where a model can write them down in time.

What it wrote is kept with the message: an answer that is written again does not pay again, and people read it too.
Where nobody wrote it down the message stays a voice note, and the answer asks for words.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from dentalist.domain.answering import StoredMessage
from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.sending_errors import MediaNotFound, MediaRefused
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import Intent
from dentalist.domain.voice_notes import MOST_BYTES, Transcript, is_short, spoken_words, type_to_transcribe
from dentalist.domain.wording.drafts import InboundMedia
from dentalist.services.answering.hear_burst import TRANSCRIPT, hear
from dentalist.services.answering.ports_models import ModelUnavailable, Transcriber
from dentalist.services.answering.ports_voice import VoiceNotes

SECONDS = 6.0  # for all voice notes of a burst together; the answer still has to be written
PATIENCE = timedelta(seconds=20)  # from the first unanswered message until a file that is on its way is given up
_LOOK_AGAIN = 3  # seconds
_SHORTEST = 0.5  # seconds; nothing is read and written down in less

logger = logging.getLogger(__name__)


def transcribe(
    messages: Sequence[StoredMessage],
    *,
    transcriber: Callable[[], Transcriber | None],
    notes: VoiceNotes,
    clock: Callable[[], float] = time.monotonic,
) -> list[StoredMessage]:
    """The same messages, their voice notes with what they say in ``payload.transcript``.

    Args:
        messages: of a burst, oldest first.
        transcriber: made only when there is something to write down; None: nobody can.
        notes: the professional's stored files.
        clock: seconds.

    Raises:
        StoreUnavailable: what was written down could not be kept.
    """
    if not any(map(_waits, messages)) or _is_urgent(messages):  # a person will listen, who is called without delay
        return list(messages)
    model = transcriber()
    return list(messages) if model is None else _Listener(model, notes, clock).hear_all(messages)


def seconds_to_wait(
    messages: Sequence[StoredMessage], *, first_unanswered_at: datetime | None, now: datetime
) -> int | None:
    """How long to wait for a voice note whose file is still on its way from Meta; None: answer now.

    Nobody waits who wrote of an emergency beside it, or longer than ``PATIENCE``.
    """
    on_its_way = any(item.type == InboundMedia.AUDIO and item.media_status == "pending" for item in messages)
    if not on_its_way or first_unanswered_at is None or now - first_unanswered_at >= PATIENCE:
        return None
    return None if _is_urgent(messages) else _LOOK_AGAIN


def _is_urgent(messages: Sequence[StoredMessage]) -> bool:
    words = hear(messages).words
    return bool(words) and classify(words).wants(Intent.EMERGENCY)


def _waits(message: StoredMessage) -> bool:
    return (
        message.type == InboundMedia.AUDIO
        and message.media_status == "stored"
        and message.storage_path is not None
        and TRANSCRIPT not in message.payload
    )


class _Listener:
    """Writes down the voice notes of one burst, one after the other, within one time."""

    def __init__(self, model: Transcriber, notes: VoiceNotes, clock: Callable[[], float]) -> None:
        self._model = model
        self._notes = notes
        self._clock = clock
        self._give_up_at = clock() + SECONDS
        self._failure: str | None = None

    def hear_all(self, messages: Sequence[StoredMessage]) -> list[StoredMessage]:
        return [self._heard(message) if _waits(message) else message for message in messages]

    def _heard(self, message: StoredMessage) -> StoredMessage:
        try:
            text = self._words_of(message.storage_path or "")
        except _NotHeard as exc:
            logger.info("voice note not written down", extra={"message_id": str(message.id), "cause": exc.cause})
            return message
        transcript = Transcript(spoken_words(text), self._model.provider, self._model.model)
        self._notes.save_transcript(message.id, transcript)
        return message.model_copy(update={"payload": {**message.payload, TRANSCRIPT: transcript._asdict()}})

    def _words_of(self, path: str) -> str:
        mime_type = type_to_transcribe(path)
        if mime_type is None:
            raise _NotHeard("format")
        try:
            content = self._notes.read(path, max_bytes=MOST_BYTES, seconds=self._time_left())
        except (StoreUnavailable, MediaNotFound, MediaRefused) as exc:  # the file alone: an answer can do without
            raise _NotHeard(exc.code) from exc
        if not is_short(content):
            raise _NotHeard("too_long")
        try:
            return self._model.transcribe(content, mime_type=mime_type, seconds=self._time_left())
        except ModelUnavailable as exc:
            self._failure = exc.cause  # the next would mostly wait as long
            raise _NotHeard(exc.cause) from exc

    def _time_left(self) -> float:
        if self._failure is not None:
            raise _NotHeard(self._failure)
        left = self._give_up_at - self._clock()
        if left < _SHORTEST:
            raise _NotHeard("no_time")
        return left


class _NotHeard(Exception):
    """A voice note stays one."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)
