"""Free times into an offer, and words into a choice from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.domain.agenda import HORIZON, OfferedSlot, Slot, minutes_together, one_after_the_other, slots_to_offer
from dentalist.domain.answering import AnswerClaim, Appointment, Offer, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Attendee
from dentalist.domain.hours import Interval
from dentalist.domain.understanding.choice import Ambiguous, choose
from dentalist.domain.understanding.intents import Intent, ScoredIntent, Topic, Understanding
from dentalist.domain.understanding.tables_changes import RESCHEDULE
from dentalist.services.answering.agenda_talk import CERTAIN, CLEAR, CLEARLY_MOVING
from dentalist.services.answering.ports_agenda import Agenda, Booking, SlotToOffer

OFFER_SECONDS = 24 * 60 * 60  # as long as free text can answer it
# "Quiero cancelar el turno del 24" and "¿abren a las 11?" name a time and choose none. Who asks something besides is
# answered, and can still tap: booking what nobody asked for is worse than asking for one more tap. "El jueves" alone
# reads like a wish to move; a slot of the list that it fits is what is meant.
_CHOOSING = frozenset({Intent.BOOK_APPOINTMENT, Intent.GENERAL_INQUIRY})
_RESCHEDULES = frozenset(rule.name for rule in RESCHEDULE)
_PERHAPS_MISHEARD = frozenset({Intent.CANCEL_APPOINTMENT, Intent.REQUEST_QUOTE})
_BESIDE_A_CHOICE = frozenset({Topic.GREETING, Topic.THANKS, Topic.CLOSING, Topic.CONFIRM_APPOINTMENT})


@dataclass(frozen=True)
class Errand:
    """What free times are searched for.

    Attributes:
        minutes: of one appointment.
        reason: what it is for.
        attendees: who comes, one after the other; one without a name for a contact whose name is not known.
        spans: when it would suit; empty for any time.
        moves: the appointment that a chosen time replaces.
        without: starts that are not wanted.
    """

    minutes: int
    reason: str | None = None
    attendees: tuple[Attendee, ...] = (Attendee(),)
    spans: tuple[Interval, ...] = ()
    moves: Appointment | None = None
    without: frozenset[datetime] = frozenset()


@dataclass(frozen=True)
class Choice:
    """An offer that words take from a list; not ``sure`` where only a model says so, and no word of the contact."""

    offer_id: UUID
    sure: bool = True


@dataclass(frozen=True)
class OpenOffer:
    """The slots offered in a conversation, and whether what was asked for is among them."""

    slots: tuple[OfferedSlot, ...]
    requested_available: bool


def offer_slots(
    conversation_id: UUID, errand: Errand, *, clinic: Clinic, agenda: Agenda, shows_names: bool, now: datetime
) -> OpenOffer:
    """Search the agenda and issue ids for what is free; earlier offers of the conversation end.

    Args:
        conversation_id: where the ids will be valid.
        errand: what is searched for.
        clinic: its hours and rules.
        agenda: of this professional.
        shows_names: whether the offer says whom it is for.
        now: instant of the search.

    Returns:
        The offer; without slots when nothing is free or the opening hours are unknown. Several attendees get slots
        one after the other, of which the first is shown.

    Raises:
        CalendarUnreadable, StoreUnavailable: the agenda cannot be read, so nothing may be offered.
    """
    # The buffer counts on both sides: what ended a moment ago still keeps the next minutes free.
    moves = errand.moves
    busy = agenda.busy(now - clinic.buffer, now + HORIZON + clinic.buffer, but=moves.id if moves else None)
    count = len(errand.attendees)
    search = slots_to_offer(
        clinic.bookable_hours,
        clinic.closed_from(now),
        busy,
        minutes=minutes_together(errand.minutes, count, buffer=clinic.buffer),
        buffer=clinic.buffer,
        lead_time=clinic.lead_time,
        now=now,
        timezone=clinic.timezone,
        preferred=errand.spans or None,
        without=errand.without | ({moves.starts_at} if moves else frozenset()),
    )
    wanted = [_to_offer(one_after_the_other(slot, count, buffer=clinic.buffer), errand) for slot in search.slots]
    if not wanted:
        return OpenOffer((), search.requested_available)
    offers = agenda.offer(
        conversation_id, wanted, ttl_seconds=OFFER_SECONDS, moves=errand.moves.id if errand.moves else None
    )
    slots = [_shown(offer, slot, shows_names=shows_names) for offer, slot in zip(offers, wanted, strict=False)]
    return OpenOffer(tuple(slots), search.requested_available)


def _to_offer(slots: Sequence[Slot], errand: Errand) -> SlotToOffer:
    first, *beside = (
        SlotToOffer(slot.starts_at, slot.ends_at, errand.reason, attendee.name, attendee.patient_id)
        for slot, attendee in zip(slots, errand.attendees, strict=True)
    )
    return first._replace(beside=tuple(beside))


def _shown(offer: Offer, slot: SlotToOffer, *, shows_names: bool) -> OfferedSlot:
    beside = tuple(OfferedSlot(str(offer.id), one.starts_at, one.ends_at, one.attendee_name) for one in slot.beside)
    named = slot.attendee_name if shows_names or beside else None
    return OfferedSlot(str(offer.id), offer.starts_at, offer.ends_at, named, beside)


def rows_of(booking: Booking) -> tuple[Appointment, ...]:
    """The committed rows, of a group all of them."""
    return booking.appointments or ((booking.appointment,) if booking.appointment else ())


def chosen_in_words(
    text: str, understanding: Understanding, *, claim: AnswerClaim, clinic: Clinic, now: datetime
) -> Choice | Ambiguous | None:
    """The slot that a text takes from the list that the contact has seen, several that fit, or None."""
    shown = shown_offer(claim.history, claim.open_offers)
    moving = any(offer.moves_appointment_id for offer in claim.open_offers)
    says_so = not _RESCHEDULES.isdisjoint(understanding.signals)
    others = any(_is_another_request(scored, moving=moving, says_so=says_so) for scored in understanding.intents)
    option, asks = understanding.quoted.option, understanding.topics - _BESIDE_A_CHOICE
    # "La que está arriba de todo" is a question to the rules, for want of words; a model may know better.
    if others or (asks and (option is None or asks != {Topic.QUESTION})):
        return None
    chosen = (
        None if asks else choose(text, shown, timezone=clinic.timezone, now=now, opening_hours=clinic.bookable_hours)
    )
    if isinstance(chosen, OfferedSlot):
        return Choice(UUID(chosen.id))
    if option is None or not 1 <= option <= len(shown):
        return chosen
    # A model read which one is meant. Where the words fit some of the list, it has to be one of these.
    quoted = shown[option - 1]
    if chosen is None or quoted in chosen.candidates:
        return Choice(UUID(quoted.id), sure=chosen is not None)
    return chosen


def _is_another_request(scored: ScoredIntent, *, moving: bool, says_so: bool) -> bool:
    """Whether an intent is more than a way to take one of the times that are shown."""
    if scored.intent is Intent.RESCHEDULE_APPOINTMENT:
        # A time alone sounds like a wish to move, too: by the rules or quite surely, or it is none.
        surely = CLEARLY_MOVING if says_so else CERTAIN
        return not moving and scored.confidence >= surely
    weakly_heard = scored.intent in _PERHAPS_MISHEARD and scored.confidence < CLEAR
    return scored.intent not in _CHOOSING and not weakly_heard


def shown_offer(history: Sequence[StoredMessage], open_offers: Sequence[Offer]) -> list[OfferedSlot]:
    """The open slots of the last list sent, in the order in which the contact saw them.

    A turn that died, or whose answer was rewritten, leaves open offers that nobody was shown; nobody can have chosen
    "el segundo" of those.
    """
    firsts = {str(offer.id): offer for offer in open_offers if offer.group_part == 0}
    for message in reversed(history):
        rows = [row_id for row_id in _row_ids(message.payload) if ":" not in row_id]
        if message.direction == "outbound" and rows:
            return [_offered(firsts[row_id], open_offers) for row_id in rows if row_id in firsts]
    return []


def was_just_shown(history: Sequence[StoredMessage]) -> bool:
    """Whether the last thing said to the contact was a list of times."""
    last = next((message for message in reversed(history) if message.direction == "outbound"), None)
    return last is not None and any(":" not in row_id for row_id in _row_ids(last.payload))


def _offered(offer: Offer, open_offers: Sequence[Offer]) -> OfferedSlot:
    beside = tuple(
        OfferedSlot(str(one.id), one.starts_at, one.ends_at, one.attendee_name)
        for one in group_of(offer, open_offers)
        if one.id != offer.id
    )
    return OfferedSlot(str(offer.id), offer.starts_at, offer.ends_at, offer.attendee_name if beside else None, beside)


def group_of(offer: Offer, open_offers: Collection[Offer]) -> list[Offer]:
    """An offer with those that are booked together with it, in order."""
    if offer.group_id is None:
        return [offer]
    family = [one for one in open_offers if one.group_id == offer.group_id]
    return sorted(family, key=lambda one: one.group_part)


def _row_ids(payload: dict[str, Any]) -> list[str]:
    """The ids of the rows of a list; none for any other message, whoever sent it."""
    interactive = payload.get("interactive")
    action = interactive.get("action") if isinstance(interactive, dict) else None
    sections = action.get("sections") if isinstance(action, dict) else None
    return [str(row.get("id")) for section in sections or [] for row in section.get("rows") or []]
