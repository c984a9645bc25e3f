"""The message that waits in the inbound queue, with its group and its deduplication id. Standard library only.

The body is a JSON object, ASCII-escaped, with these keys, always all of them:

========================  ============================================================================================
``v``                     1
``object``                whatsapp_business_account, instagram, another word of Meta's, or null
``kind``                  message, status, echo, preference, change, self_test, history, history_state, contacts,
                          unknown
``field``                 messages, user_preferences, account_update, messaging, standby, comments, …, or null
``entry_id``              the WhatsApp business account, or the Instagram account
``entry_time``            int or null
``phone_number_id``       null for account-wide events and on Instagram
``display_phone_number``  as Meta wrote it, or null
``contact``               the element of ``value.contacts`` that belongs to this event, or null
``errors``                ``value.errors``, or null
``event``                 the message, status, echo, preference or messaging item; for a change and a self-test the
                          whole ``value``; for history a thread and some of its messages, for history_state what
                          a chunk says about the import, for contacts some of the address book; for unknown whatever
                          was not understood
``reason``                for unknown: unknown_object, unknown_field, malformed, too_large; else null
``received_at``           ISO 8601 in UTC
``correlation_id``        of the webhook request
========================  ============================================================================================
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from dentalist.domain.phones import canonical_phone
from dentalist.inbound.shapes import depth_exceeds, object_of, text_of

# Nobody writes a message of this size; the worker and the store should not meet one by surprise.
MAX_EVENT_BYTES = 1024 * 1024
# Meta's deepest event has about fifteen levels. The worker's parser, PostgREST and jsonb all have limits of their own.
MAX_DEPTH = 64

# About the whole account or number, and nobody in particular.
_ACCOUNT_KINDS = {"change", "self_test", "history_state", "contacts"}

_encode = json.JSONEncoder(separators=(",", ":")).encode
_encode_sorted = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


class QueueMessage(NamedTuple):
    """What is enqueued: a JSON text and the two ids by which SQS FIFO orders and deduplicates."""

    body: str
    group_id: str
    deduplication_id: str


class Origin(NamedTuple):
    """Where an event was found: what the events of one entry or change have in common."""

    received_at: str
    correlation_id: str
    object: str | None = None
    field: str | None = None
    entry_id: str | None = None
    entry_time: int | None = None
    phone_number_id: str | None = None
    display_phone_number: str | None = None


def known(
    origin: Origin, kind: str, event: dict[str, Any], *, contact: dict[str, Any] | None = None, errors: Any = None
) -> QueueMessage:
    """The queue message of an event whose place in the body was understood."""
    if depth_exceeds(event, MAX_DEPTH) or depth_exceeds(contact, MAX_DEPTH) or depth_exceeds(errors, MAX_DEPTH):
        return unknown(origin, "malformed", {"event": event, "contact": contact, "errors": errors})
    body = _body(origin, kind, event, contact=contact, errors=errors)
    if len(body) > MAX_EVENT_BYTES:
        return unknown(origin, "too_large", event)
    group, identity = _group(origin, kind, event, contact), _identity(origin, kind, event)
    return QueueMessage(body, _digest(*group), _digest(*identity))


def unknown(origin: Origin, reason: str, event: Any) -> QueueMessage:
    """The queue message of something that was not understood, kept whole; as text where it is nested too deeply.

    Raises:
        RecursionError: nested deeper than the interpreter itself can follow.
    """
    kept = _encode(event) if depth_exceeds(event, MAX_DEPTH) else event
    body = _body(origin, "unknown", kept, reason=reason)
    account = origin.phone_number_id or origin.entry_id or ""
    identity = _encode(kept) if isinstance(kept, str) else _encode_sorted(kept)
    return QueueMessage(
        body, _digest(account, origin.field or "unknown"), _digest("unknown", account, origin.field, identity)
    )


def encoded_size(item: dict[str, Any]) -> int:
    """The bytes an item takes in a queue message; of one nested too deeply to be kept there, more than fit."""
    return MAX_EVENT_BYTES if depth_exceeds(item, MAX_DEPTH) else len(_encode(item))


def unreadable(origin: Origin, raw: bytes) -> QueueMessage:
    """The queue message of a signed body that no parser could follow: its text."""
    return unknown(origin, "malformed", raw.decode("utf-8", "replace"))


def _body(
    origin: Origin,
    kind: str,
    event: Any,
    *,
    contact: dict[str, Any] | None = None,
    errors: Any = None,
    reason: str | None = None,
) -> str:
    return _encode(
        {
            "v": 1,
            "object": origin.object,
            "kind": kind,
            "field": origin.field,
            "entry_id": origin.entry_id,
            "entry_time": origin.entry_time,
            "phone_number_id": origin.phone_number_id,
            "display_phone_number": origin.display_phone_number,
            "contact": contact,
            "errors": errors,
            "event": event,
            "reason": reason,
            "received_at": origin.received_at,
            "correlation_id": origin.correlation_id,
        }
    )


def _group(
    origin: Origin, kind: str, event: dict[str, Any], contact: dict[str, Any] | None
) -> tuple[str | None, str | None]:
    """Number and contact; account-wide events: account and field. Only keeps workers out of each other's way."""
    if kind in _ACCOUNT_KINDS:
        return origin.phone_number_id or origin.entry_id, origin.field
    if origin.object == "instagram":
        return origin.entry_id, _instagram_contact(origin, event)
    contact_key = _past_contact(event) if kind == "history" else _whatsapp_contact(kind, event, contact or {})
    return origin.phone_number_id, contact_key


