import json
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from dentalist.domain.errors import StoreUnavailable
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.objects import LargeBodyGone, LargeEvents

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEDUPLICATION_ID = "0123456789abcdef" * 4
KEY = "inbound/2026/11/22/01234567-89ab-cdef-0123-456789abcdef.json"
UNREACHABLE = EndpointConnectionError(endpoint_url="http://s3")


@pytest.fixture
def bucket(aws: None) -> LargeEvents:
    s3 = aws_client("s3")
    s3.create_bucket(Bucket="large")
    return LargeEvents("large", s3=s3, now=lambda: NOON)


def pointer(key: str) -> str:
    return json.dumps({"v": 1, "s3_key": key, "correlation_id": "c"})


def test_a_stored_body_is_found_behind_its_pointer(bucket: LargeEvents) -> None:
    key = bucket.store('{"event": "\\u00f1"}', deduplication_id=DEDUPLICATION_ID)
    assert key == KEY
    assert bucket.load(pointer(key)) == {"event": "ñ"}


@pytest.mark.parametrize("body", ['{"event": {"s3_key": "x"}}', '{"event": 1, "s3_key": "x"}', "[]", '{"s3_key": 7}'])
def test_a_body_that_is_no_pointer_is_itself(body: str) -> None:
    assert LargeEvents("large", s3=None).load(body) == json.loads(body)


@pytest.mark.parametrize("body", ["", "hola", "[" * 100_000])
def test_a_body_that_is_no_json_is_its_text(body: str) -> None:
    assert LargeEvents("large", s3=None).load(body) == body


def test_a_body_is_deleted_by_its_pointer_and_only_by_a_pointer(bucket: LargeEvents) -> None:
    key = bucket.store("{}", deduplication_id=DEDUPLICATION_ID)
    for other in ("", "[]", json.dumps({"event": 1, "s3_key": key}), json.dumps({"s3_key": 7})):
        bucket.discard(other)
    assert bucket.load(pointer(key)) == {}

    bucket.discard(pointer(key))

    with pytest.raises(LargeBodyGone):
        bucket.load(pointer(key))


def test_a_body_that_cannot_be_deleted_is_left_to_expire() -> None:
    s3: Any = mock.Mock()
    s3.delete_object.side_effect = UNREACHABLE
    LargeEvents("large", s3=s3).discard(pointer(KEY))
    assert s3.delete_object.call_args.kwargs == {"Bucket": "large", "Key": KEY}


def test_a_pointer_to_nothing_is_gone_for_good(bucket: LargeEvents) -> None:
    with pytest.raises(LargeBodyGone):
        bucket.load(pointer("inbound/none.json"))


@pytest.mark.parametrize("fault", [UNREACHABLE, ClientError({"Error": {"Code": "SlowDown"}}, "x")])
def test_an_outage_is_told_apart_from_a_lost_body(fault: Exception) -> None:
    s3: Any = mock.Mock()
    s3.get_object.side_effect = s3.put_object.side_effect = fault
    with pytest.raises(StoreUnavailable):
        LargeEvents("large", s3=s3).load(pointer(KEY))
    with pytest.raises(StoreUnavailable):
        LargeEvents("large", s3=s3).store("{}", deduplication_id=DEDUPLICATION_ID)
