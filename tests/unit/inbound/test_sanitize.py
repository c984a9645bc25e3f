import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.inbound.sanitize import storable

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None), max_size=3), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("\udc00 ñ 😀", "\ufffd ñ 😀"),
        ({"k\x00": ["\ud800"]}, {"k\ufffd": ["\ufffd"]}),
        ({"k\x00": 1, "k\ufffd": 2}, {"k\ufffd": 1, "k\ufffd\ufffd": 2}),
        (float("inf"), "inf"),
        (10**1000, hex(10**1000)),
        ([True, None, 1.5, -3, "ok"], [True, None, 1.5, -3, "ok"]),
    ],
)
def test_what_cannot_be_stored_is_replaced_and_nothing_else(value: Any, expected: Any) -> None:
    assert storable(value) == expected


@given(anything)
def test_the_result_is_storable_whatever_comes(value: Any) -> None:
    text = json.dumps(storable(value), allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    assert "\\u0000" not in text


@given(anything)
def test_what_is_storable_stays_as_it_is(value: Any) -> None:
    once = storable(value)
    assert storable(once) == once
