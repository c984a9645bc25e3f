import json

import pytest

from dentalist.domain.understanding import word_model
from dentalist.domain.understanding.intents import Intent
from dentalist.domain.understanding.word_model import features, likelihood
from infra.evaluation.training import learn, save


def test_chances_of_all_intents_sum_to_one() -> None:
    chances = likelihood("quiero un turno para mañana")
    assert set(chances) == set(Intent)
    assert sum(chances.values()) == pytest.approx(1)
    assert max(chances, key=lambda intent: chances[intent]) is Intent.BOOK_APPOINTMENT


@pytest.mark.parametrize("text", ["", "👻", "zzxxqq", "..."])
def test_of_unknown_words_nothing_is_said(text: str) -> None:
    assert likelihood(text) == {}


def test_a_typing_error_keeps_most_of_the_evidence() -> None:
    assert set(features("limpieza")) & set(features("limpiesa"))


def test_numbers_are_one_feature_so_that_no_hour_means_an_intent() -> None:
    assert features("a las 10") == features("a las 17")


def test_weights_are_learned_saved_and_read_again(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [("quiero turno", {"book_appointment"}), ("quiero precio", {"request_quote"})] * 3
    path = tmp_path / "weights.json"
    save(learn((text, frozenset(intents)) for text, intents in messages), path)
    monkeypatch.setattr(word_model, "_weights", lambda: json.loads(path.read_text("utf-8")))
    for text, intents in messages:
        chances = likelihood(text)
        assert {max(chances, key=lambda intent: chances[intent])} == intents


def test_learning_twice_gives_the_same_weights() -> None:
    messages = [("hola turno", frozenset({"book_appointment"})), ("hola precio", frozenset({"request_quote"}))] * 2
    assert learn(messages) == learn(messages)


def test_words_of_an_emergency_weigh_more_than_those_of_anything_else() -> None:
    messages = [("muela mala", frozenset({"emergency"})), ("muela mala", frozenset({"general_inquiry"}))] * 3
    row = learn(messages)["muela"]
    emergency, inquiry = (word_model.INTENTS.index(intent) for intent in (Intent.EMERGENCY, Intent.GENERAL_INQUIRY))
    assert row[emergency] > row[inquiry]
