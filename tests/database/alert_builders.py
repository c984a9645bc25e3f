"""Critical alerts and their notices, valid by default: a test names only what matters to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.standard_templates import StandardTemplate, standard_template
from tests.database.outbound_builders import Clinic, Connection, Row, insert, rows, rpc

LEASE = 60
ALERT_PHONE = "+5491150320098"


def raise_alert(db: Connection, clinic: Clinic, severity: str = "critical", **overrides: Any) -> UUID | None:
    """Something happened, about a conversation unless the test says otherwise; the id of the new alert."""
    raised = {
        "kind": "emergency",
        "message": "Un paciente describió una posible urgencia.",
        "entity_type": "conversation",
        "entity_id": uuid4(),
        "dedup_key": f"test:{uuid4()}",
        **overrides,
    }
    row = db.execute(
        "select app.raise_alert(%s, %s, %s, %s, %s, %s, %s) as id",
        [
            clinic.professional_id,
            raised["kind"],
            severity,
            raised["message"],
            raised["entity_type"],
            raised["entity_id"],
            raised["dedup_key"],
        ],
    ).fetchone()
    assert row is not None
    return row["id"]


def approve_notice(db: Connection, clinic: Clinic, *, language: str = "es_AR", **overrides: Any) -> Row:
    """The template of urgent notices, approved at Meta for the clinic's number."""
    template = {**standard_template(StandardTemplate.URGENT_NOTICE, language), "status": "APPROVED", **overrides}
    owned = {"professional_id": clinic.professional_id, "channel_id": clinic.channel_id}
    return insert(db, "marketing_templates", **{**owned, **template})


def claim(db: Connection, limit: int = 20) -> list[Row]:
    claimed: list[Row] = rpc(db, "claim_alert_notices", limit=limit, lease_seconds=LEASE)
    return claimed


def claim_by_medium(db: Connection) -> dict[str, Row]:
    """The notices that are due, which must be at most one of each medium."""
    claimed = claim(db)
    by_medium = {notice["medium"]: notice for notice in claimed}
    assert len(by_medium) == len(claimed)
    return by_medium


def settle(db: Connection, notice: Row, outcome: str = "sent", **told: Any) -> Row:
    settled: Row = rpc(
        db,
        "settle_alert_notice",
        delivery_id=notice["delivery_id"],
        lease_id=notice["lease_id"],
        outcome=outcome,
        **told,
    )
    return settled


def is_due(db: Connection) -> bool:
    return bool(rpc(db, "alert_notices_due")["due"])


def deliveries(db: Connection, **equals: Any) -> list[tuple[str, int, str]]:
    """What became of the notices, in the order of their rounds."""
    found = rows(db, "marketing_alert_deliveries", **equals)
    return sorted((row["medium"], row["round"], row["status"]) for row in found)


def let_pass(db: Connection, passed: timedelta) -> None:
    """So much time passes for every alert and notice."""
    db.execute(
        "update marketing_alerts set notice_at = notice_at - %(passed)s, created_at = created_at - %(passed)s",
        {"passed": passed},
    )
    db.execute(
        "update marketing_alert_deliveries set next_attempt_at = next_attempt_at - %(passed)s,"
        " lease_until = lease_until - %(passed)s, created_at = created_at - %(passed)s",
        {"passed": passed},
    )
