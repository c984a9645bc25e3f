import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

from dentalist.inbound.queue_message import QueueMessage
from dentalist.outbound.aws.queues import NotDurable
from tests.functions.webhook_whatsapp.gateway_events import APP_SECRET, INSTAGRAM_SECRET, VERIFY_TOKEN

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "META_APP_SECRET": APP_SECRET,
    "INSTAGRAM_APP_SECRET": INSTAGRAM_SECRET,
    "META_WEBHOOK_VERIFY_TOKEN": VERIFY_TOKEN,
    "INBOUND_QUEUE_URL": "https://queue.invalid/1/inbound.fifo",
    "LARGE_EVENTS_BUCKET": "large",
    "POWERTOOLS_SERVICE_NAME": "dentalist",
}


class FakeOutbox:
    """Keeps what it is given, or refuses it."""

    def __init__(self) -> None:
        self.messages: list[QueueMessage] = []
        self.correlation_ids: list[str] = []
        self.durable = True

    def enqueue(self, messages: Sequence[QueueMessage], *, correlation_id: str) -> None:
        if not self.durable:
            raise NotDurable
        self.messages += messages
        self.correlation_ids.append(correlation_id)


@pytest.fixture(scope="session")
def handler() -> Iterator[ModuleType]:
    """The function's module, imported as Lambda imports it: with its settings in the environment."""
    with mock.patch.dict(os.environ, ENVIRONMENT):
        yield importlib.import_module("webhook_whatsapp.handler")


@pytest.fixture
def outbox(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> FakeOutbox:
    fake = FakeOutbox()
    monkeypatch.setattr(handler, "outbox", fake)
    return fake


@pytest.fixture
def call(handler: ModuleType, outbox: FakeOutbox) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Ask the function with a whole event of API Gateway; what it stores is in ``outbox``."""
    return lambda event: handler.lambda_handler(event, None)
