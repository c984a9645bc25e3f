import json
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from dentalist.domain.errors import StoreUnavailable
from dentalist.inbound.jobs import parse_media_job, parse_wake_up
from dentalist.inbound.queue_message import QueueMessage
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.queues import FifoOutbox, Queue

FIFO = {"FifoQueue": "true"}


@pytest.fixture
def sqs(aws: None) -> Any:
    return aws_client("sqs")


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a host where nobody listens."""
    with socket.socket() as taken:  # bound but never listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        for name in ("DEFAULT_REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
            monkeypatch.setenv(f"AWS_{name}", "us-east-1")
        yield aws_client("sqs")


def make_queue(sqs: Any, name: str, **attributes: str) -> str:
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def test_what_the_outbox_sends_arrives_once_however_often_it_is_sent(sqs: Any) -> None:
    url = make_queue(sqs, "in.fifo", **FIFO)
    outbox = FifoOutbox(url, sqs=sqs, large_bodies=mock.Mock())
    messages = [QueueMessage(f'{{"n":{n}}}', f"g-{n}", f"d-{n}") for n in range(3)]

    outbox.enqueue(messages, correlation_id="c-1")
    outbox.enqueue(messages, correlation_id="c-2")

    arrived = received(sqs, url)
    assert sorted(message["Body"] for message in arrived) == ['{"n":0}', '{"n":1}', '{"n":2}']
    assert {message["MessageAttributes"]["correlation_id"]["StringValue"] for message in arrived} == {"c-1"}


def test_a_wake_up_waits_for_the_quiet_time(sqs: Any) -> None:
    url, conversation_id = make_queue(sqs, "replies"), uuid4()
    Queue(url, sqs=sqs).send_wake_up(conversation_id, delay_seconds=4, correlation_id="c-1")
    assert received(sqs, url) == []

    Queue(url, sqs=sqs).send_wake_up(conversation_id, delay_seconds=0, correlation_id="c-1")
    (message,) = received(sqs, url)
    job = parse_wake_up(message["Body"])
    assert (job.conversation_id, job.correlation_id) == (conversation_id, "c-1")
    assert message["MessageAttributes"]["correlation_id"]["StringValue"] == "c-1"


@pytest.mark.parametrize(("asked", "sent"), [(-5, 0), (4, 4), (86_400, 900)])
def test_a_delay_stays_within_what_sqs_allows(asked: int, sent: int) -> None:
    sqs = mock.Mock()
    Queue("q", sqs=sqs).send_wake_up(uuid4(), delay_seconds=asked, correlation_id="")
    assert sqs.send_message.call_args.kwargs["DelaySeconds"] == sent


def test_a_media_job_names_its_message(sqs: Any) -> None:
    url, message_id = make_queue(sqs, "media"), uuid4()
    Queue(url, sqs=sqs).send_media_job(message_id, correlation_id="c-1")
    assert parse_media_job(received(sqs, url)[0]["Body"]).message_id == message_id


def test_a_returned_message_comes_back(sqs: Any) -> None:
    url = make_queue(sqs, "media", VisibilityTimeout="60")
    queue = Queue(url, sqs=sqs)
    queue.send_media_job(uuid4(), correlation_id="c")
    (message,) = received(sqs, url)
    assert received(sqs, url) == []

    queue.change_visibility(message["ReceiptHandle"], seconds=0)
    assert len(received(sqs, url)) == 1


def test_a_handle_that_somebody_else_has_by_now_changes_nothing(sqs: Any) -> None:
    Queue(make_queue(sqs, "media"), sqs=sqs).change_visibility("stale", seconds=5)


def test_a_refusal_of_another_kind_is_an_outage() -> None:
    sqs = mock.Mock()
    sqs.change_message_visibility.side_effect = ClientError({"Error": {"Code": "AccessDenied"}}, "x")
    with pytest.raises(StoreUnavailable):
        Queue("q", sqs=sqs).change_visibility("handle", seconds=5)


def test_an_unreachable_queue_is_an_outage(unreachable: Any) -> None:
    queue = Queue("http://127.0.0.1/q", sqs=unreachable)
    for call in (
        lambda: queue.send_wake_up(uuid4(), delay_seconds=0, correlation_id=""),
        lambda: queue.change_visibility("handle", seconds=5),
        lambda: queue.redrive_to(queue, limit=1),
    ):
        with pytest.raises(StoreUnavailable):
            call()


def test_a_redrive_moves_messages_with_their_group_and_attributes(sqs: Any) -> None:
    dead, alive = make_queue(sqs, "dead.fifo", **FIFO), make_queue(sqs, "in.fifo", **FIFO)
    outbox = FifoOutbox(dead, sqs=sqs, large_bodies=mock.Mock())
    outbox.enqueue([QueueMessage(f'"{n}"', f"g-{n}", f"d-{n}") for n in range(3)], correlation_id="c-1")

    result = Queue(dead, sqs=sqs).redrive_to(Queue(alive, sqs=sqs), limit=100)

    assert (result.moved, result.emptied) == (3, True)
    arrived = received(sqs, alive)
    assert {(message["Body"], message["Attributes"]["MessageGroupId"]) for message in arrived} == {
        (f'"{n}"', f"g-{n}") for n in range(3)
    }
    assert arrived[0]["MessageAttributes"]["correlation_id"]["StringValue"] == "c-1"
    assert received(sqs, dead) == []


def test_a_redrive_is_not_swallowed_by_the_deduplication_of_the_first_delivery(sqs: Any) -> None:
    dead, alive = make_queue(sqs, "dead.fifo", **FIFO), make_queue(sqs, "in.fifo", **FIFO)
    message = QueueMessage('"a"', "g", "d")
    for url in (alive, dead):
        FifoOutbox(url, sqs=sqs, large_bodies=mock.Mock()).enqueue([message], correlation_id="c")
    (first,) = received(sqs, alive)
    sqs.delete_message(QueueUrl=alive, ReceiptHandle=first["ReceiptHandle"])

    Queue(dead, sqs=sqs).redrive_to(Queue(alive, sqs=sqs), limit=10)

    (again,) = received(sqs, alive)
    assert again["Attributes"]["MessageDeduplicationId"] != "d"


class CrashingSqs:
    """Receives one dead message each time, as if its deletion had never worked."""

    def __init__(self, message_id: str = "m") -> None:
        self.message_id = message_id
        self.sent: list[dict[str, Any]] = []

    def receive_message(self, **_: Any) -> dict[str, Any]:
        system = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
        return {"Messages": [{"MessageId": self.message_id, "Body": "{}", "ReceiptHandle": "r", "Attributes": system}]}

    def send_message(self, **entry: Any) -> None:
        self.sent.append(entry)

    def delete_message(self, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "InternalError"}}, "DeleteMessage")


def test_a_redrive_that_dies_before_deleting_sends_the_same_deduplication_id_again() -> None:
    sqs = CrashingSqs()
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            Queue("dead.fifo", sqs=sqs).redrive_to(Queue("in.fifo", sqs=sqs), limit=10)
    first, second = sqs.sent
    assert first["MessageDeduplicationId"] == second["MessageDeduplicationId"]


def test_a_message_that_dies_twice_is_redriven_twice() -> None:
    ids = []
    for message_id in ("first-death", "second-death"):  # SQS gives what was sent anew another id
        sqs = CrashingSqs(message_id)
        with pytest.raises(StoreUnavailable):
            Queue("dead.fifo", sqs=sqs).redrive_to(Queue("in.fifo", sqs=sqs), limit=10)
        ids.append(sqs.sent[0]["MessageDeduplicationId"])
    assert ids[0] != ids[1]


def test_a_redrive_stops_at_its_limit(sqs: Any) -> None:
    dead, alive = make_queue(sqs, "dead"), make_queue(sqs, "alive")
    for _ in range(4):
        Queue(dead, sqs=sqs).send_media_job(uuid4(), correlation_id="c")

    result = Queue(dead, sqs=sqs).redrive_to(Queue(alive, sqs=sqs), limit=3)

    assert (result.moved, result.emptied) == (3, False)
    assert len(received(sqs, dead)) == 1
    assert all(json.loads(message["Body"])["message_id"] for message in received(sqs, alive))
