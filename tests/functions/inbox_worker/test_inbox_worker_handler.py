"""inbox_worker, called with whole events of SQS."""

import base64
import io
import json
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import MetaError, MetaFault, StoreRefused, StoreUnavailable
from dentalist.inbound.split import split
from dentalist.runtime import wiring
from dentalist.runtime.settings import Settings
from inbox_worker import handler
from tests.fakes_inbox import (
    FakeBodies,
    FakeInbox,
    FakeMediaRecords,
    FakeMediaStore,
    FakeNumber,
    FakeQueue,
    make_media_job,
    owing,
)
from tests.sqs_events import (
    INBOUND_URL,
    MEDIA_URL,
    REPLIES_URL,
    WorkerContext,
    failed_ids,
    make_event,
    make_record,
)

NAME, PHONE, TEXT, USERNAME = "Zoraida Canario", "5491155559999", "me duele la muela del juicio", "zoraida.canario"
WAMID = "wamid." + base64.b64encode(f"\x1c\x19\x0f{PHONE}".encode()).decode()
CANARIES = (NAME, "Zoraida", PHONE, PHONE[3:], TEXT, "muela", USERNAME, WAMID, WAMID[6:])


def body_of_message(text: str = TEXT, wamid: str = WAMID) -> str:
    """The queue message of a text by somebody whose every detail would be recognised in a log."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5491150320001", "phone_number_id": "310000000000001"},
        "contacts": [{"profile": {"name": NAME, "username": USERNAME}, "wa_id": PHONE}],
        "messages": [
            {"from": PHONE, "id": wamid, "timestamp": "1794009637", "type": "text", "text": {"body": text}},
        ],
    }
    changes = [{"field": "messages", "value": value}]
    webhook = {"object": "whatsapp_business_account", "entry": [{"id": "210987654300001", "changes": changes}]}
    [message] = split(webhook, received_at="2026-11-22T16:00:00.123Z", correlation_id="request-1")
    return message.body


class World:
    """The store, the queues, Meta and the bucket of one professional."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inbox, self.bodies = FakeInbox(), FakeBodies()
        self.inbound, self.media, self.replies = FakeQueue(), FakeQueue(), FakeQueue()
        self.records, self.number, self.store = FakeMediaRecords(None), FakeNumber(), FakeMediaStore()
        self.lines = io.StringIO()
        environment = {
            "INBOUND_QUEUE_URL": INBOUND_URL,
            "MEDIA_QUEUE_URL": MEDIA_URL,
            "REPLIES_QUEUE_URL": REPLIES_URL,
            "REPLY_DEBOUNCE_SECONDS": "1",
        }
        for name, fake in {
            "settings": Settings(environment),
            "large_events": self.bodies,
            "inbox": self.inbox,
            "inbound_queue": self.inbound,
            "media_queue": self.media,
            "replies_queue": self.replies,
            "media_records": self.records,
        }.items():
            monkeypatch.setattr(wiring, name, lambda fake=fake: fake)
        monkeypatch.setattr(wiring, "number_of", lambda _: self.number)
        monkeypatch.setattr(wiring, "media", lambda _: self.store)
        monkeypatch.setattr(handler.logger.registered_handler, "stream", self.lines)
        monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])
        logging.getLogger("dentalist").setLevel("INFO")

    def handle(self, *records: dict[str, Any]) -> list[str]:
        return failed_ids(handler.lambda_handler(make_event(*records), WorkerContext()))

    def handle_job(self, body: str, **record: Any) -> list[str]:
        return self.handle(make_record(body, queue_url=MEDIA_URL, **record))

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def job_for(message_id: UUID) -> str:
    return json.dumps({"v": 1, "message_id": str(message_id), "correlation_id": "request-1"})


def test_an_event_is_stored_and_leaves_the_queue(world: World) -> None:
    world.inbox.answer = owing(1)

    assert world.handle(make_record(body_of_message())) == []

    [event] = world.inbox.events
    assert (event["contact_phone"], event["body"]) == (f"+{PHONE}", TEXT)
    assert world.replies.log == [("wake", (world.inbox.answer.conversation_id, 1, "request-1"))]
    assert world.inbox.debounce_seconds == 1


def test_the_correlation_id_of_the_webhook_is_in_every_line_and_job(world: World) -> None:
    world.inbox.answer = owing(media=True)

    world.handle(make_record(body_of_message(), correlation_id="request-7"))

    assert world.log
    assert {line["correlation_id"] for line in world.log} == {"request-7"}
    assert world.replies.log[0][1][-1] == world.media.log[0][1][-1] == "request-7"


