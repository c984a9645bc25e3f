"""A chosen time is held, asked about where something is missing, and booked. The database decides who gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from dentalist.domain.answering import Appointment
from dentalist.domain.calendars import CalendarUnreadable
from dentalist.domain.dialog import Attendee, Dialog, Question, Wanted
from dentalist.domain.hours import Interval
from dentalist.domain.understanding.replies import full_name_given
from dentalist.domain.wording import questions
from dentalist.domain.wording.replies import Paragraph, no_times
from dentalist.services.answering.agenda_talk import SOURCE, Part, Talk
from dentalist.services.answering.ask_in_chat import ask_full_name, ask_to_book, ask_verification
from dentalist.services.answering.book_slot import rows_of
from dentalist.services.answering.change_appointment import Change, not_changed, told
from dentalist.services.answering.offer_times import (
    errand_of,
    offer,
    offer_for,
    open_offer,
    refuse_too_many,
    shows_names_of,
)
from dentalist.services.answering.ports_agenda import Booking
from dentalist.services.answering.who_comes import introduced_name, name_on_profile

_GONE = "Ese horario ya no está disponible."
# Whether that time is free is another matter: it may be on the next list.
_OLD_LIST = "Esa lista de horarios ya no vale."


def take(talk: Talk, offer_id: UUID, *, name: str | None = None, confirmed: bool = True) -> Part:
    """Hold a chosen time, and book it unless something has to be asked first.

    Args:
        talk: the burst.
        offer_id: an offer's id, as far as a tap can be believed.
        name: who comes, given for this booking.
        confirmed: by a tap or typed words; what was only spoken is confirmed by a tap first.
    """
    held = talk.agenda.hold(talk.conversation_id, offer_id)
    row = held.appointment
    if held.outcome != "held" or row is None:
        return _not_had(talk, held.outcome, offer_id, name=name)
    if row.status != "held":  # booked already, by a tap before: it is told again
        return _book(talk, offer_id, None)
    if not confirmed:
        return ask_to_book(talk, offer_id, row.starts_at)
    name = name or _name_in_words(talk)
    if name is not None or not _lacks_name(talk, held):
        return _book(talk, offer_id, name)
    assumed = name_on_profile(talk)
    if assumed is None and talk.clinic.policies.ask_name:
        return ask_full_name(talk, offer_id, row.starts_at, beside=_names_beside(held))
    return _book(talk, offer_id, None, assumed=assumed or talk.claim.conversation.name_they_gave)


def _book(talk: Talk, offer_id: UUID, name: str | None, *, assumed: str | None = None) -> Part:
    """Commit what is held, under the name that was given or the one of the contact's profile, and say what became."""
    try:
        booking = talk.agenda.commit(talk.conversation_id, offer_id, attendee_name=name or assumed, source=SOURCE)
    except CalendarUnreadable:
        return Part((no_times(talk.voice, replace(talk.context, offer=(), agenda_unreadable=True)),))
    if booking.outcome == "booked" and assumed:
        return _told_with_assumed_name(talk, rows_of(booking), assumed)
    if booking.outcome in ("booked", "moved"):
        return _told_booked(talk, rows_of(booking), moved=booking.outcome == "moved")
    return _not_had(talk, booking.outcome, offer_id, name=name)


def _told_booked(talk: Talk, rows: Sequence[Appointment], *, moved: bool) -> Part:
    return told(talk, [row.model_copy(update={"chat_change": "moved" if moved else "booked"}) for row in rows])


def _told_with_assumed_name(talk: Talk, rows: Sequence[Appointment], name: str) -> Part:
    """Booked under the name of the contact's profile, which they can correct with their next words."""
    part = _told_booked(talk, rows, moved=False)
    mine = next((row.id for row in rows if row.attendee_name == name), None)
    if mine is None:
        return part
    dialog = Dialog(asks=Question.CORRECT_NAME, appointments=(mine,))
    return replace(part, said=(*part.said, questions.name_is_assumed(talk.voice)), dialog=dialog)


def _lacks_name(talk: Talk, held: Booking) -> bool:
    """Whether a time is held for somebody who has not been named. One that is moved keeps its name, or its lack."""
    moves = any(item.id == row.id for row in held.appointments for item in talk.claim.appointments)
    return not moves and not talk.own_name and any(row.attendee_name is None for row in held.appointments)


def _names_beside(held: Booking) -> tuple[str, ...]:
    return tuple(row.attendee_name for row in held.appointments if row.attendee_name)


def _name_in_words(talk: Talk) -> str | None:
    """A name given along with a choice: "el segundo, a nombre de Ana Pérez", or a line of its own beside a tap."""
    if talk.own_name:
        return None
    lines = talk.burst.words if talk.burst.tapped else ()
    return introduced_name(talk.burst.text) or next((name for line in lines if (name := full_name_given(line))), None)


def _not_had(talk: Talk, outcome: str, offer_id: UUID, *, name: str | None) -> Part:
    """A chosen time that cannot be had: other times in the same message, or a person."""
    if outcome == "too_many":
        return refuse_too_many(talk)
    if outcome == "unverified":
        return ask_verification(talk, Wanted.MOVE)
    if outcome == "past":
        return not_changed(talk, [outcome], Change.MOVE)
    gone = Part((Paragraph(_GONE if outcome == "taken" else _OLD_LIST, fixed=True),))
    errand, offered = errand_of(talk, offer_id), open_offer(talk, offer_id)
    if errand is None or offered is None:
        dialog = talk.context.dialog
        spans = [Interval(span.starts_at, span.ends_at) for span in dialog.spans] if dialog else ()
        return gone.then(offer_for(talk, dialog.attendees if dialog else (), spans=spans))
    near = replace(
        errand,
        spans=(talk.day_of(offered.starts_at),),
        without=frozenset({offered.starts_at}),
        attendees=tuple(who if who.name else Attendee(name=name) for who in errand.attendees),  # said once is enough
    )
    return gone.then(offer(talk, near, shows_names=shows_names_of(talk, errand)))
