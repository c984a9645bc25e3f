"""token_refresh, called with the event of its schedule."""

import io
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.domain.errors import StoreUnavailable
from dentalist.runtime import wiring_care
from dentalist.runtime.schedules import moment_of
from tests.builders import NOON
from tests.builders import LambdaContext as AnyContext
from tests.care_world import CareWorld
from token_refresh import handler


class LambdaContext(AnyContext):
    """A container with so much time left."""

    seconds_left = 900

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds_left * 1000


def event_at(moment: datetime) -> dict[str, Any]:
    """What EventBridge Scheduler sends for a run."""
    return {
        "version": "0",
        "source": "aws.scheduler",
        "detail-type": "Scheduled Event",
        "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "detail": "{}",
    }


class World:
    """One Instagram account, which is looked after by the handler alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clinic = CareWorld(ChannelType.INSTAGRAM)
        self.moments: list[datetime] = []
        self.lines = io.StringIO()
        monkeypatch.setattr(wiring_care, "live_accounts", lambda: self.clinic.book)
        monkeypatch.setattr(wiring_care, "care_at", self.care_at)
        monkeypatch.setattr(handler.logger.registered_handler, "stream", self.lines)
        monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])

    def care_at(self, moment: datetime) -> Any:
        self.moments.append(moment)
        self.clinic.world.now = moment
        return lambda _professional_id: self.clinic.care

    def fire(self, moment: datetime, context: Any = None) -> dict[str, int]:
        looked: dict[str, int] = handler.lambda_handler(event_at(moment), context or LambdaContext())
        return looked


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_run_answers_logs_and_measures_what_it_did(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    looked = world.fire(NOON + timedelta(days=31))

    assert (looked["accounts"], looked["well"], looked["renewed"]) == (1, 1, 1)
    [line] = map(json.loads, world.lines.getvalue().splitlines())
    assert line["message"] == "accounts looked after"
    assert looked.items() <= line.items()
    assert line["correlation_id"] == LambdaContext.aws_request_id
    [metrics] = [line for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    told = json.loads(metrics)
    assert {name: told[name] for name in looked} == {name: [float(count)] for name, count in looked.items()}


def test_a_run_is_judged_by_the_moment_it_stands_for_and_repeated_does_nothing_more(world: World) -> None:
    moment = NOON + timedelta(days=31)

    first, again = world.fire(moment), world.fire(moment)

    assert world.moments == [moment, moment]
    assert (first["renewed"], again["renewed"]) == (1, 0)
    assert world.clinic.world.used["refresh"] == 1


def test_sixty_days_of_runs_keep_an_idle_account_alive(world: World) -> None:
    for day in range(1, 61):
        looked = world.fire(NOON + timedelta(days=day))
        assert looked["well"] == 1

    assert world.clinic.world.is_good(world.clinic.token.text)


def test_a_container_without_time_begins_nothing(world: World) -> None:
    context = LambdaContext()
    context.seconds_left = 60

    looked = world.fire(NOON + timedelta(days=31), context)

    assert (looked["accounts"], looked["not_reached"]) == (0, 1)


def test_a_store_that_is_down_fails_the_invocation(world: World) -> None:
    world.clinic.book.failures["access_token"] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        world.fire(NOON)


@pytest.mark.parametrize("time", [None, "", "yesterday", 1795359600, {}])
def test_an_event_that_tells_no_moment_means_now(time: Any) -> None:
    assert moment_of({"time": time}, otherwise=NOON) == NOON
    assert moment_of({}, otherwise=NOON) == NOON


@pytest.mark.parametrize("time", ["2026-12-01T09:00:00Z", "2026-12-01T09:00:00", "2026-12-01T06:00:00-03:00"])
def test_a_moment_is_an_instant_in_utc(time: str) -> None:
    assert moment_of({"time": time}, otherwise=NOON) == datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
