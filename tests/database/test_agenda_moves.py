"""An appointment at another time: the same row, which keeps its id, and never in its own way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.database.agenda_builders import (
    Slot,
    as_offered,
    book,
    busy,
    cancel,
    commit,
    create_offers,
    hold,
    let_hold_end,
    offer,
    offer_move,
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
    update,
    utc_now,
)

OLD = tomorrow(10, minutes=60)
# around, inside, before, after and instead of the old time
NEW: dict[str, Slot] = {
    "elsewhere": tomorrow(15, minutes=60),
    "a little later": tomorrow(10, minute=30, minutes=60),
    "a little earlier": tomorrow(9, minute=30, minutes=60),
    "shorter": tomorrow(10, minute=15, minutes=30),
    "longer": tomorrow(9, minute=30, minutes=120),
    "right after": tomorrow(11, minutes=60),
}


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
    return book(db, clinic, ana, OLD, attendee_name="Ana Prueba")


def span(row: dict[str, Any]) -> Slot:
    return row["starts_at"], row["ends_at"]


@pytest.mark.parametrize("where", NEW)
@pytest.mark.parametrize("is_held", [True, False])
def test_an_appointment_is_moved_in_place(
    db: Connection, clinic: Clinic, ana: UUID, booked: str, where: str, *, is_held: bool
) -> None:
    update(db, "appointments", UUID(booked), confirmed_at=utc_now(), reminded_at=utc_now(), calendar_sync_at=utc_now())
    [chosen] = offer_move(db, clinic, ana, booked, NEW[where])
    if is_held:
        hold(db, clinic, ana, chosen)

    answer = commit(db, clinic, ana, chosen, attendee_name="Otra Persona")

    assert (answer["outcome"], answer["appointment"]["id"]) == ("moved", booked)
    [row] = rows(db, "appointments")
    assert (str(row["id"]), span(row), row["status"]) == (booked, NEW[where], "booked")
    assert row["attendee_name"] == "Ana Prueba"
    assert (row["confirmed_at"], row["reminded_at"]) == (None, None)
    assert row["calendar_sync_at"] is None  # its event is due
    assert row["chat_change"] == "moved"
    assert row["chat_changed_at"] > utc_now() - timedelta(minutes=1)


def test_a_move_is_audited_and_told_to_the_reception_without_a_name(
    db: Connection, clinic: Clinic, ana: UUID, booked: str
) -> None:
    commit(db, clinic, ana, offer_move(db, clinic, ana, booked, NEW["elsewhere"])[0])

    [audit] = rows(db, "marketing_audit_logs", action="appointment.moved")
    assert (str(audit["entity_id"]), audit["actor_id"]) == (booked, None)
    assert datetime.fromisoformat(audit["payload"]["to"]) == NEW["elsewhere"][0]
    assert datetime.fromisoformat(audit["payload"]["from"]) == OLD[0]
    [alert] = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("appointment_changed", "info", ana)
    assert f"{OLD[0] - timedelta(hours=3):%d/%m %H:%M}" in alert["message"]  # the clinic's clock
    assert f"{NEW['elsewhere'][0] - timedelta(hours=3):%d/%m %H:%M}" in alert["message"]
    assert "Ana" not in alert["message"] + str(audit["payload"])


@pytest.mark.parametrize("is_held", [True, False])
def test_moving_again_with_the_same_choice_answers_the_same(
    db: Connection, clinic: Clinic, ana: UUID, booked: str, is_held: bool
) -> None:
    [chosen] = offer_move(db, clinic, ana, booked, NEW["elsewhere"])
    if is_held:
        hold(db, clinic, ana, chosen)
    first = commit(db, clinic, ana, chosen)

    assert commit(db, clinic, ana, chosen) == first
    assert hold(db, clinic, ana, chosen)["appointment"] == first["appointment"]
    assert len(rows(db, "marketing_audit_logs", action="appointment.moved")) == 1
    assert len(rows(db, "marketing_alerts")) == 1


@pytest.mark.parametrize("where", NEW)
def test_a_held_move_keeps_both_times_free_of_others(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str, *, where: str
) -> None:
    [chosen] = offer_move(db, clinic, ana, booked, NEW[where])

    held = hold(db, clinic, ana, chosen)

    assert (held["outcome"], held["appointment"]["id"]) == ("held", booked)
    assert datetime.fromisoformat(held["appointment"]["starts_at"]) == NEW[where][0]
    assert datetime.fromisoformat(held["frees"]["starts_at"]) == OLD[0]
    assert span(find(db, "appointments", booked)) == OLD
    for slot in (OLD, NEW[where]):
        assert hold(db, clinic, bruno, offer(db, clinic, bruno, slot)[0]) == {"outcome": "taken"}
    assert hold(db, clinic, ana, chosen) == held  # a second tap
    assert commit(db, clinic, ana, chosen)["outcome"] == "moved"


@pytest.mark.parametrize("ask", [hold, commit])
@pytest.mark.parametrize("where", ["elsewhere", "a little later", "longer"])
def test_an_appointment_is_not_moved_to_a_time_that_somebody_has(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str, *, ask: Any, where: str
) -> None:
    [chosen] = offer_move(db, clinic, ana, booked, NEW[where])
    end = NEW[where][1]
    book(db, clinic, bruno, (end - timedelta(minutes=15), end))

    assert ask(db, clinic, ana, chosen) == {"outcome": "taken"}
    assert span(find(db, "appointments", booked)) == OLD
    assert len(rows(db, "appointments")) == 2
    assert rows(db, "marketing_alerts") == []


def test_the_old_time_is_free_once_an_appointment_was_moved(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str
) -> None:
    commit(db, clinic, ana, offer_move(db, clinic, ana, booked, NEW["elsewhere"])[0])

    assert book(db, clinic, bruno, OLD)


def test_a_move_is_refused_once_it_was_cancelled_or_has_begun(
    db: Connection, clinic: Clinic, ana: UUID, booked: str
) -> None:
    [chosen] = offer_move(db, clinic, ana, booked, NEW["elsewhere"])
    cancel(db, clinic, ana, booked)
    for ask in (hold, commit):
        assert ask(db, clinic, ana, chosen) == {"outcome": "expired"}

    began = utc_now() - timedelta(minutes=5)
    update(db, "appointments", UUID(booked), status="booked", starts_at=began, ends_at=began + timedelta(hours=1))
    for ask in (hold, commit):
        assert ask(db, clinic, ana, chosen) == {"outcome": "past"}


@pytest.mark.parametrize("ask", [hold, commit])
@pytest.mark.parametrize("change", [{"expires_at": utc_now()}, {"withdrawn_at": utc_now()}])
def test_a_new_time_that_is_offered_no_more_moves_nothing(
    db: Connection, clinic: Clinic, ana: UUID, booked: str, ask: Any, *, change: dict[str, Any]
) -> None:
    [chosen] = offer_move(db, clinic, ana, booked, NEW["elsewhere"])
    update(db, "marketing_slot_offers", UUID(chosen), **change)

    assert ask(db, clinic, ana, chosen) == {"outcome": "expired"}
    assert span(find(db, "appointments", booked)) == OLD


def test_a_held_new_time_outlives_its_offer_and_one_that_ran_out_does_not(
    db: Connection, clinic: Clinic, ana: UUID, booked: str
) -> None:
    [chosen] = offer_move(db, clinic, ana, booked, NEW["elsewhere"])
    hold(db, clinic, ana, chosen)
    update(db, "marketing_slot_offers", UUID(chosen), expires_at=utc_now())
    let_hold_end(db, chosen)
    assert commit(db, clinic, ana, chosen) == {"outcome": "expired"}

    [again] = offer_move(db, clinic, ana, booked, NEW["elsewhere"])
    hold(db, clinic, ana, again)
    update(db, "marketing_slot_offers", UUID(again), expires_at=utc_now())
    assert commit(db, clinic, ana, again)["outcome"] == "moved"


def test_a_move_counts_for_nothing_towards_the_limit(db: Connection, clinic: Clinic, ana: UUID, booked: str) -> None:
    for hour in (12, 13):
        book(db, clinic, ana, tomorrow(hour))

    assert commit(db, clinic, ana, offer_move(db, clinic, ana, booked, tomorrow(16))[0])["outcome"] == "moved"


def test_new_times_are_only_offered_for_an_appointment_of_this_chat(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str
) -> None:
    [kept] = offer(db, clinic, bruno, tomorrow(12))
    gone = {"outcome": "gone", "offers": []}

    assert create_offers(db, clinic, bruno, as_offered(NEW["elsewhere"]), moves=booked) == gone
    assert create_offers(db, clinic, bruno, as_offered(NEW["elsewhere"]), moves=uuid4()) == gone
    assert commit(db, clinic, bruno, kept)["outcome"] == "booked"  # what was open before stays
    cancel(db, clinic, ana, booked)
    assert create_offers(db, clinic, ana, as_offered(NEW["elsewhere"]), moves=booked) == gone


def test_an_appointment_of_the_host_application_is_moved_in_its_patients_chat(db: Connection, clinic: Clinic) -> None:
    patient = make_patient(db, clinic)
    chat = make_conversation(db, clinic, patient_id=patient)
    owner = {"professional_id": clinic.professional_id, "patient_id": patient}
    theirs = insert(db, "appointments", **owner, starts_at=OLD[0], ends_at=OLD[1])

    answer = commit(db, clinic, chat, offer_move(db, clinic, chat, str(theirs["id"]), NEW["elsewhere"])[0])

    assert (answer["outcome"], answer["appointment"]["id"]) == ("moved", str(theirs["id"]))
    assert find(db, "appointments", theirs["id"])["source"] == "host_app"


@pytest.mark.parametrize("ask", [hold, commit])
def test_from_an_unverified_phone_nothing_is_moved_and_new_times_are_booked(
    db: Connection, clinic: Clinic, ana: UUID, booked: str, ask: Any
) -> None:
    [chosen] = offer_move(db, clinic, ana, booked, NEW["elsewhere"])
    update(db, "marketing_conversations", ana, phone_unverified_at=utc_now(), phone_unverified_reason="not_me")

    assert ask(db, clinic, ana, chosen) == {"outcome": "unverified"}
    assert span(find(db, "appointments", booked)) == OLD
    assert ask(db, clinic, ana, offer(db, clinic, ana, tomorrow(16))[0])["outcome"] in ("held", "booked")


def test_an_appointment_is_moved_alone(db: Connection, clinic: Clinic, ana: UUID, booked: str) -> None:
    family = as_offered(tomorrow(15), tomorrow(16))

    with pytest.raises(psycopg.errors.RaiseException, match="moved alone"):
        create_offers(db, clinic, ana, family, moves=booked)


def test_what_is_about_to_be_moved_is_not_busy_for_itself(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, booked: str
) -> None:
    book(db, clinic, bruno, tomorrow(15))
    start, end = tomorrow(0)[0], tomorrow(23)[1]

    assert busy(db, clinic, start, end) == [OLD, tomorrow(15)]
    assert busy(db, clinic, start, end, but=booked) == [tomorrow(15)]
