"""Times are offered for whoever comes: in the words of the contact first, then the nearest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dentalist.domain.answering import Appointment, Offer
from dentalist.domain.calendars import CalendarUnreadable
from dentalist.domain.dialog import Attendee, Wanted
from dentalist.domain.hours import Interval
from dentalist.domain.understanding.intents import HandoffReason
from dentalist.domain.wording import changes
from dentalist.domain.wording.replies import invitation, no_times, reschedule_request, too_many
from dentalist.services.answering.agenda_talk import SOURCE, Part, Talk
from dentalist.services.answering.answer_context import as_booked
from dentalist.services.answering.ask_in_chat import (
    ask_one_of_two,
    ask_verification,
    ask_which_patient,
    ask_who,
    has_several_patients,
)
from dentalist.services.answering.book_slot import Errand, group_of, offer_slots
from dentalist.services.answering.who_comes import introduced_name, party_of


def wish(talk: Talk) -> Part:
    """Somebody wants an appointment: times for those who come, or the question who that is."""
    party = party_of(talk)
    if not party.named:
        return ask_who(talk, party)
    if not party.attendees and has_several_patients(talk):
        return ask_which_patient(talk)
    return offer_for(talk, party.attendees)


def offer_for(
    talk: Talk, attendees: Sequence[Attendee], *, treatments: Sequence[str] = (), spans: Sequence[Interval] = ()
) -> Part:
    """Times for these, or for the contact alone.

    Args:
        talk: the burst; what it says of treatments and times comes before what was said earlier.
        attendees: empty for the contact alone.
        treatments: said earlier.
        spans: said earlier.
    """
    treatments = talk.understanding.treatments or tuple(treatments)
    errand = Errand(
        minutes=talk.clinic.minutes_for(treatments),
        reason=", ".join(treatments) or None,
        attendees=tuple(attendees) or (_contact(talk),),
        spans=talk.spans(talk.asked.wanted) or tuple(spans),
    )
    limit = talk.clinic.policies.max_future_appointments
    if _booked_here(talk) + len(errand.attendees) > limit:
        return refuse_too_many(talk)
    return offer(talk, errand, shows_names=bool(attendees) or not _is_own(talk, errand.attendees[0]))


def _contact(talk: Talk) -> Attendee:
    """The contact as the one who comes: by their record, or by the name they gave; without one it is asked later."""
    if talk.own_name:
        return Attendee(name=talk.own_name, patient_id=talk.own_id)
    name = introduced_name(talk.burst.text) or _name_booked_before(talk)
    if name is None and not talk.clinic.policies.ask_name:
        name = talk.claim.conversation.name_they_gave
    return Attendee(name=name)


def _name_booked_before(talk: Talk) -> str | None:
    """The one name under which everything that somebody without a record has booked in this chat stands."""
    mine = [item for item in talk.appointments if item.source == SOURCE]
    names = {item.attendee_name for item in mine}
    return names.pop() if len(names) == 1 and not talk.is_unverified else None


def _is_own(talk: Talk, attendee: Attendee) -> bool:
    return attendee.name is None or attendee.name in talk.own_names or attendee.name == introduced_name(talk.burst.text)


def _booked_here(talk: Talk) -> int:
    return sum(1 for item in talk.appointments if item.conversation_id == talk.conversation_id)


def refuse_too_many(talk: Talk) -> Part:
    """A person books what is more than a chat may have."""
    said = too_many(talk.voice, talk.clinic.policies.max_future_appointments, talk.now)
    return Part(said, handoff=HandoffReason.REQUESTED)


def offer(talk: Talk, errand: Errand, *, shows_names: bool) -> Part:
    """Search and offer; where there is nothing, say what happens instead."""
    if errand.moves and talk.is_unverified:
        return ask_verification(talk, Wanted.MOVE)
    context = replace(talk.context, offer=())
    try:
        found = offer_slots(
            talk.conversation_id,
            errand,
            clinic=talk.clinic,
            agenda=talk.agenda,
            shows_names=shows_names,
            now=talk.now,
        )
    except CalendarUnreadable:
        return Part((no_times(talk.voice, replace(context, agenda_unreadable=True)),))
    if found.slots:
        context = replace(context, offer=found.slots, requested_unavailable=not found.requested_available)
        stays = [changes.stands(talk.voice, as_booked(errand.moves), own=talk.own_names)] if errand.moves else []
        said = (*stays, invitation(talk.voice, context))
        return Part(said, offer=found.slots, what=errand.reason or "")
    if errand.moves:
        moving = replace(context, upcoming=(as_booked(errand.moves),))
        return Part((reschedule_request(talk.voice, moving),))
    if len(errand.attendees) > 1 and talk.clinic.bookable_hours is not None:
        return ask_one_of_two(talk, errand)
    # Unknown opening hours are not a full agenda: nothing was searched.
    searched = talk.clinic.bookable_hours is not None
    return Part((no_times(talk.voice, context if searched else replace(context, offer=None)),))


def offer_to_move(talk: Talk, item: Appointment, *, spans: Sequence[Interval] = ()) -> Part:
    """Other times for an appointment that exists."""
    treatments = talk.understanding.treatments
    length = int((item.ends_at - item.starts_at).total_seconds() // 60)
    errand = Errand(
        minutes=talk.clinic.minutes_for(treatments) if treatments else length,
        reason=", ".join(treatments) or item.reason,
        attendees=(Attendee(name=item.attendee_name, patient_id=item.patient_id),),
        spans=_wanted_beside(talk, [item.starts_at])
        or talk.shifted(talk.asked.shift, [item.starts_at])
        or tuple(spans),
        moves=item,
    )
    return offer(talk, errand, shows_names=item.attendee_name is not None and item.attendee_name not in talk.own_names)


def _wanted_beside(talk: Talk, instants: Collection[datetime]) -> tuple[Interval, ...]:
    """When it should be; a time alone is meant on the day of these instants: "mejor a las 16"."""
    spans = talk.spans(talk.asked.wanted)
    return spans if talk.names_a_day else talk.on_the_days(spans, instants)


def errand_of(talk: Talk, offer_id: UUID) -> Errand | None:
    """What an open offer was searched for; None for one that is not open any more."""
    offered = open_offer(talk, offer_id)
    if offered is None:
        return None
    family = group_of(offered, talk.claim.open_offers)
    moves = next((item for item in talk.appointments if item.id == offered.moves_appointment_id), None)
    return Errand(
        minutes=int((offered.ends_at - offered.starts_at).total_seconds() // 60),
        reason=offered.reason,
        attendees=tuple(Attendee(name=one.attendee_name, patient_id=one.patient_id) for one in family),
        moves=moves,
    )


def shows_names_of(talk: Talk, errand: Errand) -> bool:
    """Whether an offer says whom it is for: always where that is not the contact alone."""
    return len(errand.attendees) > 1 or not _is_own(talk, errand.attendees[0])


def open_offer(talk: Talk, offer_id: UUID) -> Offer | None:
    """An offer that can still be chosen."""
    return next((offer for offer in talk.claim.open_offers if offer.id == offer_id), None)
