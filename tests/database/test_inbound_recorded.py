"""Every recorded webhook of Meta, from its body to the rows: understood, taken in once, and nothing lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dentalist.inbound.parse import parse_event
from dentalist.inbound.split import split
from tests.database.inbound_builders import Office, ingest, make_instagram, make_office
from tests.database.outbound_builders import Connection, Row, make_template, rows, update

WEBHOOKS = sorted((Path(__file__).parents[1] / "data/meta/webhooks").glob("*.json"))
TABLES = (
    "marketing_audit_logs",
    "marketing_comments",
    "marketing_consent_events",
    "marketing_conversations",
    "marketing_messages",
    "marketing_templates",
    "marketing_webhook_events",
    "message_status_events",
)


@pytest.fixture
def office(db: Connection) -> Office:
    """The clinic the recordings were made for."""
    office = make_office(db)
    account = {"external_business_id": "210987654300001", "phone_number_id": "310000000000001"}
    update(db, "marketing_channel_credentials", office.clinic.credential_id, **account)
    update(db, "marketing_channels", office.channel_id, display_phone_number="+54 9 11 5032-0001")
    make_instagram(db, office, "17841400000000001")
    return office


def deliver(db: Connection, webhook: Path) -> list[Row]:
    """One delivery, as the webhook splits it and the inbox worker reads it."""
    body = json.loads(webhook.read_text())
    queued = split(body, received_at="2026-11-22T16:00:00.000Z", correlation_id="c-1")
    events = [parse_event(json.loads(message.body)) for message in queued]
    return [ingest(db, event.as_arguments()) for event in events]


def count(db: Connection) -> dict[str, int]:
    return {table: len(rows(db, table)) for table in TABLES}


def expected(name: str) -> str:
    applied = ("status", "template_status", "phone_number_quality", "account_update", "user_preferences")
    return "applied" if any(word in name for word in applied) else "stored"


@pytest.mark.parametrize("webhook", WEBHOOKS, ids=lambda path: path.stem)
def test_a_recorded_webhook_is_taken_in_once(db: Connection, office: Office, webhook: Path) -> None:
    first = deliver(db, webhook)
    after_first = count(db)
    again = deliver(db, webhook)

    assert {answer["outcome"] for answer in first} == {expected(webhook.stem)}
    assert {answer["professional_id"] for answer in first} == {str(office.id)}
    assert {answer["outcome"] for answer in again} == {"duplicate"}
    assert count(db) == after_first
    assert after_first["marketing_webhook_events"] == 0


def test_all_recordings_together_leave_what_they_tell(db: Connection, office: Office) -> None:
    template = make_template(db, office.clinic, name="recordatorio_turno_24h", status="PENDING")

    answers: list[dict[str, Any]] = [answer for webhook in WEBHOOKS for answer in deliver(db, webhook)]

    assert {answer["outcome"] for answer in answers} == {"stored", "applied"}
    stored = [row for row in rows(db, "marketing_messages") if row["body"]]
    assert all(row["body"].strip() for row in stored)
    assert len([row for row in rows(db, "marketing_messages") if row["media_status"] == "pending"]) == 5
    assert rows(db, "marketing_templates", id=template["id"])[0]["status"] == "APPROVED"
    assert rows(db, "marketing_channels", id=office.channel_id)[0]["status"] == "restricted"
    assert rows(db, "marketing_consent_events", source="user_preferences")[0]["action"] == "withdrawn"
    assert len(rows(db, "marketing_comments")) == 1
