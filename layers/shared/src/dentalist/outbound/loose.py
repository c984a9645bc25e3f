"""JSON as providers really write it: numbers as text, ids as numbers, objects wrapped. Nothing here ever raises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

_MOST_DIGITS = 30  # of any number that means something; Python refuses to read thousands


def json_of(response: httpx.Response) -> Any:
    """The body, or None when it is no JSON: a proxy's page, nothing at all, or nested beyond reading."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def unwrapped(answer: Any) -> Mapping[str, Any]:
    """The object of an answer, which may lie below ``data``, alone or as the first of a list; empty without one."""
    inner = answer.get("data", answer) if isinstance(answer, Mapping) else None
    if isinstance(inner, list):
        inner = inner[0] if inner else None
    return inner if isinstance(inner, Mapping) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; whatever else stands in it, or instead of it, is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> frozenset[str]:
    """The ids or words of a list."""
    found = [identifier(item) for item in value] if isinstance(value, list) else []
    return frozenset(item for item in found if item)


def text(value: Any) -> str | None:
    """Text that says something."""
    return value.strip() or None if isinstance(value, str) else None


def identifier(value: Any) -> str | None:
    """An id as text, whether it came as text or as an integer. A float has lost digits and is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**_MOST_DIGITS else None
    return text(value)


def integer(value: Any) -> int | None:
    """A whole number that came as a number or as its digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if abs(value) < 10**_MOST_DIGITS else None  # nor infinity, nor NaN
    told = value.strip() if isinstance(value, str) else ""
    digits = told.removeprefix("-")
    return int(told) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def instant(epoch: Any) -> datetime | None:
    """Seconds since 1970 as a time; None for 0, by which Meta means never, and for what is no time."""
    seconds = integer(epoch)
    if seconds is None or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
