"""What the assistant has to know before it books: each question with what its answer will need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.dialog import Attendee, Dialog, Question, Span, Wanted
from dentalist.domain.wording import questions
from dentalist.services.answering.agenda_talk import Part, Talk
from dentalist.services.answering.book_slot import Errand
from dentalist.services.answering.who_comes import Party


def has_several_patients(talk: Talk) -> bool:
    """Mother and child on one phone: nobody guesses which of them."""
    return len(talk.claim.patients) > 1 and talk.claim.patient is None and not talk.is_unverified


def _asked_so_far(talk: Talk, question: Question, **known: object) -> Dialog:
    spans = tuple(Span(starts_at=span.starts_at, ends_at=span.ends_at) for span in talk.spans(talk.asked.wanted))
    return Dialog.model_validate(
        {"asks": question, "treatments": talk.understanding.treatments, "spans": spans, **known}
    )


def ask_who(talk: Talk, party: Party) -> Part:
    """The names of those who come."""
    missing = max((party.count or 0) - len(party.attendees), 0)
    attendees = (*party.attendees, *(Attendee() for _ in range(missing)))
    dialog = _asked_so_far(talk, Question.WHO_COMES, attendees=attendees)
    return Part((questions.who_comes(talk.voice, missing or None),), dialog=dialog)


def ask_which_time(talk: Talk, candidates: Sequence[OfferedSlot]) -> Part:
    """A choice that several of the times fit: those again, under the ids they have."""
    return Part((questions.which_time(talk.voice),), offer=tuple(candidates))


def ask_which_patient(talk: Talk) -> Part:
    """Which of the patients with this phone it is for."""
    return Part((questions.which_patient(talk.voice),), dialog=_asked_so_far(talk, Question.WHICH_PATIENT))


def ask_full_name(talk: Talk, offer_id: UUID, starts_at: datetime, *, beside: Sequence[str] = ()) -> Part:
    """Whose name the held time is booked under; of a family it is the author's, ``beside`` those who were named."""
    day = talk.day_of(starts_at)
    dialog = Dialog(
        asks=Question.FULL_NAME,
        offer_id=offer_id,
        spans=(Span(starts_at=day.starts_at, ends_at=day.ends_at),),
    )
    return Part((questions.full_name(talk.voice, starts_at, beside=beside),), dialog=dialog)


def ask_to_book(talk: Talk, offer_id: UUID, starts_at: datetime, *, tries: int = 0) -> Part:
    """A time that was only heard: booked by a tap."""
    dialog = Dialog(asks=Question.CONFIRM_BOOKING, offer_id=offer_id, tries=tries)
    question = questions.confirm_booking(talk.voice, starts_at)
    return Part((question,), options=questions.booking_options(offer_id), dialog=dialog)


def ask_one_of_two(talk: Talk, errand: Errand) -> Part:
    """Not all of a family fit one after the other."""
    spans = tuple(Span(starts_at=span.starts_at, ends_at=span.ends_at) for span in errand.spans)
    dialog = Dialog(
        asks=Question.ONE_OF_TWO,
        attendees=errand.attendees,
        treatments=_treatments_in(talk, errand.reason),
        spans=spans,
    )
    names = [attendee.name or "" for attendee in errand.attendees]
    options = (questions.ONE_AT_A_TIME, questions.PERSON)
    return Part((questions.one_of_two(talk.voice, names),), options=options, dialog=dialog)


def _treatments_in(talk: Talk, reason: str | None) -> tuple[str, ...]:
    """The treatments that a reason is made of, as far as the price list has them: they decide the length."""
    names = [price.treatment for price in talk.clinic.price_list]
    return tuple(name for name in names if reason and f", {name}, " in f", {reason}, ")


def ask_verification(talk: Talk, wanted: Wanted) -> Part:
    """The full name on the appointment, before anything of it is named or changed."""
    dialog = _asked_so_far(talk, Question.VERIFY_NAME, wanted=wanted)
    return Part((questions.verify_name(talk.voice),), dialog=dialog)
