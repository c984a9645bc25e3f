"""A chosen time is held, asked about where something is missing, and booked. The database decides who gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from dentalist.domain.answering import Appointment, Offer
from dentalist.domain.calendars import CalendarUnreadable
from dentalist.domain.dialog import Attendee, Wanted
from dentalist.domain.hours import Interval
from dentalist.domain.understanding.replies import full_name_given
from dentalist.domain.wording.replies import Paragraph, no_times
from dentalist.services.agenda_talk import SOURCE, Part, Talk
from dentalist.services.ask_in_chat import ask_full_name, ask_to_book, ask_verification
from dentalist.services.book_slot import group_of, rows_of
from dentalist.services.change_appointment import Change, not_changed, told
from dentalist.services.offer_times import errand_of, offer, offer_for, open_offer, refuse_too_many, shows_names_of
from dentalist.services.who_comes import introduced_name

_GONE = "Ese horario ya no está disponible."


def take(talk: Talk, offer_id: UUID, *, name: str | None = None, confirmed: bool = True) -> Part:
    """Hold a chosen time, and book it unless something has to be asked first.

    Args:
        talk: the burst.
        offer_id: an offer's id, as far as a tap can be believed.
        name: who comes, given for this booking.
        confirmed: by a tap or typed words; what was only spoken is confirmed by a tap first.
    """
    offered = open_offer(talk, offer_id)
    held = talk.agenda.hold(talk.conversation_id, offer_id)
    if held.outcome not in ("held", "booked", "moved"):
        return _not_had(talk, held.outcome, offer_id, name=name)
    row = held.appointment
    # An offer that led to an appointment is not open any more: a second tap is told of it again.
    if offered is not None and row is not None:
        if not confirmed:
            return ask_to_book(talk, offer_id, row.starts_at)
        name = name or _name_in_words(talk)
        if name is None and _needs_name(talk, offered):
            return ask_full_name(talk, offer_id, row.starts_at)
    try:
        attendee = name or _name_unasked(talk, row)
        booking = talk.agenda.commit(talk.conversation_id, offer_id, attendee_name=attendee, source=SOURCE)
    except CalendarUnreadable:
        return Part((no_times(talk.voice, replace(talk.context, offer=(), agenda_unreadable=True)),))
    if booking.outcome in ("booked", "moved"):
        return _told_booked(talk, rows_of(booking), moved=booking.outcome == "moved")
    return _not_had(talk, booking.outcome, offer_id, name=name)


def _told_booked(talk: Talk, rows: Sequence[Appointment], *, moved: bool) -> Part:
    return told(talk, [row.model_copy(update={"chat_change": "moved" if moved else "booked"}) for row in rows])


def _needs_name(talk: Talk, offered: Offer) -> bool:
    if not talk.clinic.policies.ask_name or talk.own_name or offered.moves_appointment_id:
        return False
    return any(one.attendee_name is None for one in group_of(offered, talk.claim.open_offers))


def _name_in_words(talk: Talk) -> str | None:
    """A name given along with a choice: "el segundo, a nombre de Ana Pérez", or a line of its own beside a tap."""
    if talk.own_name:
        return None
    lines = talk.burst.words if talk.burst.tapped else ()
    return introduced_name(talk.burst.text) or next((name for line in lines if (name := full_name_given(line))), None)


def _name_unasked(talk: Talk, row: Appointment | None) -> str | None:
    """The name of a contact without a record, where the clinic asks nobody for one."""
    if talk.own_name or (row is not None and row.attendee_name):
        return None
    return talk.claim.conversation.name_they_gave


def _not_had(talk: Talk, outcome: str, offer_id: UUID, *, name: str | None) -> Part:
    """A chosen time that cannot be had: other times in the same message, or a person."""
    if outcome == "too_many":
        return refuse_too_many(talk)
    if outcome == "unverified":
        return ask_verification(talk, Wanted.MOVE)
    if outcome == "past":
        return not_changed(talk, [outcome], Change.MOVE)
    gone = Part((Paragraph(_GONE, fixed=True),))
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
