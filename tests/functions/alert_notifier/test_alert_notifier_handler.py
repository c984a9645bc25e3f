"""alert_notifier, called with whole events of SQS."""

import io
import json
import logging
from typing import Any

import pytest

from alert_notifier import handler
from dentalist.domain.errors import ChannelDisconnected, StoreUnavailable
from dentalist.domain.mail_errors import MailRefused
from dentalist.runtime import wiring, wiring_alerts
from tests.fakes_alerts import ALERT_PHONE, EMAIL, AlertWorld, FakeMailer, make_notice
from tests.fakes_inbox import FakeQueue
from tests.sqs_events import ALERTS_URL, WorkerContext, failed_ids, make_event, make_record

BELL = json.dumps({"v": 1, "correlation_id": "request-1"})


class Office:
    """What is due, the queue, and what the function logs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.queue, self.lines = AlertWorld(), FakeQueue(), io.StringIO()
        monkeypatch.setattr(wiring, "alerts_queue", lambda: self.queue)
        monkeypatch.setattr(wiring_alerts, "notices", lambda: self.world.notices)
        monkeypatch.setattr(wiring_alerts, "desk", lambda: self.world.desk)
        monkeypatch.setattr(handler.logger.registered_handler, "stream", self.lines)
        monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])
        logging.getLogger("dentalist").setLevel("INFO")

    def ring(self, *bodies: str, seconds_left: float = 60) -> list[str]:
        records = [make_record(body, queue_url=ALERTS_URL) for body in bodies or (BELL,)]
        return failed_ids(handler.lambda_handler(make_event(*records), WorkerContext(seconds_left)))

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(monkeypatch)


def test_a_ring_sends_what_is_due_logs_and_measures_it(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.world.notices.due = [make_notice("email"), make_notice()]

    assert office.ring() == []

    assert len(office.world.notices.settled) == 2
    assert {line["correlation_id"] for line in office.log} == {"request-1"}
    assert [line["message"] for line in office.log][-1] == "alerts told"
    [metrics] = [line for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    assert json.loads(metrics)["notices_sent"] == [2.0]


@pytest.mark.parametrize("body", [BELL, "{}", "no JSON", '{"alert_id": "of somebody"}'])
def test_what_a_record_says_does_not_matter(office: Office, body: str) -> None:
    office.world.notices.due = [make_notice()]

    assert office.ring(body) == []
    assert len(office.world.notices.settled) == 1


def test_rings_that_come_together_send_nothing_twice(office: Office) -> None:
    office.world.notices.due = [make_notice()]

    assert office.ring(BELL, BELL, BELL) == []
    assert len(office.world.numbers.sent) == 1


def test_a_ring_that_met_an_outage_of_the_store_comes_back(office: Office) -> None:
    office.world.notices.failure = StoreUnavailable()

    assert len(office.ring()) == 1
    assert [what for what, _ in office.queue.log] == ["visibility"]


def test_a_ring_for_which_no_time_is_left_comes_back(office: Office) -> None:
    office.world.notices.due = [make_notice()]

    assert len(office.ring(seconds_left=5)) == 1
    assert office.world.notices.due


def test_a_notice_that_cannot_leave_is_no_failure_of_the_ring(office: Office) -> None:
    office.world.mailer = FakeMailer({EMAIL: MailRefused()})
    whatsapp = make_notice()
    office.world.numbers.refusals[whatsapp.numbers[0].phone_number_id] = ChannelDisconnected()
    office.world.notices.due = [make_notice("email"), whatsapp]

    assert office.ring() == []
    assert {outcome.status for outcome in office.world.notices.settled.values()} == {"failed"}


def test_no_address_phone_or_name_is_logged(office: Office) -> None:
    office.world.mailer = FakeMailer({EMAIL: KeyError(EMAIL)})
    office.world.notices.due = [make_notice("email"), make_notice(), make_notice(alert_phone=None)]

    office.ring()

    told = office.lines.getvalue()
    assert len(office.log) == 5
    assert not any(secret in told for secret in (EMAIL, ALERT_PHONE, "Ferreyra", "wamid"))
