"""The tenants of the webhook samples, and hands to deliver events to them and see what became of them."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from uuid import UUID, uuid4

from psycopg import sql

from dentalist.inbound.body import parse_body
from dentalist.inbound.split import split
from dentalist.runtime import wiring
from inbox_worker import handler as inbox_worker
from sweeper import handler as sweeper
from tests.builders import LambdaContext
from tests.database.outbound_builders import Connection, Row, insert
from tests.database.stack import free_port
from tests.sqs_events import WorkerContext, failed_ids, make_event, make_record

SAMPLES = Path(__file__).parents[2] / "data/meta/webhooks"
RECEIVED_AT = "2026-11-22T16:00:00.000Z"
WABA, OTHER_WABA = "210987654300001", "210987654300002"
NUMBER, SECOND_NUMBER, OTHER_NUMBER = "310000000000001", "310000000000002", "310000000000003"
INSTAGRAM, OTHER_INSTAGRAM = "17841400000000001", "17841400000000002"
# Each queue, and the variable that holds its URL.
QUEUES = {
    "inbound.fifo": "INBOUND_QUEUE_URL",
    "replies": "REPLIES_QUEUE_URL",
    "media": "MEDIA_QUEUE_URL",
    "alerts": "ALERTS_QUEUE_URL",
    "inbound-dead.fifo": "INBOUND_DEAD_LETTERS_URL",
    "replies-dead": "REPLIES_DEAD_LETTERS_URL",
    "media-dead": "MEDIA_DEAD_LETTERS_URL",
    "alerts-dead": "ALERTS_DEAD_LETTERS_URL",
}
Changes = dict[str, list[Row]]


@dataclass(frozen=True)
class Tenants:
    """Ana has two numbers on one account and Instagram, Bruno one of each, Clara nothing."""

    ana: UUID
    bruno: UUID
    clara: UUID
    channels: dict[str, UUID]


def make_tenants(db: Connection) -> Tenants:
    """The professionals and accounts that the samples are addressed to."""
    ana, bruno, clara = (_professional(db, name) for name in ("Ana", "Bruno", "Clara"))
    linked = {
        NUMBER: _number(db, ana, WABA, NUMBER, "+5491150320001"),
        SECOND_NUMBER: _number(db, ana, WABA, SECOND_NUMBER, "+5491150320002"),
        INSTAGRAM: _channel(db, ana, {"channel": "instagram", "external_business_id": INSTAGRAM}),
        OTHER_NUMBER: _number(db, bruno, OTHER_WABA, OTHER_NUMBER, "+525550320001"),
        OTHER_INSTAGRAM: _channel(db, bruno, {"channel": "instagram", "external_business_id": OTHER_INSTAGRAM}),
    }
    return Tenants(ana, bruno, clara, linked)


def _professional(db: Connection, name: str) -> UUID:
    professional_id = uuid4()
    email = f"{professional_id}@example.com"
    insert(db, "auth.users", id=professional_id, email=email)
    timezone = "America/Argentina/Buenos_Aires"
    insert(db, "professionals", id=professional_id, name=name, email=email, timezone=timezone, marketing_enabled=True)
    return professional_id


def _number(db: Connection, professional_id: UUID, waba_id: str, phone_number_id: str, display: str) -> UUID:
    account = {"channel": "whatsapp", "external_business_id": waba_id, "phone_number_id": phone_number_id}
    return _channel(db, professional_id, account, display_phone_number=display)


def _channel(db: Connection, professional_id: UUID, account: dict[str, str], **channel: str) -> UUID:
    linked = {"professional_id": professional_id, "status": "connected"}
    credential = insert(db, "marketing_channel_credentials", **linked, **account)
    row = insert(db, "marketing_channels", credential_id=credential["id"], type=account["channel"], **linked, **channel)
    return UUID(str(row["id"]))


def make_queues(sqs: Any) -> dict[str, str]:
    """Every queue of the two functions, empty; answers their URLs."""
    owner = uuid4().hex[:8]
    return {
        name: sqs.create_queue(
            QueueName=f"dentalist-{owner}-{name}", Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {}
        )["QueueUrl"]
        for name in QUEUES
    }


class Cloud(NamedTuple):
    """An AWS in process."""

    sqs: Any
    s3: Any


def forget_clients() -> None:
    """What a container keeps between invocations."""
    for value in vars(wiring).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


@contextmanager
def store_down() -> Iterator[None]:
    """Nobody listens where the store was."""
    try:
        with mock.patch.dict(os.environ, {"SUPABASE_URL": f"http://127.0.0.1:{free_port()}"}):
            forget_clients()
            yield
    finally:
        forget_clients()


@dataclass(frozen=True)
class World:
    """The running parts, as a test holds them."""

    db: Connection
    tenants: Tenants
    cloud: Cloud
    urls: dict[str, str]
    lines: io.StringIO

    # ---- what is done

    def deliver(self, body: bytes | dict[str, Any], correlation_id: str = "request-1") -> list[str]:
        """One webhook body through the split and the inbox worker; what of it must come back."""
        parsed = parse_body(body) if isinstance(body, bytes) else body
        messages = split(parsed, received_at=RECEIVED_AT, correlation_id=correlation_id)
        records = [self.record(message.body, group=message.group_id) for message in messages]
        return self.handle(*records)

    def deliver_sample(self, name: str) -> list[str]:
        return self.deliver((SAMPLES / f"{name}.json").read_bytes())

    def record(self, body: str, *, queue: str = "inbound.fifo", **record: Any) -> dict[str, Any]:
        return make_record(body, queue_url=self.urls[queue], **record)

    def handle(self, *records: dict[str, Any]) -> list[str]:
        """One batch; what of it must come back."""
        return failed_ids(inbox_worker.lambda_handler(make_event(*records), WorkerContext()))

    def sweep(self) -> dict[str, int]:
        swept: dict[str, int] = sweeper.lambda_handler({"source": "aws.scheduler"}, LambdaContext())
        return swept

    # ---- what became of it

    def waiting(self, queue: str) -> list[dict[str, Any]]:
        """What a queue holds, taken out of it; delays do not count."""
        found: list[dict[str, Any]] = []
        url = self.urls[queue]
        while messages := self.cloud.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]

    @property
    def outcomes(self) -> list[tuple[str, str | None]]:
        """What was logged to have become of each event, in order."""
        return [(line["outcome"], line.get("reason")) for line in self.log if line["message"] == "event ingested"]

    def everything(self) -> Changes:
        """Every row of every table, but for when it was last touched."""
        tables = "select tablename from pg_tables where schemaname = 'public' order by 1"
        found: Changes = {}
        for row in self.db.execute(tables).fetchall():
            statement = sql.SQL("select to_jsonb(each_row) - 'updated_at' as row from public.{} as each_row")
            rows = self.db.execute(statement.format(sql.Identifier(row["tablename"]))).fetchall()
            found[row["tablename"]] = [each["row"] for each in rows]
        return found

    def changes_since(self, before: Changes) -> Changes:
        """The rows that are new or different, of the tables that have some."""
        after = self.everything()
        assert all(len(after[table]) >= len(before[table]) for table in before), "something was deleted"
        changed = {table: [row for row in rows if row not in before[table]] for table, rows in after.items()}
        return {table: rows for table, rows in changed.items() if rows}