def test_after_the_first_outage_the_rest_of_the_batch_comes_back_untried_and_in_order(world: World) -> None:
    world.inbox.failures = [StoreUnavailable()]
    records = [make_record(body_of_message(wamid=f"wamid.{n}"), receive_count=n + 1) for n in range(3)]

    assert world.handle(*records) == [record["messageId"] for record in records]

    assert world.inbox.events == []
    assert world.inbound.log == [
        ("visibility", (record["receiptHandle"], seconds)) for record, seconds in zip(records, [5, 8, 11], strict=True)
    ]


def test_what_was_stored_before_the_outage_does_not_come_back(world: World) -> None:
    first, second = make_record(body_of_message(wamid="wamid.1")), make_record(body_of_message(wamid="wamid.2"))
    world.handle(first)
    world.inbox.failures = [StoreUnavailable()]

    assert world.handle(second) == [second["messageId"]]
    assert [event["external_id"] for event in world.inbox.events] == ["wamid.1"]


@pytest.mark.parametrize("error", [StoreRefused("23514", "ingest_event"), ZeroDivisionError(TEXT)])
def test_an_event_that_fails_for_good_is_parked_and_the_next_one_of_its_contact_goes_on(
    world: World, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    world.inbox.failures = [error]

    assert world.handle(make_record(body_of_message()), make_record(body_of_message("segundo"))) == []

    assert [event["kind"] for event in world.inbox.events] == ["unknown", "message"]
    [line] = [line for line in world.log if line["level"] == "ERROR"]
    assert (line["message"], line["error_type"]) == ("event cannot be taken in, parked", type(error).__name__)
    assert line["error_at"].startswith("ingest:")
    assert '"events_refused":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_a_file_is_fetched_and_stored(world: World) -> None:
    world.records.job = make_media_job(created_at=datetime.now(UTC))

    assert world.handle_job(job_for(world.records.job.message_id)) == []

    assert [status for status, _ in world.records.recorded] == ["stored"]
    assert len(world.store.files) == 1


def test_a_file_that_meta_cannot_hand_out_now_leaves_the_queue_for_the_sweeper(world: World) -> None:
    world.records.job = make_media_job(created_at=datetime.now(UTC))
    world.number.file = MetaError(MetaFault(131000))

    assert world.handle_job(job_for(world.records.job.message_id)) == []
    assert world.records.recorded == [("pending", None)]


def test_a_file_whose_outcome_cannot_be_recorded_comes_back_through_its_own_queue(world: World) -> None:
    world.records.job = make_media_job(created_at=datetime.now(UTC))
    world.records.failure = StoreUnavailable()

    assert len(world.handle_job(job_for(world.records.job.message_id), receive_count=2)) == 1
    assert [seconds for _, (_, seconds) in world.media.log] == [8]
    assert world.inbound.log == []


@pytest.mark.parametrize("body", ["", "{}", '{"message_id": "x"}', "[]"])
def test_a_media_job_that_is_none_leaves_the_queue(world: World, body: str) -> None:
    assert world.handle_job(body) == []
    assert [line["message"] for line in world.log] == ["media job is none"]


def test_a_batch_without_any_success_still_counts(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.inbox.failures = [StoreUnavailable()]

    world.handle(make_record(body_of_message()))

    assert '"records_returned":[1.0]' in capsys.readouterr().out.replace(" ", "")


def test_a_missing_setting_keeps_the_event_in_the_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unset() -> None:
        Settings({}).large_events_bucket  # noqa: B018 - raises

    monkeypatch.setattr(wiring, "large_events", unset)
    record = make_record(body_of_message())

    assert world.handle(record) == [record["messageId"]]
    assert world.inbox.events == []


def quoting(_: object) -> Exception:
    return ValueError(f"{NAME} {PHONE}: {TEXT}")


@pytest.mark.parametrize(
    "failures",
    [
        [],
        [StoreUnavailable()],
        [StoreRefused("23514", "ingest_event")],
        [quoting(1)],
        [quoting(1), quoting(2)],
    ],
    ids=["stored", "outage", "refused", "parked", "not even parked"],
)
def test_no_line_and_no_metric_names_a_person_or_what_they_wrote(
    world: World, failures: list[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    world.inbox.failures = failures
    world.inbox.answer = owing(media=True)

    world.handle(make_record(body_of_message(), correlation_id=str(uuid4())))

    written = world.lines.getvalue() + "".join(capsys.readouterr())
    assert "CloudWatchMetrics" in written
    assert "correlation_id" in written
    assert [canary for canary in CANARIES if canary in written] == []


def test_no_line_about_a_file_names_a_person(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.records.job = make_media_job(created_at=datetime.now(UTC))
    for trouble in (MetaError(MetaFault(100, message=f"{NAME} {PHONE}")), quoting(1)):
        world.number.file = trouble
        world.handle_job(job_for(world.records.job.message_id))

    written = world.lines.getvalue() + "".join(capsys.readouterr())
    assert "file not fetched" in written
    assert "unexpected error" in written
    assert [canary for canary in CANARIES if canary in written] == []
