"""One event of the inbound queue becomes rows: stored once, and whoever must act on it is woken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from dentalist.domain.errors import NotFound, StoreUnavailable
from dentalist.inbound.parse import parse_event
from dentalist.services.ports import Inbox, Ingested, MediaJobs, WakeUps

# Different at each delivery of one event: a parked event is recognised by all the rest.
_OF_THE_DELIVERY = {"received_at", "correlation_id"}


class EventBodies(Protocol):
    """Where a record of the queue has its content: in itself, or in the bucket it points to."""

    def load(self, queue_body: str) -> Any:
        """The JSON value, or the text itself when it is none; NotFound when the bucket no longer has it."""

    def discard(self, queue_body: str) -> None:
        """Delete what the bucket keeps of a record, if anything; what cannot be deleted now expires there."""


class Outlets(NamedTuple):
    """Where an event is stored and who is woken by it."""

    bodies: EventBodies
    inbox: Inbox
    wake_ups: WakeUps
    media_jobs: MediaJobs


def receive_event(
    queue_body: str,
    *,
    outlets: Outlets,
    debounce: timedelta,
    correlation_id: str,
    on_error: Callable[[Exception], None],
) -> Ingested:
    """Store one event and wake what it calls for. Doing it again changes nothing and wakes again.

    An event that the store refuses for good, or that trips over a mistake of ours, is parked whole: it is not lost,
    and does not hold up what the same contact writes next.

    Args:
        queue_body: the body of the SQS record, as the webhook wrote it.
        outlets: the store and the queues.
        debounce: quiet time before a burst is answered.
        correlation_id: of the webhook request, passed on to the jobs.
        on_error: told why an event is about to be parked. The error's message may quote what a contact wrote.

    Returns:
        What became of the event.

    Raises:
        StoreUnavailable: the store, the bucket or a queue cannot be reached; the record must come back later.
        StoreRefused: not even parking is possible, so the fault is not the event's; the record must come back later.
    """
    try:
        message = outlets.bodies.load(queue_body)
    except NotFound:
        # The bucket keeps bodies for longer than the queue keeps pointers, and we delete a body once all is done: this
        # record was received before, and only its deletion from the queue got lost.
        return Ingested("duplicate")
    ingested = _ingest(message, outlets.inbox, debounce, on_error)
    # A patient waits for the answer; the file can wait.
    if ingested.wake is not None:
        outlets.wake_ups.send_wake_up(
            ingested.wake.conversation_id,
            delay_seconds=ingested.wake.delay_seconds,
            correlation_id=correlation_id,
        )
    if ingested.media and ingested.message_id is not None:
        outlets.media_jobs.send_media_job(ingested.message_id, correlation_id=correlation_id)
    # Last, and not before: an erasure finds a contact's words in the store, not in a bucket of raw events.
    outlets.bodies.discard(queue_body)
    return ingested


def _ingest(message: Any, inbox: Inbox, debounce: timedelta, on_error: Callable[[Exception], None]) -> Ingested:
    seconds = round(debounce.total_seconds())
    try:
        return inbox.ingest(parse_event(message).as_arguments(), debounce_seconds=seconds)
    except StoreUnavailable:
        raise
    except Exception as exc:  # noqa: BLE001 - whatever it is would come back with every delivery of this event
        on_error(exc)
    return inbox.ingest(parse_event(_as_unintelligible(message)).as_arguments(), debounce_seconds=seconds)


def _as_unintelligible(message: Any) -> dict[str, Any]:
    """The message wrapped whole, with its kind and contact, so that it can be taken in once the fault is repaired."""
    origin = message if isinstance(message, dict) else {}
    whole = {key: value for key, value in origin.items() if key not in _OF_THE_DELIVERY} or message
    return {**origin, "kind": "unknown", "reason": "malformed", "event": whole}
