"""Which reminders are due, where they go, and that each is noted once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.database.outbound_builders import (
    PHONE,
    Clinic,
    Connection,
    Row,
    find,
    insert,
    make_clinic,
    make_conversation,
    make_patient,
    rows,
    rpc,
    update,
    utc_now,
)

HOUR = timedelta(hours=1)
NOW = utc_now()


def book(db: Connection, clinic: Clinic, *, within: timedelta = 20 * HOUR, **overrides: Any) -> UUID:
    """An appointment that starts ``within`` so long, and was made two days ago."""
    values = {
        "starts_at": NOW + within, "ends_at": NOW + within + HOUR / 2, "status": "booked",
        "created_at": NOW - timedelta(days=2), **overrides,
    }  # fmt: skip
    return UUID(str(insert(db, "appointments", professional_id=clinic.professional_id, **values)["id"]))


def due(db: Connection, clinic: Clinic, **arguments: Any) -> list[Row]:
    found = rpc(db, "due_reminders", **{"at": NOW, "limit": 50, **arguments})
    return [row for row in found if row["professional_id"] == str(clinic.professional_id)]


def note(db: Connection, clinic: Clinic, reminder: Row, **changes: Any) -> str:
    arguments = {
        "professional_id": clinic.professional_id, "appointment_id": reminder["appointment_id"],
        "starts_at": reminder["starts_at"], "outcome": "sent", "message_id": None, **changes,
    }  # fmt: skip
    return str(rpc(db, "note_reminder", **arguments)["outcome"])


def test_an_appointment_of_tomorrow_is_due_with_all_that_its_reminder_says(db: Connection) -> None:
    clinic = make_clinic(db, name="Consultorio Ferreyra", country="AR")
    patient = make_patient(db, clinic)
    conversation = make_conversation(db, clinic, patient_id=patient)
    appointment = book(db, clinic, patient_id=patient, conversation_id=conversation, attendee_name="Tomás")

    [reminder] = due(db, clinic)

    assert reminder["appointment_id"] == str(appointment)
    assert reminder["conversation_id"] == str(conversation)
    assert reminder["channel_id"] == str(clinic.channel_id)
    assert (reminder["patient_name"], reminder["attendee_name"]) == ("Ana Prueba", "Tomás")
    assert (reminder["clinic_name"], reminder["country"]) == ("Consultorio Ferreyra", "AR")


@pytest.mark.parametrize(
    "reason",
    [
        {"within": 30 * HOUR},  # not yet
        {"within": 1 * HOUR},  # they are on their way
        {"status": "cancelled"},
        {"reminded_at": NOW},
        {"confirmed_at": NOW},
        {"created_at": NOW - HOUR},  # agreed on within the last day
        {"chat_changed_at": NOW - HOUR, "chat_change": "moved"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_it_is_not_due(db: Connection, reason: dict[str, Any]) -> None:
    clinic = make_clinic(db)
    book(db, clinic, **reason)
    assert not due(db, clinic)


def test_the_clinic_decides_how_long_before(db: Connection) -> None:
    clinic = make_clinic(db, policies={"reminder_hours": 48})
    book(db, clinic, within=40 * HOUR, created_at=NOW - timedelta(days=9))
    assert len(due(db, clinic)) == 1


@pytest.mark.parametrize(("minutes", "is_due"), [(130, False), (110, True), (70, True), (50, False)])
def test_a_clinic_that_reminds_two_hours_before_reminds_too(db: Connection, minutes: int, is_due: bool) -> None:
    clinic = make_clinic(db, policies={"reminder_hours": 2})
    noon = (NOW + timedelta(days=1)).replace(hour=15, minute=0)  # in Buenos Aires
    starts_at = noon + timedelta(minutes=minutes)
    book(db, clinic, starts_at=starts_at, ends_at=starts_at + HOUR / 2)
    assert bool(due(db, clinic, at=noon)) is is_due


@pytest.mark.parametrize(
    ("hours", "starts_at", "due_at"),
    [
        (24, "2026-11-26 10:30", "2026-11-25 10:30"),
        (24, "2026-11-26 08:00", "2026-11-25 08:00"),  # it arrives at nine
        (12, "2026-11-26 15:00", "2026-11-26 03:00"),  # it arrives at nine
        (12, "2026-11-26 09:00", "2026-11-25 19:00"),  # at nine they are there
        (12, "2026-11-26 12:00", "2026-11-25 19:00"),
        (12, "2026-11-26 12:01", "2026-11-26 00:01"),
        (2, "2026-11-26 10:00", "2026-11-25 19:00"),
        (2, "2026-11-26 11:00", "2026-11-26 09:00"),
        (3, "2026-11-26 23:30", "2026-11-26 19:00"),
    ],
)
def test_whoever_comes_first_in_the_morning_is_reminded_the_evening_before(
    db: Connection, hours: int, starts_at: str, due_at: str
) -> None:
    row = db.execute(
        "select app.reminder_time(%s::timestamp at time zone zone, %s, zone) at time zone zone as due_at"
        " from (values ('America/Argentina/Buenos_Aires')) as clinic (zone)",
        [starts_at, hours],
    ).fetchone()

    assert row is not None
    assert row["due_at"].isoformat(" ", "minutes") == due_at


@pytest.mark.parametrize("refused", [{"policies": {"reminder_hours": None}}, {"marketing_enabled": False}])
def test_a_clinic_that_wants_none_gets_none(db: Connection, refused: dict[str, Any]) -> None:
    clinic = make_clinic(db, **refused)
    book(db, clinic)
    assert not due(db, clinic)


def test_a_reminder_goes_where_the_patient_is_known_to_be_rather_than_to_a_number_in_doubt(db: Connection) -> None:
    clinic = make_clinic(db)
    patient = make_patient(db, clinic)
    before = make_conversation(db, clinic, patient_id=patient, last_inbound_at=NOW)
    now = make_conversation(db, clinic, patient_id=patient, contact_phone="+5493415550999")
    book(db, clinic, patient_id=patient, conversation_id=before)
    assert due(db, clinic)[0]["conversation_id"] == str(before)

    update(db, "marketing_conversations", before, phone_unverified_at=NOW, phone_unverified_reason="not_me")

    assert due(db, clinic)[0]["conversation_id"] == str(now)


def test_a_patient_without_a_chat_and_without_consent_has_no_phone_to_remind_by(db: Connection) -> None:
    clinic = make_clinic(db)
    book(db, clinic, patient_id=make_patient(db, clinic))
    [reminder] = due(db, clinic)
    assert (reminder["conversation_id"], reminder["phone"]) == (None, None)


def test_a_patient_without_a_chat_is_reached_by_phone_from_the_clinics_number(db: Connection) -> None:
    clinic = make_clinic(db)
    book(db, clinic, patient_id=make_patient(db, clinic, whatsapp_opt_in=True))
    [reminder] = due(db, clinic)
    assert (reminder["conversation_id"], reminder["phone"]) == (None, PHONE)
    assert reminder["channel_id"] == str(clinic.channel_id)


def test_it_goes_where_the_patient_wrote_last_when_the_appointment_names_no_chat(db: Connection) -> None:
    clinic = make_clinic(db)
    patient = make_patient(db, clinic)
    make_conversation(db, clinic, wrote=False, contact_phone="+5491155550111", patient_id=patient)
    latest = make_conversation(db, clinic, patient_id=patient)
    book(db, clinic, patient_id=patient)
    [reminder] = due(db, clinic)
    assert reminder["conversation_id"] == str(latest)


def test_a_dead_number_is_no_way_to_remind(db: Connection) -> None:
    clinic = make_clinic(db)
    book(db, clinic, conversation_id=make_conversation(db, clinic))
    update(db, "marketing_channels", clinic.channel_id, status="reauth_required")
    [reminder] = due(db, clinic)
    assert (reminder["conversation_id"], reminder["channel_id"]) == (None, None)


def test_pages_follow_each_other_in_the_order_of_time(db: Connection) -> None:
    clinic = make_clinic(db)
    made = [str(book(db, clinic, within=timedelta(hours=3 + hours))) for hours in range(5)]
    seen: list[str] = []
    after: dict[str, Any] = {}
    while page := rpc(db, "due_reminders", at=NOW, limit=2, **after):
        seen += [row["appointment_id"] for row in page if row["appointment_id"] in made]
        after = {"after_starts_at": page[-1]["starts_at"], "after_id": page[-1]["appointment_id"]}
    assert seen == made


def test_what_left_is_noted_once_and_no_longer_due(db: Connection) -> None:
    clinic = make_clinic(db)
    book(db, clinic)
    [reminder] = due(db, clinic)

    assert [note(db, clinic, reminder), note(db, clinic, reminder)] == ["noted", "unchanged"]

    assert not due(db, clinic)
    entries = rows(db, "marketing_audit_logs", professional_id=clinic.professional_id)
    assert [entry["action"] for entry in entries] == ["appointment.reminded"]


def test_another_professionals_appointment_cannot_be_noted(db: Connection) -> None:
    clinic, other = make_clinic(db), make_clinic(db)
    book(db, clinic)
    [reminder] = due(db, clinic)
    assert note(db, other, reminder) == "unchanged"
    assert len(due(db, clinic)) == 1


def test_an_appointment_that_moves_is_reminded_of_again_and_not_confirmed_any_more(db: Connection) -> None:
    clinic = make_clinic(db)
    appointment = book(db, clinic)
    [reminder] = due(db, clinic)
    note(db, clinic, reminder)
    update(db, "appointments", appointment, confirmed_at=NOW)

    update(db, "appointments", appointment, starts_at=NOW + 22 * HOUR, ends_at=NOW + 23 * HOUR)

    moved = find(db, "appointments", appointment)
    assert (moved["reminded_at"], moved["confirmed_at"]) == (None, None)
    assert note(db, clinic, reminder) == "unchanged"  # the one that left was for the old time
    assert len(due(db, clinic)) == 1


def test_a_blocked_template_is_told_once(db: Connection) -> None:
    clinic = make_clinic(db)
    for _ in range(2):
        rpc(db, "alert_reminders", professional_id=clinic.professional_id, reason="template_not_approved")
    [alert] = rows(db, "marketing_alerts", professional_id=clinic.professional_id)
    assert (alert["kind"], alert["severity"]) == ("reminders_blocked", "warning")
