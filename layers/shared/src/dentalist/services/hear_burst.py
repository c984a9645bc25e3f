"""The unanswered messages of a conversation as the assistant hears them: words, taps and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dentalist.domain.answering import StoredMessage
from dentalist.domain.wording.drafts import InboundMedia

_SPOKEN = frozenset({"text", "button", "interactive"})
_MEDIA = {kind.value: kind for kind in InboundMedia}
_NO_MEDIA = frozenset({"system", "request_welcome"})  # WhatsApp says these, not the contact


@dataclass(frozen=True)
class Burst:
    """One burst. ``words`` are the contact's own, captions included; what code wrote about a file is not among them."""

    words: tuple[str, ...] = field(repr=False)
    media: frozenset[InboundMedia]
    tapped: UUID | None
    last_external_id: str | None = field(repr=False)

    @property
    def text(self) -> str:
        """All words, a line each."""
        return "\n".join(self.words)


def hear(messages: Sequence[StoredMessage]) -> Burst:
    """Read the messages of a burst, oldest first; of several taps the last one counts."""
    taps = [offer_id for message in messages if (offer_id := _tapped_offer(message))]
    return Burst(
        words=tuple(words for message in messages if (words := _words(message))),
        media=frozenset(kind for message in messages if (kind := _media(message)) is not None),
        tapped=taps[-1] if taps else None,
        last_external_id=next((item.external_id for item in reversed(messages) if item.external_id), None),
    )


def _words(message: StoredMessage) -> str | None:
    if message.type in _SPOKEN:
        return message.body if message.body and message.body.strip() else None
    file = message.payload.get(message.type)
    caption = file.get("caption") if isinstance(file, dict) else None
    return caption if isinstance(caption, str) and caption.strip() else None


def _media(message: StoredMessage) -> InboundMedia | None:
    if message.type in _SPOKEN or message.type in _NO_MEDIA:
        return None
    return _MEDIA.get(message.type, InboundMedia.UNSUPPORTED)


def _tapped_offer(message: StoredMessage) -> UUID | None:
    """The slot behind a tap. Rows of our lists carry the offer's id; every other button is only its words."""
    reply_id = message.payload.get("reply_id")
    if not isinstance(reply_id, str):
        return None
    try:
        return UUID(reply_id)
    except ValueError:
        return None
