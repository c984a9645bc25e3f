"""A speech model that is asked only while the professional's budget and its provider allow, and is counted."""

from __future__ import annotations

from dentalist.domain.model_prices import PriceTable
from dentalist.domain.voice_notes import seconds_of
from dentalist.services.answering.ports_models import NO_USAGE, ModelMeter, ModelUnavailable, Usage
from dentalist.services.answering.ports_voice import SpeechModel

# Where a provider counts nothing. https://platform.openai.com/docs/pricing: a minute of speech is about 600 tokens of
# audio and 150 of text.
_TOKENS_PER_SECOND = 10
_CHARACTERS_PER_TOKEN = 4


class MeteredTranscriber:
    """One speech model, for one professional."""

    def __init__(self, model: SpeechModel, *, meter: ModelMeter, prices: PriceTable) -> None:
        """Keep what is needed; nothing is asked yet.

        Args:
            model: who writes.
            meter: budget and circuit breaker of the professional.
            prices: what tokens cost.
        """
        self._model = model
        self._meter = meter
        self._prices = prices

    @property
    def provider(self) -> str:
        """Who runs it."""
        return self._model.provider

    @property
    def model(self) -> str:
        """The provider's name for it."""
        return self._model.model

    @property
    def _circuit(self) -> str:
        """A key may be good for one and not for the other: who cannot listen may answer all the same."""
        return f"{self.provider}/speech"

    def transcribe(self, content: bytes, *, mime_type: str, seconds: float) -> str:
        """The words of a recording, if it may be asked, counted.

        Raises:
            ModelUnavailable: no words; besides the causes of the model ``budget_spent`` and ``circuit_open``.
            StoreUnavailable: whether it may be asked is not known.
        """
        refusal = self._meter.admit(self._circuit)
        if refusal is not None:
            raise ModelUnavailable(refusal)
        try:
            written = self._model.write_down(content, mime_type=mime_type, seconds=seconds)
        except ModelUnavailable as exc:
            # Who was not waited for has heard it all the same.
            usage = self._priced(NO_USAGE, content, "") if exc.cause == "timeout" else NO_USAGE
            self._meter.record(self._circuit, usage, failure=exc.cause)
            raise
        self._meter.record(self._circuit, self._priced(written.usage, content, written.text), failure=None)
        return written.text

    def _priced(self, usage: Usage, content: bytes, text: str) -> Usage:
        heard = usage.input_tokens or round(seconds_of(content) * _TOKENS_PER_SECOND)
        wrote = usage.output_tokens or len(text) // _CHARACTERS_PER_TOKEN
        return Usage(heard, wrote, self._prices.cost_usd(self.provider, self.model, heard, wrote))
