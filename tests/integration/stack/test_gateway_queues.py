"""SQS event sources over a real queue service: what is handled is gone, what failed comes back."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.integration.stack.toy_stack import ToyStack, eventually

pytestmark = pytest.mark.xdist_group("toys")

unique = count()


@pytest.fixture(autouse=True)
def queues_left_empty(toys: ToyStack) -> Iterator[None]:
    yield
    eventually(lambda: toys.depth("jobs") == 0 and toys.depth("orders.fifo") == 0)


def order(toys: ToyStack, body: str, group: str) -> None:
    """A message in the FIFO queue."""
    toys.sqs.send_message(
        QueueUrl=toys.queue_url("orders.fifo"),
        MessageBody=body,
        MessageGroupId=group,
        MessageDeduplicationId=f"{body}-{next(unique)}",
        MessageAttributes={"correlation_id": {"DataType": "String", "StringValue": "abc="}},
    )


def test_a_message_is_handled_once_and_deleted(toys: ToyStack) -> None:
    toys.sqs.send_message(QueueUrl=toys.queue_url("jobs"), MessageBody="plain job")
    (result,) = eventually(toys.results)

    assert result["body"] == "plain job"
    assert result["eventSourceARN"] == "arn:aws:sqs:us-east-1:000000000000:dentalist-toy-jobs"
    assert result["attributes"]["ApproximateReceiveCount"] == "1"
    eventually(lambda: toys.depth("jobs") == 0)


def test_a_fifo_record_shows_group_order_and_message_attributes(toys: ToyStack) -> None:
    order(toys, "first", group="ana")
    (result,) = eventually(toys.results)

    assert result["attributes"]["MessageGroupId"] == "ana"
    assert int(result["attributes"]["SentTimestamp"]) > 0
    assert result["attributes"]["SequenceNumber"]
    assert result["messageAttributes"]["correlation_id"]["stringValue"] == "abc="


def test_a_batch_holds_no_more_than_the_source_allows(toys: ToyStack) -> None:
    for number in range(12):
        order(toys, f"order {number}", group="one")
        toys.sqs.send_message(QueueUrl=toys.queue_url("jobs"), MessageBody=f"job {number}")
    results = eventually(lambda: found if len(found := toys.results()) == 24 else None)

    assert {result["batch"] for result in results if result["body"].startswith("job")} == {1}
    assert max(result["batch"] for result in results) <= 10


def test_messages_of_one_group_are_handled_in_their_order(toys: ToyStack) -> None:
    for number in range(8):
        for group in ("ana", "bruno", "carla"):
            order(toys, f"{group} {number}", group)
    bodies = eventually(lambda: found if len(found := toys.bodies()) == 24 else None)

    for group in ("ana", "bruno", "carla"):
        assert [body for body in bodies if body.startswith(group)] == [f"{group} {number}" for number in range(8)]


def test_only_the_reported_message_of_a_batch_comes_back_and_then_goes_to_the_dead_letters(toys: ToyStack) -> None:
    order(toys, "fine", group="a")
    order(toys, "fail always", group="b")
    dead = toys.queue_url("orders-dead.fifo")
    (message,) = eventually(
        lambda: toys.sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages")  # after two receives
    )
    toys.sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])

    assert message["Body"] == "fail always"
    assert toys.bodies().count("fail always") == 2
    assert toys.bodies().count("fine") == 1


def test_without_reporting_the_answer_of_the_function_means_nothing(toys: ToyStack) -> None:
    toys.sqs.send_message(QueueUrl=toys.queue_url("jobs"), MessageBody="fail, but nobody asked")
    eventually(toys.results)

    eventually(lambda: toys.depth("jobs") == 0)
    assert len(toys.results()) == 1


def test_a_worker_that_dies_leaves_its_batch_to_the_queue(toys: ToyStack) -> None:
    order(toys, "crash", group="doomed")
    dead = toys.queue_url("orders-dead.fifo")
    (message,) = eventually(lambda: toys.sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages"))
    toys.sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])

    results = toys.results()
    assert [result["attributes"]["ApproximateReceiveCount"] for result in results] == ["1", "2"]
    assert results[0]["pid"] != results[1]["pid"]


def test_batches_are_handled_at_the_same_time(toys: ToyStack) -> None:
    for number in range(3):
        toys.sqs.send_message(QueueUrl=toys.queue_url("jobs"), MessageBody=f"slow {number}")
    results = eventually(lambda: found if len(found := toys.results()) == 3 else None)

    assert len({result["pid"] for result in results}) > 1
