"""Reading JSON whose shape cannot be trusted: whatever comes, something usable goes out. Standard library only."""

from __future__ import annotations

from typing import Any

_LONGEST_ID = 10**64  # Python refuses to write integers of several thousand digits


def text_of(value: Any) -> str | None:
    """A non-empty string; a whole number as its digits, because ids arrive as either; else None."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LONGEST_ID:
        return str(value)
    return None


def object_of(value: Any) -> dict[str, Any]:
    """The JSON object itself; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """The list itself; a lone object as a list of one, as some of Meta's samples have it; anything else is empty."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []


def depth_exceeds(value: Any, limit: int) -> bool:
    """Whether objects and lists are nested more than ``limit`` levels deep; does not recurse itself."""
    level = [value]
    for _ in range(limit + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return False
        level = inner
    return True
