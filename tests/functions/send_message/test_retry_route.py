"""POST /api/marketing/messages/{id}/retry, called with whole events of API Gateway."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import OutcomeUnknown, RateLimited
from dentalist.domain.identity import Caller, Role
from dentalist.runtime import wiring, wiring_retry
from dentalist.services.retry_message import RetryDesk
from dentalist.services.sending import Sending
from send_message import handler
from tests.builders import WAMID, LambdaContext, make_event
from tests.fakes import FakeChannels, FakeIdempotency, FakeLinks, FakeSendGate, FakeTemplates, FakeWhatsApp
from tests.fakes_patients import FakeMessages, make_sent_message


class World:
    """One failed message, and somebody who asks to send it again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.RECEPTION, "token")
        self.message = make_sent_message()
        self.messages = FakeMessages({self.message.id: self.message})
        self.gate, self.whatsapp, self.keys = FakeSendGate(), FakeWhatsApp(), FakeIdempotency()
        sending = Sending(
            gate=self.gate, sender_for=lambda _: self.whatsapp, channels=FakeChannels({}), links=FakeLinks()
        )
        desk = RetryDesk(self.messages, FakeTemplates([]), sending)
        monkeypatch.setattr(wiring_retry, "retry_desk", lambda _: desk)
        monkeypatch.setattr(wiring, "authenticate", lambda _: self.caller)
        monkeypatch.setattr(wiring, "idempotency", lambda _: self.keys)

    def retry(self, message_id: UUID | str | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
        path = f"/api/marketing/messages/{message_id or self.message.id}/retry"
        event = make_event("POST", path, headers={"authorization": "Bearer token", **headers})
        answer = handler.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_failed_message_is_created_anew(world: World) -> None:
    status, told = world.retry()

    assert status == 201
    assert (told["wamid"], told["status"]) == (WAMID, "sent")
    assert told["message_id"] != str(world.message.id)


def test_a_retry_whose_answer_is_lost_is_accepted_as_unknown(world: World) -> None:
    world.whatsapp.next_answer = OutcomeUnknown()

    status, told = world.retry()

    assert (status, told["status"]) == (202, "unknown")


@pytest.mark.parametrize("status", ["unknown", "sent", "sending", "delivered"])
def test_what_has_not_failed_is_not_retryable(world: World, status: str) -> None:
    message = make_sent_message(status=status)
    world.messages.by_id[message.id] = message

    answered, told = world.retry(message.id)

    assert (answered, told["code"]) == (409, "not_retryable")
    assert world.whatsapp.attempts == []


def test_a_message_of_somebody_else_does_not_exist(world: World) -> None:
    status, told = world.retry(uuid4())

    assert (status, told["code"]) == (404, "message_not_found")
    assert world.retry("1")[0] == 422


def test_metas_limit_is_told_as_for_any_message(world: World) -> None:
    world.whatsapp.next_answer = RateLimited()

    status, told = world.retry()

    assert (status, told["code"]) == (429, "rate_limited")


def test_marketing_sends_nothing_again(world: World) -> None:
    world.caller = Caller(uuid4(), uuid4(), Role.MARKETING, "token")

    assert world.retry()[0] == 403
    assert world.gate.log == []


def test_the_same_key_sends_it_once(world: World) -> None:
    first, second = (world.retry(**{"idempotency-key": "k"}) for _ in range(2))

    assert first == second
    assert len(world.whatsapp.attempts) == 1
