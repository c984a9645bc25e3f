"""Small checks of JSON values, in Meta's words: missing is 131008, anything else wrong is 100."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from infra.sandbox.errors import invalid, missing

_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)


def fields(value: Any, path: str, required: Collection[str] = (), optional: Collection[str] = ()) -> dict[str, Any]:
    """An object with these keys and no others.

    Raises:
        GraphError: not an object, an unknown key, or a required one absent or null.
    """
    if not isinstance(value, dict):
        raise invalid(f"Param {path} must be a JSON object.")
    for key in value:
        if key not in required and key not in optional:
            raise invalid(f'Unexpected key "{key}" on param "{path}".')
    for key in required:
        if value.get(key) is None:
            raise missing(f"{path}.{key}")
    return value


def text(value: Any, path: str, longest: int, *, shortest: int = 1) -> str:
    """A string of so many characters; one of white space only counts as empty.

    Raises:
        GraphError: another type or length.
    """
    if not isinstance(value, str):
        raise invalid(f"Param {path} must be a string.")
    if shortest and not value.strip():
        raise invalid(f"Param {path} cannot be empty.")
    if not shortest <= len(value) <= longest:
        raise invalid(f"Param {path} must be between {shortest} and {longest} characters long.")
    return value


def optional_text(owner: dict[str, Any], key: str, path: str, longest: int) -> str | None:
    """The same for a key that may be absent."""
    return text(owner[key], f"{path}.{key}", longest) if owner.get(key) is not None else None


def choice(value: Any, path: str, allowed: Collection[str]) -> str:
    """One of the allowed words.

    Raises:
        GraphError: any other value.
    """
    if not isinstance(value, str) or value not in allowed:
        raise invalid(f"Param {path} must be one of {{{', '.join(sorted(allowed))}}}.")
    return value


def items(value: Any, path: str, fewest: int, most: int) -> list[Any]:
    """A list of so many items.

    Raises:
        GraphError: not a list, or too few or too many.
    """
    if not isinstance(value, list):
        raise invalid(f"Param {path} must be an array.")
    if not fewest <= len(value) <= most:
        raise invalid(f"Param {path} must have between {fewest} and {most} items.")
    return value


def unique(values: Sequence[str], path: str) -> None:
    """No value twice.

    Raises:
        GraphError: one is repeated.
    """
    if len(set(values)) != len(values):
        raise invalid(f"Param {path} must be unique.")


def url(value: Any, path: str) -> str:
    """An absolute http(s) address.

    Raises:
        GraphError: anything else.
    """
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise invalid(f"Param {path} must be a valid URL.")
    return value


def number(value: Any, path: str, lowest: float, highest: float) -> float:
    """A number of a range; Meta also takes it as a string.

    Raises:
        GraphError: no number, or outside of the range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise invalid(f"Param {path} must be a number.")
    try:
        parsed = float(value)
    except ValueError as exc:
        raise invalid(f"Param {path} must be a number.") from exc
    if not lowest <= parsed <= highest:
        raise invalid(f"Param {path} must be between {lowest:g} and {highest:g}.")
    return parsed
