"""The words in which everybody speaks about what a contact wants: the intents of the contract and finer topics."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dentalist.domain.understanding.people import Person


class Intent(StrEnum):
    """The eight intents clients rely on; stored in ``ai_metadata.intent``."""

    GENERAL_INQUIRY = "general_inquiry"
    BOOK_APPOINTMENT = "book_appointment"
    REQUEST_QUOTE = "request_quote"
    RESCHEDULE_APPOINTMENT = "reschedule_appointment"
    CANCEL_APPOINTMENT = "cancel_appointment"
    EMERGENCY = "emergency"
    HUMAN_HANDOFF = "human_handoff"
    OPT_OUT = "opt_out"


class Topic(StrEnum):
    """What a general inquiry is about; one message may touch several."""

    GREETING = "greeting"
    THANKS = "thanks"
    CLOSING = "closing"
    ADDRESS = "address"
    PARKING = "parking"
    HOURS = "hours"
    INSURANCE = "insurance"
    PAYMENT = "payment"
    PHONE = "phone"
    TREATMENT = "treatment"  # do you do this, how long does it take: asked about a treatment, not its price
    SYMPTOM = "symptom"  # something mild that a dentist should look at
    MY_APPOINTMENT = "my_appointment"  # when is it
    CONFIRM_APPOINTMENT = "confirm_appointment"
    RUNNING_LATE = "running_late"
    ARE_YOU_A_BOT = "are_you_a_bot"
    AVAILABILITY_LATER = "availability_later"  # "I will write to you later": nothing to do
    WRONG_NUMBER = "wrong_number"
    QUESTION = "question"  # a question the clinic's data cannot answer


class Language(StrEnum):
    SPANISH = "es"
    ENGLISH = "en"
    PORTUGUESE = "pt"


class HandoffReason(StrEnum):
    """Why the assistant steps aside; stored in ``marketing_conversations.handoff_reason``."""

    REQUESTED = "requested"
    COMPLAINT = "complaint"
    DATA_REQUEST = "data_request"
    EMERGENCY = "emergency"
    LOW_CONFIDENCE = "low_confidence"


@dataclass(frozen=True)
class ScoredIntent:
    intent: Intent
    confidence: float  # 0 to 1


@dataclass(frozen=True)
class Quoted:
    """What a model read out of the words, for code to look up: never a date or an appointment itself.

    Attributes:
        wanted: when an appointment would suit, in Spanish words that ``parse_when`` reads.
        named: when the appointment spoken of is, likewise.
        option: which of the times shown last is taken, counted from 1.
    """

    wanted: str | None = field(default=None, repr=False)
    named: str | None = field(default=None, repr=False)
    option: int | None = None


@dataclass(frozen=True)
class Understanding:
    """What a burst of messages asks for.

    ``intents`` is never empty and ordered by how the answer must treat them: an emergency first, then an opt-out, then
    what was asked clearly, in the order in which it was said, then the rest by confidence.
    ``treatments`` are the clinic's own names when a list was given, else the generic ones.
    """

    intents: tuple[ScoredIntent, ...]
    topics: frozenset[Topic] = frozenset()
    treatments: tuple[str, ...] = ()
    insurances: tuple[str, ...] = ()
    people: tuple[Person, ...] = field(default=(), repr=False)  # named besides the author; their names stay here
    language: Language = Language.SPANISH
    handoff_reason: HandoffReason | None = None  # why a person, when HUMAN_HANDOFF is among the intents
    quoted: Quoted = field(default_factory=Quoted)  # only by a model; the rules read the words themselves
    signals: tuple[str, ...] = field(default=())  # names of the rules that spoke: for ai_metadata, holds no text

    @property
    def primary(self) -> Intent:
        return self.intents[0].intent

    @property
    def confidence(self) -> float:
        return self.intents[0].confidence

    def wants(self, intent: Intent) -> bool:
        """Whether this intent is among those recognised."""
        return any(scored.intent is intent for scored in self.intents)
