"""How well messages are understood, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import Intent, Understanding
from dentalist.domain.understanding.people import find_people
from dentalist.domain.understanding.when_asked import asked_times
from dentalist.domain.understanding.when_parsing import parse_when
from infra.evaluation.labels import Message

Understand = Callable[[str], Understanding]

CANNOT_BE_MISSED = (Intent.EMERGENCY, Intent.OPT_OUT)
_NOON = datetime(2026, 11, 25, 12)  # noqa: DTZ001 - a wall clock; both readings are made at the same one


@dataclass
class Share:
    """Right ones of all."""

    right: int = 0
    of: int = 0

    def count(self, *, right: bool) -> None:
        """One more, right or wrong."""
        self.right += right
        self.of += 1

    @property
    def value(self) -> float:
        """1.0 of none: nothing was wrong."""
        return self.right / self.of if self.of else 1.0


@dataclass
class Figures:
    """One engine's figures over one set of messages."""

    accuracy: Share = field(default_factory=Share)
    per_intent: dict[Intent, Share] = field(default_factory=lambda: {intent: Share() for intent in Intent})
    several: Share = field(default_factory=Share)  # messages with several requests of which all were heard, in order
    recall: dict[Intent, Share] = field(default_factory=lambda: {intent: Share() for intent in CANNOT_BE_MISSED})
    precision: dict[Intent, Share] = field(default_factory=lambda: {intent: Share() for intent in CANNOT_BE_MISSED})
    language: Share = field(default_factory=Share)
    entities: dict[str, Share] = field(default_factory=dict)
    confusion: Counter[tuple[Intent, Intent]] = field(default_factory=Counter)
    mistakes: list[tuple[Message, Intent]] = field(default_factory=list)


def measure(messages: Iterable[Message], understand: Understand) -> Figures:
    """Understand every message and count."""
    figures = Figures()
    for message in messages:
        _count(figures, message, understand(message.text))
    return figures


def _count(figures: Figures, message: Message, understanding: Understanding) -> None:
    expected, heard = message.intents, [scored.intent for scored in understanding.intents]
    right = understanding.primary in expected
    figures.accuracy.count(right=right)
    figures.per_intent[expected[0]].count(right=right)
    figures.confusion[expected[0], expected[0] if right else understanding.primary] += 1
    figures.language.count(right=understanding.language == message.language)
    if not right:
        figures.mistakes.append((message, understanding.primary))
    if len(expected) > 1:
        figures.several.count(right=[intent for intent in heard if intent in expected] == list(expected))
    for intent in CANNOT_BE_MISSED:
        if intent in expected:
            figures.recall[intent].count(right=intent in heard)
        if intent in heard:
            figures.precision[intent].count(right=intent in expected)
    for kind, said in message.entities.items():
        figures.entities.setdefault(kind, Share()).count(right=_is_found(kind, said, message.text, understanding))


def _is_found(kind: str, said: str, text: str, understanding: Understanding) -> bool:
    """Entities come from rules, whichever engine hears the intents."""
    if kind == "treatment":
        return said in understanding.treatments
    if kind == "person":
        return _same_people(said, text)
    if kind == "when":
        asked = asked_times(text, [scored.intent for scored in understanding.intents], now=_NOON)
        meant = parse_when(said, now=_NOON)
        return bool(meant) and meant in {asked.wanted, asked.named}
    return classify(text, insurances=[said]).insurances == (said,)


def _same_people(said: str, text: str) -> bool:
    names = {word for word in said.split() if word[0].isupper()}
    return any(names <= set(person.names) for person in find_people(text))


def worst(figures: Figures, count: int) -> Sequence[tuple[Message, Intent]]:
    """Some mistakes, those that matter most first."""
    return sorted(figures.mistakes, key=lambda item: item[0].intents[0] not in CANNOT_BE_MISSED)[:count]
