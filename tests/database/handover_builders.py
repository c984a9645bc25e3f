"""Conversations that are suggested to, handed over and given back, as the store sees them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.database.inbound_builders import Office, claim_answer
from tests.database.outbound_builders import Connection, Row, rows, rpc, update, utc_now

HOUR = timedelta(hours=1)
SUGGESTED: Row = {
    "type": "text",
    "body": "Abrimos a las 9.",
    "payload": {"type": "text", "text": {"body": "Abrimos a las 9."}},
    "changes": [],
    "ai_metadata": {"intent": "general_inquiry"},
}


def keep(db: Connection, conversation: UUID, held: Row, **suggestion: Any) -> Row:
    """Keep the answer to a claim for a person."""
    answer: Row = rpc(
        db,
        "keep_suggestion",
        conversation_id=conversation,
        lease_id=UUID(held["lease_id"]),
        epoch=held["epoch"],
        human_epoch=held["human_epoch"],
        suggestion={**SUGGESTED, **suggestion},
    )
    return answer


def waiting_suggestions(db: Connection, conversation: UUID) -> list[Row]:
    return rows(db, "marketing_suggestions", conversation_id=conversation)


def suggested(db: Connection, conversation: UUID) -> Row:
    """The suggestion that waits in a conversation whose answer was due."""
    kept = keep(db, conversation, claim_answer(db, conversation))
    assert kept["outcome"] == "kept", kept
    (waiting,) = waiting_suggestions(db, conversation)
    return waiting


def hand_over(db: Connection, office: Office, conversation: UUID, reason: str = "requested", **details: Any) -> Row:
    answer: Row = rpc(
        db, "hand_over", professional_id=office.id, conversation_id=conversation, reason=reason, details=details
    )
    return answer


def resume(db: Connection, office: Office, conversation: UUID) -> Row:
    answer: Row = rpc(db, "resume_ai", professional_id=office.id, conversation_id=conversation, actor_id=office.id)
    return answer


def long_ago(db: Connection, conversation: UUID, hours: float) -> datetime:
    """What people did in the conversation was so long ago."""
    then = utc_now() - timedelta(hours=hours)
    (row,) = rows(db, "marketing_conversations", id=conversation)
    moved = {name: then for name in ("handoff_at", "last_human_at") if row[name] is not None}
    update(db, "marketing_conversations", conversation, **moved)
    for alert in alerts(db, conversation):
        update(db, "marketing_alerts", alert["id"], created_at=then)
    return then


def alerts(db: Connection, conversation: UUID, **equals: Any) -> list[Row]:
    return rows(db, "marketing_alerts", entity_id=conversation, **equals)


def open_alerts(db: Connection, conversation: UUID, kind: str) -> list[Row]:
    return [row for row in alerts(db, conversation, kind=kind) if row["acknowledged_at"] is None]


def idle(db: Connection, limit: int = 100) -> list[Row]:
    answer: list[Row] = rpc(db, "resume_idle", limit=limit)
    return answer


def unheard(db: Connection, limit: int = 100) -> list[str]:
    answer: list[str] = rpc(db, "unheard_conversations", limit=limit)
    return answer
