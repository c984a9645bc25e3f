"""What the page shows: the last messages of each thread between a business number and a person."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field

from infra.sandbox.contacts import Contact
from infra.sandbox.live import Live
from infra.sandbox.store import Store

_MOST_THREADS = 1_000
_MOST_ITEMS = 200

ItemState = Literal["pending", "delivered", "read"]
_RANK: dict[str, int] = {"pending": 0, "delivered": 1, "read": 2}


class Item(BaseModel):
    """One message of a thread. ``state`` is about the patient's own: not delivered, delivered, read by the clinic."""

    id: str
    sequence: int
    phone_number_id: str
    contact_key: str
    author: Literal["patient", "clinic"]
    type: str
    content: Any
    at: float
    state: ItemState = "pending"
    context_id: str | None = None
    reactions: dict[str, str] = Field(default_factory=dict)
    edited: bool = False
    revoked: bool = False


class Thread:
    """The items of one conversation, the oldest forgotten first."""

    def __init__(self) -> None:
        self.items: OrderedDict[str, Item] = OrderedDict()


class Conversations:
    """All threads, bounded in number and length; every change reaches the pages that watch."""

    def __init__(self, store: Store, live: Live) -> None:
        self._store = store
        self._live = live
        self._threads: OrderedDict[tuple[str, str], Thread] = OrderedDict()
        self._items: dict[str, Item] = {}
        self._sequence = 0
        for body in sorted(store.load("item").values(), key=lambda item: item["sequence"]):
            self._place(Item.model_validate(body))

    def add(
        self,
        contact: Contact,
        *,
        message_id: str,
        author: Literal["patient", "clinic"],
        message_type: str,
        content: Any,
        at: float,
        context_id: str | None = None,
    ) -> Item:
        """Append a message to the thread with a contact."""
        item = Item(
            id=message_id,
            sequence=self._sequence + 1,
            phone_number_id=contact.phone_number_id,
            contact_key=contact.key,
            author=author,
            type=message_type,
            content=content,
            at=at,
            context_id=context_id,
        )
        self._place(item)
        self.changed(item)
        return item

    def find(self, message_id: str) -> Item | None:
        """A message by its wamid, or None when it was never seen here or is long forgotten."""
        return self._items.get(message_id)

    def thread(self, contact: Contact) -> list[Item]:
        """The messages with a contact, oldest first."""
        thread = self._threads.get((contact.phone_number_id, contact.key))
        return list(thread.items.values()) if thread else []

    def delivered(self, message_ids: Iterable[str]) -> None:
        """The application acknowledged the webhooks that carried these messages."""
        for message_id in message_ids:
            item = self._items.get(message_id)
            if item is not None:
                self._advance(item, "delivered")

    def read_up_to(self, item: Item) -> None:
        """The clinic marked a message as read, and with it all earlier ones."""
        for earlier in self._threads[item.phone_number_id, item.contact_key].items.values():
            if earlier.author == "patient" and earlier.sequence <= item.sequence:
                self._advance(earlier, "read")

    def changed(self, item: Item) -> None:
        """Persist a changed message and show it."""
        self._store.put("item", item.id, item.model_dump())
        self._live.publish(item.phone_number_id, item.contact_key, "message", item.model_dump)

    def clear(self) -> None:
        """Forget all threads."""
        self._threads.clear()
        self._items.clear()
        self._store.clear("item")

    def _advance(self, item: Item, state: ItemState) -> None:
        if _RANK[state] > _RANK[item.state]:
            item.state = state
            self.changed(item)

    def _place(self, item: Item) -> None:
        where = (item.phone_number_id, item.contact_key)
        thread = self._threads.setdefault(where, Thread())
        thread.items[item.id] = item
        self._items[item.id] = item
        self._sequence = max(self._sequence, item.sequence)
        self._threads.move_to_end(where)
        if len(thread.items) > _MOST_ITEMS:
            self._forget(thread.items.popitem(last=False)[1])
        if len(self._threads) > _MOST_THREADS:
            for forgotten in self._threads.popitem(last=False)[1].items.values():
                self._forget(forgotten)

    def _forget(self, item: Item) -> None:
        self._items.pop(item.id, None)
        self._store.remove("item", item.id)
