"""Slots in a chat: offered to one conversation, held for ten minutes, booked once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.database.agenda_builders import busy, commit, hold, let_hold_end, offer, tomorrow
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


# ---- offering --------------------------------------------------------------------------------------------------------


def test_offers_come_back_in_order_with_ids_of_their_own(db: Connection, clinic: Clinic, ana: UUID) -> None:
    slots = [tomorrow(11), tomorrow(9)]

    answer = rpc(
        db,
        "create_offers",
        professional_id=clinic.professional_id,
        conversation_id=ana,
        slots=[
            {"starts_at": start.isoformat(), "ends_at": end.isoformat(), "reason": "Control", "attendee_name": "Ana"}
            for start, end in slots
        ],
        ttl_seconds=3600,
    )

    assert answer["outcome"] == "offered"
    assert [datetime.fromisoformat(made["starts_at"]) for made in answer["offers"]] == [start for start, _ in slots]
    assert {(made["reason"], made["attendee_name"]) for made in answer["offers"]} == {("Control", "Ana")}
    assert len({made["id"] for made in answer["offers"]}) == 2
    assert {made["batch_id"] for made in answer["offers"]} == {answer["batch_id"]}


def test_a_new_list_withdraws_the_earlier_one_and_its_hold(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [old] = offer(db, clinic, ana, tomorrow(9))
    hold(db, clinic, ana, old)
    [new] = offer(db, clinic, ana, tomorrow(10))

    assert commit(db, clinic, ana, old)["outcome"] == "expired"
    assert rows(db, "appointments") == []
    assert commit(db, clinic, ana, new)["outcome"] == "booked"


def test_nothing_is_offered_in_another_professionals_conversation(db: Connection, clinic: Clinic, ana: UUID) -> None:
    answer = rpc(
        db,
        "create_offers",
        professional_id=make_clinic(db).professional_id,
        conversation_id=ana,
        slots=[],
        ttl_seconds=60,
    )

    assert answer == {"outcome": "not_found"}


@pytest.mark.parametrize("ask", [hold, commit])
def test_an_offer_is_worth_nothing_in_another_conversation(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, ask: Any
) -> None:
    [of_ana] = offer(db, clinic, ana, tomorrow(9))

    assert ask(db, clinic, bruno, of_ana) == {"outcome": "not_found"}
    assert ask(db, make_clinic(db), ana, of_ana) == {"outcome": "not_found"}
    assert ask(db, clinic, ana, str(uuid4())) == {"outcome": "not_found"}
    assert rows(db, "appointments") == []


@pytest.mark.parametrize("ask", [hold, commit])
@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": utc_now() - timedelta(seconds=1)},
        {"withdrawn_at": utc_now()},
        {"starts_at": utc_now() - timedelta(seconds=1)},
    ],
)
def test_an_offer_that_ended_books_nothing(
    db: Connection, clinic: Clinic, ana: UUID, ask: Any, change: dict[str, Any]
) -> None:
    [ended] = offer(db, clinic, ana, tomorrow(9))
    update(db, "marketing_slot_offers", UUID(ended), **change)

    assert ask(db, clinic, ana, ended) == {"outcome": "expired"}
    assert rows(db, "appointments") == []


# ---- holding ---------------------------------------------------------------------------------------------------------


def test_a_held_slot_is_kept_for_ten_minutes(db: Connection, clinic: Clinic, ana: UUID, bruno: UUID) -> None:
    [of_ana], [of_bruno] = offer(db, clinic, ana, tomorrow(9)), offer(db, clinic, bruno, tomorrow(9))

    held = hold(db, clinic, ana, of_ana)

    assert held["outcome"] == "held"
    ends = find(db, "appointments", held["appointment_id"])["hold_expires_at"]
    assert timedelta(minutes=9) < ends - utc_now() <= timedelta(minutes=10)
    assert hold(db, clinic, bruno, of_bruno) == {"outcome": "taken"}
    assert commit(db, clinic, bruno, of_bruno) == {"outcome": "taken"}


def test_a_second_tap_answers_the_same_hold_and_does_not_prolong_it(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))

    assert hold(db, clinic, ana, offered) == hold(db, clinic, ana, offered)
    assert len(rows(db, "appointments")) == 1


def test_a_contact_holds_one_slot_at_a_time(db: Connection, clinic: Clinic, ana: UUID) -> None:
    first, second = offer(db, clinic, ana, tomorrow(9), tomorrow(10))
    hold(db, clinic, ana, first)
    hold(db, clinic, ana, second)

    assert [str(row["offer_id"]) for row in rows(db, "appointments")] == [second]


def test_a_hold_that_ran_out_is_overtaken(db: Connection, clinic: Clinic, ana: UUID, bruno: UUID) -> None:
    [of_ana], [of_bruno] = offer(db, clinic, ana, tomorrow(9)), offer(db, clinic, bruno, tomorrow(9))
    hold(db, clinic, ana, of_ana)
    let_hold_end(db, of_ana)

    assert commit(db, clinic, bruno, of_bruno)["outcome"] == "booked"
    assert commit(db, clinic, ana, of_ana) == {"outcome": "taken"}


def test_a_hold_that_ran_out_begins_anew_while_the_offer_stands(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))
    first = hold(db, clinic, ana, offered)
    let_hold_end(db, offered)

    again = hold(db, clinic, ana, offered)

    assert (again["outcome"], again["appointment_id"]) == ("held", first["appointment_id"])
    assert find(db, "appointments", again["appointment_id"])["hold_expires_at"] > utc_now()


# ---- booking ---------------------------------------------------------------------------------------------------------


def test_a_committed_offer_is_an_appointment_of_the_patient(db: Connection, clinic: Clinic) -> None:
    patient = make_patient(db, clinic)
    ana = make_conversation(db, clinic, patient_id=patient)
    [offered] = offer(db, clinic, ana, tomorrow(9))

    answer = commit(db, clinic, ana, offered, attendee_name="Ana Prueba")

    assert answer["outcome"] == "booked"
    row = find(db, "appointments", answer["appointment"]["id"])
    assert (row["status"], row["source"], row["attendee_name"]) == ("booked", "assistant", "Ana Prueba")
    assert (row["patient_id"], row["conversation_id"], str(row["offer_id"])) == (patient, ana, offered)
    assert (row["starts_at"], row["ends_at"]) == tomorrow(9)
    assert (row["hold_expires_at"], row["calendar_sync_at"]) == (None, None)
    [audit] = rows(db, "marketing_audit_logs")
    assert (audit["action"], audit["entity_id"]) == ("appointment.booked", row["id"])
    assert "Ana" not in str(audit["payload"])


@pytest.mark.parametrize("is_held", [True, False])
def test_committing_again_answers_the_same_appointment(
    db: Connection, clinic: Clinic, ana: UUID, is_held: bool
) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))
    if is_held:
        hold(db, clinic, ana, offered)
    first = commit(db, clinic, ana, offered)

    assert commit(db, clinic, ana, offered) == first
    assert hold(db, clinic, ana, offered)["appointment_id"] == first["appointment_id"]
    assert len(rows(db, "appointments")) == 1
    assert len(rows(db, "marketing_audit_logs")) == 1


def test_a_hold_that_is_alive_outlives_its_offer(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))
    hold(db, clinic, ana, offered)
    update(db, "marketing_slot_offers", UUID(offered), expires_at=utc_now() - timedelta(seconds=1))

    assert commit(db, clinic, ana, offered)["outcome"] == "booked"


def test_a_hold_and_an_offer_that_both_ran_out_book_nothing(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))
    hold(db, clinic, ana, offered)
    let_hold_end(db, offered)
    update(db, "marketing_slot_offers", UUID(offered), expires_at=utc_now() - timedelta(seconds=1))

    assert commit(db, clinic, ana, offered) == {"outcome": "expired"}


def test_a_booking_ends_the_other_offers_of_the_list(db: Connection, clinic: Clinic, ana: UUID) -> None:
    chosen, other = offer(db, clinic, ana, tomorrow(9), tomorrow(10))
    commit(db, clinic, ana, chosen)

    assert commit(db, clinic, ana, other) == {"outcome": "expired"}
    assert len(rows(db, "appointments")) == 1


def test_an_offer_is_used_up_when_its_appointment_was_cancelled(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))
    appointment = commit(db, clinic, ana, offered)["appointment"]["id"]
    update(db, "appointments", appointment, status="cancelled")
    update(db, "marketing_slot_offers", UUID(offered), withdrawn_at=None)

    assert commit(db, clinic, ana, offered) == {"outcome": "expired"}
    assert hold(db, clinic, ana, offered) == {"outcome": "expired"}


def test_a_cancelled_appointment_makes_room(db: Connection, clinic: Clinic, ana: UUID, bruno: UUID) -> None:
    [of_ana], [of_bruno] = offer(db, clinic, ana, tomorrow(9)), offer(db, clinic, bruno, tomorrow(9))
    appointment = commit(db, clinic, ana, of_ana)["appointment"]["id"]
    update(db, "appointments", appointment, status="cancelled")

    assert commit(db, clinic, bruno, of_bruno)["outcome"] == "booked"


def test_a_chat_books_three_future_appointments_and_no_fourth(db: Connection, clinic: Clinic, ana: UUID) -> None:
    outcomes = [
        commit(db, clinic, ana, offer(db, clinic, ana, tomorrow(hour))[0])["outcome"] for hour in (9, 10, 11, 12)
    ]

    assert outcomes == ["booked", "booked", "booked", "too_many"]


def test_past_and_cancelled_appointments_do_not_count(db: Connection, clinic: Clinic, ana: UUID) -> None:
    for days in (1, 2, 3):
        start = utc_now() - timedelta(days=days)
        owner = {"professional_id": clinic.professional_id, "conversation_id": ana}
        insert(db, "appointments", **owner, starts_at=start, ends_at=start + timedelta(minutes=30), status="completed")
        insert(db, "appointments", **owner, starts_at=start, ends_at=start + timedelta(minutes=30), status="cancelled")

    assert commit(db, clinic, ana, offer(db, clinic, ana, tomorrow(9))[0])["outcome"] == "booked"


def test_an_appointment_of_the_host_application_keeps_its_time(db: Connection, clinic: Clinic, ana: UUID) -> None:
    [offered] = offer(db, clinic, ana, tomorrow(9))
    start, end = tomorrow(9)
    insert(db, "appointments", professional_id=clinic.professional_id, starts_at=start, ends_at=end)

    assert commit(db, clinic, ana, offered) == {"outcome": "taken"}


def test_the_constraint_stops_whoever_does_not_ask(db: Connection, clinic: Clinic) -> None:
    start, end = tomorrow(9)
    insert(db, "appointments", professional_id=clinic.professional_id, starts_at=start, ends_at=end)

    with pytest.raises(psycopg.errors.ExclusionViolation):
        insert(
            db,
            "appointments",
            professional_id=clinic.professional_id,
            starts_at=start + timedelta(minutes=15),
            ends_at=end + timedelta(minutes=15),
        )


def test_appointments_that_touch_do_not_overlap(db: Connection, clinic: Clinic, ana: UUID, bruno: UUID) -> None:
    [first] = offer(db, clinic, ana, tomorrow(9))
    [second] = offer(db, clinic, bruno, (tomorrow(9)[1], tomorrow(9)[1] + timedelta(minutes=30)))

    assert commit(db, clinic, ana, first)["outcome"] == "booked"
    assert commit(db, clinic, bruno, second)["outcome"] == "booked"


def test_two_clinics_book_the_same_time(db: Connection, clinic: Clinic, ana: UUID) -> None:
    other = make_clinic(db)
    elsewhere = make_conversation(db, other)

    assert commit(db, clinic, ana, offer(db, clinic, ana, tomorrow(9))[0])["outcome"] == "booked"
    assert commit(db, other, elsewhere, offer(db, other, elsewhere, tomorrow(9))[0])["outcome"] == "booked"


def test_offers_follow_a_merge(db: Connection, clinic: Clinic, ana: UUID) -> None:
    newer = make_conversation(db, clinic, contact_phone=None, contact_user_id="AR.1")
    [offered] = offer(db, clinic, newer, tomorrow(9))
    rpc(db, "merge_contacts", professional_id=clinic.professional_id, keep=ana, merge=newer)

    answer = commit(db, clinic, newer, offered)

    assert answer["outcome"] == "booked"
    assert answer["appointment"]["conversation_id"] == str(ana)


# ---- what is busy ----------------------------------------------------------------------------------------------------


def test_busy_is_what_is_booked_or_held_now(db: Connection, clinic: Clinic, ana: UUID, bruno: UUID) -> None:
    commit(db, clinic, ana, offer(db, clinic, ana, tomorrow(9))[0])
    hold(db, clinic, ana, offer(db, clinic, ana, tomorrow(10))[0])
    [ended] = offer(db, clinic, bruno, tomorrow(11))
    hold(db, clinic, bruno, ended)
    let_hold_end(db, ended)
    start, end = tomorrow(12)
    insert(
        db,
        "appointments",
        professional_id=clinic.professional_id,
        starts_at=start,
        ends_at=end,
        status="cancelled",
    )

    assert busy(db, clinic, tomorrow(0)[0], tomorrow(23)[0]) == [tomorrow(9), tomorrow(10)]


def test_busy_includes_what_reaches_into_the_asked_time_and_not_what_touches_it(
    db: Connection, clinic: Clinic, ana: UUID
) -> None:
    commit(db, clinic, ana, offer(db, clinic, ana, tomorrow(9))[0])
    start, end = tomorrow(9)
    quarter = timedelta(minutes=15)

    assert busy(db, clinic, start + quarter, start + 2 * quarter) == [(start, end)]
    assert busy(db, clinic, end, end + quarter) == []
    assert busy(db, clinic, start - quarter, start) == []
    assert busy(db, make_clinic(db), start, end) == []
