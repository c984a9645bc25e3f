"""Webhook bodies for the tests: Meta's samples, and small ones that are valid but for what a test changes."""

import json
from pathlib import Path
from typing import Any

from dentalist.inbound.events import Event
from dentalist.inbound.parse import parse_event
from dentalist.inbound.split import split

DATA = Path(__file__).parents[2] / "data" / "meta"
WEBHOOKS = sorted((DATA / "webhooks").glob("*.json"))
WABA, NUMBER, DISPLAY = "210987654300001", "310000000000001", "5491150320001"
ACCOUNT, FAN = "17841400000000001", "880000000000201"
PHONE = "5491155550201"
BSUID = "AR.10200000000000000201"
RECEIVED_AT = "2026-11-22T16:00:00.123Z"


def sample(name: str) -> Any:
    """The body of the sample whose file name starts with ``name``."""
    return json.loads(next(path for path in WEBHOOKS if path.name.startswith(name)).read_text())


def make_message(**overrides: Any) -> dict[str, Any]:
    """A text message of a contact."""
    return {
        "from": PHONE,
        "id": "wamid.1",
        "timestamp": "1794009637",
        "type": "text",
        "text": {"body": "Hola"},
        **overrides,
    }


def make_value(**overrides: Any) -> dict[str, Any]:
    """The value of a change that says for which number it is."""
    metadata = {"display_phone_number": DISPLAY, "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": metadata, **overrides}


def make_body(value: Any, *, field: str | None = "messages") -> dict[str, Any]:
    """A body with one change."""
    change = {"value": value} if field is None else {"value": value, "field": field}
    return {"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [change]}]}


def instagram_body(**entry: Any) -> dict[str, Any]:
    """A body for the Instagram account with one entry."""
    return {"object": "instagram", "entry": [{"id": ACCOUNT, "time": 1794015600134, **entry}]}


def messaging(**content: Any) -> dict[str, Any]:
    """A messaging item from a person to the account."""
    return {"sender": {"id": FAN}, "recipient": {"id": ACCOUNT}, "timestamp": 1794015600000, **content}


def queued(body: Any) -> list[dict[str, Any]]:
    """The queue messages of a body, as JSON objects."""
    return [json.loads(message.body) for message in split(body, received_at=RECEIVED_AT, correlation_id="c-1")]


def events(body: Any) -> list[Event]:
    """The typed events of a body."""
    return [parse_event(message) for message in queued(body)]


def event(body: Any) -> Any:
    """The only event of a body."""
    (only,) = events(body)
    return only


def event_of_message(**overrides: Any) -> Any:
    """The event of one WhatsApp message."""
    return event(make_body(make_value(messages=[make_message(**overrides)])))
