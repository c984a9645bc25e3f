"""calendar_sync, called with the event of its schedule."""

import io
import json
import logging
from typing import Any

import pytest

from calendar_sync import handler
from dentalist.domain.errors import StoreUnavailable
from dentalist.runtime import wiring_calendar
from tests.builders import LambdaContext as AnyContext
from tests.fakes_calendar import CalendarWorld


class LambdaContext(AnyContext):
    """A container with so much time left."""

    seconds_left = 300

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds_left * 1000


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    told = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", told)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])
    return told


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> CalendarWorld:
    made = CalendarWorld()
    made.turns.waiting.append(made.turn())
    monkeypatch.setattr(wiring_calendar, "sync_turns", lambda: made.turns)
    monkeypatch.setattr(wiring_calendar, "sync_desk", made.desk_for)
    return made


def fire(context: Any = None) -> dict[str, int]:
    synced: dict[str, int] = handler.lambda_handler({"detail-type": "Scheduled Event"}, context or LambdaContext())
    return synced


def test_a_run_answers_logs_and_measures_what_it_did(
    world: CalendarWorld, lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    world.book.book()

    synced = fire()

    assert (synced["calendars"], synced["written"]) == (1, 1)
    [line] = map(json.loads, lines.getvalue().splitlines())
    assert (line["message"], line["correlation_id"]) == ("calendars synchronised", LambdaContext.aws_request_id)
    assert synced.items() <= line.items()
    [metrics] = [line for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    assert json.loads(metrics)["written"] == [1.0]


def test_nobody_is_named_in_the_log(world: CalendarWorld, lines: io.StringIO) -> None:
    world.book.book(name="Ana Canaria")
    world.calendar.failures["put"] = [RuntimeError("Ana Canaria")]

    assert fire()["unreadable"] == 1

    assert "Canaria" not in lines.getvalue()


def test_a_container_without_time_begins_nothing(world: CalendarWorld) -> None:
    context = LambdaContext()
    context.seconds_left = 100

    synced = fire(context)

    assert (synced["calendars"], synced["not_reached"]) == (0, 1)


def test_a_store_that_is_down_fails_the_invocation(world: CalendarWorld) -> None:
    world.calendar.failures["changes"] = [StoreUnavailable()]

    with pytest.raises(StoreUnavailable):
        fire()
