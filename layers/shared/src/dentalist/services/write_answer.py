"""The one message that answers a burst: booked first where a slot was chosen, then worded. Nothing is sent here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, AnswerMode, Appointment
from dentalist.domain.calendars import CalendarUnreadable
from dentalist.domain.clinic import Clinic
from dentalist.domain.persona import parse_persona
from dentalist.domain.understanding.choice import Ambiguous
from dentalist.domain.understanding.intents import HandoffReason, Intent, ScoredIntent, Understanding
from dentalist.domain.wording.answers import (
    compose_answer,
    compose_confirmation,
    compose_media_answer,
    compose_slot_taken,
    needs_slots,
)
from dentalist.domain.wording.drafts import AnswerContext, Draft
from dentalist.services.answer_context import answer_context, as_booked, is_suggesting
from dentalist.services.book_slot import book_slot, chosen_in_words, offer_slots, untold_booking
from dentalist.services.hear_burst import Burst
from dentalist.services.ports import Agenda


@dataclass(frozen=True)
class Written:
    """What is to be said, None for nothing, and the committed changes of the agenda that it states."""

    draft: Draft | None
    states: tuple[Appointment, ...] = ()


def write_answer(
    claim: AnswerClaim, understanding: Understanding, burst: Burst, *, clinic: Clinic, agenda: Agenda, now: datetime
) -> Written:
    """Book what was chosen, offer what is free, and word the answer.

    With a linked calendar that cannot be read nothing is offered or booked: the answer says so, and a person is asked.
    Doing it again leads to the same appointment, and to a new offer in place of the last.

    Raises:
        StoreUnavailable: the agenda cannot be read or written; nothing is to be said then.
    """
    return _Writer(claim, understanding, burst, clinic=clinic, agenda=agenda, now=now).write()


class _Writer:
    def __init__(
        self,
        claim: AnswerClaim,
        understanding: Understanding,
        burst: Burst,
        *,
        clinic: Clinic,
        agenda: Agenda,
        now: datetime,
    ) -> None:
        self._claim = claim
        self._id = claim.conversation.id
        self._understanding = understanding
        self._burst = burst
        self._clinic = clinic
        self._agenda = agenda
        self._now = now
        self._persona = parse_persona(claim.credential.get("ai_persona"))
        self._context = answer_context(claim, understanding, media=burst.media, now=now)

    def write(self) -> Written:
        if not self._is_urgent:
            untold = untold_booking(self._claim)
            if untold is not None and not self._context.handed_over:
                return self._confirmed(untold)
            if self._may_book:
                return self._write_in_charge()
        return Written(self._compose(self._understanding, self._context))

    @property
    def _is_urgent(self) -> bool:
        return self._understanding.wants(Intent.EMERGENCY) or self._understanding.wants(Intent.OPT_OUT)

    @property
    def _may_book(self) -> bool:
        return self._claim.mode is AnswerMode.ANSWER and not is_suggesting(self._claim)

    def _write_in_charge(self) -> Written:
        chosen = self._burst.tapped or self._chosen_in_words()
        if isinstance(chosen, Ambiguous):
            asked = replace(self._context, offer=chosen.candidates, chosen_ambiguous=True)
            return Written(self._compose(self._understanding, asked))
        if chosen is not None:
            return self._book(chosen)
        if needs_slots(self._understanding):
            return Written(self._compose(self._understanding, self._with_offer()))
        return Written(self._compose(self._understanding, self._context))

    def _chosen_in_words(self) -> UUID | Ambiguous | None:
        if not self._burst.words:
            return None
        return chosen_in_words(
            self._burst.text, self._understanding, claim=self._claim, clinic=self._clinic, now=self._now
        )

    def _book(self, offer_id: UUID) -> Written:
        try:
            booked = book_slot(self._id, offer_id, agenda=self._agenda, attendee_name=self._attendee_name)
        except CalendarUnreadable:
            return self._left_to_a_person()
        if booked.appointment is not None:
            return self._confirmed(booked.appointment)
        if booked.outcome == "too_many":
            person = ScoredIntent(Intent.HUMAN_HANDOFF, 1.0)
            asked = replace(self._understanding, intents=(person,), handoff_reason=HandoffReason.REQUESTED)
            return Written(self._compose(asked, self._context))
        return Written(compose_slot_taken(self._clinic, self._persona, self._with_offer()))

    def _left_to_a_person(self) -> Written:
        """Whatever the choice reads like: a time was wanted, and none can be promised."""
        asked = [item for item in self._understanding.intents if item.intent is Intent.HUMAN_HANDOFF]
        wanted = replace(self._understanding, intents=(ScoredIntent(Intent.BOOK_APPOINTMENT, 1.0), *asked))
        return Written(self._compose(wanted, replace(self._context, agenda_unreadable=True)))

    def _confirmed(self, appointment: Appointment) -> Written:
        draft = compose_confirmation(as_booked(appointment), self._clinic, self._persona, self._context)
        if self._understanding.wants(Intent.HUMAN_HANDOFF):  # asked for beside the choice: a person comes too
            draft = replace(draft, handoff=self._understanding.handoff_reason or HandoffReason.REQUESTED)
        return Written(draft, states=(appointment,))

    def _with_offer(self) -> AnswerContext:
        try:
            offer = offer_slots(
                self._id,
                clinic=self._clinic,
                agenda=self._agenda,
                words=self._burst.text,
                treatments=self._understanding.treatments,
                attendee_name=self._attendee_name,
                now=self._now,
            )
        except CalendarUnreadable:
            return replace(self._context, agenda_unreadable=True)
        return replace(self._context, offer=offer.slots, requested_unavailable=not offer.requested_available)

    @property
    def _attendee_name(self) -> str | None:
        named = (self._claim.patient or {}).get("full_name")
        return named or self._claim.conversation.name_they_gave

    def _compose(self, understanding: Understanding, context: AnswerContext) -> Draft | None:
        if not self._burst.words and self._burst.media:
            return compose_media_answer(self._clinic, self._persona, context)
        return compose_answer(understanding, self._clinic, self._persona, context)
