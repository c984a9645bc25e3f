"""``make eval``: how well messages are understood, per intent, and how well dates are read.

Judges the rules engine, and besides it a provider's model where its key is in the environment (``OPENAI_API_KEY``, or
``--provider`` and that provider's key). Every run is a line of ``tests/data/eval_history.jsonl``. Ends with 1 when the
rules miss a target on the held-out messages. ``python -m infra.evaluation train`` learns the weights of words anew.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from dentalist.domain.understanding import word_model
from infra.evaluation import engines, labels, report
from infra.evaluation.expressions import is_read
from infra.evaluation.figures import CANNOT_BE_MISSED, Figures, Share, measure
from infra.evaluation.training import learn, save

_SETS = ("start", "dev", labels.JUDGED_BY)


def main() -> int:
    """Judge, print, record; or train."""
    arguments = _parser().parse_args()
    if arguments.action == "train":
        return _train()
    met = _judge(engines.rules(), _SETS, arguments)
    other = engines.model(arguments.provider, arguments.model)
    if isinstance(other, str):
        print(f"\n{other}")
    else:
        _judge(other, (labels.JUDGED_BY,), arguments)
        if other.fallbacks:
            print(f"{len(other.fallbacks)} messages were understood by the rules alone: {set(other.fallbacks)}")
    return 0 if met else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("action", nargs="?", choices=["judge", "train"], default="judge")
    parser.add_argument("--provider", default="openai")
    parser.add_argument("--model", default=os.environ.get("OPENAI_MODEL", "gpt-5-mini"))
    parser.add_argument("--note", default="", help="a sentence for the history")
    parser.add_argument("--mistakes", action="store_true", help="print some of what was misunderstood")
    return parser


def _judge(engine: engines.Engine, sets: tuple[str, ...], arguments: argparse.Namespace) -> bool:
    print(f"\n== {engine.name}")
    started_at = time.perf_counter()
    found: dict[str, tuple[Figures, Share | None]] = {}
    for name in sets:
        figures = measure(labels.messages(name), engine.hear)
        dates = None if name == "start" else _dates(name)
        found[name] = figures, dates
        print("\n".join(report.lines(name, figures, dates)))
        if arguments.mistakes:
            print("\n".join(report.mistakes(figures)))
    seconds = time.perf_counter() - started_at
    entry = report.record(engine.name, seconds, found, arguments.note)
    print(f"\n{seconds:.1f} s, data {entry['data']}, recorded in {report.HISTORY.relative_to(Path.cwd())}"
          if report.HISTORY.is_relative_to(Path.cwd()) else f"\n{seconds:.1f} s, data {entry['data']}")  # fmt: skip
    return _met(*found[labels.JUDGED_BY])


def _dates(name: str) -> Share:
    share = Share()
    for expression in labels.expressions(name):
        share.count(right=is_read(expression))
    return share


def _met(figures: Figures, dates: Share | None) -> bool:
    return (
        figures.accuracy.value >= report.TARGETS["intents"]
        and all(figures.recall[intent].value >= report.TARGETS["recall"] for intent in CANNOT_BE_MISSED)
        and all(figures.precision[intent].value >= report.TARGETS["precision"] for intent in CANNOT_BE_MISSED)
        and (dates is None or dates.value >= report.TARGETS["dates"])
    )


def _train() -> int:
    labelled = labels.messages(*labels.LEARNED_FROM)
    weights = learn((message.text, frozenset(message.intents)) for message in labelled)
    path = Path(word_model.__file__).with_name("word_weights.json")
    print(f"{save(weights, path)} features learned from {len(labelled)} messages; now run `make eval`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
