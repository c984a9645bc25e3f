"""One webhook body, as many queue messages as it holds events. Standard library only, and quick: Meta is waiting.

Nothing is dropped and nothing raises: Meta delivers up to 1000 updates in one body and its own samples have strange
shapes (``field`` or ``object`` a level too deep or missing, an object where a list belongs, a list around everything),
so each item is judged alone and what is not understood is kept as ``unknown``.

Source:
    https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples
    https://developers.facebook.com/docs/instagram-platform/webhooks
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dentalist.domain.phones import canonical_phone
from dentalist.inbound.queue_message import Origin, QueueMessage, known, unknown
from dentalist.inbound.shapes import list_of, object_of, text_of
from dentalist.inbound.split_history import CONTACTS_FIELD, HISTORY_FIELD, split_contacts, split_history

WHATSAPP = "whatsapp_business_account"
INSTAGRAM = "instagram"
SELF_TEST_FIELD = "dentalist_self_test"  # ours: the last link of a channel's test, signed like Meta's events

# The lists that hold single events, and what an element of each is.
_EVENT_LISTS = {
    "messages": "message",
    "statuses": "status",
    "message_echoes": "echo",
    "user_preferences": "preference",
}
_EVENT_FIELDS = {"messages", "smb_message_echoes", "message_echoes", "user_preferences"}
_ACCOUNT_FIELDS = {
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "flows",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "phone_number_username_update",
    "security",
    "template_category_update",
}
_INSTAGRAM_FIELDS = {"comments", "live_comments"}
_INSTAGRAM_LISTS = ("messaging", "standby")


def split(body: Any, *, received_at: str, correlation_id: str) -> list[QueueMessage]:
    """Every event of a parsed webhook body, in order, each as its own queue message.

    Args:
        body: any JSON value.
        received_at: when the request came, ISO 8601 in UTC.
        correlation_id: of the request.

    Raises:
        RecursionError: nested deeper than the interpreter can follow; keep the raw text instead.
    """
    blank = Origin(received_at, correlation_id)
    bodies = body if isinstance(body, list) and body else [body]
    return [message for item in bodies for message in _split_one(item, blank)]


def _split_one(body: Any, blank: Origin) -> Iterator[QueueMessage]:
    if not isinstance(body, dict):
        yield unknown(blank, "malformed", body)
        return
    entries = list_of(body.get("entry"))
    origin = blank._replace(object=_object_name(body, entries))
    if origin.object not in {WHATSAPP, INSTAGRAM}:
        yield unknown(origin, "malformed" if origin.object is None else "unknown_object", body)
        return
    if not entries:
        yield unknown(origin, "malformed", body)
    for entry in entries:
        if isinstance(entry, dict):
            yield from _split_entry(entry, origin)
        else:
            yield unknown(origin, "malformed", entry)


def _object_name(body: dict[str, Any], entries: list[Any]) -> str | None:
    """``object``, which some samples have inside the entry or the value; else what the content gives away."""
    if name := text_of(body.get("object")):
        return name
    for entry in map(object_of, entries):
        values = [object_of(object_of(change).get("value")) for change in list_of(entry.get("changes"))]
        for place in (entry, *values):
            if name := text_of(place.get("object")):
                return name
            if place.get("messaging_product") == "whatsapp":
                return WHATSAPP
        if "messaging" in entry:
            return INSTAGRAM
    return None


def _split_entry(entry: dict[str, Any], origin: Origin) -> Iterator[QueueMessage]:
    time = entry.get("time")
    origin = origin._replace(
        entry_id=text_of(entry.get("id")), entry_time=int(time) if text_of(time) and isinstance(time, int) else None
    )
    changes = list_of(entry.get("changes"))
    if not changes and "value" in entry:  # flat: Instagram comments, and samples of the PARTNER_APP_* events
        changes = [{"field": entry.get("field"), "value": entry["value"]}]
    found = False
    if origin.object == INSTAGRAM:
        for name in _INSTAGRAM_LISTS:
            for item in list_of(entry.get(name)):
                found = True
                yield _messaging(item, origin._replace(field=name))
    for change in changes:
        found = True
        yield from _split_change(change, entry, origin)
    if not found:
        yield unknown(origin, "malformed", entry)


def _split_change(change: Any, entry: dict[str, Any], origin: Origin) -> Iterator[QueueMessage]:
    value = object_of(change).get("value")
    if not isinstance(value, dict):
        field = text_of(object_of(change).get("field"))
        yield unknown(origin._replace(field=field), "malformed", change)
        return
    field = text_of(change.get("field")) or text_of(value.get("field")) or text_of(entry.get("field"))
    if origin.object == INSTAGRAM:
        yield _instagram_change(change, value, origin._replace(field=field))
        return
    metadata = object_of(value.get("metadata"))
    origin = origin._replace(
        field=field or _field_of(value),
        phone_number_id=text_of(metadata.get("phone_number_id")),
        display_phone_number=text_of(metadata.get("display_phone_number"))
        or text_of(value.get("display_phone_number")),
    )
    if origin.field in _EVENT_FIELDS:
        yield from _split_value(change, value, origin)
    elif origin.field == HISTORY_FIELD:
        yield from split_history(change, value, origin, contact_of=_Contacts(value.get("contacts")).of)
    elif origin.field == CONTACTS_FIELD:
        yield from split_contacts(change, value, origin)
    elif origin.field in _ACCOUNT_FIELDS:
        yield known(origin, "change", value)
    elif origin.field == SELF_TEST_FIELD:
        yield known(origin, "self_test", value)
    else:
        yield unknown(origin, "malformed" if origin.field is None else "unknown_field", change)


def _field_of(value: dict[str, Any]) -> str | None:
    """The field of a change that does not name it, by what it holds."""
    for name in _EVENT_LISTS:
        if name in value:
            return "smb_message_echoes" if name == "message_echoes" else "messages" if name == "statuses" else name
    if HISTORY_FIELD in value:
        return HISTORY_FIELD
    if "state_sync" in value:
        return CONTACTS_FIELD
    if "message_template_id" in value and "event" in value:
        return "message_template_status_update"
    return "account_update" if "waba_info" in value else None


def _split_value(change: dict[str, Any], value: dict[str, Any], origin: Origin) -> Iterator[QueueMessage]:
    contacts = _Contacts(value.get("contacts"))
    errors = value.get("errors")
    found = False
    for name, kind in _EVENT_LISTS.items():
        items = value.get(name)
        if items is not None and not isinstance(items, list | dict):
            found = True
            yield unknown(origin, "malformed", {name: items})
        for item in list_of(items):
            found = True
            if isinstance(item, dict):
                yield known(origin, kind, item, contact=contacts.of(item), errors=errors)
            else:
                yield unknown(origin, "malformed", item)
    if not found:
        # Errors with neither messages nor statuses speak about the number or the app.
        yield known(origin, "change", value) if errors else unknown(origin, "malformed", change)


def _instagram_change(change: dict[str, Any], value: dict[str, Any], origin: Origin) -> QueueMessage:
    # An app with Facebook Login, and the dashboard's test button, deliver messages as changes.
    if isinstance(value.get("sender"), dict) and isinstance(value.get("recipient"), dict):
        return _messaging(value, origin._replace(field="messaging"))
    if origin.field in _INSTAGRAM_FIELDS:
        return known(origin, "change", value)
    if origin.field == SELF_TEST_FIELD:
        return known(origin, "self_test", value)
    return unknown(origin, "malformed" if origin.field is None else "unknown_field", change)


def _messaging(item: Any, origin: Origin) -> QueueMessage:
    if not isinstance(item, dict):
        return unknown(origin, "malformed", item)
    if object_of(item.get("message")).get("is_echo"):
        return known(origin, "echo", item)
    return known(origin, "status" if "read" in item else "message", item)


class _Contacts:
    """``value.contacts``, asked for the one an event belongs to: by id, because their order promises nothing."""

    def __init__(self, contacts: Any) -> None:
        self._all = [contact for contact in list_of(contacts) if isinstance(contact, dict)]
        self._by_key: dict[str, dict[str, Any]] = {}
        if len(self._all) > 1:
            for contact in self._all:
                for key in _keys(contact, ("user_id", "wa_id")):
                    self._by_key.setdefault(key, contact)

    def of(self, event: dict[str, Any]) -> dict[str, Any] | None:
        if len(self._all) == 1:
            return self._all[0]
        names = ("from_user_id", "recipient_user_id", "to_user_id", "user_id", "from", "recipient_id", "to", "wa_id")
        return next((self._by_key[key] for key in _keys(event, names) if key in self._by_key), None)


def _keys(source: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if text := text_of(source.get(name)):
            yield text
            if canonical := canonical_phone(text) if text[0].isdecimal() else "":
                yield canonical
