"""reminders, called with the event of its schedule."""

import io
import json
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.reminders import DueReminder
from dentalist.runtime import wiring_reminders
from reminders import handler
from tests.builders import LambdaContext as AnyContext
from tests.builders import make_reminder


class LambdaContext(AnyContext):
    """A container with time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


class Book:
    """One reminder that cannot be sent to anybody, and the moment it was asked for."""

    def __init__(self) -> None:
        self.asked_at: list[datetime] = []
        self.failure: Exception | None = None

    def due(self, at: datetime, *, limit: int, after: DueReminder | None) -> list[DueReminder]:
        assert limit > 0
        self.asked_at.append(at)
        if self.failure is not None:
            raise self.failure
        return [] if after else [make_reminder(patient_name="Ana Canaria")]

    def note(self, _reminder: DueReminder, _outcome: str, _message_id: UUID | None) -> None:
        raise AssertionError("nothing was sent")

    def alert_blocked(self, _professional_id: UUID, _reason: str) -> None:
        raise AssertionError("nothing is blocked")


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Book:
    made = Book()
    monkeypatch.setattr(wiring_reminders, "reminders", lambda: made)
    return made


def fire(event: dict[str, Any]) -> dict[str, int]:
    counts: dict[str, int] = handler.lambda_handler(event, LambdaContext())
    return counts


def test_a_run_stands_for_the_time_of_its_event_and_tells_what_it_did(
    book: Book, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", told)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])

    counts = fire({"time": "2026-11-25T14:00:00Z"})

    assert (counts["due"], counts["unreachable"]) == (1, 1)
    assert book.asked_at[0] == datetime(2026, 11, 25, 14, tzinfo=UTC)
    [line] = [json.loads(line) for line in told.getvalue().splitlines()]
    assert line["message"] == "reminded"
    assert "Canaria" not in told.getvalue()
    [metrics] = [line for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line]
    assert json.loads(metrics)["unreachable"] == [1.0]


def test_a_store_that_is_down_fails_the_invocation(book: Book) -> None:
    book.failure = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        fire({})
