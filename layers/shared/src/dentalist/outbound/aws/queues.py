"""SQS: durable enqueueing of a webhook's events, wake-ups and media jobs, visibility and redrive.

The webhook imports this module: threads and S3 are rare there and are imported when they are used.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from dentalist.domain.errors import DomainError, StoreUnavailable
from dentalist.inbound.queue_message import QueueMessage

if TYPE_CHECKING:
    from uuid import UUID

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MAX_BATCH_COUNT = 10
MAX_BATCH_BYTES = 256 * 1024
MAX_INLINE_BYTES = 200 * 1024
MAX_DELAY_SECONDS = 900
_ENTRY_OVERHEAD_BYTES = 256  # attributes count too

_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.05
_LAST_START_SECONDS = 4.0  # no attempt begins later, so that an answer leaves while Meta still waits for it
_MAX_THREADS = 8

# The handle of a message that somebody else has received since, or that is gone.
_STALE_HANDLE = {"ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight", "InvalidIdFormat"}

Entry = dict[str, Any]
Item = TypeVar("Item")
Result = TypeVar("Result")


class NotDurable(DomainError):
    detail = "Not everything could be stored; deliver it again."


class LargeBodies(Protocol):
    """Where bodies go that are too large for a queue."""

    def store(self, body: str, *, deduplication_id: str) -> str:
        """Keep the body and answer its key."""


class FifoOutbox:
    """Durable enqueueing into one FIFO queue. Safe to use from several threads."""

    def __init__(
        self,
        queue_url: str,
        *,
        sqs: Any,
        large_bodies: Callable[[], LargeBodies],
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what is needed; ``large_bodies`` is called when a large body comes."""
        self._queue_url = queue_url
        self._sqs = sqs
        self._large_bodies = large_bodies
        self._pause = pause
        self._clock = clock

    def enqueue(self, messages: Sequence[QueueMessage], *, correlation_id: str) -> None:
        """Return once SQS has confirmed every message; batches go in parallel.

        A message may be stored twice, when an answer was lost or when this raises and Meta delivers again. SQS drops
        the second within five minutes by its deduplication id, the database later.

        Raises:
            NotDurable: at least one message is not known to be stored, after three tries or four seconds.

        Source:
            https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
        """
        retries = _Retries(self._pause, self._clock)
        bodies = self._bodies(messages, retries, correlation_id)
        attributes = _attributes(correlation_id)
        entries = [
            {
                "MessageBody": body,
                "MessageAttributes": attributes,
                "MessageGroupId": message.group_id,
                "MessageDeduplicationId": message.deduplication_id,
            }
            for message, body in zip(messages, bodies, strict=True)
        ]
        _in_parallel(lambda batch: self._send(batch, retries), list(_batches(entries)))

    def _bodies(self, messages: Sequence[QueueMessage], retries: _Retries, correlation_id: str) -> list[str]:
        """What goes into the queue for each message: its body, or a pointer to where the body was stored."""
        large = [message for message in messages if len(message.body) > MAX_INLINE_BYTES]
        if not large:
            return [message.body for message in messages]
        store = self._large_bodies()

        def pointer_to(message: QueueMessage) -> str:
            key = retries.run(lambda: store.store(message.body, deduplication_id=message.deduplication_id))
            return _encode({"v": 1, "s3_key": key, "correlation_id": correlation_id})

        pointers = iter(_in_parallel(pointer_to, large))
        return [next(pointers) if len(message.body) > MAX_INLINE_BYTES else message.body for message in messages]

    def _send(self, batch: list[Entry], retries: _Retries) -> None:
        if len(batch) == 1:  # what most bodies are, and the cheaper call
            retries.run(lambda: self._sqs.send_message(QueueUrl=self._queue_url, **batch[0]))
            return
        waiting = {str(position): entry for position, entry in enumerate(batch)}

        def send_the_rest() -> None:
            entries = [{"Id": entry_id, **entry} for entry_id, entry in waiting.items()]
            answer = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            for accepted in answer.get("Successful", []):
                waiting.pop(accepted["Id"], None)
            if waiting:
                raise NotDurable

        retries.run(send_the_rest)


class Redriven(NamedTuple):
    """How many messages went back to their queue, and whether no more were visible."""

    moved: int
    emptied: bool


