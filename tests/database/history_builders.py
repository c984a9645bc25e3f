"""What Meta sends of a phone app that had been in use before, and what becomes of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dentalist.inbound.parse import parse_event
from dentalist.inbound.split import split
from tests.database.inbound_builders import PHONE, Office, ingest, wamid
from tests.database.outbound_builders import Connection, Row, find, rows, utc_now

BUSINESS = "5493415000000"
DIGITS = PHONE.removeprefix("+")
DECLINED = [{"errors": [{"code": 2593109, "title": "History sharing is turned off by the business"}]}]


def ago(**span: float) -> datetime:
    """A moment of the past, in whole seconds, as Meta counts."""
    return (utc_now() - timedelta(**span)).replace(microsecond=0)


def past(body: str = "Hola, ¿me pasás el precio?", at: datetime | None = None, **overrides: Any) -> Row:
    """A text that the contact wrote."""
    written = str(int((at or ago(days=3)).timestamp()))
    content = {"type": "text", "text": {"body": body}, "history_context": {"status": "READ"}}
    return {"from": DIGITS, "id": wamid(), "timestamp": written, **content, **overrides}


def own(body: str = "Claro, son 100", at: datetime | None = None, status: str = "READ", **overrides: Any) -> Row:
    """A text that the clinic wrote in the app."""
    sent = {"from": BUSINESS, "to": DIGITS, "history_context": {"status": status}}
    return past(body, at, **{**sent, **overrides})


def placeholder(**overrides: Any) -> Row:
    """That there was a photo, and nothing of it."""
    return {**past(**overrides), "type": "media_placeholder", "text": None}


def photo(**overrides: Any) -> Row:
    """The same, with the file."""
    image = {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "qk3=", "caption": "Mi muela"}
    return {**past(**overrides), "type": "image", "image": image, "text": None}


def thread(*messages: Row, contact: str = DIGITS, **more: Any) -> Row:
    return {"id": contact, "messages": list(messages), **more}


def chunk(*threads: Row, progress: int = 55, phase: int = 0) -> Row:
    return {"metadata": {"phase": phase, "chunk_order": 1, "progress": progress}, "threads": list(threads)}


def entry(name: str | None, at: datetime | None = None, *, phone: str = DIGITS, action: str = "add") -> Row:
    """A change of the address book."""
    contact = {"phone_number": phone, **({"full_name": name, "first_name": name.split()[0]} if name else {})}
    stamp = {"timestamp": str(int((at or ago(days=1)).timestamp()))}
    return {"type": "contact", "contact": contact, "action": action, "metadata": stamp}


def removed(at: datetime | None = None, *, phone: str = DIGITS) -> Row:
    return entry(None, at, phone=phone, action="remove")


def body_of(office: Office, field: str, **value: Any) -> Row:
    """The webhook's body."""
    metadata = {"display_phone_number": BUSINESS, "phone_number_id": office.clinic.phone_number_id}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": office.waba_id, "changes": [change]}]}


def events_of(body: Row, received_at: datetime | None = None) -> list[Row]:
    """What the worker hands to the store, in order."""
    at = (received_at or utc_now()).isoformat()
    queued = split(body, received_at=at, correlation_id="c-1")
    return [parse_event(json.loads(message.body)).as_arguments() for message in queued]


def deliver(db: Connection, body: Row, received_at: datetime | None = None) -> list[Row]:
    """One delivery of a body; the answers of the store, one an event."""
    return [ingest(db, event) for event in events_of(body, received_at)]


def import_threads(db: Connection, office: Office, *threads: Row, **about: Any) -> list[Row]:
    """A chunk of the history comes; the answers without the one about the chunk itself."""
    received_at = about.pop("received_at", None)
    return deliver(db, body_of(office, "history", history=[chunk(*threads, **about)]), received_at)[:-1]


def import_thread(db: Connection, office: Office, *messages: Row, **more: Any) -> UUID:
    """The history with one contact comes; answers the conversation."""
    [answer] = import_threads(db, office, thread(*messages, **more))
    assert answer["outcome"] == "stored", answer
    return UUID(answer["conversation_id"])


def import_file(db: Connection, office: Office, message: Row) -> Row:
    [answer] = deliver(db, body_of(office, "history", messages=[message]))
    return answer


def sync(db: Connection, office: Office, *entries: Row, received_at: datetime | None = None) -> list[Row]:
    return deliver(db, body_of(office, "smb_app_state_sync", state_sync=list(entries)), received_at)


def conversation(db: Connection, conversation_id: UUID | str) -> Row:
    return find(db, "marketing_conversations", conversation_id)


def message_of(db: Connection, office: Office, message: Row) -> Row:
    """The row of a message of Meta's."""
    [row] = rows(db, "marketing_messages", channel_id=office.channel_id, external_id=message["id"])
    return row
