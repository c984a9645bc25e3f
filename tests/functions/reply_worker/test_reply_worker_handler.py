"""reply_worker, called with whole events of SQS."""

import io
import json
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.errors import StoreUnavailable
from dentalist.runtime import wiring, wiring_assistant, wiring_calendar, wiring_patients, wiring_voice
from dentalist.services.answering.ports_models import Interpretation, ModelUnavailable
from reply_worker import handler
from tests.fakes_answers import FakeInterpreter, World, throttle
from tests.fakes_inbox import FakeQueue
from tests.sqs_events import REPLIES_URL, WorkerContext, failed_ids, make_event, make_record

NAME, PHONE, TEXT = "Zoraida Canario", "+5491155559999", "hola, ¿dónde queda? es por la muela del juicio"
CANARIES = (NAME, "Zoraida", "Canario", PHONE, PHONE[1:], PHONE[4:], "muela", "juicio", "Siempreviva", "wamid")


class Office:
    """One conversation, its queue and what the function logs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.queue, self.lines = World(), FakeQueue(), io.StringIO()
        contact = {"contact_name": NAME, "contact_phone": PHONE}
        self.world.conversation = self.world.conversation.model_copy(update=contact)
        self._patch(monkeypatch)
        monkeypatch.setattr(handler.logger.registered_handler, "stream", self.lines)
        monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])
        logging.getLogger("dentalist").setLevel("INFO")

    def _patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = self.world.desk_for(_claim_of(self.world))
        self.world.answer_lease = None
        self.professionals: list[UUID] = []

        def for_professional(made: Any) -> Any:
            def make(professional_id: UUID) -> Any:
                self.professionals.append(professional_id)
                return made

            return make

        for name in ("sending", "consent", "handover", "tasks"):
            monkeypatch.setattr(wiring, name, for_professional(getattr(desk, name)))
        monkeypatch.setattr(wiring_calendar, "agenda", for_professional(desk.agenda))
        monkeypatch.setattr(wiring_patients, "phone_trust", for_professional(desk.trust))
        monkeypatch.setattr(wiring_voice, "voice_notes", for_professional(None))
        monkeypatch.setattr(wiring, "number_of_claim", lambda _: desk.presence())
        monkeypatch.setattr(wiring_assistant, "interpreter", lambda *_: self.world.interpreter)
        monkeypatch.setattr(wiring_assistant, "wordsmith", lambda *_: None)
        monkeypatch.setattr(wiring, "replies_queue", lambda: self.queue)
        monkeypatch.setattr(wiring, "answers", lambda: self.world.answers)
        monkeypatch.setattr(handler, "answer_conversation", self._answer)

    def _answer(self, conversation_id: UUID, **named: Any) -> Any:
        from dentalist.services.answering.answer_conversation import answer_conversation  # noqa: PLC0415 - the one not patched

        return answer_conversation(conversation_id, now=lambda: self.world.now, **named)

    def wake(self, *, receive_count: int = 1, **job: Any) -> list[str]:
        body = {"v": 1, "conversation_id": str(self.world.conversation.id), "correlation_id": "request-7", **job}
        record = make_record(
            json.dumps(body), queue_url=REPLIES_URL, correlation_id="attribute-7", receive_count=receive_count
        )
        return failed_ids(handler.lambda_handler(make_event(record), WorkerContext()))

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


def _claim_of(world: World) -> AnswerClaim:
    world.writes(TEXT)
    claim = world.claim_answer(30)
    assert isinstance(claim, AnswerClaim)
    return claim


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(monkeypatch)


def test_a_wake_up_becomes_an_answer_and_leaves_the_queue(office: Office) -> None:
    assert office.wake() == []

    assert len(office.world.sent) == 1
    assert office.queue.log == []
    assert set(office.professionals) == {office.world.conversation.professional_id}


def test_a_turn_is_one_line_with_the_correlation_id_of_the_webhook(office: Office) -> None:
    office.wake()

    [line] = office.log
    assert line["message"] == "turn done"
    assert line["correlation_id"] == "request-7"
    told = {key: line[key] for key in ("outcome", "intent", "provider", "fallback", "conversation_id", "message_id")}
    assert told == {
        "outcome": "sent",
        "intent": "general_inquiry",
        "provider": "rules",
        "fallback": True,
        "conversation_id": str(office.world.conversation.id),
        "message_id": str(office.world.outbound[0].id),
    }


def test_a_wake_up_without_a_correlation_id_has_that_of_its_record(office: Office) -> None:
    office.wake(correlation_id="")

    assert office.log[0]["correlation_id"] == "attribute-7"


def test_every_outcome_and_failure_of_a_model_is_counted(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.world.interpreter = FakeInterpreter(ModelUnavailable("timeout"))
    office.wake()

    metrics = capsys.readouterr().out.replace(" ", "")
    assert '"turns_sent":[1.0]' in metrics
    assert '"model_failures":[1.0]' in metrics
    assert '"records_returned":[0.0]' in metrics
    assert office.log[0]["fallback_cause"] == "timeout"


@pytest.mark.parametrize("trouble", [None, "mark_read", "gate_claim", "paced", "bug", "garbage", "model"])
def test_nothing_personal_is_ever_logged(
    office: Office, trouble: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if trouble == "paced":
        office.world.gate_refusals = [throttle()]
    elif trouble == "bug":
        office.world.failures["busy"] = office.world.failures["gate_claim"] = ZeroDivisionError(f"{NAME}: {TEXT}")
    elif trouble == "model":
        office.world.interpreter = FakeInterpreter(Interpretation([]))
    elif trouble == "garbage":
        office.wake(conversation_id=f"{NAME} {TEXT}")
    elif trouble is not None:
        office.world.failures[trouble] = StoreUnavailable()
    office.wake()

    streams = capsys.readouterr()
    logged = office.lines.getvalue() + streams.out + streams.err
    assert logged
    for canary in CANARIES:
        assert canary not in logged, canary


def test_who_may_not_send_yet_is_woken_again_with_the_same_correlation_id(office: Office) -> None:
    office.world.gate_refusals = [throttle(seconds=5.2)]

    assert office.wake() == []

    assert office.queue.log == [("wake", (office.world.conversation.id, 6, "request-7"))]
    office.world.now += timedelta(seconds=6)
    office.wake()
    assert len(office.world.sent) == 1


@pytest.mark.parametrize("where", ["claim_answer", "gate_claim", "finish_answer"])
def test_an_outage_brings_the_wake_up_back_later_each_time(office: Office, where: str) -> None:
    office.world.failures[where] = StoreUnavailable()

    assert len(office.wake(receive_count=2)) == 1

    [(what, (_, seconds))] = office.queue.log
    assert (what, seconds) == ("visibility", 8)
    assert "unanswered" not in office.world.alert_kinds


def test_a_mistake_of_ours_is_tried_again_and_the_fourth_time_left_to_a_person(office: Office) -> None:
    office.world.failures["gate_claim"] = ZeroDivisionError()

    for receive_count in (1, 2, 3):
        assert len(office.wake(receive_count=receive_count)) == 1
        assert office.world.alert_kinds == []
    assert len(office.wake(receive_count=4)) == 1
    assert office.wake(receive_count=5) == []

    assert office.world.alert_kinds == ["unanswered"]
    assert [line["error_type"] for line in office.log if line["level"] == "ERROR"] == ["ZeroDivisionError"] * 4


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"conversation_id": "x"}'])
def test_a_wake_up_that_is_none_leaves_the_queue(office: Office, body: str) -> None:
    record = make_record(body, queue_url=REPLIES_URL)

    assert failed_ids(handler.lambda_handler(make_event(record), WorkerContext())) == []
    assert [line["message"] for line in office.log] == ["wake-up is none"]


def test_a_conversation_that_owes_nothing_is_left_alone(office: Office) -> None:
    office.wake()
    office.wake()

    assert len(office.world.sent) == 1
    assert office.log[-1]["outcome"] == "nothing"
