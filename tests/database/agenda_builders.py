"""What a conversation asks of the agenda, in short."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tests.database.outbound_builders import Clinic, Connection, Row, rpc, utc_now

Slot = tuple[datetime, datetime]


def tomorrow(hour: int, *, minute: int = 0, minutes: int = 30) -> Slot:
    """A slot of the day after tomorrow, which no test's clock reaches."""
    midnight = (utc_now() + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(hours=hour, minutes=minute)
    return start, start + timedelta(minutes=minutes)


def offer(db: Connection, clinic: Clinic, conversation_id: UUID, *slots: Slot) -> list[str]:
    """Offer slots for an hour; the ids of the offers."""
    answer = rpc(
        db,
        "create_offers",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        slots=[{"starts_at": start.isoformat(), "ends_at": end.isoformat()} for start, end in slots],
        ttl_seconds=3600,
    )
    return [made["id"] for made in answer["offers"]]


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


def let_hold_end(db: Connection, offer_id: str) -> None:
    """The ten minutes of a hold pass."""
    db.execute("update appointments set hold_expires_at = now() - interval '1 second' where offer_id = %s", [offer_id])


def busy(db: Connection, clinic: Clinic, start: datetime, end: datetime) -> list[Slot]:
    """What is taken between two instants."""
    answer = rpc(db, "busy_intervals", **{"professional_id": clinic.professional_id, "from": start, "to": end})
    return [(datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"])) for row in answer]
