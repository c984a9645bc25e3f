"""What language models cost, in US dollars for a million tokens.

Providers change prices when they like; the environment overrides these (``LLM_PRICES``), and a model that nobody knows
is taken for a dear one, so that a budget ends too early rather than too late.

Source:
    https://platform.openai.com/docs/pricing
    https://openrouter.ai/docs/faq (prices of providers are passed through)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import NamedTuple, Self

_MILLION = 1_000_000
_PRECISION = 6  # decimals of a dollar


class Price(NamedTuple):
    """US dollars for a million tokens."""

    input: float
    output: float


_RESELLER = "openrouter"
_CAUTIOUS = Price(5.0, 25.0)
_KNOWN: Mapping[str, Price] = {
    "openai/gpt-5": Price(1.25, 10.0),
    "openai/gpt-5-mini": Price(0.25, 2.0),
    "openai/gpt-5-nano": Price(0.05, 0.4),
    "openai/gpt-4.1": Price(2.0, 8.0),
    "openai/gpt-4.1-mini": Price(0.4, 1.6),
    "openai/gpt-4.1-nano": Price(0.1, 0.4),
    "openai/gpt-4o": Price(2.5, 10.0),
    "openai/gpt-4o-mini": Price(0.15, 0.6),
    "openai/o3-mini": Price(1.1, 4.4),
    "openai/o4-mini": Price(1.1, 4.4),
    # Audio in; about 0.003 dollars a minute.
    "openai/gpt-4o-mini-transcribe": Price(3.0, 5.0),
    "ollama/*": Price(0.0, 0.0),  # the professional's own machine, or a subscription
}


class PriceTable:
    """Prices by ``provider/model``, ``provider/*`` for all others of one provider, and ``*`` for the rest."""

    def __init__(self, prices: Mapping[str, Price] | None = None) -> None:
        """Override the known prices by ``prices``."""
        self._prices = {**_KNOWN, **(prices or {})}

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Read ``{"openai/gpt-5-mini": [0.25, 2.0]}``: input, output.

        Raises:
            ValueError: it is not that; a table that was meant and not understood must not pass for none.
        """
        if text is None:
            return cls()
        table = json.loads(text)
        items = table.items() if isinstance(table, dict) else [(text, None)]
        return cls({name: _price(value) for name, value in items})

    def cost_usd(self, provider: str, model: str, input_tokens: int, output_tokens: int) -> float:
        """What a question and its answer cost; a dated name ("gpt-5-mini-2025-08-07") costs what its model does."""
        price = self._price_of(provider, model)
        return round((price.input * input_tokens + price.output * output_tokens) / _MILLION, _PRECISION)

    def _price_of(self, provider: str, model: str) -> Price:
        named = self._price_named(f"{provider}/{model}")
        if named is None and provider == _RESELLER:  # whose models have their maker's name before them, and its price
            named = self._price_named(model)
        return named or self._prices.get(f"{provider}/*") or self._prices.get("*") or _CAUTIOUS

    def _price_named(self, name: str) -> Price | None:
        known = [priced for priced in self._prices if name == priced or name.startswith(f"{priced}-20")]
        return self._prices[max(known, key=len)] if known else None


def _price(value: object) -> Price:
    numbers = value if isinstance(value, list) else []
    if len(numbers) != len(Price._fields) or not all(map(_is_amount, numbers)):
        raise ValueError("a price must be two numbers, input and output, finite and not negative")
    return Price(*map(float, numbers))


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
