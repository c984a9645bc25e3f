"""The body of a webhook request, from bytes to JSON. Standard library only.

What Python's parser would accept or make of JSON, though neither PostgreSQL nor another parser would, is settled here:
``NaN`` is no JSON, and a number that no float or integer can hold stays the text it was.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from dentalist.domain.errors import DomainError

_LONGEST_INTEGER = 1000  # digits


class MalformedBody(DomainError):
    detail = "The body is not JSON."


def parse_body(body: bytes) -> Any:
    """The JSON value of a body.

    Raises:
        MalformedBody: empty, not UTF-8 or not JSON.
        RecursionError: JSON, but nested deeper than can be followed.
    """
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except ValueError as exc:
        raise MalformedBody from exc


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else text


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_integer, parse_constant=_no_constant)
