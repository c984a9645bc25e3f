"""What a linked Google calendar asks of the store, in short."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.database.accounts_builders import calendar, linked, make_professional
from tests.database.outbound_builders import Clinic, Connection, Row, find, insert, rpc, utc_now

SOON = utc_now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
HALF_AN_HOUR = timedelta(minutes=30)


def make_calendar(db: Connection, **professional: Any) -> Clinic:
    """A professional with a linked Google calendar."""
    professional_id = make_professional(db, **professional)
    return linked(db, professional_id, calendar(None))


def book(db: Connection, clinic: Clinic, *, at: datetime = SOON, **overrides: Any) -> UUID:
    """A booked appointment of half an hour."""
    values = {"starts_at": at, "ends_at": at + HALF_AN_HOUR, "status": "booked", "attendee_name": "Ana", **overrides}
    return UUID(str(insert(db, "appointments", professional_id=clinic.professional_id, **values)["id"]))


def due(db: Connection, clinic: Clinic, *, limit: int = 10, **named: Any) -> list[Row]:
    """Claim what is to be written."""
    arguments = {"professional_id": clinic.professional_id, "limit": limit, "lease_seconds": 120, **named}
    answer: list[Row] = rpc(db, "claim_calendar_events", **arguments)
    return answer


def settle(db: Connection, clinic: Clinic, event: Row, outcome: str = "done", etag: str | None = '"1"') -> str:
    """Tell what became of a claimed event."""
    answer = rpc(
        db,
        "settle_calendar_event",
        professional_id=clinic.professional_id,
        appointment_id=event.get("appointment_id"),
        event_id=event["event_id"],
        revision=event.get("revision"),
        outcome=outcome,
        etag=etag,
    )
    return str(answer["outcome"])


def written(db: Connection, clinic: Clinic, **booking: Any) -> Row:
    """An appointment whose event stands in the calendar; the row."""
    appointment_id = book(db, clinic, **booking)
    [event] = due(db, clinic, appointment_id=appointment_id)
    assert settle(db, clinic, event) == "settled"
    return find(db, "appointments", appointment_id)


def seen(db: Connection, clinic: Clinic, appointment: Row, **change: Any) -> str:
    """An event of ours is seen in Google as it was written, but for what is named."""
    arguments = {
        "event_id": appointment["calendar_event_id"],
        "cancelled": False,
        "starts_at": appointment["starts_at"],
        "ends_at": appointment["ends_at"],
        "seen_at": utc_now(),
        **change,
    }
    answer = rpc(db, "apply_calendar_change", professional_id=clinic.professional_id, **arguments)
    return str(answer["outcome"])


def turns(db: Connection, **named: Any) -> list[Row]:
    """Claim the turns that are due."""
    answer: list[Row] = rpc(db, "claim_calendar_syncs", **{"limit": 10, "lease_seconds": 300, **named})
    return answer


def finish(db: Connection, turn: Row, position: str | None = "token", error: str | None = None) -> str:
    """End a turn."""
    account = turn["account"]
    answer = rpc(
        db,
        "finish_calendar_sync",
        professional_id=account["professional_id"],
        channel_id=account["channel_id"],
        lease_id=turn["lease_id"],
        sync_token=position,
        error=error,
    )
    return str(answer["outcome"])
