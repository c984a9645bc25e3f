"""The unanswered messages of a conversation as the assistant hears them: words, voices, taps and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dentalist.domain.answering import StoredMessage
from dentalist.domain.wording.drafts import InboundMedia

TRANSCRIPT = "transcript"  # in ``payload`` of a voice note, once somebody wrote down what it says

_SPOKEN = frozenset({"text", "button", "interactive"})
_MEDIA = {kind.value: kind for kind in InboundMedia}
_NO_MEDIA = frozenset({"system", "request_welcome"})  # WhatsApp says these, not the contact
_ALONE = frozenset({"person"})  # verbs of buttons that concern nothing in particular
_VERBS = frozenset({"cancel", "keep", "move", "confirm", "book"})


@dataclass(frozen=True)
class Action:
    """What a button of ours does: ``cancel``, ``keep``, ``move``, ``confirm`` an appointment, ``book`` an offer that
    was chosen by voice, or ask for a ``person``, which has no target.

    The target is the contact's claim: whether it is theirs is for the agenda to say.
    """

    verb: str
    target: UUID | None = None


@dataclass(frozen=True)
class Burst:
    """One burst. ``words`` are the contact's own, captions and transcripts included; what code wrote about a file is
    not among them.

    Attributes:
        media: kinds of files without words that could be understood; of a voice note only while it has no transcript.
        tapped: the offer that was chosen by a tap, the last of several.
        action: the last tap on a button that does something else.
        spoken: some of the words were spoken, and a machine wrote them down: nothing is booked or cancelled by them
            before a tap confirms it.
    """

    words: tuple[str, ...] = field(repr=False)
    media: frozenset[InboundMedia]
    tapped: UUID | None
    last_external_id: str | None = field(repr=False)
    action: Action | None = None
    spoken: bool = False

    @property
    def text(self) -> str:
        """All words, a line each."""
        return "\n".join(self.words)


def hear(messages: Sequence[StoredMessage]) -> Burst:
    """Read the messages of a burst, oldest first; of several taps the last one counts."""
    taps = [tap for message in messages if (tap := _tap(message)) is not None]
    return Burst(
        words=tuple(words for message in messages if (words := words_of(message))),
        media=frozenset(kind for message in messages if (kind := _media(message)) is not None),
        tapped=next((tap for tap in reversed(taps) if isinstance(tap, UUID)), None),
        last_external_id=next((item.external_id for item in reversed(messages) if item.external_id), None),
        action=next((tap for tap in reversed(taps) if isinstance(tap, Action)), None),
        spoken=any(transcript_of(message) for message in messages),
    )


def transcript_of(message: StoredMessage) -> str | None:
    """What a voice note says, where somebody wrote it down and it says anything."""
    transcript = message.payload.get(TRANSCRIPT) if message.type == InboundMedia.AUDIO else None
    text = transcript.get("text") if isinstance(transcript, dict) else None
    return _said(text)


def words_of(message: StoredMessage) -> str | None:
    """What somebody said in a message: written, spoken and written down, or beside a file."""
    if message.type in _SPOKEN:
        return _said(message.body)
    file = message.payload.get(message.type)
    return transcript_of(message) or _said(file.get("caption") if isinstance(file, dict) else None)


def _said(text: Any) -> str | None:
    return text if isinstance(text, str) and text.strip() else None


def _media(message: StoredMessage) -> InboundMedia | None:
    if message.type in _SPOKEN or message.type in _NO_MEDIA or transcript_of(message):
        return None
    return _MEDIA.get(message.type, InboundMedia.UNSUPPORTED)


def _tap(message: StoredMessage) -> UUID | Action | None:
    """What is behind a tap. Rows of our lists carry the offer's id, our buttons a verb and its target; any other button
    is only its words."""
    reply_id = message.payload.get("reply_id")
    if not isinstance(reply_id, str):
        return None
    verb, colon, target = reply_id.partition(":")
    if not colon:
        return Action(verb) if verb in _ALONE else _uuid(reply_id)
    found = _uuid(target) if verb in _VERBS else None
    return Action(verb, found) if found else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
