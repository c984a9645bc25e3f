import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from dentalist.domain.errors import StoreUnavailable
from dentalist.inbound.queue_message import QueueMessage
from dentalist.outbound.aws.queues import MAX_BATCH_BYTES, MAX_INLINE_BYTES, FifoOutbox, NotDurable

DENIED = ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessage")
TIMEOUT = ConnectTimeoutError(endpoint_url="http://sqs")


class FakeSqs:
    """Keeps what it accepts; ``faults`` are raised, or are the positions that a batch refuses, one per call."""

    def __init__(self, faults: list[Exception | set[int]] | None = None) -> None:
        self.faults = faults or []
        self.calls: list[list[dict[str, Any]]] = []
        self.accepted: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def send_message(self, **entry: Any) -> dict[str, Any]:
        self._take([entry])
        return {"MessageId": "1"}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        refused = self._take([{"QueueUrl": QueueUrl, **entry} for entry in Entries])
        ids = [entry["Id"] for entry in Entries]
        return {
            "Successful": [{"Id": name} for position, name in enumerate(ids) if position not in refused],
            "Failed": [{"Id": ids[position], "Code": "InternalError", "SenderFault": False} for position in refused],
        }

    def _take(self, entries: list[dict[str, Any]]) -> set[int]:
        with self._lock:
            self.calls.append(entries)
            fault = self.faults.pop(0) if self.faults else set()
            if isinstance(fault, Exception):
                raise fault
            self.accepted += [entry for position, entry in enumerate(entries) if position not in fault]
            return fault


class FakeBucket:
    def __init__(self, faults: int = 0) -> None:
        self.faults = faults
        self.bodies: dict[str, str] = {}

    def store(self, body: str, *, deduplication_id: str) -> str:
        if self.faults:
            self.faults -= 1
            raise StoreUnavailable
        self.bodies[f"inbound/{deduplication_id}"] = body
        return f"inbound/{deduplication_id}"


def make_outbox(
    sqs: FakeSqs, bucket: FakeBucket | None = None, *, clock: Callable[[], float] | None = None
) -> FifoOutbox:
    store = bucket or FakeBucket()
    return FifoOutbox("q", sqs=sqs, large_bodies=lambda: store, pause=lambda _: None, clock=clock or (lambda: 0.0))


def make_messages(count: int, *, size: int = 20) -> list[QueueMessage]:
    return [QueueMessage(f"{n:0{size}}", f"group-{n}", f"dedup-{n}") for n in range(count)]


def bodies(sqs: FakeSqs) -> list[str]:
    return sorted(entry["MessageBody"] for entry in sqs.accepted)


def test_one_message_is_one_plain_call_with_its_ids() -> None:
    sqs = FakeSqs()
    make_outbox(sqs).enqueue(make_messages(1), correlation_id="c-1")

    (entry,) = sqs.accepted
    assert (entry["QueueUrl"], entry["MessageGroupId"], entry["MessageDeduplicationId"]) == ("q", "group-0", "dedup-0")
    assert entry["MessageAttributes"]["correlation_id"] == {"DataType": "String", "StringValue": "c-1"}
    assert "Id" not in entry


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (2, 1), (10, 1), (11, 2), (1000, 100)])
def test_every_message_is_sent_once_in_batches_of_ten(count: int, calls: int) -> None:
    sqs = FakeSqs()
    make_outbox(sqs).enqueue(make_messages(count), correlation_id="c")

    assert bodies(sqs) == sorted(message.body for message in make_messages(count))
    assert len(sqs.calls) == calls
    assert all(len({entry.get("Id") for entry in call}) == len(call) for call in sqs.calls)


def test_a_batch_stays_below_the_limit_of_bytes() -> None:
    sqs = FakeSqs()
    make_outbox(sqs).enqueue(make_messages(12, size=100 * 1024), correlation_id="c")

    sizes = [sum(len(entry["MessageBody"]) for entry in call) for call in sqs.calls]
    assert max(sizes) <= MAX_BATCH_BYTES
    assert len(sqs.accepted) == 12


def test_the_messages_of_a_batch_keep_their_order() -> None:
    sqs = FakeSqs()
    make_outbox(sqs).enqueue(make_messages(10), correlation_id="c")
    assert [entry["MessageBody"] for entry in sqs.calls[0]] == [message.body for message in make_messages(10)]


def test_only_what_was_refused_is_sent_again() -> None:
    sqs = FakeSqs([{1, 3}, {0}])
    make_outbox(sqs).enqueue(make_messages(5), correlation_id="c")

    assert [len(call) for call in sqs.calls] == [5, 2, 1]
    assert bodies(sqs) == sorted(message.body for message in make_messages(5))


@pytest.mark.parametrize("fault", [DENIED, TIMEOUT])
@pytest.mark.parametrize("count", [1, 3])
def test_a_passing_fault_is_tried_again(fault: Exception, count: int) -> None:
    sqs = FakeSqs([fault, fault])
    make_outbox(sqs).enqueue(make_messages(count), correlation_id="c")
    assert len(sqs.accepted) == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_lasting_fault_is_not_durable_after_three_tries(count: int) -> None:
    sqs = FakeSqs([TIMEOUT] * 9)
    with pytest.raises(NotDurable):
        make_outbox(sqs).enqueue(make_messages(count), correlation_id="c")
    assert len(sqs.calls) == 3


def test_one_entry_that_is_always_refused_makes_the_whole_body_not_durable() -> None:
    sqs = FakeSqs([{2}, {0}, {0}])
    with pytest.raises(NotDurable):
        make_outbox(sqs).enqueue(make_messages(5), correlation_id="c")
    assert len(sqs.accepted) == 4


def test_one_failing_batch_of_many_makes_the_whole_body_not_durable() -> None:
    class HalfDead(FakeSqs):
        def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
            if Entries[0]["MessageGroupId"] == "group-10":
                raise TIMEOUT
            return super().send_message_batch(QueueUrl=QueueUrl, Entries=Entries)

    sqs = HalfDead()
    with pytest.raises(NotDurable):
        make_outbox(sqs).enqueue(make_messages(30), correlation_id="c")
    assert len(sqs.accepted) == 20


def test_no_try_begins_when_meta_has_waited_long_enough() -> None:
    now = iter([0.0, 0.1, 5.0])
    sqs = FakeSqs([TIMEOUT] * 3)
    with pytest.raises(NotDurable):
        make_outbox(sqs, clock=lambda: next(now)).enqueue(make_messages(1), correlation_id="c")
    assert len(sqs.calls) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_large_body_goes_through_the_bucket_with_a_pointer(count: int) -> None:
    sqs, bucket = FakeSqs(), FakeBucket(faults=2)
    messages = make_messages(count, size=MAX_INLINE_BYTES + 1) + make_messages(1)
    make_outbox(sqs, bucket).enqueue(messages, correlation_id="c-1")

    pointers = [json.loads(entry["MessageBody"]) for entry in sqs.accepted if "s3_key" in entry["MessageBody"]]
    assert sorted(bucket.bodies.values()) == sorted(message.body for message in messages[:count])
    assert sorted(pointer["s3_key"] for pointer in pointers) == sorted(bucket.bodies)
    assert {(pointer["v"], pointer["correlation_id"]) for pointer in pointers} == {(1, "c-1")}


def test_a_large_body_that_is_not_stored_is_not_durable_and_nothing_points_to_it() -> None:
    sqs = FakeSqs()
    with pytest.raises(NotDurable):
        make_outbox(sqs, FakeBucket(faults=99)).enqueue(make_messages(1, size=MAX_INLINE_BYTES + 1), correlation_id="c")
    assert not sqs.calls
