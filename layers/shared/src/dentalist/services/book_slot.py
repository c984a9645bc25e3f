"""Free times into an offer, and a choice from an offer into an appointment. Code commits, the database decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.domain.agenda import HORIZON, OfferedSlot, slots_to_offer
from dentalist.domain.answering import AnswerClaim, Appointment, Offer, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.choice import Ambiguous, choose
from dentalist.domain.understanding.intents import Intent, Topic, Understanding
from dentalist.domain.understanding.time_preference import preferred_ranges
from dentalist.services.ports import Agenda, SlotToOffer

OFFER_SECONDS = 24 * 60 * 60  # as long as free text can answer it
SOURCE = "whatsapp_ai"
# "Quiero cancelar el turno del 24" and "¿abren a las 11?" name a time and choose none. Who asks something besides is
# answered, and can still tap: booking what nobody asked for is worse than asking for one more tap.
_CHOOSING = frozenset({Intent.BOOK_APPOINTMENT, Intent.GENERAL_INQUIRY})
_BESIDE_A_CHOICE = frozenset({Topic.GREETING, Topic.THANKS, Topic.CLOSING, Topic.CONFIRM_APPOINTMENT})


@dataclass(frozen=True)
class OpenOffer:
    """The slots offered in a conversation, and whether what was asked for is among them."""

    slots: tuple[OfferedSlot, ...]
    requested_available: bool


def offer_slots(
    conversation_id: UUID,
    *,
    clinic: Clinic,
    agenda: Agenda,
    words: str,
    treatments: Sequence[str],
    attendee_name: str | None,
    now: datetime,
) -> OpenOffer:
    """Search the agenda and issue ids for what is free; earlier offers of the conversation end.

    Args:
        conversation_id: where the ids will be valid.
        clinic: its hours, lengths and rules.
        agenda: of this professional.
        words: what the contact wrote, searched for days and times.
        treatments: names from the price list, which decide the length.
        attendee_name: who would come.
        now: instant of the search.

    Returns:
        The offer; without slots when nothing is free or the opening hours are unknown.

    Raises:
        StoreUnavailable: the agenda cannot be read, so nothing may be offered.
    """
    # The buffer counts on both sides: what ended a moment ago still keeps the next minutes free.
    busy = agenda.busy(now - clinic.buffer, now + HORIZON + clinic.buffer)
    search = slots_to_offer(
        clinic.bookable_hours,
        clinic.closed_from(now),
        busy,
        minutes=clinic.minutes_for(treatments),
        buffer=clinic.buffer,
        lead_time=clinic.lead_time,
        now=now,
        timezone=clinic.timezone,
        preferred=preferred_ranges(words, now=now, timezone=clinic.timezone, opening_hours=clinic.bookable_hours)
        or None,
    )
    reason = ", ".join(treatments) or None
    wanted = [SlotToOffer(slot.starts_at, slot.ends_at, reason, attendee_name) for slot in search.slots]
    offers = agenda.offer(conversation_id, wanted, ttl_seconds=OFFER_SECONDS) if wanted else []
    return OpenOffer(tuple(_offered(offer) for offer in offers), search.requested_available)


@dataclass(frozen=True)
class Booked:
    """The outcome of choosing a slot: the committed row, or why there is none (taken, expired, not_found, too_many)."""

    outcome: str
    appointment: Appointment | None = None


def book_slot(conversation_id: UUID, offer_id: UUID, *, agenda: Agenda, attendee_name: str | None) -> Booked:
    """Hold an offered slot and commit it. Doing it again answers the same appointment.

    Raises:
        StoreUnavailable: not known whether it was booked; asking again tells.
    """
    held = agenda.hold(conversation_id, offer_id)
    if held.outcome not in ("held", "booked"):
        return Booked(held.outcome)
    booked = agenda.commit(conversation_id, offer_id, attendee_name=attendee_name, source=SOURCE)
    return Booked(booked.outcome, booked.appointment)


def chosen_in_words(
    text: str, understanding: Understanding, *, claim: AnswerClaim, clinic: Clinic, now: datetime
) -> UUID | Ambiguous | None:
    """The slot that a text takes from the list that the contact has seen, several that fit, or None."""
    others = any(scored.intent not in _CHOOSING for scored in understanding.intents)
    if others or understanding.topics - _BESIDE_A_CHOICE:
        return None
    chosen = choose(text, shown_offer(claim.history, claim.open_offers), timezone=clinic.timezone, now=now)
    if chosen is None or isinstance(chosen, Ambiguous):
        return chosen
    return UUID(chosen.id)


def shown_offer(history: Sequence[StoredMessage], open_offers: Sequence[Offer]) -> list[OfferedSlot]:
    """The open slots of the last list sent, in the order in which the contact saw them.

    A turn that died, or whose answer was rewritten, leaves open offers that nobody was shown; nobody can have chosen
    "el segundo" of those.
    """
    still_open = {str(offer.id): _offered(offer) for offer in open_offers}
    for message in reversed(history):
        if message.direction == "outbound" and (rows := _row_ids(message.payload)):
            return [still_open[row_id] for row_id in rows if row_id in still_open]
    return []


def untold_booking(claim: AnswerClaim) -> Appointment | None:
    """What an earlier attempt at this same answer booked without getting to say so.

    The offer it came from is used up, so the contact's words no longer lead to it: without this, a worker that dies
    between booking and sending would leave an appointment that the patient never hears of.
    """
    conversation = claim.conversation
    since, told_at = conversation.first_unanswered_at, conversation.last_ai_at
    for item in claim.appointments:
        if since is None or item.created_at is None or item.created_at < since:
            continue
        is_ours = item.source == SOURCE and item.conversation_id == conversation.id
        if is_ours and (told_at is None or told_at < item.created_at):
            return item
    return None


def _offered(offer: Offer) -> OfferedSlot:
    return OfferedSlot(str(offer.id), offer.starts_at, offer.ends_at)


def _row_ids(payload: dict[str, Any]) -> list[str]:
    """The ids of the rows of a list; none for any other message, whoever sent it."""
    interactive = payload.get("interactive")
    action = interactive.get("action") if isinstance(interactive, dict) else None
    sections = action.get("sections") if isinstance(action, dict) else None
    return [str(row.get("id")) for section in sections or [] for row in section.get("rows") or []]
