"""What a model may say in one answer, and what it said that it may not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.intents import Language


class Rule(StrEnum):
    """Why a text is refused; the model is told these names when it is asked again."""

    INVENTED_TIME = "invented_time"
    INVENTED_DATE = "invented_date"
    INVENTED_PRICE = "invented_price"
    INVENTED_FACT = "invented_fact"  # a number, a service or a way to pay that code did not name
    CLAIMS_EFFECT = "claims_effect"  # something is booked, cancelled, sent, promised
    DIAGNOSIS = "diagnosis"
    PRESCRIPTION = "prescription"
    ASKS_PERSONAL = "asks_personal"
    OTHER_PEOPLE = "other_people"
    LEAK = "leak"  # the instructions, a link, another clinic
    OFF_TOPIC = "off_topic"
    MARKUP = "markup"  # code, JSON, tags
    WRONG_LANGUAGE = "wrong_language"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    PRETENDS_PERSON = "pretends_person"
    DISCOURAGES_EMERGENCY = "discourages_emergency"
    OBSCURED = "obscured"  # spelled so that a person reads what a program does not


@dataclass(frozen=True)
class Violation:
    """One rule that was broken. ``detail`` quotes the text: it may go back to the model, never into a log or a row."""

    rule: Rule
    detail: str = field(repr=False)


@dataclass(frozen=True)
class Allowed:
    """What code issued for this one answer.

    Attributes:
        facts: what code itself would say, the rows of its list and what tools returned: every time, date, price,
            number and link of the model's text must occur in it. The clinic's own profile is always among the facts.
        names: people who may be named, as they are written in the text that is checked.
        clinic: whose assistant it is.
        language: in which the answer must be.
        max_chars: the longest text.
        placeholders: such as ``[[NOMBRE_1]]``, that were given out and may be in the text.
        now: lets "mañana" stand for a date that code issued; without it only what code called so may be.
        hidden: the instructions that were given to the model: never repeated.
    """

    facts: str
    names: frozenset[str]
    clinic: Clinic
    language: Language
    max_chars: int
    placeholders: frozenset[str] = frozenset()
    now: datetime | None = None
    hidden: str = ""
