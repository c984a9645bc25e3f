"""Learn the weights of ``dentalist.domain.understanding.word_model`` from labelled messages, held-out ones excepted.

Plain Python on purpose: a minute of patience once in a while is cheaper than another dependency.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from dentalist.domain.understanding import word_model
from dentalist.domain.understanding.normalise import normalise

EPOCHS = 10
RATE = 0.3
DECAY = 1e-4
NEGLIGIBLE = 1e-3  # an error too small to learn from
FEWEST = 2  # a feature of a single message teaches that message by heart
SEED = 4
TAUGHT_TWICE = "emergency"  # missing one is worse than hearing one too many

Labelled = tuple[str, frozenset[str]]  # text, intents
Weights = dict[str, list[float]]


def learn(messages: Iterable[Labelled]) -> Weights:
    """Multinomial logistic regression, by stochastic gradient descent with a rate of its own for every weight."""
    examples = [(word_model.features(normalise(text)), intents) for text, intents in messages]
    counts = Counter(feature for features, _ in examples for feature in features)
    data = [([name for name in features if counts[name] >= FEWEST], intents) for features, intents in examples]
    data += [(features, intents) for features, intents in data if TAUGHT_TWICE in intents]
    weights: Weights = defaultdict(lambda: [0.0] * len(word_model.INTENTS))
    squares: Weights = defaultdict(lambda: [1e-6] * len(word_model.INTENTS))
    order = random.Random(SEED)
    for _ in range(EPOCHS):
        order.shuffle(data)
        for features, intents in data:
            _step(features, intents, weights, squares)
    return dict(weights)


def _step(features: Sequence[str], intents: frozenset[str], weights: Weights, squares: Weights) -> None:
    share = 1 / math.sqrt(len(features) or 1)
    rows = [weights[name] for name in features]
    sums = [sum(column) * share for column in zip(*rows, strict=True)] or [0.0] * len(word_model.INTENTS)
    for index, chance in enumerate(word_model.softmax(sums)):
        error = chance - (1 / len(intents) if word_model.INTENTS[index] in intents else 0)
        if abs(error) < NEGLIGIBLE:
            continue
        for name, row in zip(features, rows, strict=True):
            gradient = error * share + DECAY * row[index]
            squares[name][index] += gradient * gradient
            row[index] -= RATE * gradient / math.sqrt(squares[name][index])


def save(weights: Weights, path: Path) -> int:
    """Write the weights that matter as integers, a feature a line so that changes can be reviewed; answers how many."""
    rounded = {name: [round(value * word_model.SCALE) for value in row] for name, row in sorted(weights.items())}
    kept = {name: row for name, row in rounded.items() if any(row)}
    lines = (f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in kept.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    return len(kept)
