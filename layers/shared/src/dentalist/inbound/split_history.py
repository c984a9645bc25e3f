"""What the phone app of a number had before it was linked: past messages and the address book. Standard library only.

One body may hold thousands of messages. They are queued by contact, as live ones are, but many at a time, in portions
that a queue takes whole. What Meta says about the import itself is an event of its own.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history/
    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/smb_app_state_sync
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dentalist.domain.phones import canonical_phone
from dentalist.inbound.queue_message import Origin, QueueMessage, encoded_size, known, unknown
from dentalist.inbound.shapes import list_of, text_of

HISTORY_FIELD = "history"
CONTACTS_FIELD = "smb_app_state_sync"

_MESSAGES_PER_EVENT = 100
_CONTACTS_PER_EVENT = 100
_BYTES_PER_EVENT = 150 * 1024  # with the rest of the queue message below the queue's limit of 200 KiB

Value = dict[str, Any]
ContactOf = Callable[[Value], Value | None]


def split_history(change: Value, value: Value, origin: Origin, *, contact_of: ContactOf) -> Iterator[QueueMessage]:
    """The events of one change of the field ``history``.

    Args:
        change: the whole change, kept when nothing in it is understood.
        value: its value.
        origin: where it was found.
        contact_of: finds the element of ``value.contacts`` that belongs to a message.
    """
    found = False
    for name in ("history", "messages"):
        items = value.get(name)
        if items is not None and not isinstance(items, list | dict):
            found = True
            yield unknown(origin, "malformed", {name: items})
        for item in list_of(items):
            found = True
            if not isinstance(item, dict):
                yield unknown(origin, "malformed", item)
            elif name == "history":
                yield from _split_chunk(item, origin)
            else:
                yield _file(item, origin, contact_of(item))
    if errors := value.get("errors"):
        found = True
        yield known(origin, "history_state", {"errors": errors})
    if not found:
        yield unknown(origin, "malformed", change)


def split_contacts(change: Value, value: Value, origin: Origin) -> Iterator[QueueMessage]:
    """The events of one change of the field ``smb_app_state_sync``; the arguments are those of ``split_history``."""
    items = list_of(value.get("state_sync"))
    if not items:
        yield unknown(origin, "malformed", change)
    contacts = [item for item in items if isinstance(item, dict)]
    for portion in _portions(contacts, _CONTACTS_PER_EVENT):
        yield known(origin, "contacts", {"state_sync": portion})
    yield from (unknown(origin, "malformed", item) for item in items if not isinstance(item, dict))


def _split_chunk(chunk: Value, origin: Origin) -> Iterator[QueueMessage]:
    threads = chunk.get("threads")
    if threads is not None and not isinstance(threads, list | dict):
        yield unknown(origin, "malformed", chunk)
        return
    count = 0
    for thread in list_of(threads):
        messages = thread.get("messages") if isinstance(thread, dict) else None
        if messages is None or not isinstance(messages, list | dict):
            yield unknown(origin, "malformed", thread)
            continue
        count += len(list_of(messages))
        yield from _split_thread(thread, list_of(messages), origin)
    about = {name: item for name, item in chunk.items() if name != "threads"}
    yield known(origin, "history_state", {**about, "threads": len(list_of(threads)), "messages": count})


def _split_thread(thread: Value, messages: list[Any], origin: Origin) -> Iterator[QueueMessage]:
    about = {name: item for name, item in thread.items() if name != "messages"}
    known_ones = [message for message in messages if isinstance(message, dict)]
    for portion in _portions(known_ones, _MESSAGES_PER_EVENT):
        yield known(origin, "history", {"thread": about, "messages": portion})
    yield from (unknown(origin, "malformed", item) for item in messages if not isinstance(item, dict))


def _file(message: Value, origin: Origin, contact: Value | None) -> QueueMessage:
    """A past message again, now with its file: it comes without its thread, whose contact is the other side."""
    own = canonical_phone(origin.display_phone_number or "")
    sender = text_of(message.get("from")) or ""
    side = "to" if own and canonical_phone(sender) == own else "from"
    about = {"id": message.get(side), "context": {"user_id": message.get(f"{side}_user_id")}}
    return known(origin, "history", {"thread": about, "messages": [message]}, contact=contact)


def _portions(items: Iterable[Value], most: int) -> Iterator[list[Value]]:
    portion: list[Value] = []
    size = 0
    for item in items:
        item_size = encoded_size(item)
        if portion and (len(portion) == most or size + item_size > _BYTES_PER_EVENT):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += item_size
    if portion:
        yield portion
