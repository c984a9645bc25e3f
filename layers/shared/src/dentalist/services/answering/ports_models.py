"""What the services ask of language models. Whatever comes back is a proposal: it was written by nobody we know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.intents import Intent, Language, Quoted


@dataclass(frozen=True)
class Usage:
    """What was asked and said, in tokens, and what that costs by the price table."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            round(self.cost_usd + other.cost_usd, 6),
        )


NO_USAGE = Usage()


class ModelUnavailable(Exception):
    """No usable answer came; the rules engine answers instead. ``usage`` is paid all the same."""

    def __init__(self, cause: str, *, usage: Usage = NO_USAGE) -> None:
        """Name the cause in one word, for the log and ``ai_metadata``."""
        self.cause = cause
        self.usage = usage
        super().__init__(cause)


class Prompt(NamedTuple):
    """What a model is asked. ``content`` is untrusted text, ``instructions`` are ours alone."""

    instructions: str
    content: str
    max_output_tokens: int

    def __repr__(self) -> str:
        return f"Prompt({len(self.instructions)} + {len(self.content)} characters)"


Answer = TypeVar("Answer", bound=BaseModel)


class Tool(NamedTuple):
    """A function of ours that a model may ask for: it reads what code knows, or leaves a request to a person."""

    name: str
    description: str
    arguments: type[BaseModel]


class Toolbox(Protocol):
    """The functions of one answer."""

    @property
    def tools(self) -> Sequence[Tool]:
        """What may be asked for."""

    def use(self, name: str, arguments: str) -> str:
        """What the function answers; a sentence of refusal for a tool or arguments that are none of ours."""


@dataclass(frozen=True)
class ModelReply(Generic[Answer]):
    """A typed answer and what it cost."""

    answer: Answer
    usage: Usage = NO_USAGE


class Model(Protocol):
    """A language model with a name."""

    @property
    def provider(self) -> str:
        """Who runs it."""

    @property
    def model(self) -> str:
        """The provider's name for it."""

    def ask(
        self, prompt: Prompt, answer_type: type[Answer], *, seconds: float, toolbox: Toolbox | None = None
    ) -> ModelReply[Answer]:
        """One typed answer within ``seconds`` in all, whatever it asks of the toolbox first, or ModelUnavailable."""


class ModelMeter(Protocol):
    """Whether a model may be asked for a professional now, and what that cost them; shared by all containers."""

    def admit(self, provider: str) -> str | None:
        """None: ask. Else why not: ``budget_spent``, or ``circuit_open`` while this provider fails."""

    def record(self, provider: str, usage: Usage, *, failure: str | None) -> None:
        """Count one question, answered or failed."""


@dataclass(frozen=True)
class Interpretation:
    """What a model understood: intents with confidence from 0 to 1, in the order in which they were said.

    Attributes:
        quoted: what code looks up; never a date or an appointment itself.
        treatments: names that the model says are on the clinic's list; code compares.
    """

    intents: Sequence[tuple[Intent, float]]
    language: Language | None = None
    quoted: Quoted = field(default_factory=Quoted)
    treatments: Sequence[str] = ()
    usage: Usage = NO_USAGE


@dataclass(frozen=True)
class Scene:
    """What a message may refer to, as far as its words need it. Nobody is named.

    Attributes:
        now: local date and time in words.
        options: the times of the list that the contact was shown last, in its order.
        appointments: when theirs are.
        asked: what the assistant asked last, by its name in ``Question``.
    """

    now: str
    options: tuple[str, ...] = ()
    appointments: tuple[str, ...] = ()
    asked: str | None = None


class Interpreter(Protocol):
    """A language model that understands what contacts write."""

    @property
    def provider(self) -> str:
        """Who runs it."""

    @property
    def model(self) -> str:
        """The provider's name for it."""

    def interpret(self, messages: Sequence[str], *, clinic: Clinic) -> Interpretation:
        """What the messages of one burst ask for, or ModelUnavailable."""


@dataclass(frozen=True)
class Said:
    """One message of the conversation so far."""

    by_contact: bool
    text: str = field(repr=False)


@dataclass(frozen=True)
class WordingTask:
    """An answer that code prepared, to be said in the clinic's voice.

    Attributes:
        prepared: what must be said, with every fact in it.
        list_follows: a list of times follows the text; the times themselves are told to nobody but the contact.
        about: who speaks and for whom, as plain facts: ours and the clinic's, no contact's words.
        conversation: the last messages, oldest first; the contact's own are data, whatever they say.
        private: names that must not leave.
        max_chars: of the text.
        broken: rules that the last attempt broke, in words for the model.
    """

    prepared: str = field(repr=False)
    list_follows: bool
    about: dict[str, Any] = field(repr=False)
    conversation: tuple[Said, ...] = field(repr=False)
    private: frozenset[str] = field(default=frozenset(), repr=False)
    max_chars: int = 1024
    max_output_tokens: int = 1200
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wording:
    """What a model would say; checked before anybody reads it. ``hidden``: the instructions that it was given."""

    text: str = field(repr=False)
    hidden: str = field(default="", repr=False)
    usage: Usage = NO_USAGE


class Wordsmith(Protocol):
    """A language model that says in its own words what code prepared."""

    @property
    def provider(self) -> str:
        """Who runs it."""

    @property
    def model(self) -> str:
        """The provider's name for it."""

    def word(self, task: WordingTask, *, toolbox: Toolbox, seconds: float) -> Wording:
        """One wording within ``seconds``, or ModelUnavailable."""


class Transcriber(Protocol):
    """A model that writes down what was spoken."""

    @property
    def provider(self) -> str:
        """Who runs it."""

    @property
    def model(self) -> str:
        """The provider's name for it."""

    def transcribe(self, content: bytes, *, mime_type: str, seconds: float) -> str:
        """The words of a recording within ``seconds``, or ModelUnavailable."""
