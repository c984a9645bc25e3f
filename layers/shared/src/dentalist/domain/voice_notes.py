"""Which voice notes are written down by a machine: short ones, in a format that speech models take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MOST_BYTES = 5 * 1024 * 1024
MOST_SECONDS = 180
LONGEST_TEXT = 4000  # characters; three minutes of fast speech are fewer

# By the extension a stored file has. WhatsApp records in Opus, three minutes of which are about 400 KB.
# Source: https://platform.openai.com/docs/guides/speech-to-text
_TYPES: Mapping[str, str] = {"ogg": "audio/ogg", "mp3": "audio/mpeg", "m4a": "audio/mp4"}
# Where the length is not read, so many bytes are three minutes at the lowest usual rate of 32 kbit/s.
_BYTES_PER_SECOND = 4000
_OPUS_RATE = 48_000
_PAGE = b"OggS"
_GRANULE = slice(6, 14)  # of a page's header, after the capture pattern, version and flags

# What speech models write when nothing was said, learnt from the subtitles they were trained on.
_INVENTED = (
    "subtítulos realizados por",
    "subtítulos por la comunidad",
    "subtitulado por",
    "amara.org",
    "gracias por ver el video",
    "gracias por ver el vídeo",
    "suscríbete al canal",
    "suscribite al canal",
    "thanks for watching",
    "thank you for watching",
)


class Transcript(NamedTuple):
    """What a voice note says, and which model wrote it down. An empty text: nothing was said."""

    text: str
    provider: str
    model: str

    def __repr__(self) -> str:
        return f"Transcript({len(self.text)} characters, {self.provider}/{self.model})"


def type_to_transcribe(storage_path: str) -> str | None:
    """The MIME type of a stored file, by its extension, which is ours; None for one that speech models do not take."""
    return _TYPES.get(storage_path.rpartition(".")[2])


def seconds_of(content: bytes) -> float:
    """How long a recording is: read from an Ogg file, estimated for others, and then rather too long than too short.

    Source:
        https://www.rfc-editor.org/rfc/rfc3533 section 6, https://www.rfc-editor.org/rfc/rfc7845 section 4
    """
    if content.startswith(_PAGE):
        last = content[content.rfind(_PAGE) :]
        samples = int.from_bytes(last[_GRANULE], "little", signed=True)
        if samples > 0:
            return samples / _OPUS_RATE
    return len(content) / _BYTES_PER_SECOND


def is_short(content: bytes) -> bool:
    """Whether a recording is short enough to be written down while its sender waits."""
    return 0 < len(content) <= MOST_BYTES and seconds_of(content) <= MOST_SECONDS


def spoken_words(written: str) -> str:
    """What a model wrote down, in one line each; nothing where it only invented what is said under every video."""
    words = "\n".join(filter(None, (" ".join(line.split()) for line in written.splitlines())))[:LONGEST_TEXT]
    plain = words.lower()
    is_invented = any(phrase in plain for phrase in _INVENTED) and len(words) < 2 * max(map(len, _INVENTED))
    return "" if is_invented or not any(char.isalnum() for char in words) else words
