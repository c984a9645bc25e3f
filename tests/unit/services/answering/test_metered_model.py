"""When a model may be asked, and that everything asked is counted."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel

from dentalist.domain.model_prices import Price, PriceTable
from dentalist.services.answering.metered_model import MeteredModel
from dentalist.services.answering.ports_models import ModelReply, ModelUnavailable, Prompt, Toolbox, Usage

PROMPT = Prompt("Sort.", "hola", 100)
PRICES = PriceTable({"openai/gpt-5-mini": Price(1.0, 10.0)})


class Word(BaseModel):
    word: str


@dataclass
class FakeModel:
    failure: ModelUnavailable | None = None
    takes: float = 1.0
    provider: str = "openai"
    model: str = "gpt-5-mini"
    now: float = 0.0
    asked: list[float] = field(default_factory=list)

    def ask(self, _: Prompt, answer_type: type[Any], *, seconds: float, toolbox: Toolbox | None = None) -> Any:
        assert toolbox is None
        self.asked.append(seconds)
        self.now += self.takes
        if self.failure is not None:
            raise self.failure
        return ModelReply(answer_type(word="ok"), Usage(1000, 100))


@dataclass
class FakeMeter:
    refusal: str | None = None
    recorded: list[tuple[str, Usage, str | None]] = field(default_factory=list)
    admitted: int = 0

    def admit(self, _: str) -> str | None:
        self.admitted += 1
        return self.refusal

    def record(self, provider: str, usage: Usage, *, failure: str | None) -> None:
        self.recorded.append((provider, usage, failure))


def metered(model: FakeModel, meter: FakeMeter, *, give_up_at: float = 8.0) -> MeteredModel:
    return MeteredModel(model, meter=meter, prices=PRICES, give_up_at=give_up_at, clock=lambda: model.now)


def cause_of(model: MeteredModel, seconds: float = 5.0) -> str:
    with pytest.raises(ModelUnavailable) as refused:
        model.ask(PROMPT, Word, seconds=seconds)
    return refused.value.cause


def test_an_answer_is_counted_with_what_it_cost() -> None:
    meter = FakeMeter()

    reply = metered(FakeModel(), meter).ask(PROMPT, Word, seconds=5)

    assert (reply.answer, reply.usage) == (Word(word="ok"), Usage(1000, 100, 0.002))
    assert meter.recorded == [("openai", Usage(1000, 100, 0.002), None)]


def test_a_failure_is_counted_with_what_it_cost_all_the_same() -> None:
    meter = FakeMeter()
    model = metered(FakeModel(ModelUnavailable("garbage", usage=Usage(500, 50))), meter)

    assert cause_of(model) == "garbage"
    assert meter.recorded == [("openai", Usage(500, 50, 0.001), "garbage")]


@pytest.mark.parametrize("refusal", ["budget_spent", "circuit_open"])
def test_whoever_is_not_admitted_asks_nothing_and_costs_nothing(refusal: str) -> None:
    model, meter = FakeModel(), FakeMeter(refusal)

    assert cause_of(metered(model, meter)) == refusal
    assert (model.asked, meter.recorded) == ([], [])


def test_a_turn_has_one_deadline_for_all_its_questions() -> None:
    model = FakeModel(takes=4.0)
    asking = metered(model, FakeMeter())

    asking.ask(PROMPT, Word, seconds=5)
    asking.ask(PROMPT, Word, seconds=6)

    assert model.asked == [5, 4.0]
    assert cause_of(asking) == "no_time"


def test_a_model_that_failed_in_a_turn_is_not_asked_again_in_it() -> None:
    model, meter = FakeModel(ModelUnavailable("timeout")), FakeMeter()
    asking = metered(model, meter)

    assert [cause_of(asking), cause_of(asking)] == ["timeout", "timeout"]
    assert (len(model.asked), meter.admitted, len(meter.recorded)) == (1, 1, 1)


def test_a_refusal_is_not_asked_for_twice_in_a_turn() -> None:
    meter = FakeMeter("circuit_open")
    asking = metered(FakeModel(), meter)

    assert [cause_of(asking), cause_of(asking)] == ["circuit_open", "circuit_open"]
    assert meter.admitted == 1
