"""Webhooks written by a test: what they claim happened is taken for true, so that what follows is consistent."""

from typing import Any

from infra.sandbox.platform import Platform


def observe(platform: Platform, payload: Any) -> None:
    """Learn the people and messages of a body; whatever has another shape is none of our business."""
    for value in _message_values(payload):
        phone_number_id = value["metadata"].get("phone_number_id")
        if phone_number_id not in platform.accounts.numbers:
            continue
        names = [c for c in value.get("contacts") or [] if isinstance(c, dict)]
        for message in value["messages"]:
            if isinstance(message, dict) and isinstance(message.get("id"), str):
                _learn(platform, phone_number_id, message, names)


def _message_values(payload: Any) -> list[dict[str, Any]]:
    entries = payload.get("entry") if isinstance(payload, dict) else None
    entries = entries if isinstance(entries, list) else []
    lists = [entry.get("changes") for entry in entries if isinstance(entry, dict)]
    changes = [change for found in lists if isinstance(found, list) for change in found]
    values = [change.get("value") for change in changes if isinstance(change, dict)]
    return [
        value
        for value in values
        if isinstance(value, dict)
        and isinstance(value.get("metadata"), dict)
        and isinstance(value.get("messages"), list)
    ]


def _learn(platform: Platform, phone_number_id: str, message: dict[str, Any], names: list[dict[str, Any]]) -> None:
    phone, user_id = message.get("from") or None, message.get("from_user_id") or None
    if not isinstance(phone or user_id, str) or platform.conversations.find(message["id"]) is not None:
        return
    contact = platform.contacts.meet(phone_number_id, phone=phone, user_id=user_id)
    known = next((n for n in names if phone is not None and n.get("wa_id") == phone), names[0] if names else {})
    contact.name = (known.get("profile") or {}).get("name") or contact.name
    now = platform.clock.now()
    contact.last_inbound_at = now
    platform.contacts.save(contact)
    kind = str(message.get("type", "unsupported"))
    platform.conversations.add(
        contact, message_id=message["id"], author="patient", message_type=kind, content=message.get(kind), at=now
    )
