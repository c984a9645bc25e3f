"""Questions to tap, within Meta's limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.wording.buttons import Option, body_limit, spelled_out, tappable


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 14),
    title=st.text(min_size=1, max_size=60),
    description=st.text(max_size=200),
    body=st.text(min_size=1, max_size=6000),
)
def test_every_question_keeps_metas_limits(count: int, title: str, description: str, body: str) -> None:
    options = [Option(f"cancel:{number}", f"{number} {title}", description) for number in range(count)]
    message = tappable(body, options)
    text = message["body"]["text"]
    assert 1 <= len(text) <= body_limit(options)
    if count <= 3:
        assert message["type"] == "button"
        assert len(text) <= 1024
        buttons = [button["reply"] for button in message["action"]["buttons"]]
        assert [button["id"] for button in buttons] == [option.id for option in options]
        assert all(1 <= len(button["title"]) <= 20 for button in buttons)
    else:
        [section] = message["action"]["sections"]
        assert message["type"] == "list"
        assert 1 <= len(message["action"]["button"]) <= 20
        assert len(section["rows"]) == min(count, 10)
        assert all(len(row["title"]) <= 24 and len(row.get("description", "")) <= 72 for row in section["rows"])


def test_a_question_without_an_answer_to_tap_is_none() -> None:
    with pytest.raises(ValueError, match="needs an option"):
        tappable("¿Cuál?", [])


def test_without_buttons_the_answers_are_numbered() -> None:
    assert spelled_out("¿Lo cancelo?", [Option("a", "Sí"), Option("b", "No")]) == "¿Lo cancelo?\n1. Sí\n2. No"
