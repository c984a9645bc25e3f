"""A language model that says a prepared answer in its own words; personal data stays here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from dentalist.domain.redaction import PLACEHOLDER, Redactor
from dentalist.outbound.llm.prompts import wording_prompt
from dentalist.services.answering.ports_models import Model, Tool, Toolbox, Wording, WordingTask

# They hold nobody's data, but a contact may call themself by one of them: "Turno".
_WORDS_OF_OURS = frozenset({"address", "appointment", "contact", "now", "timezone"})


class WordedText(BaseModel):
    """What the model answers. The schema that it gets is made of this class."""

    model_config = ConfigDict(hide_input_in_errors=True)

    text: str


class ModelWordsmith:
    """One model, for one turn."""

    def __init__(self, model: Model) -> None:
        """Ask ``model``."""
        self._model = model

    @property
    def provider(self) -> str:
        """Who runs the model."""
        return self._model.provider

    @property
    def model(self) -> str:
        """The provider's name for it."""
        return self._model.model

    def word(self, task: WordingTask, *, toolbox: Toolbox, seconds: float) -> Wording:
        """One wording. Of the placeholders in it only those of our own texts become words again.

        What the contact wrote may name anybody: such a placeholder stays one, so that the guard refuses the text.

        Raises:
            ModelUnavailable: no usable answer.
        """
        voice = _Voice(task)
        prompt = wording_prompt(
            voice.told(task.prepared),
            about={name: _told(name, value, voice) for name, value in task.about.items()},
            conversation=[
                ("contact" if said.by_contact else "clinic", voice.heard(said.text)) for said in task.conversation
            ],
            list_follows=task.list_follows,
            max_chars=task.max_chars,
            max_output_tokens=task.max_output_tokens,
            broken=task.broken,
        )
        reply = self._model.ask(prompt, WordedText, seconds=seconds, toolbox=_Discreet(toolbox, voice))
        return Wording(voice.restored(reply.answer.text), hidden=prompt.instructions, usage=reply.usage)


def _told(name: str, value: Any, voice: _Voice) -> Any:
    return voice.told(value) if isinstance(value, str) and name not in _WORDS_OF_OURS else value


class _Voice:
    """What goes out is redacted, and it is remembered what of it was ours."""

    def __init__(self, task: WordingTask) -> None:
        self._redactor = Redactor(task.private)
        self._ours: set[str] = set()

    def told(self, text: str) -> str:
        """A text of code's or of the clinic's."""
        redacted = self._redactor.redact(text)
        self._ours |= set(PLACEHOLDER.findall(redacted))
        return redacted

    def heard(self, text: str) -> str:
        """A text of anybody's."""
        return self._redactor.redact(text)

    def restored(self, text: str) -> str:
        """The model's text with our own words back in it."""
        return PLACEHOLDER.sub(
            lambda found: self._redactor.restore(found.group()) if found.group() in self._ours else found.group(), text
        )


class _Discreet:
    """A toolbox whose answers are redacted on their way to the model."""

    def __init__(self, toolbox: Toolbox, voice: _Voice) -> None:
        self._toolbox = toolbox
        self._voice = voice

    @property
    def tools(self) -> Sequence[Tool]:
        """What the toolbox offers."""
        return self._toolbox.tools

    def use(self, name: str, arguments: str) -> str:
        """What the toolbox answers, without personal data."""
        return self._voice.told(self._toolbox.use(name, arguments))
