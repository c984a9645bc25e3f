"""What the clinic changes in Google reaches the agenda, once, and only what it changed itself."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from tests.database.accounts_builders import again, audited, calendar, link, mark, open_alerts
from tests.database.calendar_builders import (
    HALF_AN_HOUR,
    SOON,
    book,
    due,
    finish,
    make_calendar,
    seen,
    settle,
    turns,
    written,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    find,
    insert,
    make_clinic,
    make_conversation,
    race,
    rows,
    rpc,
    update,
    utc_now,
)

LATER = {"starts_at": SOON + timedelta(hours=4), "ends_at": SOON + timedelta(hours=5)}


# ---- one event


def test_an_event_as_we_wrote_it_changes_nothing(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    assert seen(db, clinic, row) == "unchanged"
    assert find(db, "appointments", row["id"]) == row


def test_a_foreign_event_is_only_busy_time(db: Connection) -> None:
    clinic, other = make_calendar(db), make_calendar(db)
    row = written(db, clinic)

    assert seen(db, clinic, row, event_id="dentistas-own") == "foreign"
    assert seen(db, other, row, cancelled=True) == "foreign"
    assert find(db, "appointments", row["id"])["status"] == "booked"


def test_an_event_deleted_in_google_cancels_the_appointment_and_the_clinic_is_asked_to_tell(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    outcomes = [seen(db, clinic, row, cancelled=True, starts_at=None, ends_at=None) for _ in range(2)]

    assert outcomes == ["cancelled", "unchanged"]
    assert find(db, "appointments", row["id"])["status"] == "cancelled"
    assert audited(db, clinic.professional_id).count("appointment.cancelled") == 1
    [alert] = rows(db, "marketing_alerts", professional_id=clinic.professional_id)
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("cancelled_in_calendar", "warning", row["id"])
    assert "Ana" not in alert["message"]


def test_the_alert_leads_to_the_conversation_where_the_patient_can_be_told(db: Connection) -> None:
    clinic = make_clinic(db)
    conversation_id = make_conversation(db, clinic)
    row = written(db, clinic, conversation_id=conversation_id)

    seen(db, clinic, row, **LATER)

    [alert] = rows(db, "marketing_alerts", professional_id=clinic.professional_id)
    assert (alert["kind"], alert["entity_type"], alert["entity_id"]) == (
        "moved_in_calendar",
        "conversation",
        conversation_id,
    )


def test_an_event_moved_to_free_time_moves_the_appointment_and_is_written_again(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    assert seen(db, clinic, row, **LATER) == "moved"

    moved = find(db, "appointments", row["id"])
    assert (moved["starts_at"], moved["ends_at"]) == (LATER["starts_at"], LATER["ends_at"])
    assert [event["revision"] for event in due(db, clinic)] == [row["calendar_revision"] + 1]


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": None, "ends_at": None},  # all day long
        {"starts_at": SOON - timedelta(days=20), "ends_at": SOON - timedelta(days=19)},  # over
        {"starts_at": SOON + HALF_AN_HOUR, "ends_at": SOON},
    ],
)
def test_a_move_that_makes_no_sense_is_told_and_changes_nothing(db: Connection, change: dict[str, Any]) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    outcomes = [seen(db, clinic, row, **change) for _ in range(2)]

    assert outcomes == ["conflict", "conflict"]
    assert find(db, "appointments", row["id"]) == row
    assert open_alerts(db, professional_id=clinic.professional_id) == [("calendar_conflict", "warning")]


def test_an_event_moved_onto_another_appointment_is_told_and_changes_nothing(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)
    book(db, clinic, at=LATER["starts_at"])

    assert seen(db, clinic, row, **LATER) == "conflict"

    assert find(db, "appointments", row["id"]) == row
    assert open_alerts(db, professional_id=clinic.professional_id) == [("calendar_conflict", "warning")]


@pytest.mark.parametrize(("minutes", "outcome"), [(5, "pending"), (-5, "moved")])
def test_a_hold_delays_a_move_while_it_lives(db: Connection, minutes: int, outcome: str) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)
    ends = utc_now() + timedelta(minutes=minutes)
    book(db, clinic, at=LATER["starts_at"], status="held", hold_expires_at=ends)

    assert seen(db, clinic, row, **LATER) == outcome


@pytest.mark.parametrize("status", ["cancelled", "completed", "no_show"])
def test_what_is_over_in_the_agenda_is_not_brought_back(db: Connection, status: str) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)
    update(db, "appointments", row["id"], status=status)

    assert seen(db, clinic, row, **LATER) == "unchanged"


def test_tidying_the_calendar_afterwards_cancels_nothing(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)
    past = utc_now() - timedelta(days=2)
    update(db, "appointments", row["id"], starts_at=past, ends_at=past + HALF_AN_HOUR)

    assert seen(db, clinic, row, cancelled=True) == "unchanged"


def test_a_change_of_ours_that_is_not_written_yet_comes_first(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)
    update(db, "appointments", row["id"], attendee_name="Bruno")

    assert seen(db, clinic, row, cancelled=True) == "pending"
    assert find(db, "appointments", row["id"])["status"] == "booked"


def test_what_was_seen_before_we_wrote_says_nothing_about_it(db: Connection) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)
    before = row["calendar_sync_at"] - timedelta(seconds=1)

    assert seen(db, clinic, row, cancelled=True, seen_at=before) == "pending"


def test_a_move_and_a_booking_at_once_never_overlap(db: Connection, connect: Connect) -> None:
    clinic = make_calendar(db)
    row = written(db, clinic)

    def take(own: Connection) -> str:
        statement = """insert into appointments (professional_id, starts_at, ends_at, status)
                       values (%s, %s, %s, 'booked') on conflict do nothing returning id"""
        made = own.execute(statement, [clinic.professional_id, LATER["starts_at"], LATER["ends_at"]]).fetchone()
        return "booked" if made else "taken"

    outcomes = race(connect, [lambda own: seen(own, clinic, row, **LATER), take])

    assert outcomes in (["moved", "taken"], ["conflict", "booked"])


# ---- turns


def test_a_linked_calendar_has_a_turn_and_then_not_for_minutes(db: Connection) -> None:
    clinic = make_calendar(db)

    [turn] = turns(db)

    assert turn["account"]["channel_id"] == str(clinic.channel_id)
    assert turn["sync_token"] is None
    assert turns(db) == []
    assert finish(db, turn) == "finished"
    assert turns(db) == []
    assert turns(db, channel_id=clinic.channel_id)[0]["sync_token"] == "token"


def test_two_syncs_at_once_never_have_the_same_calendar(db: Connection, connect: Connect) -> None:
    clinics = {str(make_calendar(db).channel_id) for _ in range(6)}

    claimed = race(connect, [lambda own: turns(own, limit=2)] * 5)

    found = [turn["account"]["channel_id"] for some in claimed for turn in some]
    assert len(found) == len(set(found))
    assert set(found) <= clinics


def test_a_turn_whose_lease_ended_is_another_readers(db: Connection) -> None:
    make_calendar(db)
    [turn] = turns(db)
    db.execute("update calendar_syncs set lease_until = now()")
    [other] = turns(db)

    assert finish(db, turn, "old") == "lost"
    assert finish(db, other, "new") == "finished"
    assert rows(db, "calendar_syncs")[0]["sync_token"] == "new"


def test_a_turn_without_a_token_begins_where_it_began(db: Connection) -> None:
    make_calendar(db)
    [turn] = turns(db)
    finish(db, turn, "first")
    db.execute("update calendar_syncs set next_sync_at = now()")
    [turn] = turns(db)
    finish(db, turn, None)

    assert rows(db, "calendar_syncs")[0]["sync_token"] == "first"


@pytest.mark.parametrize("status", ["reauth_required", "restricted"])
def test_a_calendar_that_does_not_work_has_no_turn(db: Connection, status: str) -> None:
    clinic = make_calendar(db)
    mark(db, clinic, status, "token_expired")

    assert turns(db) == []


def test_a_professional_without_the_module_has_no_turn(db: Connection) -> None:
    make_calendar(db, marketing_enabled=False)

    assert turns(db) == []


def test_failing_turns_come_later_each_time_and_are_told_once_until_one_works(db: Connection) -> None:
    clinic = make_calendar(db)
    told, waits = [], []
    for _ in range(7):
        [turn] = turns(db, channel_id=clinic.channel_id)
        finish(db, turn, None, "provider_unreachable")
        told.append(len(open_alerts(db, professional_id=clinic.professional_id)))
        waits.append(math.ceil((rows(db, "calendar_syncs")[0]["next_sync_at"] - utc_now()).total_seconds() / 60))
    [turn] = turns(db, channel_id=clinic.channel_id)
    finish(db, turn)

    assert told == [0, 0, 0, 0, 1, 1, 1]
    assert waits == [5, 10, 20, 40, 80, 160, 320]
    assert open_alerts(db, professional_id=clinic.professional_id) == []


def test_a_calendar_that_was_linked_again_is_read_from_its_start(db: Connection) -> None:
    """It may be another one: what it does not show is written, and nothing is taken for deleted."""
    clinic = make_calendar(db)
    row = written(db, clinic)
    [turn] = turns(db)
    finish(db, turn, "of the old calendar")
    link(db, clinic.professional_id, again(clinic, calendar(None)))

    [turn] = turns(db)
    assert turn["sync_token"] is None
    arguments = {"professional_id": clinic.professional_id, "event_ids": [], "seen_at": utc_now()}
    assert rpc(db, "rewrite_missing_events", **arguments) == {"missing": 1}
    assert find(db, "appointments", row["id"])["status"] == "booked"
    [event] = due(db, clinic)
    assert (event["action"], event["etag"]) == ("put", None)


def test_what_a_whole_reading_shows_is_left_alone(db: Connection) -> None:
    clinic = make_calendar(db)
    row, written_since = written(db, clinic), utc_now()
    written(db, clinic, at=LATER["starts_at"])
    arguments = {"event_ids": [row["calendar_event_id"]], "seen_at": written_since}

    assert rpc(db, "rewrite_missing_events", professional_id=clinic.professional_id, **arguments) == {"missing": 0}


# ---- which calendars there are


def test_the_calendars_of_a_professional(db: Connection) -> None:
    clinic = make_calendar(db)
    update(db, "marketing_channels", clinic.channel_id, settings="{}")
    insert(db, "calendar_feeds", professional_id=clinic.professional_id, host="a.example", feed_url_encrypted="v1.x")

    found = rpc(db, "linked_calendars", professional_id=clinic.professional_id)

    assert found["google"]["channel_id"] == str(clinic.channel_id)
    assert found["feed"]["feed_url_encrypted"] == "v1.x"
    assert (found["timezone"], found["settings"]) == ("America/Argentina/Buenos_Aires", {})
    alone = rpc(db, "linked_calendars", professional_id=make_clinic(db).professional_id)
    assert (alone["google"], alone["feed"]) == (None, None)


def test_a_calendar_that_was_taken_off_is_none_and_a_broken_one_is_still_one(db: Connection) -> None:
    clinic = make_calendar(db)
    mark(db, clinic, "reauth_required", "token_expired")
    broken = rpc(db, "linked_calendars", professional_id=clinic.professional_id)["google"]
    arguments = {"channel_id": clinic.channel_id, "actor_id": clinic.professional_id, "reason": "requested"}
    rpc(db, "disconnect_channel", professional_id=clinic.professional_id, **arguments)

    assert broken["status"] == "reauth_required"
    assert rpc(db, "linked_calendars", professional_id=clinic.professional_id)["google"] is None


def test_settling_needs_no_calendar(db: Connection) -> None:
    """A removal of an unlinked one is a worker's late word, and harmless."""
    clinic = make_calendar(db)
    row = written(db, clinic)
    event = {"appointment_id": row["id"], "event_id": row["calendar_event_id"], "revision": row["calendar_revision"]}

    assert settle(db, clinic, event) == "changed"
