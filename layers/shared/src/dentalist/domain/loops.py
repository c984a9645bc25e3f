"""A conversation that goes in circles: with another machine, or with somebody whom the assistant cannot help.

Whoever asks three different things is not in a circle, nor is somebody who looks for a time that suits: only what
repeats itself is. Emergencies and opt-outs are heard all the same; that is for the caller to see to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, NamedTuple

from dentalist.domain.answering import Appointment, StoredMessage
from dentalist.domain.dialog import Dialog
from dentalist.domain.message import Author
from dentalist.domain.understanding.normalise import bare_words

WITHIN = timedelta(minutes=10)
_ANSWERS = 3
_ANSWERS_IN_OTHER_WORDS = 8  # a model words each answer anew: only what they are about can repeat itself
_REPEATED = 2  # earlier messages of the contact that say the same as this one
_FEW_WORDS = 12  # shorter texts are the same only word by word: "el jueves" and "el martes" are not
_ALIKE = 0.9

# A machine says it of itself; people ask about it, or complain: "¿esto es un mensaje automático?".
_AUTOMATIC = re.compile(
    r"\b(?:este|esta) es (?:un|una|nuestro|nuestra) (?:mensaje|respuesta|contestador|contestadora) automatic[oa]\b"
    r"|^(?:mensaje|respuesta) automatic[oa]\b|^(?:auto ?respuesta|auto ?reply)\b"
    r"|\bgracias por (?:comunicarte|comunicarse|contactarte|contactarse|contactar|contactarnos|escribirnos|escribir) "
    r"(?:con|a|al|en)\b"
    r"|\bgracias por (?:contactarnos|escribirnos)\b"
    r"|\bthis is an automat(?:ed|ic) (?:message|reply|response)\b"
    r"|\bthank(?:s| you) for (?:contacting|messaging) (?!me\b)"
    r"|\besta e uma (?:mensagem|resposta) automatica\b|\bobrigad[oa] por entrar em contato com\b"
)
_MAYBE_AUTOMATIC = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:en breve|a la brevedad|pronto|lo antes posible)\b.{0,40}\b(?:respond|contact|atend|comunic)",
        r"\b(?:respond|contact|atend|comunic)\w*.{0,40}\b(?:en breve|a la brevedad|lo antes posible)\b",
        r"\b(?:nuestro|nuestros) horarios? de atencion\b",
        r"\bfuera (?:de|del) (?:nuestro )?horario\b",
        r"\b(?:un|una|uno de nuestros|nuestros) (?:asesor|asesora|asesores|representante|operador|operadora|ejecutiv)",
        r"\b(?:marque|marca|presione|presiona|digite) (?:el )?[0-9]\b",
        r"\bhemos recibido (?:su|tu) (?:mensaje|consulta)\b",
        r"\brecibimos (?:su|tu) (?:mensaje|consulta)\b",
    )
)
_HINTS = 2
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")


class StopReason(StrEnum):
    """Why the assistant stops; stored in ``marketing_conversations.handoff_reason``."""

    BOT_LOOP = "bot_loop"
    TOO_MANY_MESSAGES = "too_many_messages"


class _Shown(NamedTuple):
    rows: tuple[str, ...]
    asked: str | None


class Exchange(NamedTuple):
    """What was said lately, and what is being said now.

    Attributes:
        words: of the burst that is to be answered.
        intent: what it asks for, as ``ai_metadata`` names it.
        history: earlier messages, oldest first.
        changed: appointments that were booked, moved or cancelled in this chat.
        counts_from: what was said before belongs to another exchange: a person gave the conversation back then.
    """

    words: Sequence[str]
    intent: str
    history: Sequence[StoredMessage]
    changed: Sequence[Appointment]
    counts_from: datetime | None


def sounds_automatic(text: str) -> bool:
    """Whether a text reads like the automatic answer of another business: "Gracias por comunicarte con …"."""
    sentences = (item for item in _SENTENCE.findall(text) if "?" not in item and "¿" not in item)
    if any(_AUTOMATIC.search(bare_words(sentence)) for sentence in sentences):
        return True
    words = bare_words(text)
    return sum(1 for pattern in _MAYBE_AUTOMATIC if pattern.search(words)) >= _HINTS


def is_loop(exchange: Exchange, *, now: datetime) -> bool:
    """Whether answering again would only turn the circle once more."""
    begins_at = max(now - WITHIN, exchange.counts_from) if exchange.counts_from else now - WITHIN
    lately = [item for item in exchange.history if item.created_at and item.created_at > begins_at]
    answers = [item for item in lately if item.direction == "outbound" and item.sender == Author.AI.value]
    if answers and sounds_automatic("\n".join(exchange.words)):
        return True
    if len(answers) < _ANSWERS or _progressed(exchange, since=answers[-_ANSWERS]):
        return False
    return _repeats_itself(exchange.words, lately) or _answers_repeat(answers, exchange.intent)


def _progressed(exchange: Exchange, *, since: StoredMessage) -> bool:
    assert since.created_at is not None  # noqa: S101 - it was found by it
    return any(row.chat_changed_at and row.chat_changed_at >= since.created_at for row in exchange.changed)


def _repeats_itself(words: Sequence[str], lately: Sequence[StoredMessage]) -> bool:
    """The same words to the same thing: "el segundo" of another list, "sí" to another question, are other choices."""
    said: list[tuple[str, _Shown | None]] = []
    before: _Shown | None = None
    for item in lately:
        if item.direction == "outbound":
            before = _shown(item)
        elif item.direction == "inbound" and item.body:
            said.append((item.body, before))
    return any(
        word.strip() and sum(_alike(word, body) for body, shown in said if shown == before) >= _REPEATED
        for word in words
    )


def _alike(one: str, other: str) -> bool:
    first, second = bare_words(one).split(), bare_words(other).split()
    if min(len(first), len(second)) < _FEW_WORDS:
        # What consists of symbols alone is compared as it is: a thumb is not a heart.
        return first == second if first else one.strip() == other.strip()
    first, second = _without_numbers(first), _without_numbers(second)
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE


def _without_numbers(words: Sequence[str]) -> list[str]:
    """An automatic answer may carry the number of a ticket."""
    return ["0" if any(char.isdigit() for char in word) else word for word in words]


def _answers_repeat(answers: Sequence[StoredMessage], intent: str) -> bool:
    last = answers[-_ANSWERS:]
    if _same([(_topic(item), _ending(item)) for item in last]) and _topic(last[-1])[0] == intent:
        return True
    many = answers[-_ANSWERS_IN_OTHER_WORDS:]
    if len(many) < _ANSWERS_IN_OTHER_WORDS:
        return False
    return _same([_topic(item) for item in many]) and _topic(many[-1])[0] == intent


def _same(values: Sequence[Any]) -> bool:
    return all(value == values[0] for value in values)


def _topic(answer: StoredMessage) -> tuple[str, _Shown | None]:
    """What an answer is about: the intent, and what it shows and asks."""
    return str((answer.ai_metadata or {}).get("intent")), _shown(answer)


def _shown(message: StoredMessage) -> _Shown | None:
    """The times a message shows and the question it asks; None where it leaves nothing to choose or to answer."""
    dialog = Dialog.recall(message.ai_metadata)
    asked = f"{dialog.asks}:{dialog.tries}:{len(dialog.attendees)}" if dialog else None
    rows = _rows(message.payload)
    return _Shown(rows, asked) if rows or asked else None


def _ending(answer: StoredMessage) -> str:
    """The last paragraph: the first may greet."""
    return (answer.body or "").rsplit("\n", 1)[-1]


def _rows(payload: dict[str, Any]) -> tuple[str, ...]:
    interactive = payload.get("interactive")
    action = interactive.get("action") if isinstance(interactive, dict) else None
    sections = action.get("sections") if isinstance(action, dict) else None
    rows = [row for section in sections or [] for row in section.get("rows") or []]
    return tuple(f"{row.get('title')} {row.get('description')}" for row in rows)
