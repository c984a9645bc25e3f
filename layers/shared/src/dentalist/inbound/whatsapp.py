"""WhatsApp: from a queue message to a typed event.

Source:
    https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from dentalist.domain.phones import parse_phone
from dentalist.inbound.common import NotUnderstood, id_of, instant_of, required_id
from dentalist.inbound.events import (
    AccountChanged,
    Contact,
    EchoSeen,
    Event,
    IdentityChanged,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PreferenceChanged,
    ReactionChanged,
    SelfTested,
    Sender,
    StatusChanged,
)
from dentalist.inbound.readable import readable_whatsapp
from dentalist.inbound.shapes import list_of, object_of, text_of
from dentalist.inbound.whatsapp_content import contact_of, content_of, first_text, type_of
from dentalist.inbound.whatsapp_history import parse_contacts, parse_history, parse_history_state

# Nobody said anything yet: no answer, and no window either.
_SILENT_TYPES = {"system", "request_welcome"}
# The later names, and those of older API versions.
_IDENTITY_CHANGES: dict[str, Literal["number", "user_id", "security_code"]] = {
    "user_changed_number": "number",
    "customer_changed_number": "number",
    "user_changed_user_id": "user_id",
    "customer_identity_changed": "security_code",
}


def parse_whatsapp(message: dict[str, Any], origin: dict[str, Any]) -> Event:
    """The typed event of a queue message of a WhatsApp business account.

    Args:
        message: of a kind other than unknown.
        origin: the fields of ``Event``.

    Raises:
        NotUnderstood: an id or the contact is missing, or the kind has no meaning here.
    """
    parse = _PARSERS.get(str(message.get("kind")))
    if parse is None:
        raise NotUnderstood
    fields = {**origin, "channel_type": "whatsapp", "waba_id": id_of(message.get("entry_id"))}
    return parse(message, object_of(message.get("event")), fields)


def _message(message: dict[str, Any], event: dict[str, Any], origin: dict[str, Any]) -> Event:
    kind = type_of(event)
    change = _IDENTITY_CHANGES.get(str(object_of(event.get("system")).get("type")))
    if kind == "system" and change:
        return _identity(event, origin, change)
    contact = contact_of(message, first_text(event, "from_user_id"), first_text(event, "from"))
    fields = {**origin, **_common(event, contact, origin)}
    if special := _special(event, kind, fields, sender="contact"):
        return special
    group_id = id_of(event.get("group_id"))
    quiet = kind in _SILENT_TYPES or group_id is not None
    return MessageReceived(
        **fields, **content_of(message, event, kind), group_id=group_id, owes_answer=not quiet, opens_window=not quiet
    )


def _echo(message: dict[str, Any], event: dict[str, Any], origin: dict[str, Any]) -> Event:
    kind = type_of(event)
    contact = contact_of(message, first_text(event, "to_user_id"), first_text(event, "to"))
    fields = {**origin, **_common(event, contact, origin)}
    special = _special(event, kind, fields, sender="business")
    return special or EchoSeen(**fields, **content_of(message, event, kind))


def _special(event: dict[str, Any], kind: str, fields: dict[str, Any], *, sender: Sender) -> Event | None:
    """A reaction, edit or revoke: something that happens to another message."""
    body = object_of(event.get(kind))
    if kind == "reaction":
        emoji = text_of(body.get("emoji"))  # taken back: empty, or the key is absent
        target = required_id(body.get("message_id"))
        return ReactionChanged(**fields, target_external_id=target, emoji=emoji, sender=sender)
    if kind == "revoke":
        return MessageRevoked(**fields, target_external_id=required_id(body.get("original_message_id")), sender=sender)
    if kind == "edit":
        content = object_of(body.get("message"))
        new_type = type_of(content)
        return MessageEdited(
            **fields,
            target_external_id=required_id(body.get("original_message_id")),
            type=new_type,
            body=readable_whatsapp(content, new_type),
            payload=event,
            sender=sender,
        )
    return None


def _status(message: dict[str, Any], event: dict[str, Any], origin: dict[str, Any]) -> Event:
    to_group = event.get("recipient_type") == "group"
    phone_key = "recipient_participant_id" if to_group else "recipient_id"
    contact = contact_of(message, first_text(event, "recipient_user_id"), first_text(event, phone_key), required=False)
    errors = list_of(event.get("errors"))
    code = object_of(errors[0]).get("code") if errors else None
    return StatusChanged(
        **origin,
        contact=contact,
        external_id=required_id(event.get("id")),
        status=text_of(event.get("status")) or "unknown",
        occurred_at=instant_of(event.get("timestamp"), received_at=origin["received_at"]),
        reference=text_of(event.get("biz_opaque_callback_data")),
        error_code=code if isinstance(code, int) else None,
        errors=errors,
        pricing=object_of(event.get("pricing")) or None,
        conversation=object_of(event.get("conversation")) or None,
        group_id=id_of(event.get("recipient_id")) if to_group else None,
    )


def _preference(message: dict[str, Any], event: dict[str, Any], origin: dict[str, Any]) -> Event:
    return PreferenceChanged(
        **origin,
        contact=contact_of(message, first_text(event, "user_id"), first_text(event, "wa_id")),
        category=text_of(event.get("category")),
        value=required_id(event.get("value")),
        detail=text_of(event.get("detail")),
        occurred_at=instant_of(event.get("timestamp"), received_at=origin["received_at"]),
    )


def _identity(
    event: dict[str, Any], origin: dict[str, Any], change: Literal["number", "user_id", "security_code"]
) -> Event:
    system = object_of(event.get("system"))
    new_user_id = id_of(system.get("user_id"))
    new_phone = parse_phone(first_text(system, "wa_id", "new_wa_id"))
    former_user_ids = (id_of(system.get("previous_user_id")), id_of(event.get("from_user_id")))
    contact = Contact(
        phone=parse_phone(first_text(event, "from")) or parse_phone(first_text(system, "customer")),
        user_id=next((user_id for user_id in former_user_ids if user_id not in {None, new_user_id}), None),
    )
    if contact.phone is None and contact.user_id is None:
        raise NotUnderstood
    return IdentityChanged(
        **origin,
        contact=contact,
        external_id=required_id(event.get("id")),
        change=change,
        new_phone=new_phone,
        new_user_id=new_user_id,
        body=readable_whatsapp(event, "system"),
        occurred_at=instant_of(event.get("timestamp"), received_at=origin["received_at"]),
    )


def _change(message: dict[str, Any], value: dict[str, Any], origin: dict[str, Any]) -> Event:
    # Of PARTNER_* events the entry is our own business portfolio; the clinic's account is named inside.
    waba_id = id_of(object_of(value.get("waba_info")).get("waba_id")) or origin["waba_id"]
    return AccountChanged(
        **{**origin, "waba_id": waba_id},
        event=text_of(value.get("event")) or text_of(value.get("decision")),
        occurred_at=instant_of(message.get("entry_time"), received_at=origin["received_at"]),
        value=value,
    )


def _self_test(_message: dict[str, Any], value: dict[str, Any], origin: dict[str, Any]) -> Event:
    return SelfTested(**origin, nonce=required_id(value.get("nonce")))


_PARSERS: dict[str, Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Event]] = {
    "message": _message,
    "echo": _echo,
    "status": _status,
    "preference": _preference,
    "change": _change,
    "self_test": _self_test,
    "history": parse_history,
    "history_state": parse_history_state,
    "contacts": parse_contacts,
}


def _common(event: dict[str, Any], contact: Contact, origin: dict[str, Any]) -> dict[str, Any]:
    return {
        "contact": contact,
        "external_id": required_id(event.get("id")),
        "sent_at": instant_of(event.get("timestamp"), received_at=origin["received_at"]),
    }
