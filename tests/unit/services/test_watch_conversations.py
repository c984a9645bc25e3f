"""Whoever waits for a person is not forgotten: reminders while the clinic is open, and before the window closes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from dentalist.services.ports_handover import Resumed
from dentalist.services.watch_conversations import reminder_due_at, watch
from tests.fakes_handover import FakeWatched, make_waiting

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)  # no holiday; 21:00 of Sunday in Buenos Aires
WEEK: dict[str, Any] = {day: [["09:00", "13:00"], ["15:00", "19:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
ROW: dict[str, Any] = {
    "id": str(uuid4()),
    "timezone": "America/Argentina/Buenos_Aires",
    "country": "AR",
    "opening_hours": {**WEEK, "sat": [], "sun": []},
}


def local(hour: int, minute: int = 0, *, day: int = 30) -> datetime:
    """A time of day in Buenos Aires (UTC-3), on a day of November 2026."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(hours=3)


@pytest.mark.parametrize(
    ("since", "due_at"),
    [
        (local(10), local(10, 15)),
        (local(8, 50), local(9)),
        (local(8), local(9)),
        (local(12, 55), local(15)),
        (local(12, 40), local(12, 55)),
        (local(14), local(15)),
        (local(18, 50, day=27), local(9)),
        (local(11, day=28), local(9)),
    ],
    ids=[
        "while it is open",
        "just before it opens",
        "before it opens",
        "closing for lunch meanwhile",
        "just before lunch",
        "at lunch",
        "closing for the weekend meanwhile",
        "at the weekend",
    ],
)
def test_people_are_reminded_soon_while_they_are_there_else_when_they_come_in(
    since: datetime, due_at: datetime
) -> None:
    assert reminder_due_at(make_waiting(since=since, professional=ROW)) == due_at


def test_a_holiday_is_no_opening() -> None:
    holiday = local(10, day=23)  # the day of national sovereignty, moved to the Monday
    waiting = make_waiting(since=holiday, professional={**ROW, "holiday_country": "AR"})

    assert reminder_due_at(waiting) == local(9, day=24)


@pytest.mark.parametrize("row", [{"opening_hours": None}, {"opening_hours": {}}, {"timezone": "Mars/Base"}])
def test_where_nobody_knows_the_hours_people_are_reminded_soon(row: dict[str, Any]) -> None:
    assert reminder_due_at(make_waiting(since=local(3), professional={**ROW, **row})) == local(3, 15)


def test_the_clinic_decides_how_soon() -> None:
    waiting = make_waiting(since=local(10), professional={**ROW, "policies": {"waiting_alert_minutes": 45}})

    assert reminder_due_at(waiting) == local(10, 45)


def test_a_reminder_is_given_when_it_is_due_and_not_before() -> None:
    waiting = make_waiting(since=local(10), professional=ROW, last_inbound_at=local(10))
    watched = FakeWatched([waiting])

    assert watch(watched, now=local(10, 14)).alerted == 0
    assert watch(watched, now=local(10, 15)).alerted == 1
    assert watched.reminders == [(waiting.conversation_id, False)]


def test_what_was_told_of_this_hand_over_is_not_told_again() -> None:
    told = make_waiting(since=local(10), professional=ROW, told_at=local(10, 15), last_inbound_at=local(10))
    of_an_earlier_one = told._replace(told_at=local(9, 50))

    assert watch(FakeWatched([told]), now=local(12)).alerted == 0
    assert watch(FakeWatched([of_an_earlier_one]), now=local(12)).alerted == 1


@pytest.mark.parametrize(
    ("minutes_before_closing", "reminded"), [(121, False), (120, True), (1, True), (0, False), (-60, False)]
)
def test_the_last_two_hours_of_the_window_are_told_whatever_the_hour(
    minutes_before_closing: int, reminded: bool
) -> None:
    now = local(3)
    wrote_at = now - timedelta(hours=24) + timedelta(minutes=minutes_before_closing)
    waiting = make_waiting(since=local(20, day=29), professional=ROW, last_inbound_at=wrote_at)
    watched = FakeWatched([waiting])

    watch(watched, now=now)

    assert watched.reminders == ([(waiting.conversation_id, True)] if reminded else [])


def test_those_who_wait_for_a_monday_keep_nobody_back_whose_reminder_is_due() -> None:
    waits = [make_waiting(since=local(20, day=27), professional=ROW, last_inbound_at=None) for _ in range(1000)]
    due = make_waiting(since=local(10, day=28), professional={**ROW, "opening_hours": None}, last_inbound_at=None)
    watched = FakeWatched([*waits, due])

    assert watch(watched, now=local(11, day=28)).alerted == 1
    assert watched.reminders == [(due.conversation_id, False)]


def test_a_contact_who_never_wrote_has_no_window() -> None:
    waiting = make_waiting(since=local(20, day=29), professional=ROW, last_inbound_at=None)

    assert watch(FakeWatched([waiting]), now=local(3)).alerted == 0


def test_a_person_who_wrote_meanwhile_is_not_counted() -> None:
    waiting = make_waiting(since=local(10), professional=ROW)

    assert watch(FakeWatched([waiting], written_meanwhile=True), now=local(11)).alerted == 0


def test_who_is_owed_an_answer_or_was_not_heard_is_woken_once() -> None:
    owed, quiet, unheard = uuid4(), uuid4(), uuid4()
    watched = FakeWatched(idle=[Resumed(owed, owes=True), Resumed(quiet, owes=False)], not_heard=[unheard, owed])

    found = watch(watched, now=MONDAY)

    assert (found.resumed, found.to_wake) == (2, (owed, unheard))
