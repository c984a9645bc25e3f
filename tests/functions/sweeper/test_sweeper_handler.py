"""sweeper, called with the event of its schedule."""

import io
import json
import logging
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.errors import StoreUnavailable
from dentalist.runtime import wiring, wiring_handover
from sweeper import handler
from tests.builders import LambdaContext
from tests.fakes_inbox import FakeDeadLetters, FakeQueue, FakeSweeps, FakeWatched

EVENT = {"version": "0", "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}}


class World:
    """A minute with one overdue answer, one waiting file and two dead letters."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.store = FakeSweeps(self.asked, overdue=[uuid4()], media=[uuid4()])
        self.replies, self.media, self.alerts = FakeQueue(), FakeQueue(), FakeQueue()
        self.lines = io.StringIO()
        for name, fake in {
            "sweeps": self.store,
            "replies_queue": self.replies,
            "media_queue": self.media,
            "alerts_queue": self.alerts,
            "dead_letters": [FakeDeadLetters(self.asked)],
        }.items():
            monkeypatch.setattr(wiring, name, lambda fake=fake: fake)
        monkeypatch.setattr(wiring_handover, "watched_conversations", lambda: FakeWatched(self.asked))
        monkeypatch.setattr(handler.logger.registered_handler, "stream", self.lines)
        monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])

    def fire(self) -> dict[str, int]:
        swept: dict[str, int] = handler.lambda_handler(EVENT, LambdaContext())
        return swept


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_sweep_answers_logs_and_measures_what_it_did(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    swept = world.fire()

    assert (swept["answers_woken"], swept["media_requested"], swept["redriven"]) == (1, 1, 2)
    [line] = map(json.loads, world.lines.getvalue().splitlines())
    assert line["message"] == "swept"
    assert swept.items() <= line.items()
    [metrics] = [line for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    told: dict[str, Any] = json.loads(metrics)
    assert {name: told[name] for name in swept} == {name: [float(count)] for name, count in swept.items()}


def test_what_the_sweep_wakes_carries_its_invocation(world: World) -> None:
    world.store.alert_due = True
    world.fire()

    request_id = LambdaContext.aws_request_id
    assert world.alerts.log == [("bell", request_id)]
    assert world.replies.log == [("wake", (world.store.overdue[0], 0, request_id))]
    assert world.media.log == [("media", (world.store.media[0], request_id))]
    assert json.loads(world.lines.getvalue())["correlation_id"] == request_id


def test_a_store_that_is_down_fails_the_invocation_and_nothing_is_redriven(world: World) -> None:
    world.store.failing, world.store.failure = "expire_sends", StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        world.fire()
    assert "redrive" not in world.asked
