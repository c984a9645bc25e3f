"""Whole events of SQS, as Lambda shows them to a function."""

from typing import Any
from uuid import uuid4

from tests.builders import LambdaContext

ALERTS_URL = "http://127.0.0.1:4566/123456789012/dentalist-test-alerts"
INBOUND_URL = "http://127.0.0.1:4566/123456789012/dentalist-test-inbound.fifo"
MEDIA_URL = "http://127.0.0.1:4566/123456789012/dentalist-test-media"
REPLIES_URL = "http://127.0.0.1:4566/123456789012/dentalist-test-replies"


class WorkerContext(LambdaContext):
    """An invocation that has this much time left."""

    def __init__(self, seconds_left: float = 30) -> None:
        self._seconds_left = seconds_left

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds_left * 1000)


def make_record(
    body: str,
    *,
    queue_url: str = INBOUND_URL,
    correlation_id: str | None = "request-1",
    receive_count: int = 1,
    group: str = "group-1",
) -> dict[str, Any]:
    """One record; without ``correlation_id`` as somebody else would have sent it."""
    attribute = {"dataType": "String", "stringValue": correlation_id, "stringListValues": [], "binaryListValues": []}
    system = {"ApproximateReceiveCount": str(receive_count), "SentTimestamp": "1795359600000"}
    return {
        "messageId": str(uuid4()),
        "receiptHandle": f"handle-{uuid4()}",
        "body": body,
        "attributes": system | ({"MessageGroupId": group} if queue_url.endswith(".fifo") else {}),
        "messageAttributes": {"correlation_id": attribute} if correlation_id else {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue_url.rpartition('/')[2]}",
        "awsRegion": "us-east-1",
    }


def make_event(*records: dict[str, Any]) -> dict[str, Any]:
    """A batch."""
    return {"Records": list(records)}


def failed_ids(response: Any) -> list[str]:
    """The records that a function wants back."""
    return [item["itemIdentifier"] for item in response["batchItemFailures"]]
