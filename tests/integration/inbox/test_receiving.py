"""What the samples do not show: large and strange events, other tenants, refusals and outages, files."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from dentalist.domain.sending_errors import MediaGone
from dentalist.inbound.split import split
from dentalist.outbound.aws.objects import LargeEvents
from dentalist.outbound.aws.queues import FifoOutbox
from dentalist.runtime import wiring
from tests.database.stack import SupabaseServer
from tests.fakes_inbox import JPEG, FakeNumber
from tests.integration.inbox.world import NUMBER, OTHER_NUMBER, OTHER_WABA, WABA, World, store_down

PHONE = "5491155550777"


def webhook(
    *messages: dict[str, Any], waba: str = WABA, number: str = NUMBER, field: str = "messages"
) -> dict[str, Any]:
    """A body with messages of one contact."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5491150320001", "phone_number_id": number},
        "contacts": [{"profile": {"name": "Zoe"}, "wa_id": PHONE}],
        "messages": list(messages),
    }
    entry = {"id": waba, "changes": [{"field": field, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def text(body: str, wamid: str | None = None, **more: Any) -> dict[str, Any]:
    seconds = str(int(datetime.now(UTC).timestamp()))
    of_text = {"type": "text", "text": {"body": body}}
    return {"from": PHONE, "id": wamid or f"wamid.{uuid4().hex}", "timestamp": seconds, **of_text, **more}


def photo() -> dict[str, Any]:
    return text("", type="image", image={"id": uuid4().hex, "mime_type": "image/jpeg"})


def messages(world: World, professional_id: UUID | None = None) -> list[dict[str, Any]]:
    owner = str(professional_id or world.tenants.ana)
    rows = [row for row in world.everything()["marketing_messages"] if row["professional_id"] == owner]
    return sorted(rows, key=lambda row: row["created_at"])


def parked(world: World) -> list[dict[str, Any]]:
    return world.everything()["marketing_webhook_events"]


# ---- what comes in ---------------------------------------------------------------------------------------------------


def test_a_burst_is_one_conversation_that_owes_one_answer(world: World) -> None:
    burst = webhook(text("Hola"), text("quería un turno"), text("para mañana 🙂"))

    assert world.deliver(burst) == world.deliver(burst) == []

    assert [row["body"] for row in messages(world)] == ["Hola", "quería un turno", "para mañana 🙂"]
    [conversation] = {row["conversation_id"] for row in messages(world)}
    assert {job["conversation_id"] for job in world.waiting("replies")} == {conversation}
    [row] = [each for each in world.everything()["marketing_conversations"] if each["id"] == conversation]
    assert (row["epoch"], row["answered_epoch"], row["unread_count"]) == (3, 0, 3)


def test_what_postgresql_cannot_keep_is_made_storable(world: World) -> None:
    assert world.deliver(webhook(text("a\x00b \ud83d c", payload={"\x00": "\udc00"}))) == []

    [row] = messages(world)
    assert row["body"] == "a�b � c"


def test_an_event_in_the_bucket_is_stored_like_any_other(world: World) -> None:
    [message] = split(webhook(text("x" * 4000)), received_at="2026-11-22T16:00:00Z", correlation_id="request-1")
    key = LargeEvents("large", s3=world.cloud.s3).store(message.body, deduplication_id=message.deduplication_id)

    assert world.handle(world.record(json.dumps({"v": 1, "s3_key": key, "correlation_id": "request-1"}))) == []

    [row] = messages(world)
    assert len(row["body"]) == 4000


def test_an_event_leaves_the_bucket_once_it_is_stored_and_its_pointer_may_come_again(world: World) -> None:
    [message] = split(webhook(text("x" * 4000)), received_at="2026-11-22T16:00:00Z", correlation_id="request-1")
    bucket = LargeEvents("large", s3=world.cloud.s3)
    key = bucket.store(message.body, deduplication_id=message.deduplication_id)
    pointer = json.dumps({"v": 1, "s3_key": key, "correlation_id": "request-1"})

    assert world.handle(world.record(pointer)) == []
    assert world.cloud.s3.list_objects_v2(Bucket="large")["KeyCount"] == 0
    assert world.handle(world.record(pointer)) == []

    assert len(messages(world)) == 1
    assert parked(world) == []


# ---- whose it is -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waba", "number"),
    [("210987654399999", "310000000009999"), (WABA, OTHER_NUMBER), (OTHER_WABA, NUMBER)],
    ids=["unknown number", "another's number", "another's account"],
)
def test_what_belongs_to_no_tenant_beyond_doubt_is_parked_and_never_guessed(
    world: World, waba: str, number: str
) -> None:
    before = world.everything()

    assert world.deliver(webhook(text("Hola"), waba=waba, number=number)) == []

    assert set(world.changes_since(before)) == {"marketing_webhook_events"}
    [row] = parked(world)
    assert (row["reason"], row["professional_id"], row["phone_number_id"]) == ("unknown_tenant", None, number)
    assert world.waiting("replies") == []


def test_each_tenant_gets_its_own_messages(world: World) -> None:
    world.deliver(webhook(text("para Ana")))
    world.deliver(webhook(text("para Bruno"), waba=OTHER_WABA, number=OTHER_NUMBER))

    assert [row["body"] for row in messages(world)] == ["para Ana"]
    assert [row["body"] for row in messages(world, world.tenants.bruno)] == ["para Bruno"]
    assert messages(world, world.tenants.clara) == []


def test_a_field_of_tomorrow_is_kept_for_the_tenant_of_its_number(world: World) -> None:
    body = webhook(text("Hola"), field="telepathy")

    assert world.deliver(body) == world.deliver(body) == []

    [row] = parked(world)
    assert (row["reason"], row["field"], row["professional_id"]) == (
        "unknown_field",
        "telepathy",
        str(world.tenants.ana),
    )
    assert world.outcomes == [("parked", "unknown_field")] * 2


# ---- refusals and outages --------------------------------------------------------------------------------------------


@pytest.fixture
def _store_refuses_the_canary(db: "psycopg.Connection[dict[str, Any]]") -> Iterator[None]:
    db.execute("alter table marketing_messages add constraint no_canary check (body is distinct from 'canario')")
    yield
    db.execute("alter table marketing_messages drop constraint no_canary")


@pytest.mark.usefixtures("_store_refuses_the_canary")
def test_an_event_that_the_store_refuses_is_parked_once_and_the_contact_is_not_held_up(world: World) -> None:
    body = webhook(text("antes"), text("canario", "wamid.CANARY"), text("después"))

    assert world.deliver(body, "request-1") == world.deliver(body, "request-2") == []

    assert [row["body"] for row in messages(world)] == ["antes", "después"]
    [row] = parked(world)
    assert (row["reason"], row["professional_id"]) == ("malformed", str(world.tenants.ana))
    whole = row["payload"]["raw"]
    assert (whole["kind"], whole["event"]["text"]["body"], whole["contact"]["wa_id"]) == ("message", "canario", PHONE)
    refusals = [line for line in world.log if line["message"] == "event cannot be taken in, parked"]
    assert {(line["error_type"], line["error_code"]) for line in refusals} == {("StoreRefused", "23514")}
    assert "canario" not in world.lines.getvalue()


def test_while_the_function_is_missing_in_the_store_nothing_is_lost(
    world: World, db: "psycopg.Connection[dict[str, Any]]"
) -> None:
    body = webhook(text("Hola"))
    db.execute("revoke execute on function public.ingest_event(jsonb, integer) from service_role")
    try:
        assert len(world.deliver(body)) == 1
    finally:
        db.execute("grant execute on function public.ingest_event(jsonb, integer) to service_role")

    assert world.deliver(body) == []
    assert [row["body"] for row in messages(world)] == ["Hola"]


def test_what_came_during_an_outage_is_stored_once_and_in_order_when_the_store_is_back(world: World) -> None:
    body = webhook(*(text(str(n), f"wamid.{n}-{uuid4().hex}") for n in range(3)))
    queued = split(body, received_at="2026-11-22T16:00:00Z", correlation_id="request-1")
    FifoOutbox(world.urls["inbound.fifo"], sqs=world.cloud.sqs, large_bodies=lambda: None).enqueue(
        queued, correlation_id="request-1"
    )
    records = [received(world, message) for message in receive(world, "inbound.fifo")]
    assert len(records) == 3

    with store_down():
        assert world.handle(*records) == [record["messageId"] for record in records]

    assert "visibility not changed, the queue's own applies" not in [line["message"] for line in world.log]
    assert world.handle(*records) == []
    assert [row["body"] for row in messages(world)] == ["0", "1", "2"]


def receive(world: World, queue: str) -> list[dict[str, Any]]:
    answer = world.cloud.sqs.receive_message(
        QueueUrl=world.urls[queue],
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


def received(world: World, message: dict[str, Any]) -> dict[str, Any]:
    """A message of the queue as Lambda shows it."""
    record = world.record(message["Body"])
    return {**record, "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"]}


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def number(monkeypatch: pytest.MonkeyPatch) -> FakeNumber:
    """What Meta says about files; their tokens are another test's subject."""
    fake = FakeNumber()
    monkeypatch.setattr(wiring, "number_of", lambda _: fake)
    return fake


def media_records(world: World) -> list[dict[str, Any]]:
    return [world.record(json.dumps(job), queue="media") for job in world.waiting("media")]


def test_a_photo_lands_in_the_bucket_of_its_professional(
    world: World, number: FakeNumber, own_supabase: SupabaseServer
) -> None:
    world.deliver(webhook(photo()))
    [job] = media_records(world)

    assert world.handle(job, job) == []  # the second finds nothing to do

    [row] = messages(world)
    assert row["storage_path"] == f"{world.tenants.ana}/inbound/{row['id']}.jpg"
    assert (row["media_status"], row["media_attempts"], len(number.asked)) == ("stored", 1, 1)
    kept = httpx.get(
        f"{own_supabase.url}/storage/v1/object/marketing-assets/{row['storage_path']}",
        headers={"apikey": own_supabase.secret_key, "Authorization": f"Bearer {own_supabase.secret_key}"},
    )
    assert (kept.content, kept.headers["content-type"]) == (JPEG, "image/jpeg")


def test_a_file_that_meta_no_longer_has_is_marked_and_not_asked_for_again(world: World, number: FakeNumber) -> None:
    number.file = MediaGone()
    body = webhook(photo())
    world.deliver(body)

    assert world.handle(*media_records(world)) == []

    [row] = messages(world)
    assert (row["media_status"], row["storage_path"]) == ("failed", None)
    world.deliver(body)
    assert world.waiting("media") == []


def test_a_number_without_a_token_leaves_the_file_for_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_KMS_KEY_ID", "alias/none")
    world.deliver(webhook(photo()))

    assert world.handle(*media_records(world)) == []

    [row] = messages(world)
    assert (row["media_status"], row["media_attempts"]) == ("pending", 1)
    [line] = [line for line in world.log if line["message"] == "file not fetched"]
    assert line["cause"] == "channel_disconnected"
