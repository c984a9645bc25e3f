"""SQS messages as a function sees them, and its report of failures."""

import json
from typing import Any

import pytest

from infra.local.gateway.event_sources import failed_items, make_record


def test_a_record_has_the_shape_lambda_gives_it() -> None:
    message = {
        "MessageId": "m1",
        "ReceiptHandle": "r1",
        "Body": "hello",
        "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "MD5OfMessageAttributes": "c1",
        "Attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1", "MessageGroupId": "g"},
        "MessageAttributes": {
            "correlation_id": {"DataType": "String", "StringValue": "abc="},
            "raw": {"DataType": "Binary", "BinaryValue": "AAE="},
        },
    }
    assert make_record(message, "arn:aws:sqs:us-east-1:000000000000:q") == {
        "messageId": "m1",
        "receiptHandle": "r1",
        "body": "hello",
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1", "MessageGroupId": "g"},
        "messageAttributes": {
            "correlation_id": {
                "dataType": "String",
                "stringValue": "abc=",
                "stringListValues": [],
                "binaryListValues": [],
            },
            "raw": {"dataType": "Binary", "binaryValue": "AAE=", "stringListValues": [], "binaryListValues": []},
        },
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "md5OfMessageAttributes": "c1",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
        "awsRegion": "us-east-1",
    }


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, {"b"}),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": ["b"]}, {"a", "b"}),
    ],
)
def test_a_report_that_makes_no_sense_fails_the_whole_batch(answer: Any, failed: set[str]) -> None:
    assert failed_items(json.dumps(answer).encode(), {"a", "b"}) == failed
