"""What a question to a language model costs."""

import pytest

from dentalist.domain.model_prices import PriceTable

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("provider", "model", "dollars"),
    [
        ("openai", "gpt-5-mini", 2.25),
        ("openai", "gpt-5-mini-2025-08-07", 2.25),
        ("openai", "gpt-5", 11.25),
        ("openai", "gpt-4o-mini", 0.75),
        ("ollama", "llama3.2", 0.0),
        ("openai", "gpt-9", 30.0),
        ("openrouter", "vendor/model", 30.0),
        ("openrouter", "openai/gpt-5-mini", 2.25),
        ("huggingface", "openai/gpt-5-mini", 30.0),
        ("openai", "gpt-4o-mini-transcribe", 8.0),
    ],
)
def test_a_million_tokens_asked_and_said_cost_what_the_table_says_and_unknown_ones_much(
    provider: str, model: str, dollars: float
) -> None:
    assert PriceTable().cost_usd(provider, model, MILLION, MILLION) == pytest.approx(dollars)


def test_the_environment_overrides_single_models_providers_and_the_rest() -> None:
    table = PriceTable.parse('{"openai/gpt-5-mini": [1, 2.5], "huggingface/*": [0.5, 0.5], "*": [7, 7]}')

    assert table.cost_usd("openai", "gpt-5-mini", MILLION, MILLION) == 3.5
    assert table.cost_usd("huggingface", "any/model", MILLION, 0) == 0.5
    assert table.cost_usd("openrouter", "any/model", MILLION, 0) == 7
    assert table.cost_usd("openrouter", "openai/gpt-5-mini", MILLION, 0) == 1
    assert table.cost_usd("openai", "gpt-5", MILLION, 0) == 1.25, "what is not named stays"


def test_a_small_answer_is_not_free() -> None:
    assert PriceTable().cost_usd("openai", "gpt-5-mini", 900, 120) == 0.000465


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "7", "null", '{"openai/x": 1}', '{"openai/x": [1]}', '{"openai/x": [1, "2"]}',
        '{"openai/x": [1, -2]}', '{"openai/x": [1, NaN]}', '{"openai/x": [true, 1]}', '{"openai/x": [1, 2, 3]}',
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"price|Expecting"):
        PriceTable.parse(text)
