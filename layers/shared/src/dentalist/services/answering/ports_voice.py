"""What hearing voice notes asks of the outside."""

from __future__ import annotations

from typing import NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.voice_notes import Transcript
from dentalist.services.answering.ports_models import NO_USAGE, Usage


class VoiceNotes(Protocol):
    """The stored voice notes of one professional."""

    def read(self, storage_path: str, *, max_bytes: int, seconds: float) -> bytes:
        """The recording."""

    def save_transcript(self, message_id: UUID, transcript: Transcript) -> None:
        """Keep what it says with its message; one that is there already stays."""


class Written(NamedTuple):
    """What a speech model wrote, and what it counted."""

    text: str
    usage: Usage = NO_USAGE

    def __repr__(self) -> str:
        return f"Written({len(self.text)} characters)"


class SpeechModel(Protocol):
    """A model that writes down speech."""

    @property
    def provider(self) -> str:
        """Who runs it."""

    @property
    def model(self) -> str:
        """The provider's name for it."""

    def write_down(self, content: bytes, *, mime_type: str, seconds: float) -> Written:
        """The words of a recording within ``seconds``, or ModelUnavailable."""
