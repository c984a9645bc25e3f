"""What is known while an answer about appointments is made, and the parts such an answer is made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.answering import AnswerClaim, Appointment, KnownPatient
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Dialog, Question
from dentalist.domain.hours import Interval, local_instant
from dentalist.domain.persona import Persona
from dentalist.domain.understanding import tables_requests as requests
from dentalist.domain.understanding.choice import fits
from dentalist.domain.understanding.intents import HandoffReason, Intent, Understanding
from dentalist.domain.understanding.replies import names_given, same_name
from dentalist.domain.understanding.when import When
from dentalist.domain.understanding.when_asked import AskedTimes, asked_times
from dentalist.domain.understanding.when_parsing import parse_when
from dentalist.domain.understanding.when_ranges import ranges
from dentalist.domain.understanding.when_shift import Shift, shifted
from dentalist.domain.wording.buttons import Option
from dentalist.domain.wording.drafts import AnswerContext
from dentalist.domain.wording.replies import Paragraph
from dentalist.domain.wording.voice import Voice
from dentalist.services.answering.hear_burst import Burst
from dentalist.services.answering.ports_agenda import Agenda
from dentalist.services.answering.untold_changes import untold_changes

SOURCE = "whatsapp_ai"  # of appointments that were booked in a chat
CLEARLY_MOVING = 0.8  # "el viernes" reads like a wish to move; without an appointment it asks for one
CERTAIN = 0.9
CLEAR = 0.75  # below it words that answer a question, or take from a list, are not heard as another request
SURE = 0.7  # below it a change is confirmed by a tap before it is made


_ASKS_NAMES = frozenset(
    {Question.WHO_COMES, Question.FULL_NAME, Question.WHICH_PATIENT, Question.VERIFY_NAME, Question.CORRECT_NAME}
)
_ASKS_FOR_PERSON = frozenset(rule.name for rule in requests.HANDOFF + requests.COMPLAINT + requests.DATA_REQUEST)


class Trust(Protocol):
    """Whether the contact is who they are taken for (``ports_patients.PhoneTrust``)."""

    def doubt(self, conversation_id: UUID, reason: str) -> None:
        """Somebody else may have this phone now."""

    def trust(self, conversation_id: UUID) -> None:
        """The contact gave the full name that is on the appointments."""


@dataclass(frozen=True)
class Talk:
    """One burst with everything that an answer about the agenda is made from."""

    claim: AnswerClaim
    understanding: Understanding
    burst: Burst
    clinic: Clinic
    persona: Persona
    context: AnswerContext
    agenda: Agenda
    trust: Trust
    now: datetime

    @property
    def conversation_id(self) -> UUID:
        """Where offers are valid."""
        return self.claim.conversation.id

    @cached_property
    def voice(self) -> Voice:
        """How the assistant speaks."""
        return Voice(self.clinic, self.persona)

    @property
    def zone(self) -> ZoneInfo:
        """The professional's."""
        return self.clinic.timezone

    @property
    def is_unverified(self) -> bool:
        """Somebody else may have this phone now: what is booked is neither named nor changed."""
        return self.claim.conversation.phone_unverified_at is not None

    @cached_property
    def appointments(self) -> tuple[Appointment, ...]:
        """What is booked and still to come, in order."""
        coming = [item for item in self.claim.appointments if item.status == "booked" and item.starts_at > self.now]
        return tuple(sorted(coming, key=lambda item: item.starts_at))

    @cached_property
    def untold(self) -> tuple[Appointment, ...]:
        """What an earlier attempt at this same answer did without getting to say so."""
        return untold_changes(self.claim)

    @cached_property
    def known(self) -> tuple[Appointment, ...]:
        """What is booked, with what such an attempt cancelled: the same words lead to the same appointment again,
        and cancelling it again is said like the first time."""
        gone = [item for item in self.untold if item.status == "cancelled"]
        return tuple(sorted((*self.appointments, *gone), key=lambda item: item.starts_at))

    @property
    def own_name(self) -> str | None:
        """The name on the contact's record, as far as the phone still is theirs."""
        patient = None if self.is_unverified else self.claim.patient
        name = (patient or {}).get("full_name")
        return name if isinstance(name, str) and name.strip() else None

    @property
    def own_id(self) -> UUID | None:
        """The contact's record."""
        patient = None if self.is_unverified else self.claim.patient
        return UUID(str(patient["id"])) if patient and patient.get("id") else None

    @property
    def asks_for_person(self) -> bool:
        """Whether somebody of the clinic is asked for. "Se llama Mía" sounds like a call, and answers who comes."""
        confidence, dialog = self.confidence(Intent.HUMAN_HANDOFF), self.context.dialog
        if confidence >= CERTAIN or not _ASKS_FOR_PERSON.isdisjoint(self.understanding.signals):
            return confidence >= CLEAR
        is_name = dialog is not None and dialog.asks in _ASKS_NAMES and bool(names_given(self.burst.text))
        return confidence >= CLEAR and not is_name

    @property
    def patients(self) -> Sequence[KnownPatient]:
        """The records of those whose phone it is, as far as it still is theirs."""
        return () if self.is_unverified else self.claim.patients

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        """The names on appointments that are the contact's own, "tu turno"; a child's record is the child's."""
        patient = self.claim.patient or {}
        own = self.own_name or self._name_on_profile
        if own is None or patient.get("is_minor"):
            return ()
        named = {item.attendee_name for item in (*self.claim.appointments, *self.claim.changed) if item.attendee_name}
        return (own, *sorted(name for name in named if same_name(name, own)))

    @property
    def _name_on_profile(self) -> str | None:
        """What somebody without a record calls themself."""
        is_known = self.is_unverified or self.claim.patient is not None
        return None if is_known else self.claim.conversation.name_they_gave

    @cached_property
    def asked(self) -> AskedTimes:
        """The times in the words, by what they are for; where the rules read none, those that a model quoted."""
        local, quoted = self.now.astimezone(self.zone), self.understanding.quoted
        intents = [scored.intent for scored in self.understanding.intents]
        read = asked_times(self.burst.text, intents, now=local)
        wanted = read.wanted or parse_when(quoted.wanted or "", now=local)
        named = read.named or parse_when(quoted.named or "", now=local, denials=False)
        moves = Intent.RESCHEDULE_APPOINTMENT in intents
        if (
            moves
            and named
            and not wanted
            and read.shift is None
            and not any(self.is_at(item, named) for item in self.known)
        ):
            # "Cambiar mi turno para el jueves": there is none on Thursday yet. Of "el martes no puedo" all other days.
            return AskedTimes(wanted=parse_when(self.burst.text, now=local))
        return AskedTimes(wanted, named, read.shift)

    def is_at(self, item: Appointment, when: When) -> bool:
        """Whether an appointment is one that words speak of."""
        hours = self.clinic.bookable_hours
        return fits(when, item.starts_at, timezone=self.zone, now=self.now, opening_hours=hours)

    def spans(self, when: When) -> tuple[Interval, ...]:
        """The instants that suit."""
        return tuple(
            ranges(when, now=self.now, timezone=self.zone, opening_hours=self.clinic.bookable_hours) if when else ()
        )

    def day_of(self, instant: datetime) -> Interval:
        """The professional's day that an instant lies in."""
        day = instant.astimezone(self.zone).date()
        return Interval(local_instant(day, 0, self.zone), local_instant(day + timedelta(days=1), 0, self.zone))

    @property
    def names_a_day(self) -> bool:
        """Whether what is wanted is of a certain day, not of a time of day alone."""
        return any(item.first or item.last or item.weekdays for item in self.asked.wanted.alternatives)

    def on_the_days(self, spans: Sequence[Interval], instants: Collection[datetime]) -> tuple[Interval, ...]:
        """ "¿A las 10 no hay?" about times of one day asks about that day."""
        days = {self.day_of(instant) for instant in instants}
        if len(days) > 1:
            return tuple(spans)
        same_day = [span for span in spans if any(day.contains(span.starts_at) for day in days)]
        return tuple(same_day or spans)

    def shifted(self, shift: Shift | None, instants: Collection[datetime]) -> tuple[Interval, ...]:
        """ "Una hora más tarde" than an appointment, or "más tarde" than the times of a list, on each of its days."""
        if shift is None:
            return ()
        days: dict[Interval, list[datetime]] = {}
        for instant in sorted(instants):
            days.setdefault(self.day_of(instant), []).append(instant)
        edges = [min(day) if shift.later else max(day) for day in days.values()]
        return tuple(shifted(edge, shift, timezone=self.zone) for edge in edges)

    def confidence(self, intent: Intent) -> float:
        """How surely this is wanted; 0 where it is not."""
        return next((item.confidence for item in self.understanding.intents if item.intent is intent), 0.0)


@dataclass(frozen=True)
class Part:
    """What the agenda adds to an answer.

    Attributes:
        said: statements, promises and questions, in order. Of a part that offers or asks, the last one does so.
        states: the committed rows that ``said`` speaks of.
        offer: free times to choose from.
        what: what these are for.
        options: answers to tap.
        dialog: the question that is asked.
        handoff: a person is asked.
    """

    said: tuple[Paragraph, ...] = ()
    states: tuple[Appointment, ...] = ()
    offer: tuple[OfferedSlot, ...] = ()
    what: str = ""
    options: tuple[Option, ...] = ()
    dialog: Dialog | None = None
    handoff: HandoffReason | None = None

    @property
    def asks(self) -> bool:
        """Whether it ends with times to choose from, or with a question."""
        return bool(self.offer) or self.dialog is not None

    def then(self, other: Part) -> Part:
        """This and another part as one message, which offers or asks once: what the other one does."""
        return Part(
            said=(*self.said, *other.said),
            states=(*self.states, *other.states),
            offer=other.offer,
            what=other.what,
            options=other.options or (() if other.asks else self.options),
            dialog=other.dialog,
            handoff=other.handoff or self.handoff,
        )
