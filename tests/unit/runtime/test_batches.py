"""What every worker does with a batch of records, whatever the work is."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from dentalist.domain.errors import StoreUnavailable
from dentalist.runtime.batches import correlation_id_of, handle_batch, told_of
from dentalist.runtime.observability import make_logger
from tests.fakes_inbox import FakeQueue
from tests.sqs_events import WorkerContext, failed_ids, make_event, make_record


class Worker:
    """Handles records whose body is ``ok``; others say what goes wrong."""

    def __init__(self) -> None:
        self.logger = make_logger("test_batches")
        self.lines = io.StringIO()
        self.logger.registered_handler.stream = self.lines
        self.queue = FakeQueue()
        self.handled: list[str] = []
        self.context = WorkerContext()

    def run(self, *records: dict[str, Any], in_order: bool = False) -> list[str]:
        response = handle_batch(
            make_event(*records),
            self.context,
            handle=self._handle,
            queue=self.queue,
            logger=self.logger,
            in_order=in_order,
        )
        return failed_ids(response)

    def _handle(self, record: SQSRecord) -> None:
        self.handled.append(record.message_id)
        if record.body == "down":
            raise StoreUnavailable
        if record.body != "ok":
            raise ValueError(record.body)
        self.logger.info("handled")

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]

    @property
    def pauses(self) -> list[int]:
        return [seconds for _, (_, seconds) in self.queue.log]


@pytest.fixture
def worker(package_logger_as_before: None) -> Worker:
    return Worker()


@pytest.fixture
def package_logger_as_before() -> Iterator[None]:
    package = logging.getLogger("dentalist")
    before = package.handlers, package.propagate, package.level
    yield
    package.handlers, package.propagate, package.level = before


def ids(*records: dict[str, Any]) -> list[str]:
    return [record["messageId"] for record in records]


def test_a_batch_that_succeeds_asks_for_nothing_back(worker: Worker) -> None:
    records = [make_record("ok") for _ in range(3)]

    assert worker.run(*records, in_order=True) == []
    assert worker.handled == ids(*records)
    assert worker.queue.log == []


def test_without_order_only_what_failed_comes_back(worker: Worker) -> None:
    records = [make_record(body) for body in ("down", "ok", "strange")]

    assert worker.run(*records) == ids(records[0], records[2])
    assert worker.handled == ids(*records)


def test_in_order_nothing_is_tried_after_the_first_failure_and_all_of_it_comes_back(worker: Worker) -> None:
    records = [make_record(body, group=group) for body, group in (("ok", "a"), ("down", "a"), ("ok", "a"), ("ok", "b"))]

    assert worker.run(*records, in_order=True) == ids(*records[1:])
    assert worker.handled == ids(*records[:2])


@pytest.mark.parametrize("in_order", [True, False])
def test_a_batch_that_fails_whole_is_named_and_not_raised(worker: Worker, in_order: bool) -> None:
    records = [make_record("down"), make_record("down")]

    assert worker.run(*records, in_order=in_order) == ids(*records)


def test_a_record_stays_away_longer_with_each_time_it_fails(worker: Worker) -> None:
    records = [make_record("down", receive_count=count) for count in (1, 2, 5, 500)]

    worker.run(*records)

    assert worker.pauses == [5, 8, 25, 300]
    assert [handle for _, (handle, _) in worker.queue.log] == [record["receiptHandle"] for record in records]


def test_records_that_were_not_tried_stay_away_too(worker: Worker) -> None:
    worker.run(make_record("down", receive_count=4), make_record("ok"), in_order=True)

    assert worker.pauses == [17, 5]


def test_where_visibility_cannot_be_changed_the_records_come_back_by_the_queues_own(worker: Worker) -> None:
    worker.queue.failure = StoreUnavailable()
    records = [make_record("down"), make_record("down")]

    assert worker.run(*records) == ids(*records)
    told = [line["message"] for line in worker.log]
    assert told.count("visibility not changed, the queue's own applies") == 1


def test_what_time_no_longer_suffices_for_comes_back_untried(worker: Worker) -> None:
    worker.context = WorkerContext(seconds_left=11)
    records = [make_record("ok"), make_record("ok")]

    assert worker.run(*records, in_order=True) == ids(*records)
    assert worker.handled == []


def test_every_line_has_the_correlation_id_of_its_record(worker: Worker) -> None:
    stranger = make_record("down", correlation_id=None)
    worker.run(make_record("ok", correlation_id="request-1"), make_record("ok", correlation_id="request-2"), stranger)

    assert [(line["message"], line["correlation_id"]) for line in worker.log] == [
        ("handled", "request-1"),
        ("handled", "request-2"),
        ("record comes back, somebody is down", stranger["messageId"]),
    ]


def test_an_unexpected_error_is_located_but_never_quoted(worker: Worker) -> None:
    worker.run(make_record("Ana Belén pide turno"))

    [line] = worker.log
    assert (line["level"], line["error_type"]) == ("ERROR", "ValueError")
    assert line["error_at"].startswith("_handle:")
    assert "Ana" not in worker.lines.getvalue()


def test_an_outage_names_what_caused_it() -> None:
    error = ConnectionRefusedError("10.0.0.7 refused")

    assert told_of(error) == {"error_type": "ConnectionRefusedError"}


def test_the_correlation_id_is_the_attribute_and_else_the_records_own() -> None:
    with_one, without = make_record("ok", correlation_id="request-1"), make_record("ok", correlation_id=None)

    assert correlation_id_of(SQSRecord(with_one)) == "request-1"
    assert correlation_id_of(SQSRecord(without)) == without["messageId"]
