"""The evaluation and voice notes against a provider that is really there: the sandbox's model."""

import pytest

from dentalist.domain.understanding.intents import Intent
from dentalist.outbound.llm.client import ChatModel
from dentalist.outbound.llm.transcription import SpeechClient
from dentalist.services.answering.hear_burst import hear
from dentalist.services.answering.hear_voice import transcribe
from dentalist.services.answering.metered_transcriber import MeteredTranscriber
from infra.evaluation import engines
from infra.evaluation.figures import CANNOT_BE_MISSED, measure
from infra.evaluation.labels import messages
from tests.integration.sandbox.world import Sandbox
from tests.unit.services.answering.test_hear_voice import Phone
from tests.unit.services.answering.test_metered_transcriber import PRICES, Meter

HTTP = ChatModel.http_client()
SOME = messages("heldout")[::9]


@pytest.fixture
def provider(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Somebody with a key for the sandbox's model."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{sandbox.url}/llm/v1")
    return sandbox


def engine_of(model: str) -> engines.Engine:
    engine = engines.model("openai", model)
    assert not isinstance(engine, str)
    return engine


@pytest.mark.usefixtures("provider")
def test_a_good_model_is_judged_on_held_out_messages() -> None:
    engine = engine_of("sandbox-good")

    figures = measure(SOME, engine.hear)

    assert figures.accuracy.value >= 0.95
    assert engine.fallbacks == []


@pytest.mark.parametrize("model", ["sandbox-malformed", "sandbox-500", "sandbox-429"])
@pytest.mark.usefixtures("provider")
def test_with_a_model_that_fails_the_rules_are_judged_and_it_is_said(model: str) -> None:
    engine = engine_of(model)

    figures = measure(SOME[:8], engine.hear)

    assert figures.accuracy.right == measure(SOME[:8], engines.rules().hear).accuracy.right
    assert len(engine.fallbacks) == 8


@pytest.mark.parametrize("model", ["sandbox-liar", "sandbox-injected"])
@pytest.mark.usefixtures("provider")
def test_no_model_takes_an_emergency_or_an_opt_out_away(model: str) -> None:
    urgent = [message for message in messages("heldout") if message.intents[0] in CANNOT_BE_MISSED][::4]

    figures = measure(urgent, engine_of(model).hear)

    assert all(figures.recall[intent].value == 1 for intent in CANNOT_BE_MISSED)


def test_a_voice_note_is_heard_by_the_providers_speech_model(provider: Sandbox) -> None:
    base_url = f"{provider.url}/llm/v1"
    speech = SpeechClient(provider="openai", base_url=base_url, api_key="sk-test", http=HTTP)
    meter = Meter()
    phone = Phone(content=b"transcript:tengo la cara como un globo y fiebre")
    note = phone.records("", extension="ogg")

    metered = MeteredTranscriber(speech, meter=meter, prices=PRICES)
    burst = hear(transcribe([note], transcriber=lambda: metered, notes=phone))

    assert burst.words == ("tengo la cara como un globo y fiebre",)
    assert burst.spoken
    assert engines.rules().hear(burst.text).primary is Intent.EMERGENCY
    [(_, usage, failure)] = meter.recorded
    assert (usage.cost_usd > 0, failure) == (True, None)
