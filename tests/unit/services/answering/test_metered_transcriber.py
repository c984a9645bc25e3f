"""A speech model within a professional's budget."""

from dataclasses import dataclass, field

import pytest

from dentalist.domain.model_prices import PriceTable
from dentalist.services.answering.metered_transcriber import MeteredTranscriber
from dentalist.services.answering.ports_models import NO_USAGE, ModelUnavailable, Usage
from dentalist.services.answering.ports_voice import Written
from tests.unit.domain.test_voice_notes import ogg

PRICES = PriceTable.parse('{"openai/gpt-4o-mini-transcribe": [3, 5]}')


@dataclass
class Meter:
    refusal: str | None = None
    recorded: list[tuple[str, Usage, str | None]] = field(default_factory=list)

    def admit(self, provider: str) -> str | None:
        assert provider == "openai/speech"
        return self.refusal

    def record(self, provider: str, usage: Usage, *, failure: str | None) -> None:
        self.recorded.append((provider, usage, failure))


@dataclass
class Speech:
    answer: Written | ModelUnavailable
    asked: int = 0
    provider: str = "openai"
    model: str = "gpt-4o-mini-transcribe"

    def write_down(self, content: bytes, *, mime_type: str, seconds: float) -> Written:
        assert (content, mime_type, seconds) == (ogg(60), "audio/ogg", 6)
        self.asked += 1
        if isinstance(self.answer, ModelUnavailable):
            raise self.answer
        return self.answer


def transcribe(speech: Speech, meter: Meter) -> str:
    metered = MeteredTranscriber(speech, meter=meter, prices=PRICES)
    assert (metered.provider, metered.model) == (speech.provider, speech.model)
    return metered.transcribe(ogg(60), mime_type="audio/ogg", seconds=6)


def test_a_minute_of_speech_costs_what_its_tokens_cost() -> None:
    meter = Meter()

    assert transcribe(Speech(Written("quiero un turno", Usage(600, 100))), meter) == "quiero un turno"
    assert meter.recorded == [("openai/speech", Usage(600, 100, 0.0023), None)]


def test_where_nothing_is_counted_the_length_is() -> None:
    meter = Meter()

    transcribe(Speech(Written("a" * 400)), meter)

    assert meter.recorded == [("openai/speech", Usage(600, 100, 0.0023), None)]


@pytest.mark.parametrize("refusal", ["budget_spent", "circuit_open"])
def test_without_budget_or_hope_nothing_is_asked(refusal: str) -> None:
    meter, speech = Meter(refusal), Speech(Written("hola"))

    with pytest.raises(ModelUnavailable) as refused:
        transcribe(speech, meter)

    assert (refused.value.cause, speech.asked, meter.recorded) == (refusal, 0, [])


def test_a_failure_is_counted_for_the_circuit_breaker() -> None:
    meter = Meter()

    with pytest.raises(ModelUnavailable):
        transcribe(Speech(ModelUnavailable("timeout")), meter)

    assert meter.recorded == [("openai/speech", Usage(600, 0, 0.0018), "timeout")], "it was heard, and is paid"


def test_what_was_refused_costs_nothing() -> None:
    meter = Meter()

    with pytest.raises(ModelUnavailable):
        transcribe(Speech(ModelUnavailable("unauthorised")), meter)

    assert meter.recorded == [("openai/speech", NO_USAGE, "unauthorised")]
