"""SQS event source mappings: receive, call the function, delete what it did not report as failed.

Visibility, redrive and the order within FIFO groups are the queue's own; a failed batch is simply not deleted.
Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import asyncio
import json
import logging
from typing import Any

import aiohttp

from infra.local.gateway.invocations import FunctionError
from infra.local.gateway.workers import WorkerPool
from infra.local.intrinsics import REGION
from infra.local.model import QueueSource

logger = logging.getLogger(__name__)

Message = dict[str, Any]

# Short for a long poll: the emulator goes on receiving for a poller that was killed, and such messages only come back
# after their visibility timeout.
_WAIT_SECONDS = 2
_RETRY_SECONDS = 0.5


class SqsError(Exception):
    """The queue service refused a call."""


class SqsClient:
    """The three calls a poller makes, in SQS's JSON protocol; the local service asks for no signature."""

    def __init__(self, session: aiohttp.ClientSession, endpoint_url: str) -> None:
        self._session = session
        self._endpoint_url = endpoint_url

    async def receive(self, queue_url: str, maximum: int) -> list[Message]:
        answer = await self._call(
            "ReceiveMessage",
            QueueUrl=queue_url,
            MaxNumberOfMessages=maximum,
            WaitTimeSeconds=_WAIT_SECONDS,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: list[Message] = answer.get("Messages", [])
        return messages

    async def delete(self, queue_url: str, messages: list[Message]) -> None:
        """Delete up to ten messages; one that cannot be deleted any more comes back, which is SQS's promise too."""
        entries = [
            {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(messages)
        ]
        answer = await self._call("DeleteMessageBatch", QueueUrl=queue_url, Entries=entries)
        if failed := answer.get("Failed"):
            logger.warning("%d of %d messages could not be deleted", len(failed), len(messages))

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        async with self._session.post(
            self._endpoint_url,
            data=json.dumps(parameters),
            headers={"X-Amz-Target": f"AmazonSQS.{operation}", "Content-Type": "application/x-amz-json-1.0"},
        ) as response:
            body = await response.read()
        if response.status != 200:  # noqa: PLR2004 - HTTP's OK
            raise SqsError(f"{operation}: {response.status} {body.decode(errors='replace')[:200]}")
        answer: dict[str, Any] = json.loads(body)
        return answer


class EventSource:
    """Feeds one queue to one function, several batches at a time.

    One receive is open at a time: while batches are being handled, up to the allowed number, it already waits for the
    next. That is as concurrent as a poller per batch and costs an idle queue one request.
    """

    def __init__(
        self, source: QueueSource, queue_url: str, pool: WorkerPool, client: SqsClient, *, concurrency: int
    ) -> None:
        self._source = source
        self._queue_url = queue_url
        self._pool = pool
        self._client = client
        self._places = asyncio.Semaphore(min(concurrency, source.max_concurrency or concurrency))
        self._batches: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Poll until cancelled; an unreachable queue is tried again."""
        while True:
            await self._places.acquire()
            messages: list[Message] = []
            try:
                messages = await self._client.receive(self._queue_url, self._source.batch_size)
            except (aiohttp.ClientError, TimeoutError, SqsError) as error:
                logger.warning("%s cannot be read: %s", self._source.queue_name, error)
                await asyncio.sleep(_RETRY_SECONDS)
            finally:
                if not messages:
                    self._places.release()
            if messages:
                batch = asyncio.create_task(self._handle(messages))
                self._batches.add(batch)
                batch.add_done_callback(self._batches.discard)

    async def drain(self) -> None:
        """Wait for the batches in hand."""
        await asyncio.gather(*self._batches)

    async def _handle(self, messages: list[Message]) -> None:
        try:
            done = await self._invoke(messages)
            if done:
                await self._client.delete(self._queue_url, done)
        except (aiohttp.ClientError, TimeoutError, SqsError) as error:
            logger.warning("%s: handled messages could not be deleted: %s", self._source.queue_name, error)
        finally:
            self._places.release()

    async def _invoke(self, messages: list[Message]) -> list[Message]:
        """The messages that are handled and can be deleted."""
        event = {"Records": [make_record(message, self._source.queue_arn) for message in messages]}
        try:
            answer = await self._pool.invoke(json.dumps(event).encode())
        except FunctionError as error:
            logger.warning("%s failed on a batch of %d: %s", self._pool.function.name, len(messages), error)
            return []
        if not self._source.reports_item_failures:
            return messages
        failed = failed_items(answer, {message["MessageId"] for message in messages})
        return [message for message in messages if message["MessageId"] not in failed]


def make_record(message: Message, queue_arn: str) -> dict[str, Any]:
    """One message as Lambda shows it to a function."""
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: _message_attribute(attribute) for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def failed_items(answer: bytes, sent: set[str]) -> set[str]:
    """The message ids a function reports as failed; all of them when the report makes no sense.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    report = json.loads(answer)
    failures = report.get("batchItemFailures") if isinstance(report, dict) else None
    if not failures:
        return set()
    failed = {str(item.get("itemIdentifier")) if isinstance(item, dict) else "" for item in failures}
    return failed if failed <= sent else sent


def _message_attribute(attribute: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {"dataType": attribute["DataType"], "stringListValues": [], "binaryListValues": []}
    if "StringValue" in attribute:
        record["stringValue"] = attribute["StringValue"]
    if "BinaryValue" in attribute:
        record["binaryValue"] = attribute["BinaryValue"]
    return record
