"""The environment, read when a value is needed."""

from datetime import timedelta

import pytest

from dentalist.runtime.settings import SettingMissing, Settings


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingMissing, match="META_APP_SECRET"):
        _ = Settings({}).meta_app_secret


def test_an_empty_variable_is_missing() -> None:
    with pytest.raises(SettingMissing, match="SUPABASE_SECRET_KEY"):
        _ = Settings({"SUPABASE_SECRET_KEY": "  "}).supabase_secret_key


def test_a_function_needs_only_what_it_uses() -> None:
    assert Settings({"SUPABASE_URL": "http://127.0.0.1:54321/"}).supabase_url == "http://127.0.0.1:54321"


@pytest.mark.parametrize(("text", "seconds"), [("", 4), ("0", 0), ("1", 1), ("0.5", 0.5), ("60", 60)])
def test_the_quiet_time_defaults_to_four_seconds(text: str, seconds: float) -> None:
    assert Settings({"REPLY_DEBOUNCE_SECONDS": text}).reply_debounce == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["-1", "61", "soon", "nan"])
def test_a_quiet_time_that_makes_no_sense_is_named(text: str) -> None:
    with pytest.raises(SettingMissing, match="REPLY_DEBOUNCE_SECONDS"):
        _ = Settings({"REPLY_DEBOUNCE_SECONDS": text}).reply_debounce


def test_each_provider_of_models_has_its_own_address() -> None:
    settings = Settings({"OLLAMA_BASE_URL": "http://ollama/v1/"})

    assert settings.llm_base_url("ollama") == "http://ollama/v1"
    with pytest.raises(SettingMissing, match="OPENROUTER_BASE_URL"):
        settings.llm_base_url("openrouter")


def test_what_models_cost_may_be_overridden_and_a_table_nobody_can_read_is_an_error() -> None:
    assert Settings({}).llm_prices.cost_usd("openai", "gpt-5-mini", 1_000_000, 0) == 0.25
    own = Settings({"LLM_PRICES": '{"openai/gpt-5-mini": [9, 9]}'})
    assert own.llm_prices.cost_usd("openai", "gpt-5-mini", 1_000_000, 0) == 9
    with pytest.raises(SettingMissing, match="LLM_PRICES"):
        _ = Settings({"LLM_PRICES": "cheap"}).llm_prices
