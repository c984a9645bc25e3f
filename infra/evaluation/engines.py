"""What is judged: the rules, or the rules with a model, as the product puts them together."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import Understanding
from dentalist.services.answering.model_context import now_in_words
from dentalist.services.answering.ports_models import Scene
from dentalist.services.answering.understand import RULES_MODEL, understand

_CLINIC = Clinic.from_row(
    {
        "id": UUID(int=0),
        "name": "Consultorio",
        "timezone": "America/Argentina/Buenos_Aires",
        "price_list": [{"treatment": name} for name in ("Limpieza", "Ortodoncia", "Implante", "Endodoncia", "Corona")],
    }
)
_BASE_URLS = {
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "huggingface": "https://router.huggingface.co/v1",
    "ollama": "http://127.0.0.1:11434/v1",
}
_SECONDS = 30.0  # nobody waits for these answers


@dataclass
class Engine:
    """Something that understands a message. ``fallbacks`` counts the messages for which only the rules answered."""

    name: str
    hear: Callable[[str], Understanding]
    fallbacks: list[str] = field(default_factory=list)


def rules() -> Engine:
    """The rules alone."""
    return Engine(f"rules/{RULES_MODEL}", classify)


def model(provider: str, name: str) -> Engine | str:
    """A provider's model, asked as the product asks it; a sentence about what is missing where there is no key."""
    key, url = os.environ.get(f"{provider.upper()}_API_KEY"), os.environ.get(f"{provider.upper()}_BASE_URL")
    if provider not in _BASE_URLS:
        return f"No such provider: {provider}. Known: {', '.join(_BASE_URLS)}."
    if not key and provider != "ollama":
        return f"Only the rules were judged: {provider} needs its key in {provider.upper()}_API_KEY."
    # the openai client is slow to load, and the rules alone do not need it
    from dentalist.outbound.llm.client import ChatModel  # noqa: PLC0415
    from dentalist.outbound.llm.interpreter import ModelInterpreter  # noqa: PLC0415

    http = ChatModel.http_client()
    chat = ChatModel(
        provider=provider, model=name, base_url=url or _BASE_URLS[provider], api_key=key, http=http,
        timeout_seconds=_SECONDS,
    )  # fmt: skip
    scene = Scene(now=now_in_words(datetime.now(UTC), _CLINIC.timezone))
    interpreter = ModelInterpreter(chat, names=(), scene=scene, seconds=_SECONDS)
    engine = Engine(f"{provider}/{name}", classify)

    def hear(text: str) -> Understanding:
        understood = understand([text], clinic=_CLINIC, interpreter=interpreter)
        if understood.engine.cause:  # an emergency that the rules heard waits for no model
            engine.fallbacks.append(understood.engine.cause)
        return understood.understanding

    engine.hear = hear
    return engine
