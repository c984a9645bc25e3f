"""The labelled messages and expressions in ``tests/data``, and what tells one state of them from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dentalist.domain.understanding.intents import Intent

DATA = Path(__file__).parents[2] / "tests" / "data"
LEARNED_FROM = ("start", "dev")  # the weights; held-out messages never
JUDGED_BY = "heldout"


@dataclass(frozen=True)
class Message:
    """One message and what a person says that it asks for, in the order in which it asks."""

    text: str
    intents: tuple[Intent, ...]
    language: str = "es"
    author: str | None = None
    entities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expression:
    """A date or time expression, read at a local time, and the ranges it means; see ``expressions.py``."""

    text: str
    now: str
    timezone: str
    expected: tuple[str, ...]


def messages(*names: str) -> list[Message]:
    """The messages of ``intents_<name>.jsonl``."""
    return [_message(row) for name in names for row in _rows(DATA / f"intents_{name}.jsonl")]


def expressions(*names: str) -> list[Expression]:
    """The expressions of ``dates_<name>.jsonl``."""
    rows = [row for name in names for row in _rows(DATA / f"dates_{name}.jsonl")]
    return [Expression(row["text"], row["now"], row["timezone"], tuple(row["expected"])) for row in rows]


def data_hash() -> str:
    """The same for the same labelled files, so that figures of different days can be compared."""
    files = sorted([*DATA.glob("intents_*.jsonl"), *DATA.glob("dates_*.jsonl")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _message(row: Mapping[str, Any]) -> Message:
    intents: Iterable[str] = row.get("intents", [row["intent"]])
    return Message(
        text=row["text"],
        intents=tuple(Intent(name) for name in intents),
        language=row.get("language", "es"),
        author=row.get("author"),
        entities=row.get("entities", {}),
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