class Queue:
    """One SQS queue, as the workers and the sweeper use it."""

    def __init__(self, queue_url: str, *, sqs: Any) -> None:
        """Keep the queue's URL and the client."""
        self._queue_url = queue_url
        self._sqs = sqs

    def send_wake_up(self, conversation_id: UUID, *, delay_seconds: int, correlation_id: str) -> None:
        """Ask for a conversation to be answered once it has been quiet for a moment. Lost or doubled, it is harmless.

        Raises:
            StoreUnavailable: SQS did not confirm; the sweeper wakes overdue conversations anyway.
        """
        self._send_job({"conversation_id": str(conversation_id)}, correlation_id, delay_seconds=delay_seconds)

    def send_media_job(self, message_id: UUID, *, correlation_id: str) -> None:
        """Ask for a message's file to be fetched before Meta's link to it expires.

        Raises:
            StoreUnavailable: SQS did not confirm.
        """
        self._send_job({"message_id": str(message_id)}, correlation_id, delay_seconds=0)

    def send_bell(self, *, correlation_id: str) -> None:
        """Ask for critical alerts to be told; which are due is known to the store. Lost or doubled, it is harmless.

        Raises:
            StoreUnavailable: SQS did not confirm; the sweeper rings anyway.
        """
        self._send_job({}, correlation_id, delay_seconds=0)

    def change_visibility(self, receipt_handle: str, *, seconds: int) -> None:
        """Let a received message come back after ``seconds`` (at most 43 200); 0 is at once.

        A handle that is no longer valid changes nothing: the message is visible again or somebody else has it.

        Raises:
            StoreUnavailable: SQS cannot be reached or refused for another reason.
        """
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )
        except ClientError as exc:
            if _code(exc) not in _STALE_HANDLE:
                raise StoreUnavailable from exc
        except BotoCoreError as exc:
            raise StoreUnavailable from exc

    def redrive_to(self, target: Queue, *, limit: int) -> Redriven:
        """Move up to ``limit`` messages of this dead-letter queue back to ``target``: send first, then delete.

        Body, attributes and group stay. The deduplication id is a new one, made of the old one and the id that the
        message has here: with the old one SQS would silently drop what died within five minutes of being sent, and
        with a random one a crash between send and delete would double it.

        Raises:
            StoreUnavailable: SQS cannot be reached; what was not moved stays here.
        """
        moved = 0
        try:
            while moved < limit:
                received = self._receive(min(MAX_BATCH_COUNT, limit - moved))
                if not received:
                    return Redriven(moved, emptied=True)
                for message in received:
                    self._sqs.send_message(QueueUrl=target._queue_url, **_copy(message))
                    self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
                    moved += 1
        except (BotoCoreError, ClientError) as exc:
            raise StoreUnavailable from exc
        return Redriven(moved, emptied=False)

    def _send_job(self, job: dict[str, Any], correlation_id: str, *, delay_seconds: int) -> None:
        body = _encode({"v": 1, **job, "correlation_id": correlation_id})
        try:
            self._sqs.send_message(
                QueueUrl=self._queue_url,
                MessageBody=body,
                DelaySeconds=min(max(delay_seconds, 0), MAX_DELAY_SECONDS),
                MessageAttributes=_attributes(correlation_id),
            )
        except (BotoCoreError, ClientError) as exc:
            raise StoreUnavailable from exc

    def _receive(self, count: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=count,
            MessageSystemAttributeNames=["MessageGroupId", "MessageDeduplicationId"],
            MessageAttributeNames=["All"],
            WaitTimeSeconds=0,
        )
        received: list[dict[str, Any]] = answer.get("Messages", [])
        return received


class _Retries:
    """A budget of tries that the parallel parts of one request share."""

    def __init__(self, pause: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._pause = pause
        self._clock = clock
        self._last_start = clock() + _LAST_START_SECONDS

    def run(self, call: Callable[[], Result]) -> Result:
        failure: Exception | None = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._pause(_FIRST_PAUSE_SECONDS * 4 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
            if self._clock() > self._last_start:
                break
            try:
                return call()
            except (BotoCoreError, ClientError, DomainError) as exc:
                failure = exc
        raise NotDurable from failure


def _in_parallel(call: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results in order; the first error after everything has ended."""
    if len(items) < 2:  # noqa: PLR2004 - a thread for one is a thread for nothing
        return [call(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - rare, and costs every cold start

    with ThreadPoolExecutor(max_workers=min(_MAX_THREADS, len(items))) as threads:
        return list(threads.map(call, items))


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        entry_size = len(entry["MessageBody"]) + _ENTRY_OVERHEAD_BYTES
        if batch and (len(batch) == MAX_BATCH_COUNT or size + entry_size > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry_size
    if batch:
        yield batch


def _copy(message: dict[str, Any]) -> Entry:
    entry: Entry = {"MessageBody": message["Body"]}
    if attributes := message.get("MessageAttributes"):
        entry["MessageAttributes"] = attributes
    system = message.get("Attributes", {})
    if group_id := system.get("MessageGroupId"):
        former = f"redrive|{system.get('MessageDeduplicationId', '')}|{message['MessageId']}"
        entry["MessageGroupId"] = group_id
        entry["MessageDeduplicationId"] = hashlib.sha256(former.encode()).hexdigest()
    return entry


def _attributes(correlation_id: str) -> dict[str, Any]:
    return {"correlation_id": {"DataType": "String", "StringValue": correlation_id or "-"}}


def _code(error: ClientError) -> str:
    # "AWS.SimpleQueueService.ReceiptHandleIsInvalid" in the older protocol, bare in the newer one.
    return str(error.response.get("Error", {}).get("Code", "")).rpartition(".")[2]


_encode = json.JSONEncoder(separators=(",", ":")).encode
