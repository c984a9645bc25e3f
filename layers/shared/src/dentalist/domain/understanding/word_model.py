"""How the words of a message are usually meant: weights learned from the labelled messages in ``tests/data``.

The rules of ``tables_*.py`` hear what they have words for; of messages by authors they have never seen they missed one
in four. These weights fill that gap: a multinomial logistic regression over words, pairs of words and the sounds of
parts of words, so that typing errors keep most of the evidence. It is plain arithmetic on a table of small numbers: no
model, no network, the same answer every time. ``python -m infra.evaluation train`` learns it anew.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from dentalist.domain.understanding.intents import Intent
from dentalist.domain.understanding.normalise import normalise, sound

INTENTS = tuple(Intent)
SCALE = 64  # weights are stored as integers, that many to the unit
_FILE = Path(__file__).with_name("word_weights.json")
_LONG_ENOUGH = 4
_PIECES = (4, 5)  # letters
_DIGIT = re.compile(r"\d")


def features(text: str) -> list[str]:
    """What is weighed of normalised text, sorted and without doubles."""
    return sorted(set(_features(["0" if _DIGIT.match(word) else word for word in text.split()])))


def _features(words: list[str]) -> Iterator[str]:
    bounded = ["<", *words, ">"]
    for index, word in enumerate(bounded):
        yield word
        if index + 1 < len(bounded):
            yield f"{word} {bounded[index + 1]}"
        if index + 2 < len(bounded):
            yield f"{word} * {bounded[index + 2]}"
        if word.isalpha() and len(word) >= _LONG_ENOUGH:
            spelled = f"^{sound(word)}$"
            for size in _PIECES:
                for start in range(len(spelled) - size + 1):
                    yield f"#{spelled[start : start + size]}"


def likelihood(text: str) -> Mapping[Intent, float]:
    """How likely each intent is, summing to one; empty when no word is known.

    Args:
        text: the message as written, or normalised already.
    """
    table = _weights()
    found = {feature: weights for feature in features(normalise(text)) if (weights := table.get(feature))}
    if not any(character.isalpha() for feature in found for character in feature):
        return {}  # punctuation and the ends of the text alone mean nothing
    known = list(found.values())
    share = 1 / (SCALE * math.sqrt(len(known)))
    return dict(zip(INTENTS, softmax([sum(column) * share for column in zip(*known, strict=True)]), strict=True))


def softmax(values: list[float]) -> list[float]:
    """Values to chances."""
    highest = max(values)
    powers = [math.exp(value - highest) for value in values]
    total = sum(powers)
    return [power / total for power in powers]


@lru_cache(maxsize=1)
def _weights() -> Mapping[str, list[int]]:
    """Read when the first message is understood, not at import: most functions never need it."""
    table: dict[str, list[int]] = json.loads(_FILE.read_text("utf-8"))
    return table
