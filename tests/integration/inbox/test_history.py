"""A number that stays on the phone app: its history and address book, from the webhook's body to the rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from dentalist.inbound.split import split
from dentalist.outbound.aws.queues import MAX_INLINE_BYTES
from tests.integration.inbox.world import NUMBER, RECEIVED_AT, WABA, World

CONTACT, BUSINESS = "5491155550888", "5491150320001"
LONG_AGO = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())


def webhook(field: str, **value: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": BUSINESS, "phone_number_id": NUMBER}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [change]}]}


def history(*messages: dict[str, Any], progress: int = 100) -> dict[str, Any]:
    threads = [{"id": CONTACT, "messages": list(messages)}]
    metadata = {"phase": 0, "chunk_order": 1, "progress": progress}
    return webhook("history", history=[{"metadata": metadata, "threads": threads}])


def past(body: str, *, own: bool = False, seconds: int = 0, **more: Any) -> dict[str, Any]:
    sides = {"from": BUSINESS, "to": CONTACT} if own else {"from": CONTACT}
    said = {"type": "text", "text": {"body": body}, "history_context": {"status": "READ"}}
    return {**sides, "id": f"wamid.{uuid4().hex}", "timestamp": str(LONG_AGO + seconds), **said, **more}


def test_a_history_is_kept_and_nobody_is_woken(world: World) -> None:
    body = history(past("¿Precio?"), past("100", own=True, seconds=60))
    before = world.everything()

    assert world.deliver(body) == world.deliver(body) == []

    changes = world.changes_since(before)
    assert set(changes) == {
        *("marketing_conversations", "marketing_contact_identities", "marketing_messages", "marketing_audit_logs")
    }
    rows = sorted(changes["marketing_messages"], key=lambda row: row["sent_at"])
    assert [(row["direction"], row["status"], row["body"]) for row in rows] == [
        ("inbound", "received", "¿Precio?"),
        ("outbound", "read", "100"),
    ]
    [conversation] = changes["marketing_conversations"]
    assert (conversation["ai_enabled"], conversation["unread_count"], conversation["epoch"]) == (False, 0, 0)
    [audit] = changes["marketing_audit_logs"]
    assert (audit["action"], audit["payload"]) == ("channel.history_imported", {"messages": 2, "conversations": 1})
    assert world.waiting("replies") == world.waiting("media") == []


def test_the_file_of_a_placeholder_becomes_a_job(world: World) -> None:
    announced = past("", type="media_placeholder", text=None)
    image = {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "qk3="}

    assert world.deliver(history(announced)) == []
    assert world.waiting("media") == []
    assert world.deliver(webhook("history", messages=[{**announced, "type": "image", "image": image}])) == []

    [row] = [row for row in world.everything()["marketing_messages"] if row["external_id"] == announced["id"]]
    assert [job["message_id"] for job in world.waiting("media")] == [row["id"]]


def test_the_store_takes_the_largest_portion_a_queue_does(world: World) -> None:
    messages = [past("ñandú " * 300, seconds=number) for number in range(90)]
    body = history(*messages, progress=40)
    largest = max(len(message.body) for message in split(body, received_at=RECEIVED_AT, correlation_id="request-1"))
    assert 140 * 1024 < largest < MAX_INLINE_BYTES

    assert world.deliver(body) == []

    written = {message["id"] for message in messages}
    kept = {row["external_id"] for row in world.everything()["marketing_messages"]}
    assert written <= kept
    assert world.outcomes.count(("parked", "malformed")) == 0


def test_the_address_book_names_whoever_writes(world: World) -> None:
    contact = {"full_name": "Proveedor de guantes", "phone_number": CONTACT}
    change = {"type": "contact", "contact": contact, "action": "add", "metadata": {"timestamp": str(LONG_AGO)}}
    before = world.everything()

    assert world.deliver(webhook("smb_app_state_sync", state_sync=[change])) == []
    assert world.changes_since(before).keys() <= {"phone_app_contacts"}
    assert world.deliver(history(past("Llegaron los guantes"), progress=40)) == []

    [conversation] = world.changes_since(before)["marketing_conversations"]
    assert (conversation["contact_name"], conversation["name_from_phone_app"]) == ("Proveedor de guantes", True)


def test_no_word_or_name_of_it_is_logged(world: World) -> None:
    contact = {"full_name": "Zutana Fernández", "phone_number": CONTACT}
    change = {"type": "contact", "contact": contact, "action": "add", "metadata": {"timestamp": str(LONG_AGO)}}

    world.deliver(webhook("smb_app_state_sync", state_sync=[change]))
    world.deliver(history(past("palabra secreta"), {"from": CONTACT, "text": {"body": "sin id, secreta"}}))

    told = world.lines.getvalue()
    assert told
    assert not [word for word in ("secreta", "Zutana", CONTACT) if word in told]
