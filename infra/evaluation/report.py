"""The figures as a table, and as a line of the history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dentalist.domain.understanding.intents import Intent
from infra.evaluation.figures import CANNOT_BE_MISSED, Figures, Share, worst
from infra.evaluation.labels import DATA, data_hash

HISTORY = DATA / "eval_history.jsonl"
TARGETS = {"intents": 0.95, "recall": 1.0, "precision": 0.95, "dates": 0.95}
_SHOWN_MISTAKES = 12
_LETTERS = {intent: "".join(part[0] for part in intent.value.split("_"))[:2].upper() for intent in Intent} | {
    Intent.REQUEST_QUOTE: "RQ", Intent.RESCHEDULE_APPOINTMENT: "RA", Intent.EMERGENCY: "EM",
}  # fmt: skip


def lines(name: str, figures: Figures, dates: Share | None) -> Iterator[str]:
    """What is printed of one set."""
    yield f"\n{name}: {figures.accuracy.of} messages"
    yield _line("intents", figures.accuracy, TARGETS["intents"])
    for intent, share in figures.per_intent.items():
        yield _line(f"  {intent.value}", share)
    for intent in CANNOT_BE_MISSED:
        yield _line(f"{intent.value}: recall", figures.recall[intent], TARGETS["recall"])
        yield _line(f"{intent.value}: precision", figures.precision[intent], TARGETS["precision"])
    yield _line("several requests, in order", figures.several)
    yield _line("language", figures.language)
    for kind, share in sorted(figures.entities.items()):
        yield _line(f"entity: {kind}", share)
    if dates is not None:
        yield _line("dates and times", dates, TARGETS["dates"])
    yield from _confusion(figures)


def mistakes(figures: Figures) -> Iterator[str]:
    """Some of what was misunderstood."""
    for message, heard in worst(figures, _SHOWN_MISTAKES):
        yield f"  {message.intents[0].value} heard as {heard.value}: {message.text}"


def _line(name: str, share: Share, target: float | None = None) -> str:
    verdict = "" if target is None else "  met" if share.value >= target else f"  NOT MET ({target:.0%})"
    return f"{name:<34}{share.value:>8.1%}  {share.right}/{share.of}{verdict}"


def _confusion(figures: Figures) -> Iterator[str]:
    yield "meant \\ heard" + " " * 15 + "".join(f"{_LETTERS[intent]:>5}" for intent in Intent)
    for meant in Intent:
        cells = "".join(f"{figures.confusion[meant, heard] or '·':>5}" for heard in Intent)
        yield f"{meant.value:<24}  {_LETTERS[meant]} {cells}"


def record(engine: str, seconds: float, sets: dict[str, tuple[Figures, Share | None]], note: str) -> dict[str, Any]:
    """Append one line to the history."""
    entry: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "engine": engine,
        "seconds": round(seconds, 1),
        "data": data_hash(),
        "sets": {name: _summary(figures, dates) for name, (figures, dates) in sets.items()},
    }
    if note:
        entry["note"] = note
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return entry


def _summary(figures: Figures, dates: Share | None) -> dict[str, Any]:
    summary: dict[str, Any] = {"messages": figures.accuracy.of, "intents": round(figures.accuracy.value, 4)}
    for intent in CANNOT_BE_MISSED:
        summary[f"{intent.value}_recall"] = round(figures.recall[intent].value, 4)
        summary[f"{intent.value}_precision"] = round(figures.precision[intent].value, 4)
    summary["several"] = round(figures.several.value, 4)
    if dates is not None:
        summary["expressions"], summary["dates"] = dates.of, round(dates.value, 4)
    return summary
