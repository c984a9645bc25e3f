import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.inbound.body import MalformedBody, parse_body


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"hola", b"{}{}", b"\xff\xfe", b'{"a":NaN}', b"Infinity", b"'a'", b"\xed\xa0\x80"]
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_body(body)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"hola"', b"1", b"\xef\xbb\xbf{}", b' {"a": "\\u00f1"} '])
def test_any_json_value_is_a_body(body: bytes) -> None:
    assert parse_body(body) == json.loads(body.decode("utf-8-sig"))


def test_numbers_that_nobody_can_hold_stay_text() -> None:
    digits = "9" * 5000
    assert parse_body(f'{{"a": 1e999, "b": {digits}}}'.encode()) == {"a": "1e999", "b": digits}


def test_endless_nesting_is_told_apart_from_malformed() -> None:
    with pytest.raises(RecursionError):
        parse_body(b"[" * 200_000 + b"]" * 200_000)


@given(st.binary(max_size=50))
def test_any_bytes_are_json_or_malformed(body: bytes) -> None:
    try:
        value = parse_body(body)
    except MalformedBody:
        return
    assert not isinstance(value, float) or math.isfinite(value)
