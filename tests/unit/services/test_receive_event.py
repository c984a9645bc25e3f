"""What becomes of one record of the inbound queue."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import StoreRefused, StoreUnavailable
from dentalist.outbound.aws.objects import LargeBodyGone
from dentalist.services.ports import Ingested
from dentalist.services.receive_event import Outlets, receive_event
from tests.fakes_inbox import FakeBodies, FakeInbox, FakeQueue, owing

MESSAGE = {
    "v": 1,
    "object": "whatsapp_business_account",
    "kind": "message",
    "field": "messages",
    "entry_id": "210987654300001",
    "entry_time": None,
    "phone_number_id": "310000000000001",
    "display_phone_number": "5491150320001",
    "contact": {"profile": {"name": "Ana Belén Sosa"}, "wa_id": "5491155550201"},
    "errors": None,
    "event": {
        "from": "5491155550201",
        "id": "wamid.A",
        "timestamp": "1794009637",
        "type": "text",
        "text": {"body": "Hola"},
    },
    "reason": None,
    "received_at": "2026-11-22T16:00:00.123Z",
    "correlation_id": "request-1",
}
WHOLE = {key: value for key, value in MESSAGE.items() if key not in {"received_at", "correlation_id"}}


class Desk:
    """Everything an event can reach."""

    def __init__(self) -> None:
        self.inbox, self.bodies = FakeInbox(), FakeBodies()
        self.replies, self.media = FakeQueue(), FakeQueue()
        self.errors: list[Exception] = []

    def receive(self, body: Any = MESSAGE) -> Ingested:
        return receive_event(
            body if isinstance(body, str) else json.dumps(body),
            outlets=Outlets(self.bodies, self.inbox, self.replies, self.media),
            debounce=timedelta(seconds=4),
            correlation_id="request-1",
            on_error=self.errors.append,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_event_is_stored_with_the_quiet_time(desk: Desk) -> None:
    assert desk.receive().outcome == "stored"

    [event] = desk.inbox.events
    assert (event["kind"], event["external_id"], event["body"]) == ("message", "wamid.A", "Hola")
    assert desk.inbox.debounce_seconds == 4


def test_an_owed_answer_wakes_its_conversation_when_it_is_due(desk: Desk) -> None:
    desk.inbox.answer = owing(3)

    answer = desk.receive()

    assert desk.replies.log == [("wake", (answer.conversation_id, 3, "request-1"))]
    assert desk.media.log == []


@pytest.mark.parametrize("outcome", ["duplicate", "applied"])
def test_an_event_that_came_before_wakes_again_while_an_answer_is_owed(desk: Desk, outcome: str) -> None:
    desk.inbox.answer = owing(0)._replace(outcome=outcome)

    desk.receive()

    assert [what for what, _ in desk.replies.log] == ["wake"]


def test_a_waiting_file_is_asked_for_after_the_answer_was(desk: Desk) -> None:
    desk.media = desk.replies  # one log for both
    desk.inbox.answer = owing(media=True)

    answer = desk.receive()

    assert [what for what, _ in desk.replies.log] == ["wake", "media"]
    assert desk.replies.log[-1][1] == (answer.message_id, "request-1")


def test_what_owes_nothing_wakes_nobody(desk: Desk) -> None:
    desk.receive()

    assert desk.replies.log == desk.media.log == []


def test_an_outage_of_the_store_is_told_and_nothing_is_parked(desk: Desk) -> None:
    desk.inbox.failures = [StoreUnavailable()]

    with pytest.raises(StoreUnavailable):
        desk.receive()
    assert desk.inbox.events == desk.errors == []


def test_an_outage_of_the_bucket_is_told(desk: Desk) -> None:
    desk.bodies.failure = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        desk.receive()
    assert desk.inbox.events == []


def test_an_outage_of_the_answers_queue_is_told_so_that_the_record_comes_back_and_wakes_again(desk: Desk) -> None:
    desk.inbox.answer = owing()
    desk.replies.failure = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        desk.receive()


@pytest.mark.parametrize("error", [StoreRefused("23514", "ingest_event"), KeyError("outcome"), RecursionError()])
def test_an_event_that_fails_for_good_is_parked_whole_and_reported(desk: Desk, error: Exception) -> None:
    desk.inbox.failures = [error]

    answer = desk.receive()

    assert (answer.outcome, answer.reason) == ("parked", "malformed")
    [parked] = desk.inbox.events
    assert (parked["kind"], parked["raw"]) == ("unknown", WHOLE)
    assert (parked["waba_id"], parked["phone_number_id"]) == ("210987654300001", "310000000000001")
    assert parked["correlation_id"] == "request-1"
    assert desk.errors == [error]


def test_another_delivery_of_a_parked_event_is_parked_alike(desk: Desk) -> None:
    for delivery in (MESSAGE, {**MESSAGE, "correlation_id": "request-2", "received_at": "2026-11-22T16:05:00.000Z"}):
        desk.inbox.failures = [StoreRefused("23514", "ingest_event")]
        desk.receive(delivery)

    first, second = desk.inbox.events
    assert first["raw"] == second["raw"]


def test_when_not_even_parking_works_the_record_is_kept(desk: Desk) -> None:
    desk.inbox.failures = [StoreRefused("PGRST202", "ingest_event"), StoreRefused("PGRST202", "ingest_event")]

    with pytest.raises(StoreRefused):
        desk.receive()


def test_a_store_that_goes_down_between_refusing_and_parking_keeps_the_record(desk: Desk) -> None:
    desk.inbox.failures = [StoreRefused("23514", "ingest_event"), StoreUnavailable()]

    with pytest.raises(StoreUnavailable):
        desk.receive()


def test_a_pointer_whose_body_was_deleted_was_received_before(desk: Desk) -> None:
    desk.bodies.failure = LargeBodyGone()

    answer = desk.receive('{"v": 1, "s3_key": "inbound/2026/11/22/x.json"}')

    assert answer.outcome == "duplicate"
    assert (desk.inbox.events, desk.errors) == ([], [])


def test_a_stored_body_is_deleted_when_everything_else_is_done(desk: Desk) -> None:
    pointer = '{"v": 1, "s3_key": "inbound/2026/11/22/x.json"}'
    desk.receive(pointer)
    assert desk.bodies.discarded == [pointer]


def test_a_stored_body_stays_while_something_is_left_to_do(desk: Desk) -> None:
    desk.inbox.failures = [StoreUnavailable()]

    with pytest.raises(StoreUnavailable):
        desk.receive()

    assert desk.bodies.discarded == []


@pytest.mark.parametrize("body", ["", "hola", "[]", "7", "{}", '{"kind": "message"}', '{"event": {"id": "\\u0000"}}'])
def test_a_record_that_nobody_of_ours_wrote_is_parked(desk: Desk, body: str) -> None:
    assert desk.receive(body).outcome == "parked"
    assert desk.errors == []


def test_ids_come_back_as_they_were_stored(desk: Desk) -> None:
    message_id: UUID = uuid4()
    desk.inbox.answer = Ingested("duplicate", message_id=message_id)

    assert desk.receive().message_id == message_id