def _instagram_contact(origin: Origin, event: dict[str, Any]) -> str | None:
    sender, recipient = (text_of(object_of(event.get(side)).get("id")) for side in ("sender", "recipient"))
    return recipient if sender == origin.entry_id else sender


# Which keys hold the contact's user id and phone: of a status and an echo it is the recipient.
_CONTACT_KEYS = {
    "message": ("from_user_id", "from"),
    "status": ("recipient_user_id", "recipient_id"),
    "echo": ("to_user_id", "to"),
    "preference": ("user_id", "wa_id"),
}


def _whatsapp_contact(kind: str, event: dict[str, Any], contact: dict[str, Any]) -> str:
    user_id_key, phone_key = _CONTACT_KEYS[kind]
    user_id = text_of(event.get(user_id_key)) or text_of(contact.get("user_id"))
    return user_id or canonical_phone(text_of(event.get(phone_key)) or text_of(contact.get("wa_id")) or "")


def _past_contact(event: dict[str, Any]) -> str:
    """The contact of a thread, under the same key as in a live message."""
    thread = object_of(event.get("thread"))
    user_id = text_of(object_of(thread.get("context")).get("user_id"))
    return user_id or canonical_phone(text_of(thread.get("id")) or "")


def _identity(origin: Origin, kind: str, event: dict[str, Any]) -> tuple[str | None, ...]:
    """What makes two deliveries the same event; without an id of Meta's, its whole content."""
    account = origin.phone_number_id or origin.entry_id
    message = object_of(event.get("message"))
    if mid := text_of(message.get("mid")):
        return kind, account, mid, "deleted" if message.get("is_deleted") else None
    event_id = text_of(event.get("id"))
    if event_id is None or kind in {"change", "preference"}:
        return kind, account, origin.field, text_of(origin.entry_time), _encode_sorted(event)
    if kind == "status":
        details = (text_of(event.get(key)) for key in ("status", "timestamp", "recipient_participant_id"))
        return kind, account, event_id, *details
    return kind, account, event_id


def _digest(*parts: str | None) -> str:
    return hashlib.sha256("|".join(part or "" for part in parts).encode("utf-8", "surrogatepass")).hexdigest()
