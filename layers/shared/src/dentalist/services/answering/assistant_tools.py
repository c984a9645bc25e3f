"""What a model may ask of code while it words an answer. Nothing here changes the agenda.

A tool reads what the clinic or the store says, in code's own words, or leaves a request to a person. Its arguments were
written by a model: only names from closed lists are understood, and no word of them is ever stored or sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.understanding.treatments import find_treatments
from dentalist.domain.wording import facts
from dentalist.domain.wording.drafts import Task, TaskKind
from dentalist.domain.wording.times import join, moment
from dentalist.domain.wording.voice import Voice
from dentalist.services.answering.model_context import may_name
from dentalist.services.answering.ports_models import Tool

_REFUSED = "No existe esa función, o los datos no son los que pide."
_NOT_KNOWN = "No tengo ese dato: se avisó a la clínica, que lo confirma. No inventes nada sobre eso."
_NOT_NAMED = "De los turnos no se puede hablar con este teléfono hasta saber quién escribe."


class Subject(StrEnum):
    """What a contact may ask that the clinic has no answer for."""

    PRICE = "precio"
    INSURANCE = "cobertura"
    PAYMENT = "medios de pago"
    HOURS = "horarios"
    ADDRESS = "dirección"
    PARKING = "estacionamiento"
    TREATMENT = "tratamiento"
    OTHER = "otro"


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Nothing(_Arguments):
    """A tool that takes no arguments."""


class Treatments(_Arguments):
    """Which treatments; none for all."""

    treatments: Annotated[list[Annotated[str, Field(max_length=120)]], Field(max_length=5)]


class Missing(_Arguments):
    """What nobody knows."""

    subject: Subject


class AssistantTools:
    """The functions of one answer; remembers what they said and what they ask of people."""

    def __init__(self, claim: AnswerClaim, voice: Voice, now: datetime) -> None:
        """Read from the claimed conversation and its clinic alone."""
        self._claim = claim
        self._voice = voice
        self._now = now
        self._said: list[str] = []
        self._tasks: list[Task] = []
        self._asks_person = False
        self._functions: dict[str, tuple[Tool, Callable[[Any], str]]] = {
            tool.name: (tool, function) for tool, function in self._offered()
        }

    @property
    def tools(self) -> Sequence[Tool]:
        """What a model is offered."""
        return [tool for tool, _ in self._functions.values()]

    @property
    def said(self) -> tuple[str, ...]:
        """Everything that was answered: facts that code issued."""
        return tuple(self._said)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What is left to people."""
        return tuple(dict.fromkeys(self._tasks))

    @property
    def asks_person(self) -> bool:
        """Whether the conversation is to be handed over."""
        return self._asks_person

    def use(self, name: str, arguments: str) -> str:
        """What the function answers, in Spanish; a refusal for a tool or arguments that are none of ours."""
        if name not in self._functions:
            return _REFUSED
        tool, function = self._functions[name]
        try:
            answer = function(tool.arguments.model_validate_json(arguments or "{}"))
        except ValidationError:
            return _REFUSED
        self._said.append(answer)
        return answer

    def _offered(self) -> Sequence[tuple[Tool, Callable[[Any], str]]]:
        clinic, voice = self._voice.clinic, self._voice
        return (
            (Tool("prices", "Precios de la clínica, de su lista.", Treatments), self._prices),
            (
                Tool("opening_hours", "Horarios de atención y días cerrados.", Nothing),
                self._fact(Subject.HOURS, self._hours),
            ),
            (Tool("address", "Dirección y mapa.", Nothing), self._fact(Subject.ADDRESS, lambda: facts.address(voice))),
            (
                Tool("insurances", "Obras sociales y seguros con los que se trabaja.", Nothing),
                self._fact(Subject.INSURANCE, lambda: facts.insurance(voice, ())),
            ),
            (
                Tool("payment_methods", "Medios de pago.", Nothing),
                self._fact(Subject.PAYMENT, lambda: facts.payment(voice)),
            ),
            (
                Tool("phone", "Teléfono de la clínica.", Nothing),
                self._fact(Subject.OTHER, lambda: facts.phone(voice) if clinic.phone else None),
            ),
            (Tool("my_appointments", "Turnos futuros de quien escribe.", Nothing), self._my_appointments),
            (Tool("missing_fact", "Avisa a la clínica que falta un dato que se preguntó.", Missing), self._missing),
            (Tool("ask_person", "Pide que siga una persona del equipo.", Nothing), self._ask_person),
        )

    def _fact(self, subject: Subject, look_up: Callable[[], str | None]) -> Callable[[Nothing], str]:
        return lambda _: look_up() or self._missing(Missing(subject=subject))

    def _hours(self) -> str | None:
        return facts.hours(self._voice, self._now)

    def _prices(self, asked: Treatments) -> str:
        listed = [price.treatment for price in self._voice.clinic.price_list]
        # A name that code does not know may be anything, also words of the contact's: it is not repeated.
        named = [name for said in asked.treatments for name in find_treatments(said, listed)]
        if asked.treatments and not named:
            return self._missing(Missing(subject=Subject.PRICE))
        text, missing = facts.prices(self._voice, list(dict.fromkeys(named)))
        self._tasks += [Task(TaskKind.MISSING_FACT, name) for name in missing]
        return " ".join([text or "", _NOT_KNOWN if missing else ""]).strip()

    def _my_appointments(self, _: Nothing) -> str:
        if not may_name(self._claim):
            return _NOT_NAMED
        zone = self._voice.clinic.timezone
        upcoming = [item for item in self._claim.appointments if item.starts_at > self._now]
        if not upcoming:
            return self._voice.say("[No tenés|No tienes|No tiene] {turnos} con este número.")
        whens = [
            moment(item.starts_at, zone, now=self._now) + (f" para {item.attendee_name}" if item.attendee_name else "")
            for item in upcoming
        ]
        return self._voice.say("[Tenés|Tienes|Tiene] {turno} {when}.", when=join(whens))

    def _missing(self, missing: Missing) -> str:
        self._tasks.append(Task(TaskKind.MISSING_FACT, missing.subject.value))
        return _NOT_KNOWN

    def _ask_person(self, _: Nothing) -> str:
        self._asks_person = True
        return "Listo: después de tu texto se agrega que sigue una persona. No lo repitas ni prometas cuándo."
