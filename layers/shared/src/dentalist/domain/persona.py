"""Who the assistant is on one channel: a typed view of ``ai_persona``, whose every field is optional."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dentalist.domain.hours import OpeningHours, parse_opening_hours

_VOSEO_COUNTRIES = frozenset({"AR", "UY", "PY"})
_SMALLEST_ANSWER = 60  # tokens; below this not even who is writing could be said
_LONGEST_NAME = 60


class Address(StrEnum):
    """How the assistant addresses a person; the order is that of the alternatives in our texts."""

    VOS = "vos"
    TU = "tu"
    USTED = "usted"


@dataclass(frozen=True)
class Persona:
    """``instructions`` and ``style`` go to the model; the rules engine reads from them only what is typed here."""

    name: str | None = None
    tone: str | None = None
    style: str | None = None
    instructions: str | None = None
    language: str | None = None
    hours: OpeningHours | None = None
    max_output_tokens: int | None = None

    def address(self, country: str | None) -> Address:
        """Formal when the tone says so, else as people speak in the clinic's country."""
        tone = (self.tone or "").lower()
        if re.search(r"\binformal\b", tone):
            return _close(country)
        if re.search(r"\b(?:formal|usted|serio|seria)\b", tone):
            return Address.USTED
        if re.search(r"\bvos(?:eo)?\b", tone):
            return Address.VOS
        if re.search(r"\bt[uú](?:teo)?\b", tone):
            return Address.TU
        return _close(country)

    @property
    def uses_emojis(self) -> bool:
        words = f"{self.tone or ''} {self.style or ''}".lower()
        return bool(re.search(r"emoji|emotic", words)) and not re.search(r"\b(?:sin|no|nunca|evit\w+)\b[^.]*emo", words)


def _close(country: str | None) -> Address:
    return Address.VOS if country in _VOSEO_COUNTRIES else Address.TU


def parse_persona(value: object) -> Persona:
    """Read ``ai_persona``; what has the wrong type counts as not given."""
    if not isinstance(value, Mapping):
        return Persona()
    name = _text(value.get("name"))
    tokens: Any = value.get("max_output_tokens")
    limited = isinstance(tokens, int) and not isinstance(tokens, bool) and tokens > 0
    return Persona(
        name=name[:_LONGEST_NAME] if name else None,
        tone=_text(value.get("tone")),
        style=_text(value.get("style")),
        instructions=_text(value.get("instructions")),
        language=_text(value.get("language")),
        hours=parse_opening_hours(value.get("hours")),
        max_output_tokens=max(int(tokens), _SMALLEST_ANSWER) if limited else None,
    )


def _text(value: object) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None
