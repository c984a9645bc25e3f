"""Appointments become events: claimed once, settled by compare-and-swap, tried again, and told of when they fail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.calendars import event_id
from tests.database.accounts_builders import open_alerts
from tests.database.calendar_builders import HALF_AN_HOUR, SOON, book, due, make_calendar, settle, written
from tests.database.outbound_builders import Connect, Connection, find, make_patient, race, rows, update, utc_now


def let_wait_end(db: Connection, appointment_id: UUID) -> None:
    """The time until the next attempt passes."""
    db.execute("update appointments set calendar_retry_at = now() where id = %s", [appointment_id])


def test_a_booked_appointment_is_due_with_what_its_event_shows(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic, reason="Limpieza")

    [event] = due(db, clinic)

    assert event["action"] == "put"
    assert (event["appointment_id"], event["attendee_name"]) == (str(appointment_id), "Ana")
    assert event["reason"] == "Limpieza"
    assert event["etag"] is None
    assert event["event_id"] == event_id(clinic.professional_id, appointment_id)


def test_ids_of_events_are_the_same_in_both_languages(db: Connection) -> None:
    @given(st.uuids(), st.uuids())
    def same(professional_id: UUID, appointment_id: UUID) -> None:
        row = db.execute("select app.calendar_event_id(%s, %s) as id", [professional_id, appointment_id]).fetchone()
        assert row is not None
        assert row["id"] == event_id(professional_id, appointment_id)

    same()


def test_an_appointment_without_a_name_shows_the_patients(db: Connection) -> None:
    clinic = make_calendar(db)
    book(db, clinic, attendee_name=None, patient_id=make_patient(db, clinic, full_name="Bruno Díaz"))

    assert due(db, clinic)[0]["attendee_name"] == "Bruno Díaz"


@pytest.mark.parametrize(
    "booking",
    [
        {"status": "held", "hold_expires_at": SOON},
        {"status": "cancelled"},
        {"status": "completed"},
        {"at": utc_now() - timedelta(days=2)},
    ],
)
def test_what_is_held_over_or_was_never_written_is_not_due(db: Connection, booking: dict[str, Any]) -> None:
    clinic = make_calendar(db)
    book(db, clinic, **booking)

    assert due(db, clinic) == []


def test_what_is_claimed_is_nobody_elses_until_its_lease_ends(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)

    assert len(due(db, clinic)) == 1
    assert due(db, clinic) == []
    let_wait_end(db, appointment_id)
    assert len(due(db, clinic)) == 1


def test_two_syncs_at_once_get_different_events(db: Connection, connect: Connect) -> None:
    clinic = make_calendar(db)
    wanted = {str(book(db, clinic, at=SOON + number * HALF_AN_HOUR)) for number in range(24)}

    claimed = race(connect, [lambda own: due(own, clinic, limit=6)] * 6)

    ids = [event["appointment_id"] for events in claimed for event in events]
    assert len(ids) == len(set(ids))
    assert set(ids) <= wanted
    rest = [event["appointment_id"] for event in due(db, clinic, limit=24)]
    assert sorted([*ids, *rest]) == sorted(wanted)


def test_what_is_settled_is_not_due_and_keeps_its_etag(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    assert row["calendar_sync_at"] is not None
    assert (row["calendar_etag"], row["calendar_attempts"]) == ('"1"', 0)
    assert due(db, clinic) == []


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": SOON + HALF_AN_HOUR, "ends_at": SOON + 2 * HALF_AN_HOUR},
        {"attendee_name": "Bruno"},
        {"reason": "Control"},
        {"status": "cancelled"},
    ],
)
def test_every_change_of_what_the_event_shows_makes_it_due_again(db: Connection, change: dict[str, Any]) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    update(db, "appointments", row["id"], **change)

    [event] = due(db, clinic)
    assert event["action"] == ("remove" if "status" in change else "put")
    assert (event["etag"], event["revision"]) == ('"1"', row["calendar_revision"] + 1)


def test_a_change_that_the_event_does_not_show_writes_nothing(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    update(db, "appointments", row["id"], source="dashboard", starts_at=row["starts_at"])

    assert due(db, clinic) == []


def test_a_commit_while_the_event_is_written_leaves_it_due(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    [event] = due(db, clinic)
    update(db, "appointments", appointment_id, attendee_name="Bruno")

    assert settle(db, clinic, event) == "changed"
    [again] = due(db, clinic)
    assert (again["attendee_name"], again["etag"]) == ("Bruno", '"1"')
    assert settle(db, clinic, again, etag='"2"') == "settled"


def test_of_two_that_settle_the_same_event_one_does(db: Connection, connect: Connect) -> None:
    clinic = make_calendar(db)
    book(db, clinic)
    [event] = due(db, clinic)

    outcomes = race(connect, [lambda own: settle(own, clinic, event)] * 4)

    assert sorted(outcomes) == ["changed", "changed", "changed", "settled"]


def test_racing_commits_and_syncs_end_with_the_last_state_written(db: Connection, connect: Connect) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    shown: list[str] = []

    def sync(own: Connection) -> None:
        for event in due(own, clinic):
            shown.append(event["attendee_name"])
            settle(own, clinic, event)

    def rename(number: int) -> Any:
        return lambda own: update(own, "appointments", appointment_id, attendee_name=f"Ana {number}")

    race(connect, [sync, rename(1), sync, rename(2), sync])
    let_wait_end(db, appointment_id)
    while events := due(db, clinic):
        for event in events:
            shown.append(event["attendee_name"])
            settle(db, clinic, event)

    row = find(db, "appointments", appointment_id)
    assert row["calendar_sync_at"] is not None
    assert shown[-1] == row["attendee_name"]


def test_a_failed_write_is_tried_again_later_each_time(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    waits = []
    for _ in range(9):
        [event] = due(db, clinic)
        assert settle(db, clinic, event, "failed") == "settled"
        wait = find(db, "appointments", appointment_id)["calendar_retry_at"] - utc_now()
        waits.append(round(wait.total_seconds() / 60))
        let_wait_end(db, appointment_id)

    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360]


def test_the_clinic_is_told_once_of_an_event_that_cannot_be_written_and_no_longer_once_it_is(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    told = []
    for _ in range(7):
        [event] = due(db, clinic)
        settle(db, clinic, event, "failed")
        told.append(len(open_alerts(db, professional_id=clinic.professional_id)))
        let_wait_end(db, appointment_id)
    [event] = due(db, clinic)
    settle(db, clinic, event)

    assert told == [0, 0, 0, 0, 1, 1, 1]
    [alert] = rows(db, "marketing_alerts", professional_id=clinic.professional_id)
    assert (alert["kind"], alert["entity_id"]) == ("calendar_sync_failed", appointment_id)
    assert "Ana" not in alert["message"]
    assert open_alerts(db, professional_id=clinic.professional_id) == []


def test_what_was_given_back_untried_counts_as_no_attempt(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    [event] = due(db, clinic)

    assert settle(db, clinic, event, "released") == "settled"

    assert find(db, "appointments", appointment_id)["calendar_attempts"] == 0
    assert len(due(db, clinic)) == 1


def test_an_event_that_may_have_been_written_is_removed_when_its_appointment_is_cancelled(db: Connection) -> None:
    """The worker died after Google had it: nobody knows, so it is taken away all the same."""
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    due(db, clinic)
    update(db, "appointments", appointment_id, status="cancelled")

    [event] = due(db, clinic)

    assert (event["action"], event["event_id"]) == ("remove", event_id(clinic.professional_id, appointment_id))


def test_an_event_that_came_after_its_removal_is_removed_once_more(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    [late] = due(db, clinic)
    update(db, "appointments", appointment_id, status="cancelled")
    [removal] = due(db, clinic)
    assert settle(db, clinic, removal, etag=None) == "settled"

    assert settle(db, clinic, late) == "changed"

    assert [event["action"] for event in due(db, clinic)] == ["remove"]


def test_the_event_of_a_deleted_appointment_is_taken_away(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)
    db.execute("delete from appointments where id = %s", [row["id"]])

    [event] = due(db, clinic)
    assert event == {"action": "remove", "event_id": row["calendar_event_id"]}
    assert due(db, clinic) == []
    assert settle(db, clinic, event, "failed") == "settled"
    assert due(db, clinic) == []
    db.execute("update calendar_removals set retry_at = now()")
    assert settle(db, clinic, due(db, clinic)[0]) == "settled"
    assert rows(db, "calendar_removals") == []


def test_an_event_written_while_its_appointment_was_deleted_is_taken_away(db: Connection) -> None:
    clinic = make_calendar(db)
    appointment_id = book(db, clinic)
    [event] = due(db, clinic)
    db.execute("delete from appointments where id = %s", [appointment_id])
    db.execute("delete from calendar_removals")

    assert settle(db, clinic, event) == "changed"
    assert [event["action"] for event in due(db, clinic)] == ["remove"]


def test_a_professional_with_events_can_be_deleted(db: Connection) -> None:
    clinic = make_calendar(db)
    written(db, clinic)

    db.execute("delete from professionals where id = %s", [clinic.professional_id])

    assert rows(db, "calendar_removals") == []


def test_another_professionals_event_is_neither_claimed_nor_settled(db: Connection) -> None:
    clinic, other = make_calendar(db), make_calendar(db)
    appointment_id = book(db, clinic)
    [event] = due(db, clinic)

    assert due(db, other, appointment_id=appointment_id) == []
    assert settle(db, other, event) == "changed"
    assert settle(db, clinic, {**event, "appointment_id": str(uuid4())}) == "changed"
    assert find(db, "appointments", appointment_id)["calendar_sync_at"] is None
