"""A model that is asked only while there is time, money and hope, and whose every question is counted.

A turn has one deadline for all that it asks of models: a patient waits. A model that failed in a turn is not asked
again in it: the second question would mostly wait as long as the first.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from dentalist.domain.model_prices import PriceTable
from dentalist.services.answering.ports_models import (
    Answer,
    Model,
    ModelMeter,
    ModelReply,
    ModelUnavailable,
    Prompt,
    Toolbox,
    Usage,
)

SHORTEST_CALL = 0.5  # seconds; no model answers in less


class MeteredModel:
    """One model, for one turn of one professional."""

    def __init__(
        self,
        model: Model,
        *,
        meter: ModelMeter,
        prices: PriceTable,
        give_up_at: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what is needed; nothing is asked yet.

        Args:
            model: who answers.
            meter: budget and circuit breaker of the professional.
            prices: what tokens cost.
            give_up_at: when the rules must answer, by ``clock``.
            clock: seconds.
        """
        self._model = model
        self._meter = meter
        self._prices = prices
        self._give_up_at = give_up_at
        self._clock = clock
        self._failure: str | None = None

    @property
    def provider(self) -> str:
        """Who runs it."""
        return self._model.provider

    @property
    def model(self) -> str:
        """The provider's name for it."""
        return self._model.model

    def ask(
        self, prompt: Prompt, answer_type: type[Answer], *, seconds: float, toolbox: Toolbox | None = None
    ) -> ModelReply[Answer]:
        """Ask, if that may be, and count what it cost.

        Raises:
            ModelUnavailable: no usable answer; besides the causes of the model: ``no_time``, ``budget_spent``,
                ``circuit_open``, or the cause of this turn's earlier failure.
            StoreUnavailable: whether it may be asked is not known.
        """
        seconds = self._time_for(seconds)
        try:
            reply = self._model.ask(prompt, answer_type, seconds=seconds, toolbox=toolbox)
        except ModelUnavailable as exc:
            self._failure = exc.cause
            usage = self._priced(exc.usage)
            self._meter.record(self.provider, usage, failure=exc.cause)
            raise ModelUnavailable(exc.cause, usage=usage) from exc
        usage = self._priced(reply.usage)
        self._meter.record(self.provider, usage, failure=None)
        return ModelReply(reply.answer, usage)

    def _time_for(self, seconds: float) -> float:
        if self._failure is not None:
            raise ModelUnavailable(self._failure)
        left = min(seconds, self._give_up_at - self._clock())
        if left < SHORTEST_CALL:
            raise ModelUnavailable("no_time")
        refusal = self._meter.admit(self.provider)
        if refusal is not None:
            self._failure = refusal
            raise ModelUnavailable(refusal)
        return left

    def _priced(self, usage: Usage) -> Usage:
        cost = self._prices.cost_usd(self.provider, self.model, usage.input_tokens, usage.output_tokens)
        return Usage(usage.input_tokens, usage.output_tokens, cost)
