"""A language model that sorts what contacts write; their personal data stays here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dentalist.domain.clinic import Clinic
from dentalist.domain.redaction import Redactor
from dentalist.domain.understanding.intents import Intent, Language, Quoted
from dentalist.domain.understanding.said_names import names_said
from dentalist.outbound.llm.prompts import interpretation_prompt
from dentalist.services.answering.ports_models import Interpretation, Model, ModelUnavailable, Scene

_MOST_MESSAGES = 20
_SECONDS = 5.0  # so that there is time left to word the answer
_LONGEST_PHRASE = 200
_MOST_OPTIONS = 10  # rows of a list
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


def _phrase(value: object) -> object:
    """Words for a time, not a speech."""
    return value.strip() if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_PHRASE else None


def _option(value: object) -> object:
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_OPTIONS else None


def _names(value: object) -> object:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


class IntentsOfBurst(BaseModel):
    """What the model answers. The schema that it gets is made of this class; what it leaves out counts as not said."""

    model_config = ConfigDict(hide_input_in_errors=True)

    intents: Annotated[list[_Scored], BeforeValidator(_usable)]
    language: Annotated[Language | None, BeforeValidator(_language)] = None
    wanted: Annotated[str | None, BeforeValidator(_phrase)] = None
    named: Annotated[str | None, BeforeValidator(_phrase)] = None
    option: Annotated[int | None, BeforeValidator(_option)] = None
    treatments: Annotated[list[str], BeforeValidator(_names)] = []


class ModelInterpreter:
    """One model, for one conversation: it knows whose names must not leave."""

    def __init__(self, model: Model, *, names: Iterable[str], scene: Scene, seconds: float = _SECONDS) -> None:
        """Ask ``model`` with these names, and whatever else looks personal, replaced by placeholders.

        Args:
            model: who answers.
            names: of people in this conversation.
            scene: what the words may refer to.
            seconds: for one burst; a patient waits.
        """
        self._model = model
        self._names = tuple(names)
        self._scene = scene
        self._seconds = seconds

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
        recent = [message[-_LONGEST_MESSAGE:] for message in messages[-_MOST_MESSAGES:]]
        # A voice note was written down after the names of the conversation were gathered.
        redactor = Redactor([*self._names, *names_said(recent, clinic=clinic)])
        prompt = interpretation_prompt([redactor.redact(message) for message in recent], clinic, self._scene)
        reply = self._model.ask(prompt, IntentsOfBurst, seconds=self._seconds)
        answer = reply.answer
        if not answer.intents:
            raise ModelUnavailable("garbage", usage=reply.usage)
        return Interpretation(
            intents=[(scored.intent, scored.confidence) for scored in answer.intents],
            language=answer.language,
            quoted=Quoted(answer.wanted, answer.named, answer.option),
            treatments=answer.treatments,
            usage=reply.usage,
        )
