"""A language model that sorts what contacts write; their personal data stays here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dentalist.domain.clinic import Clinic
from dentalist.domain.redaction import Redactor
from dentalist.domain.understanding.intents import Intent, Language
from dentalist.outbound.llm.client import ChatModel
from dentalist.outbound.llm.prompts import interpretation_prompt
from dentalist.services.ports import Interpretation, ModelUnavailable

_MOST_MESSAGES = 20
_LONGEST_MESSAGE = 4096  # WhatsApp's own limit, so that nothing personal is ever cut in half before it is recognised


class _Scored(BaseModel):
    intent: Intent
    confidence: float = Field(ge=0, le=1)


def _usable(value: object) -> object:
    """Without the items that are no intent of ours: one invented word or number does not spoil the rest."""
    if not isinstance(value, list):
        return value
    names = [intent.value for intent in Intent]  # a list: what is compared may be anything, also unhashable
    return [
        item
        for item in value
        if isinstance(item, dict)
        and item.get("intent") in names
        and isinstance(item.get("confidence"), int | float)
        and 0 <= item["confidence"] <= 1
    ]


def _language(value: object) -> object:
    return value if value in [language.value for language in Language] else None


class IntentsOfBurst(BaseModel):
    """What the model answers. The schema that it gets is made of this class."""

    model_config = ConfigDict(hide_input_in_errors=True)

    intents: Annotated[list[_Scored], BeforeValidator(_usable)]
    language: Annotated[Language | None, BeforeValidator(_language)]


class ModelInterpreter:
    """One model, for one conversation: it knows whose names must not leave."""

    def __init__(self, model: ChatModel, *, names: Iterable[str]) -> None:
        """Ask ``model`` with these names, and whatever else looks personal, replaced by placeholders."""
        self._model = model
        self._names = tuple(names)

    @property
    def provider(self) -> str:
        """Who runs the model."""
        return self._model.provider

    @property
    def model(self) -> str:
        """The provider's name for it."""
        return self._model.model

    def interpret(self, messages: Sequence[str], *, clinic: Clinic) -> Interpretation:
        """What the messages of one burst ask for.

        Raises:
            ModelUnavailable: no usable answer.
        """
        redactor = Redactor(self._names)
        recent = [message[-_LONGEST_MESSAGE:] for message in messages[-_MOST_MESSAGES:]]
        prompt = interpretation_prompt([redactor.redact(message) for message in recent], clinic)
        reply = self._model.ask(prompt, IntentsOfBurst)
        if not reply.answer.intents:
            raise ModelUnavailable("garbage")
        return Interpretation(
            intents=[(scored.intent, scored.confidence) for scored in reply.answer.intents],
            language=reply.answer.language,
            input_tokens=reply.input_tokens,
            output_tokens=reply.output_tokens,
        )


def names_in(*people: Mapping[str, Any] | None, others: Iterable[str | None] = ()) -> list[str]:
    """The names that must not leave, out of rows with ``full_name`` and single names."""
    rows = [str(person["full_name"]) for person in people if person and person.get("full_name")]
    return [*rows, *(name for name in others if name)]
