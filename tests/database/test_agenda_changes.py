"""Cancelling and confirming in a chat, booking by hand: only one's own, once, and each with its trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database.agenda_builders import (
    ACTOR,
    as_offered,
    book,
    book_by_hand,
    cancel,
    commit,
    confirm,
    create_offers,
    hold,
    let_hold_end,
    offer,
    rename,
    tomorrow,
)
from tests.database.outbound_builders import (
    Clinic,
    Connection,
    find,
    insert,
    make_clinic,
    make_conversation,
    make_patient,
    rows,
    rpc,
    snapshot,
    update,
    utc_now,
)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def ana(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, contact_phone="+5491155550100")


@pytest.fixture
def bruno(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, contact_phone="+5491155550101")


@pytest.fixture
def booked(db: Connection, clinic: Clinic, ana: UUID) -> str:
    return book(db, clinic, ana, tomorrow(10), attendee_name="Ana Prueba")


# ---- cancelling ------------------------------------------------------------------------------------------------------


def test_a_cancelled_appointment_frees_its_time_and_leaves_a_trace(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str
) -> None:
    answer = cancel(db, clinic, ana, booked)

    assert (answer["outcome"], answer["appointment"]["status"]) == ("cancelled", "cancelled")
    row = find(db, "appointments", booked)
    assert (row["status"], row["chat_change"]) == ("cancelled", "cancelled")
    assert row["chat_changed_at"] > utc_now() - timedelta(minutes=1)
    [audit] = rows(db, "marketing_audit_logs", action="appointment.cancelled")
    assert (str(audit["entity_id"]), audit["actor_id"], audit["payload"]["source"]) == (booked, None, "assistant")
    [alert] = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("appointment_changed", "info", ana)
    assert f"{tomorrow(10)[0] - timedelta(hours=3):%d/%m %H:%M}" in alert["message"]
    assert "Ana" not in alert["message"]
    assert book(db, clinic, bruno, tomorrow(10))


def test_cancelling_again_answers_the_same_and_tells_nobody_twice(
    db: Connection, clinic: Clinic, ana: UUID, booked: str
) -> None:
    first = cancel(db, clinic, ana, booked)

    assert cancel(db, clinic, ana, booked) == first
    assert len(rows(db, "marketing_audit_logs", action="appointment.cancelled")) == 1
    assert len(rows(db, "marketing_alerts")) == 1


def test_two_changes_of_one_appointment_are_both_told(db: Connection, clinic: Clinic, ana: UUID, booked: str) -> None:
    other = book(db, clinic, ana, tomorrow(12))
    cancel(db, clinic, ana, booked)
    cancel(db, clinic, ana, other)

    assert len(rows(db, "marketing_alerts", kind="appointment_changed")) == 2


@pytest.mark.parametrize("ask", [cancel, confirm])
def test_an_appointment_of_somebody_else_does_not_exist_here(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str, *, ask: Any
) -> None:
    before = snapshot(db)

    for other, chat, appointment in (
        (clinic, bruno, booked),
        (make_clinic(db), ana, booked),
        (clinic, ana, uuid4()),
        (clinic, uuid4(), booked),
    ):
        assert ask(db, other, chat, appointment) == {"outcome": "not_found"}
    assert snapshot(db)["appointments"] == before["appointments"]


@pytest.mark.parametrize("ask", [cancel, confirm])
def test_a_held_slot_is_no_appointment_yet(db: Connection, clinic: Clinic, ana: UUID, ask: Any) -> None:
    held = hold(db, clinic, ana, offer(db, clinic, ana, tomorrow(9))[0])

    assert ask(db, clinic, ana, held["appointment_id"]) == {"outcome": "not_found"}


@pytest.mark.parametrize("ask", [cancel, confirm])
@pytest.mark.parametrize("status", ["booked", "completed", "no_show"])
def test_what_has_begun_is_changed_no_more(
    db: Connection, clinic: Clinic, ana: UUID, booked: str, ask: Any, *, status: str
) -> None:
    began = utc_now() - timedelta(minutes=1)
    update(db, "appointments", UUID(booked), starts_at=began, ends_at=began + timedelta(hours=1), status=status)

    assert ask(db, clinic, ana, booked) == {"outcome": "past"}
    assert find(db, "appointments", booked)["status"] == status


@pytest.mark.parametrize("ask", [cancel, confirm])
def test_from_an_unverified_phone_nothing_is_changed_or_even_named(
    db: Connection, clinic: Clinic, ana: UUID, booked: str, ask: Any
) -> None:
    update(db, "marketing_conversations", ana, phone_unverified_at=utc_now(), phone_unverified_reason="wrong_number")

    assert ask(db, clinic, ana, booked) == {"outcome": "unverified"}
    assert ask(db, clinic, ana, uuid4()) == {"outcome": "unverified"}
    row = find(db, "appointments", booked)
    assert (row["status"], row["confirmed_at"]) == ("booked", None)


@pytest.mark.parametrize("ask", [cancel, confirm])
def test_the_appointments_of_a_patient_are_changed_from_any_of_their_chats(
    db: Connection, clinic: Clinic, ask: Any
) -> None:
    patient = make_patient(db, clinic)
    chat = make_conversation(db, clinic, patient_id=patient)
    start, end = tomorrow(10)
    owner = {"professional_id": clinic.professional_id, "patient_id": patient}
    theirs = insert(db, "appointments", **owner, starts_at=start, ends_at=end)

    assert ask(db, clinic, chat, theirs["id"])["appointment"]["id"] == str(theirs["id"])


def test_changes_follow_a_merge(db: Connection, clinic: Clinic, ana: UUID) -> None:
    newer = make_conversation(db, clinic, contact_phone=None, contact_user_id="AR.1")
    booked = book(db, clinic, newer, tomorrow(10))
    rpc(db, "merge_contacts", professional_id=clinic.professional_id, keep=ana, merge=newer)

    assert cancel(db, clinic, newer, booked)["outcome"] == "cancelled"


@pytest.mark.parametrize("attendee", [None, "Ana Prueba", "Otra Persona"])
def test_what_is_booked_from_an_unverified_phone_is_put_on_nobodys_record(
    db: Connection, clinic: Clinic, attendee: str | None
) -> None:
    doubt = {"phone_unverified_at": utc_now(), "phone_unverified_reason": "not_me"}
    chat = make_conversation(db, clinic, patient_id=make_patient(db, clinic), **doubt)

    booked = book(db, clinic, chat, tomorrow(9), attendee_name=attendee)

    row = find(db, "appointments", booked)
    assert (row["patient_id"], row["attendee_name"]) == (None, attendee)


@pytest.mark.parametrize("is_held", [True, False])
def test_a_list_of_before_a_doubt_is_booked_on_nobodys_record(
    db: Connection, clinic: Clinic, ana: UUID, is_held: bool
) -> None:
    slot = as_offered(tomorrow(9), patient_id=str(make_patient(db, clinic)), attendee_name="Carla Prueba")
    [made] = create_offers(db, clinic, ana, slot)["offers"]
    if is_held:
        hold(db, clinic, ana, made["id"])
    update(db, "marketing_conversations", ana, phone_unverified_at=utc_now(), phone_unverified_reason="not_me")

    booked = commit(db, clinic, ana, made["id"], attendee_name="Juan Gómez")

    assert (booked["appointment"]["patient_id"], booked["appointment"]["attendee_name"]) == (None, "Juan Gómez")


# ---- whom it is for --------------------------------------------------------------------------------------------------


def test_a_name_is_corrected_in_place_and_the_calendar_event_is_due_again(
    db: Connection, clinic: Clinic, ana: UUID, booked: str
) -> None:
    update(db, "appointments", UUID(booked), calendar_sync_at=utc_now())

    answers = [rename(db, clinic, ana, booked) for _ in range(2)]

    assert [(one["outcome"], one["appointment"]["attendee_name"]) for one in answers] == [("named", "Juan Gómez")] * 2
    row = find(db, "appointments", booked)
    assert (row["attendee_name"], row["status"], row["calendar_sync_at"]) == ("Juan Gómez", "booked", None)
    [trace] = rows(db, "marketing_audit_logs", action="appointment.renamed")
    assert trace["payload"] == {"conversation_id": str(ana)}


def test_an_appointment_under_another_name_leaves_the_contacts_record(db: Connection, clinic: Clinic) -> None:
    chat = make_conversation(db, clinic, patient_id=make_patient(db, clinic))
    mine = book(db, clinic, chat, tomorrow(9))
    assert find(db, "appointments", mine)["patient_id"] is not None

    assert rename(db, clinic, chat, mine)["appointment"]["patient_id"] is None


def test_nobody_renames_what_is_not_theirs_or_is_over(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str
) -> None:
    stranger = make_clinic(db)
    before = snapshot(db)

    assert rename(db, clinic, bruno, booked) == {"outcome": "not_found"}
    assert rename(db, stranger, ana, booked) == {"outcome": "not_found"}
    assert snapshot(db) == before
    update(db, "marketing_conversations", ana, phone_unverified_at=utc_now(), phone_unverified_reason="not_me")
    assert rename(db, clinic, ana, booked) == {"outcome": "unverified"}
    update(db, "marketing_conversations", ana, phone_unverified_at=None, phone_unverified_reason=None)
    cancel(db, clinic, ana, booked)
    assert rename(db, clinic, ana, booked) == {"outcome": "cancelled"}


# ---- confirming ------------------------------------------------------------------------------------------------------


def test_who_says_that_they_come_is_kept_once(db: Connection, clinic: Clinic, ana: UUID, booked: str) -> None:
    first = confirm(db, clinic, ana, booked)

    assert first["outcome"] == "confirmed"
    assert find(db, "appointments", booked)["confirmed_at"] > utc_now() - timedelta(minutes=1)
    assert confirm(db, clinic, ana, booked) == first
    assert len(rows(db, "marketing_audit_logs", action="appointment.confirmed")) == 1
    assert rows(db, "marketing_alerts") == []


def test_confirming_what_was_cancelled_says_so(db: Connection, clinic: Clinic, ana: UUID, booked: str) -> None:
    cancel(db, clinic, ana, booked)

    answer = confirm(db, clinic, ana, booked)

    assert (answer["outcome"], answer["appointment"]["id"]) == ("cancelled", booked)
    assert find(db, "appointments", booked)["confirmed_at"] is None


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_a_person_books_for_a_contact_at_any_hour(db: Connection, clinic: Clinic) -> None:
    patient = make_patient(db, clinic)
    chat = make_conversation(db, clinic, patient_id=patient)

    answer = book_by_hand(db, clinic, tomorrow(4), conversation_id=chat, attendee_name=None, reason="Urgencia")

    assert answer["outcome"] == "booked"
    row = find(db, "appointments", answer["appointment"]["id"])
    assert (row["source"], row["status"], row["reason"], row["patient_id"]) == (
        "dashboard",
        "booked",
        "Urgencia",
        patient,
    )
    assert (row["conversation_id"], row["chat_change"]) == (chat, None)  # not the assistant's to tell
    [audit] = rows(db, "marketing_audit_logs", action="appointment.booked")
    assert audit["actor_id"] == ACTOR


def test_a_person_books_for_a_patient_or_for_a_name(db: Connection, clinic: Clinic) -> None:
    patient = make_patient(db, clinic)

    with_record = book_by_hand(db, clinic, tomorrow(9), patient_id=patient)["appointment"]
    without = book_by_hand(db, clinic, tomorrow(10))["appointment"]

    assert (with_record["patient_id"], with_record["conversation_id"]) == (str(patient), None)
    assert (without["patient_id"], without["attendee_name"]) == (None, "Carla")


def test_an_appointment_for_somebody_else_is_not_put_on_the_contacts_record(db: Connection, clinic: Clinic) -> None:
    chat = make_conversation(db, clinic, patient_id=make_patient(db, clinic))

    for_child = book_by_hand(db, clinic, tomorrow(9), conversation_id=chat, attendee_name="Tomás")["appointment"]

    assert for_child["patient_id"] is None


def test_only_what_stands_there_is_in_a_persons_way(db: Connection, clinic: Clinic, ana: UUID, bruno: UUID) -> None:
    book(db, clinic, ana, tomorrow(9))
    hold(db, clinic, bruno, offer(db, clinic, bruno, tomorrow(10))[0])

    assert book_by_hand(db, clinic, tomorrow(9, minute=15)) == {"outcome": "taken"}
    assert book_by_hand(db, clinic, tomorrow(10)) == {"outcome": "taken"}
    assert len(rows(db, "appointments")) == 2
    let_hold_end(db, rows(db, "appointments", status="held")[0]["offer_id"])
    assert book_by_hand(db, clinic, tomorrow(10))["outcome"] == "booked"


def test_a_person_books_what_the_contact_is_about_to_choose(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))
    hold(db, clinic, ana, offered)

    assert book_by_hand(db, clinic, tomorrow(9), conversation_id=ana)["outcome"] == "booked"
    assert commit(db, clinic, ana, offered) == {"outcome": "taken"}
    assert len(rows(db, "appointments")) == 1


def test_nothing_is_booked_in_the_past_or_for_somebody_elses_contacts(
    db: Connection, clinic: Clinic, ana: UUID
) -> None:
    yesterday = (utc_now() - timedelta(days=1), utc_now() - timedelta(hours=23))
    other = make_clinic(db)

    assert book_by_hand(db, clinic, yesterday) == {"outcome": "past"}
    assert book_by_hand(db, other, tomorrow(9), conversation_id=ana) == {"outcome": "not_found"}
    assert book_by_hand(db, other, tomorrow(9), patient_id=make_patient(db, clinic)) == {"outcome": "not_found"}
    assert rows(db, "appointments") == []


def test_many_appointments_by_hand_are_a_persons_right(db: Connection, clinic: Clinic, ana: UUID) -> None:
    outcomes = {book_by_hand(db, clinic, tomorrow(hour), conversation_id=ana)["outcome"] for hour in range(8, 14)}

    assert outcomes == {"booked"}
