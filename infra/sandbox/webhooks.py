"""Webhook bodies: their shapes, how Meta escapes them, and their signature."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infra.sandbox.accounts import Account
from infra.sandbox.contacts import Contact, wire_names

_MERGED_LISTS = (
    *("contacts", "messages", "statuses", "message_echoes", "user_preferences", "errors"),
    *("state_sync", "history"),
)


@dataclass(frozen=True, slots=True)
class Update:
    """One change of one WABA. ``message_ids`` are the patient's messages in it: acknowledged means delivered."""

    waba_id: str
    field: str
    value: dict[str, Any]
    time: int | None = None  # only account-level fields carry it
    message_ids: tuple[str, ...] = ()


def number_value(account: Account, **lists: Any) -> dict[str, Any]:
    """The ``value`` of a change that belongs to one number; empty lists are left out."""
    metadata = {"display_phone_number": account.digits, "phone_number_id": account.phone_number_id}
    filled = {name: content for name, content in lists.items() if content}
    return {"messaging_product": "whatsapp", "metadata": metadata, **filled}


def message_update(account: Account, contact: Contact, message: dict[str, Any]) -> Update:
    """A patient's message; a ``system`` one has no contacts."""
    contacts = [] if message["type"] == "system" else [wire_names(contact)]
    value = number_value(account, contacts=contacts, messages=[message])
    return Update(account.waba_id, "messages", value, message_ids=(message["id"],))


def status_update(account: Account, status: dict[str, Any]) -> Update:
    """What became of a message that the business sent."""
    return Update(account.waba_id, "messages", number_value(account, statuses=[status]))


def account_update(waba_id: str, field_name: str, value: dict[str, Any], now: float) -> Update:
    """A change of the WABA itself, of its templates or of its numbers' standing."""
    return Update(waba_id, field_name, value, time=int(now))


def payload_of(updates: Iterable[Update]) -> dict[str, Any]:
    """One body for several updates, merged as Meta merges them: by WABA, then by field and number."""
    entries: dict[tuple[str, int | None], dict[str, Any]] = {}
    changes: dict[tuple[Any, ...], dict[str, Any]] = {}
    for position, update in enumerate(updates):
        entry = entries.setdefault((update.waba_id, update.time), _entry(update))
        number = update.value.get("metadata", {}).get("phone_number_id")
        place = (update.waba_id, update.time, update.field, number if number is not None else position)
        if place in changes:
            _merge(changes[place], update.value)
        else:
            changes[place] = {name: _copied(content) for name, content in update.value.items()}
            entry["changes"].append({"value": changes[place], "field": update.field})
    return {"object": "whatsapp_business_account", "entry": list(entries.values())}


def _entry(update: Update) -> dict[str, Any]:
    time = {} if update.time is None else {"time": update.time}
    return {"id": update.waba_id, **time, "changes": []}


def _copied(content: Any) -> Any:
    return list(content) if isinstance(content, list) else content


def _merge(value: dict[str, Any], more: dict[str, Any]) -> None:
    for name in _MERGED_LISTS:
        for item in more.get(name, []):
            if name != "contacts" or item not in value.get("contacts", []):
                value.setdefault(name, []).append(item)


def encode(payload: Any, *, escape_slashes: bool = True) -> bytes:
    """The bytes Meta sends: compact, non-ASCII as lowercase ``\\u00f1``, slashes as ``\\/``.

    A slash can only be inside a string of JSON, so replacing it in the whole text is exact.
    """
    compact = json.dumps(payload, separators=(",", ":"), ensure_ascii=True)
    return (compact.replace("/", "\\/") if escape_slashes else compact).encode()


def sign(body: bytes, app_secret: str) -> str:
    """The ``X-Hub-Signature-256`` header of exactly these bytes."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
