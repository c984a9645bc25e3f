"""The evaluation counts what it says it counts."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_httpserver import HTTPServer

from dentalist.domain.understanding.intents import Intent, ScoredIntent, Understanding
from infra.evaluation import __main__ as command
from infra.evaluation import engines, labels, report
from infra.evaluation.expressions import expected_ranges, is_read
from infra.evaluation.figures import measure
from infra.evaluation.labels import DATA, Expression, Message, messages

B, C, E, G = Intent.BOOK_APPOINTMENT, Intent.CANCEL_APPOINTMENT, Intent.EMERGENCY, Intent.GENERAL_INQUIRY
ZONE = "America/Argentina/Buenos_Aires"


def hears(*intents: Intent) -> Understanding:
    return Understanding(tuple(ScoredIntent(intent, 0.9) for intent in intents))


def test_recall_counts_what_was_missed_and_precision_what_was_invented() -> None:
    answers = {"a": hears(E), "b": hears(G), "c": hears(E, B)}
    figures = measure([Message("a", (E,)), Message("b", (E,)), Message("c", (B,))], lambda text: answers[text])
    assert (figures.recall[E].right, figures.recall[E].of) == (1, 2)
    assert (figures.precision[E].right, figures.precision[E].of) == (1, 2)
    assert (figures.accuracy.right, figures.accuracy.of) == (1, 3)
    assert figures.confusion[B, E] == 1


def test_several_requests_count_only_when_all_are_heard_in_order() -> None:
    answers = {"a": hears(C, B), "b": hears(B, C), "c": hears(C)}
    both = [Message(text, (C, B)) for text in answers]
    figures = measure(both, lambda text: answers[text])
    assert (figures.several.right, figures.several.of) == (1, 3)


@pytest.mark.parametrize(
    ("label", "right"), [("2026-11-26", True), ("2026-11-27", False), ("2026-11-26 00:00-13:00", False)]
)
def test_an_expression_is_right_only_when_exactly_the_expected_instants_come_out(label: str, right: bool) -> None:
    assert is_read(Expression("mañana", "2026-11-25T11:00", ZONE, (label,))) is right


def test_a_label_is_clipped_to_now() -> None:
    zone = ZoneInfo(ZONE)
    now = datetime(2026, 11, 25, 11, tzinfo=zone)
    ((starts_at, _),) = expected_ranges(Expression("", "", ZONE, ("2026-11-25..2026-11-26",)), now, zone)
    assert starts_at == now


def test_without_a_key_one_sentence_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert engines.model("openai", "x") == "Only the rules were judged: openai needs its key in OPENAI_API_KEY."


@pytest.fixture
def provider(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """Somebody with a key, and a provider for it."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("OPENAI_BASE_URL", httpserver.url_for("/v1"))
    return httpserver


def completion(intent: Intent) -> dict[str, Any]:
    understood = {"intents": [{"intent": intent.value, "confidence": 0.9}], "language": "es"}
    message = {"role": "assistant", "content": json.dumps(understood)}
    return {"id": "c", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}


def test_a_model_is_asked_as_the_product_asks_it_and_merged_with_the_rules(provider: HTTPServer) -> None:
    provider.expect_request("/v1/chat/completions").respond_with_json(completion(B))

    engine = engines.model("openai", "gpt-5-mini")

    assert not isinstance(engine, str)
    assert engine.hear("me gustaría pasar a verlos").wants(B)
    assert engine.hear("tengo la cara como un globo y 39 de fiebre").primary is E, "an emergency of the rules stays"
    assert (engine.name, engine.fallbacks) == ("openai/gpt-5-mini", [])
    assert provider.log[0][0].headers["Authorization"] == "Bearer sk-canary"


def test_a_message_that_the_model_did_not_answer_is_counted_as_the_rules(provider: HTTPServer) -> None:
    provider.expect_request("/v1/chat/completions").respond_with_data("down", status=503)

    engine = engines.model("openai", "gpt-5-mini")

    assert not isinstance(engine, str)
    assert engine.hear("quiero un turno").primary is B
    assert engine.fallbacks == ["rejected"]


def test_a_run_with_a_key_judges_the_model_on_the_held_out_messages_too(
    provider: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    provider.expect_request("/v1/chat/completions").respond_with_json(completion(G))
    history = tmp_path / "history.jsonl"
    monkeypatch.setattr(report, "HISTORY", history)
    monkeypatch.setattr(labels, "messages", lambda *_: messages("heldout")[:6])
    monkeypatch.setattr(sys, "argv", ["eval", "--model", "gpt-5-nano"])

    command.main()

    engines_judged = [json.loads(line)["engine"] for line in history.read_text("utf-8").splitlines()]
    assert engines_judged == ["rules/rules-es", "openai/gpt-5-nano"]
    assert "sk-canary" not in capsys.readouterr().out + history.read_text("utf-8")


def test_a_run_prints_every_figure_and_adds_one_line_to_the_history(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    history = tmp_path / "history.jsonl"
    monkeypatch.setattr(report, "HISTORY", history)
    monkeypatch.setattr(sys, "argv", ["eval", "--note", "why"])
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    assert command.main() == 0, "the targets of the design are met on held-out messages"

    [entry] = [json.loads(line) for line in history.read_text("utf-8").splitlines()]
    assert (entry["note"], entry["engine"]) == ("why", "rules/rules-es")
    assert set(entry["sets"]) == {"start", "dev", "heldout"}
    printed = capsys.readouterr().out
    for figure in ("emergency: recall", "opt_out: precision", "dates and times", "meant \\ heard"):
        assert figure in printed


def test_labelled_messages_are_enough_and_of_every_country_and_language() -> None:
    rows = [json.loads(line) for file in DATA.glob("intents_*.jsonl") for line in file.read_text("utf-8").splitlines()]
    assert len(rows) >= 2000
    assert {"AR", "MX", "ES", "CL", "CO"} <= {row.get("country") for row in rows}
    assert {message.language for message in messages("heldout")} == {"es", "en", "pt"}
