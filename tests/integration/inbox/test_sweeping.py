"""The sweeper over the real store: what a lost wake-up, a killed worker or a crash left behind is taken up again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from dentalist.domain.backoff import is_file_due
from dentalist.domain.errors import StoreUnavailable
from tests.database.outbound_builders import Row, insert
from tests.integration.inbox.world import NUMBER, World, store_down


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def make_conversation(world: World, **columns: Any) -> Row:
    owner = {"professional_id": world.tenants.ana, "channel_id": world.tenants.channels[NUMBER]}
    return insert(world.db, "marketing_conversations", contact_phone="+5491155550777", **owner, **columns)


def make_message(world: World, conversation: Row, **columns: Any) -> Row:
    ids = {"professional_id": world.tenants.ana, "channel_id": world.tenants.channels[NUMBER]}
    inbound = {"direction": "inbound", "sender": "contact", "status": "received", "type": "image", "body": "foto"}
    unique = {"external_id": f"wamid.{uuid4().hex}"}
    return insert(
        world.db, "marketing_messages", conversation_id=conversation["id"], **{**ids, **inbound, **unique, **columns}
    )


def being_sent(**columns: Any) -> dict[str, Any]:
    return {"direction": "outbound", "sender": "professional", "status": "sending", "type": "text", **columns}


def send_to(world: World, queue: str, body: str) -> None:
    attributes = {"correlation_id": {"DataType": "String", "StringValue": "request-1"}}
    fifo = {"MessageGroupId": "group-1", "MessageDeduplicationId": uuid4().hex} if queue.endswith(".fifo") else {}
    world.cloud.sqs.send_message(QueueUrl=world.urls[queue], MessageBody=body, MessageAttributes=attributes, **fifo)


def test_a_quiet_minute_does_nothing(world: World) -> None:
    assert set(world.sweep().values()) == {0}


def test_what_is_due_is_done_once(world: World, db: "psycopg.Connection[dict[str, Any]]") -> None:
    owed = {"epoch": 1, "first_unanswered_at": ago(minutes=2), "answer_due_at": ago(minutes=2)}
    overdue = make_conversation(world, **owed)
    quiet = make_conversation(world)
    file = make_message(world, quiet, media_id="1", media_status="pending", created_at=ago(minutes=2))
    dead = make_message(world, quiet, **being_sent(external_id=None, send_lease_until=ago(seconds=1)))
    for queue, body in (("inbound-dead.fifo", '{"n": 1}'), ("replies-dead", '{"n": 2}'), ("media-dead", '{"n": 3}')):
        send_to(world, queue, body)

    swept = world.sweep()

    assert {name: count for name, count in swept.items() if count} == {
        "answers_woken": 1,
        "media_requested": 1,
        "sends_expired": 1,
        "redriven": 3,
    }
    assert [job.get("conversation_id", job) for job in world.waiting("replies")] == [str(overdue["id"]), {"n": 2}]
    assert [job.get("message_id", job) for job in world.waiting("media")] == [str(file["id"]), {"n": 3}]
    assert world.waiting("inbound.fifo") == [{"n": 1}]
    [unknown] = db.execute("select status from marketing_messages where id = %s", [dead["id"]]).fetchall()
    assert unknown["status"] == "unknown"


def test_a_status_that_passed_its_send_unseen_finds_it(world: World) -> None:
    sent = make_message(world, make_conversation(world), **being_sent(status="sent"))
    ids = {"professional_id": world.tenants.ana, "channel_id": world.tenants.channels[NUMBER]}
    said = {"external_id": sent["external_id"], "status": "read", "occurred_at": ago(minutes=3)}
    insert(world.db, "message_status_events", created_at=ago(minutes=3), **said, **ids)

    assert world.sweep()["statuses_matched"] == 1

    rows = world.everything()["marketing_messages"]
    assert [row["status"] for row in rows if row["id"] == str(sent["id"])] == ["read"]


def test_while_the_store_is_down_dead_letters_stay_dead(world: World) -> None:
    send_to(world, "inbound-dead.fifo", "{}")

    with store_down(), pytest.raises(StoreUnavailable):
        world.sweep()

    assert world.waiting("inbound.fifo") == []
    assert world.waiting("inbound-dead.fifo") == [{}]


@pytest.mark.parametrize("attempts", [1, 2, 3, 6, 11, 12])
def test_the_store_asks_for_a_file_when_the_worker_would_fetch_it(
    world: World, attempts: int, db: "psycopg.Connection[dict[str, Any]]"
) -> None:
    """Both say when the next attempt is due; were they to differ, files would wait or be asked for in vain."""
    conversation = make_conversation(world)
    due_after = timedelta(minutes=2**attempts)
    for age in (due_after - timedelta(seconds=20), due_after + timedelta(seconds=20)):
        pending = {"media_id": "1", "media_status": "pending", "media_attempts": attempts}
        row = make_message(world, conversation, **pending, created_at=datetime.now(UTC) - age)

        [answer] = db.execute("select public.pending_media(1000) as ids").fetchall()

        assert (str(row["id"]) in answer["ids"]) is is_file_due(attempts, age)
