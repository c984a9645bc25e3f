"""What a conversation asks of the agenda, in short."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.database.outbound_builders import Clinic, Connection, Row, rpc, utc_now

Slot = tuple[datetime, datetime]
ACTOR = uuid4()


def tomorrow(hour: int, *, minute: int = 0, minutes: int = 30) -> Slot:
    """A slot of the day after tomorrow, which no test's clock reaches."""
    midnight = (utc_now() + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(hours=hour, minutes=minute)
    return start, start + timedelta(minutes=minutes)


def as_offered(slot: Slot, *beside: Slot, **fields: Any) -> Row:
    """A slot as ``create_offers`` wants it; ``beside`` are taken with it."""
    parts = [as_offered(part, **fields) for part in beside]
    return {"starts_at": slot[0].isoformat(), "ends_at": slot[1].isoformat(), "beside": parts, **fields}


def create_offers(db: Connection, clinic: Clinic, conversation_id: UUID, *slots: Row, moves: Any = None) -> Row:
    """Offer slots for an hour; the answer."""
    answer: Row = rpc(
        db,
        "create_offers",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        slots=list(slots),
        ttl_seconds=3600,
        moves=moves,
    )
    return answer


def offer(db: Connection, clinic: Clinic, conversation_id: UUID, *slots: Slot) -> list[str]:
    """Offer slots for an hour; the ids of the offers."""
    answer = create_offers(db, clinic, conversation_id, *map(as_offered, slots))
    return [made["id"] for made in answer["offers"]]


def offer_family(db: Connection, clinic: Clinic, conversation_id: UUID, *slots: Slot) -> str:
    """Offer slots that are booked together or not at all; the id that is chosen."""
    [made] = create_offers(db, clinic, conversation_id, as_offered(*slots))["offers"]
    return str(made["id"])


def offer_move(db: Connection, clinic: Clinic, conversation_id: UUID, appointment_id: str, *slots: Slot) -> list[str]:
    """Offer new times for an appointment; the ids of the offers."""
    answer = create_offers(db, clinic, conversation_id, *map(as_offered, slots), moves=appointment_id)
    return [made["id"] for made in answer["offers"]]


def book(db: Connection, clinic: Clinic, conversation_id: UUID, slot: Slot, **named: Any) -> str:
    """Offer a slot and book it; the id of the appointment."""
    answer = commit(db, clinic, conversation_id, offer(db, clinic, conversation_id, slot)[0], **named)
    assert answer["outcome"] == "booked", answer
    return str(answer["appointment"]["id"])


def hold(db: Connection, clinic: Clinic, conversation_id: UUID, offer_id: str) -> Row:
    """Tap an offer."""
    answer: Row = rpc(
        db,
        "hold_slot",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        offer_id=offer_id,
    )
    return answer


def commit(
    db: Connection, clinic: Clinic, conversation_id: UUID, offer_id: str, *, attendee_name: str | None = None
) -> Row:
    """Confirm an offer."""
    answer: Row = rpc(
        db,
        "commit_slot",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        offer_id=offer_id,
        attendee_name=attendee_name,
        source="assistant",
    )
    return answer


def cancel(db: Connection, clinic: Clinic, conversation_id: UUID, appointment_id: Any) -> Row:
    """Cancel in the chat."""
    answer: Row = rpc(
        db,
        "cancel_appointment",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        appointment_id=appointment_id,
        source="assistant",
    )
    return answer


def confirm(db: Connection, clinic: Clinic, conversation_id: UUID, appointment_id: Any) -> Row:
    """Say that they come."""
    answer: Row = rpc(
        db,
        "confirm_appointment",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        appointment_id=appointment_id,
    )
    return answer


def rename(db: Connection, clinic: Clinic, conversation_id: UUID, appointment_id: Any, name: str = "Juan Gómez") -> Row:
    """Say whom it is for."""
    answer: Row = rpc(
        db,
        "name_attendee",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        appointment_id=appointment_id,
        attendee_name=name,
    )
    return answer


def book_by_hand(db: Connection, clinic: Clinic, slot: Slot, **overrides: Any) -> Row:
    """A person of the clinic books from the dashboard."""
    nobody = {"conversation_id": None, "patient_id": None, "reason": None, "attendee_name": "Carla", "actor_id": ACTOR}
    times = {"starts_at": slot[0], "ends_at": slot[1]}
    arguments = {"professional_id": clinic.professional_id, **times, **nobody, **overrides}
    answer: Row = rpc(db, "book_by_hand", **arguments)
    return answer


def let_hold_end(db: Connection, offer_id: str) -> None:
    """The ten minutes of a hold pass."""
    db.execute("update appointments set hold_expires_at = now() - interval '1 second' where offer_id = %s", [offer_id])


def busy(db: Connection, clinic: Clinic, start: datetime, end: datetime, *, but: str | None = None) -> list[Slot]:
    """What is taken between two instants, without the appointment ``but``."""
    span = {"from": start, "to": end, "but": but}
    answer = rpc(db, "busy_intervals", **{"professional_id": clinic.professional_id, **span})
    return [(datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"])) for row in answer]
