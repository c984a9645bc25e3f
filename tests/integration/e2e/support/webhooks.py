"""Bodies of webhooks, as Meta would write them or as nobody should."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from infra.demo.outside import Number
from infra.local.paths import ROOT

RECORDED = sorted((ROOT / "tests/data/meta/webhooks").glob("*.json"))


def encode(content: Any) -> bytes:
    """As Meta encodes: compact, everything beyond ASCII escaped."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode()


def recorded(name: str) -> bytes:
    """A recorded webhook by the number its file name begins with, such as ``01``."""
    (path,) = [path for path in RECORDED if path.name.startswith(f"{name}_")]
    return encode(json.loads(path.read_text()))


def new_message_id() -> str:
    return f"wamid.test.{uuid4().hex}"


def change(number: Number, value: Mapping[str, Any], *, field: str = "messages", **overrides: Any) -> dict[str, Any]:
    """A body with one change of one number; ``overrides`` reach the entry (``id``: the WABA)."""
    metadata = {
        "display_phone_number": number.display_phone_number.strip("+"),
        "phone_number_id": number.phone_number_id,
    }
    content = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": number.business_account_id, "changes": [{"value": content, "field": field}], **overrides}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def text_value(digits: str, text: str, message_id: str, *, at: int = 0, name: str = "Ana Prueba") -> dict[str, Any]:
    """The value of a text message. At 1970 it is long past: stored, but no answer is owed to it."""
    message = {"from": digits, "id": message_id, "timestamp": str(at or 1), "type": "text", "text": {"body": text}}
    return {"contacts": [{"profile": {"name": name}, "wa_id": digits}], "messages": [message]}
