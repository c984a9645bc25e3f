"""WhatsApp: what the phone app of a number had before it was linked, from a queue message to a typed event.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history/
    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/smb_app_state_sync
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from dentalist.domain.phones import canonical_phone, parse_phone
from dentalist.domain.understanding.intents import Intent
from dentalist.inbound.common import NotUnderstood, find_instant, instant_of, required_id
from dentalist.inbound.events import (
    Contact,
    ContactChange,
    ContactsChanged,
    HistoryProgressed,
    HistoryReceived,
    PastMessage,
    PastStatus,
)
from dentalist.inbound.readable import readable_whatsapp
from dentalist.inbound.shapes import list_of, object_of, text_of
from dentalist.inbound.whatsapp_content import contact_of, content_of, first_text, type_of

_DECLINED = 2593109  # the clinic chose not to share its chats
# PENDING had not left the phone; whether it ever did, only a later status can tell.
_STATUSES: dict[str, PastStatus] = {
    "PENDING": "unknown",
    "SENT": "sent",
    "DELIVERED": "delivered",
    "READ": "read",
    "PLAYED": "read",
    "ERROR": "failed",
}
# About another message, and which of their keys names it.
_ABOUT = {"reaction": "message_id", "edit": "original_message_id", "revoke": "original_message_id"}
_OPENS_NO_WINDOW = {*_ABOUT, "system", "request_welcome"}

_LONGEST_NUMBER = 9  # digits; PostgreSQL's integer holds them all

Item = TypeVar("Item")


def parse_history(message: dict[str, Any], event: dict[str, Any], origin: dict[str, Any]) -> HistoryReceived:
    """Some of the messages of one thread.

    Args:
        message: the queue message.
        event: its event, a thread and messages of it.
        origin: the fields of ``Event``.

    Raises:
        NotUnderstood: nothing says with whom the thread is.
    """
    contact = _contact(message, object_of(event.get("thread")))
    messages: list[PastMessage] = []
    not_understood: list[Any] = []
    business = origin["display_phone_number"]
    if contact.phone is None or _key(contact.phone) != _key(business):  # the owner's notes to themself are no contact's
        messages, not_understood = _understand(
            list_of(event.get("messages")), lambda item: _past_message(item, contact, business, origin)
        )
    return HistoryReceived(**origin, contact=contact, messages=messages, not_understood=not_understood)


def parse_history_state(_message: dict[str, Any], event: dict[str, Any], origin: dict[str, Any]) -> HistoryProgressed:
    """What a chunk says about the import.

    Raises:
        NotUnderstood: an error other than that the clinic declined.
    """
    metadata = object_of(event.get("metadata"))
    codes = {_number(object_of(error).get("code")) for error in list_of(event.get("errors"))}
    if codes - {_DECLINED}:
        raise NotUnderstood
    return HistoryProgressed(
        **origin,
        phase=_number(metadata.get("phase")),
        progress=_number(metadata.get("progress")),
        messages=_number(event.get("messages")) or 0,
        declined=bool(codes),
    )


def parse_contacts(_message: dict[str, Any], event: dict[str, Any], origin: dict[str, Any]) -> ContactsChanged:
    """Changes of the address book."""
    changes, not_understood = _understand(list_of(event.get("state_sync")), lambda item: _change(item, origin))
    return ContactsChanged(**origin, changes=changes, not_understood=not_understood)


def _understand(items: list[Any], parse: Callable[[dict[str, Any]], Item]) -> tuple[list[Item], list[Any]]:
    """Each item by itself: one that is not understood does not take the others with it."""
    understood: list[Item] = []
    not_understood: list[Any] = []
    for item in items:
        try:
            understood.append(parse(object_of(item)))
        except (NotUnderstood, ValidationError):
            not_understood.append(item)
    return understood, not_understood


def _contact(message: dict[str, Any], thread: dict[str, Any]) -> Contact:
    context = object_of(thread.get("context"))
    contact = contact_of(
        message, first_text(context, "user_id"), first_text(thread, "id") or first_text(context, "wa_id")
    )
    return contact.model_copy(update={"username": contact.username or text_of(context.get("username"))})


def _past_message(item: dict[str, Any], contact: Contact, business: str | None, origin: dict[str, Any]) -> PastMessage:
    kind = type_of(item)
    from_business = _is_from_business(item, contact, business)
    sent_at = find_instant(item.get("timestamp"), received_at=origin["received_at"])
    status = (text_of(object_of(item.get("history_context")).get("status")) or "").upper()
    # The status moves from one delivery to the next; the message itself does not.
    said = {name: value for name, value in item.items() if name != "history_context"}
    content = _about_another(said, kind) if kind in _ABOUT else content_of({}, said, kind)
    return PastMessage(
        **{"reply_to_external_id": content.pop("context_external_id", None), **content},
        external_id=required_id(item.get("id")),
        sent_at=sent_at,
        from_business=from_business,
        # The window is judged by the true time: without one nothing is known to be open.
        opens_window=not from_business and sent_at is not None and kind not in _OPENS_NO_WINDOW,
        opts_out=not from_business and kind == "text" and _opts_out(content["body"]),
        status=_STATUSES.get(status, "sent") if from_business else None,
    )


def _opts_out(text: str) -> bool:
    """Whoever asked before not to be written to does not have to ask again."""
    from dentalist.domain.understanding.classifier import classify  # noqa: PLC0415 - 50 ms that only a history needs

    return classify(text).wants(Intent.OPT_OUT)


def _about_another(item: dict[str, Any], kind: str) -> dict[str, Any]:
    """A reaction, an edit or a revoke; its body is the emoji, the new text or nothing."""
    about = object_of(item.get(kind))
    edited = object_of(about.get("message"))
    body = readable_whatsapp(edited, type_of(edited)) if kind == "edit" else text_of(about.get("emoji"))
    return {"type": kind, "body": body, "payload": item, "reply_to_external_id": required_id(about.get(_ABOUT[kind]))}


def _is_from_business(item: dict[str, Any], contact: Contact, business: str | None) -> bool:
    """Only what the business wrote names a recipient; a contact who writes is the thread's own."""
    sender, user_id = _key(first_text(item, "from")), first_text(item, "from_user_id", "from")
    if (sender and sender == _key(contact.phone)) or (user_id is not None and user_id == contact.user_id):
        return False
    return bool(sender and sender == _key(business)) or first_text(item, "to", "to_user_id") is not None


def _change(item: dict[str, Any], origin: dict[str, Any]) -> ContactChange:
    entry = object_of(item.get("contact"))
    phone = parse_phone(text_of(entry.get("phone_number")))
    action = (text_of(item.get("action")) or "").lower()
    name = first_text(entry, "full_name", "first_name")
    if item.get("type", "contact") != "contact" or phone is None or action not in {"add", "remove"}:
        raise NotUnderstood
    return ContactChange(
        phone=phone,
        name=name if action == "add" else None,
        changed_at=instant_of(object_of(item.get("metadata")).get("timestamp"), received_at=origin["received_at"]),
    )


def _key(phone: str | None) -> str:
    return canonical_phone(phone or "")


def _number(value: Any) -> int | None:
    text = text_of(value) or ""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else None
