"""JSON that PostgreSQL can keep: ``jsonb`` and ``text`` take neither NUL nor half of a surrogate pair."""

from __future__ import annotations

import math
import re
from typing import Any

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_LONGEST_INTEGER = 10**1000


def storable_text(text: str) -> str:
    """The text with � where a character cannot be stored."""
    return text if text.isascii() and "\x00" not in text else _NOT_STORABLE.sub(_REPLACEMENT, text)


def storable(value: Any) -> Any:
    """A copy of any JSON value, nested at most a few hundred levels, that can be stored: keys too.

    Keys that become equal are kept apart; a number that is none in JSON (infinite, or too long to write) becomes text.
    """
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return _storable_object(value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) >= _LONGEST_INTEGER:
        return hex(value)
    return value


def _storable_object(source: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in source.items():
        name = storable_text(key)
        while name in result:
            name += _REPLACEMENT
        result[name] = storable(item)
    return result
