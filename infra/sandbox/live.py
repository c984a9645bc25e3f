"""Server-sent events: what happens in a thread, pushed to the pages that have it open."""

import asyncio
from collections.abc import Callable
from typing import Any

_MOST_WAITING = 500  # a page that stopped reading loses events and reloads, it does not hold memory

Event = tuple[str, Any]


class Live:
    """Publish and subscribe, per thread."""

    def __init__(self) -> None:
        self._listeners: dict[tuple[str, str], set[asyncio.Queue[Event]]] = {}

    def subscribe(self, phone_number_id: str, contact_key: str) -> asyncio.Queue[Event]:
        """A queue that receives the events of a thread until it is given back."""
        queue: asyncio.Queue[Event] = asyncio.Queue(_MOST_WAITING)
        self._listeners.setdefault((phone_number_id, contact_key), set()).add(queue)
        return queue

    def unsubscribe(self, phone_number_id: str, contact_key: str, queue: asyncio.Queue[Event]) -> None:
        """Stop the events of a queue."""
        listeners = self._listeners.get((phone_number_id, contact_key), set())
        listeners.discard(queue)
        if not listeners:
            self._listeners.pop((phone_number_id, contact_key), None)

    def publish(self, phone_number_id: str, contact_key: str, kind: str, body: Callable[[], Any]) -> None:
        """Tell every page of the thread; ``body`` is only built when somebody listens."""
        listeners = self._listeners.get((phone_number_id, contact_key))
        if not listeners:
            return
        event = (kind, body())
        for queue in listeners:
            if not queue.full():
                queue.put_nowait(event)

    def publish_to_all(self, kind: str) -> None:
        """Tell every open page, whatever its thread."""
        for queues in self._listeners.values():
            for queue in queues:
                if not queue.full():
                    queue.put_nowait((kind, {}))
