"""The slots of a family: held together, booked together, or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.database.agenda_builders import (
    Slot,
    as_offered,
    book,
    commit,
    create_offers,
    hold,
    let_hold_end,
    offer,
    offer_family,
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
)

TOGETHER = (tomorrow(9), tomorrow(9, minute=30), tomorrow(10))


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def ana(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, contact_phone="+5491155550100")


@pytest.fixture
def bruno(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, contact_phone="+5491155550101")


def times(answer: dict[str, Any]) -> list[Slot]:
    return [
        (datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"]))
        for row in answer["appointments"]
    ]


def test_only_the_first_of_a_family_is_answered_for_choosing(db: Connection, clinic: Clinic, ana: UUID) -> None:
    answer = create_offers(db, clinic, ana, as_offered(*TOGETHER), as_offered(tomorrow(15)))

    assert [(made["group_part"], made["group_id"] is None) for made in answer["offers"]] == [(0, False), (0, True)]
    kept = rows(db, "marketing_slot_offers", group_id=answer["offers"][0]["group_id"])
    assert sorted((row["starts_at"], row["group_part"]) for row in kept) == [
        (start, part) for part, (start, _) in enumerate(TOGETHER)
    ]


@pytest.mark.parametrize("is_held", [True, False])
def test_a_family_is_booked_together_each_with_their_own_name_and_record(
    db: Connection, clinic: Clinic, is_held: bool
) -> None:
    mother, sofia = make_patient(db, clinic), make_patient(db, clinic, full_name="Sofía Prueba", phone=None)
    chat = make_conversation(db, clinic, patient_id=mother)
    slot = as_offered(tomorrow(9), attendee_name="Tomás", reason="Control")
    slot["beside"] = [
        as_offered(tomorrow(9, minute=30), attendee_name="Sofía Prueba", patient_id=str(sofia)),
        as_offered(tomorrow(10), attendee_name="Ana Prueba"),
    ]
    [made] = create_offers(db, clinic, chat, slot)["offers"]
    if is_held:
        assert times(hold(db, clinic, chat, made["id"])) == list(TOGETHER)

    answer = commit(db, clinic, chat, made["id"], attendee_name="Lucía")

    assert (answer["outcome"], times(answer)) == ("booked", list(TOGETHER))
    assert answer["appointment"] == answer["appointments"][0]
    booked = sorted(rows(db, "appointments", status="booked"), key=lambda row: row["starts_at"])
    assert [(row["attendee_name"], row["patient_id"]) for row in booked] == [
        ("Tomás", None),  # not the mother's record: the appointment is not hers
        ("Sofía Prueba", sofia),
        ("Ana Prueba", mother),
    ]
    assert {row["chat_change"] for row in booked} == {"booked"}
    assert len(rows(db, "marketing_audit_logs", action="appointment.booked")) == 3


def test_who_comes_is_asked_after_a_slot_was_offered_and_named_when_it_is_booked(
    db: Connection, clinic: Clinic, ana: UUID
) -> None:
    chosen = offer_family(db, clinic, ana, *TOGETHER[:2])

    commit(db, clinic, ana, chosen, attendee_name="Familia Prueba")

    assert {row["attendee_name"] for row in rows(db, "appointments")} == {"Familia Prueba"}


@pytest.mark.parametrize("ask", [hold, commit])
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_family_that_loses_one_of_its_slots_takes_none(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID, ask: Any, *, lost: int
) -> None:
    chosen = offer_family(db, clinic, ana, *TOGETHER)
    book(db, clinic, bruno, TOGETHER[lost])

    assert ask(db, clinic, ana, chosen) == {"outcome": "taken"}
    assert [row["conversation_id"] for row in rows(db, "appointments")] == [bruno]


def test_a_held_family_keeps_all_its_slots(db: Connection, clinic: Clinic, ana: UUID, bruno: UUID) -> None:
    hold(db, clinic, ana, offer_family(db, clinic, ana, *TOGETHER))

    for slot in TOGETHER:
        assert hold(db, clinic, bruno, offer(db, clinic, bruno, slot)[0]) == {"outcome": "taken"}


def test_a_family_whose_hold_ran_out_and_was_overtaken_in_part_takes_none(
    db: Connection, clinic: Clinic, ana: UUID, bruno: UUID
) -> None:
    chosen = offer_family(db, clinic, ana, *TOGETHER)
    hold(db, clinic, ana, chosen)
    for row in rows(db, "appointments"):
        let_hold_end(db, row["offer_id"])
    book(db, clinic, bruno, TOGETHER[1])

    assert commit(db, clinic, ana, chosen) == {"outcome": "taken"}
    assert [row["conversation_id"] for row in rows(db, "appointments")] == [bruno]


@pytest.mark.parametrize("part", [0, 1, 2])
def test_choosing_a_family_again_answers_the_same_appointments(
    db: Connection, clinic: Clinic, ana: UUID, part: int
) -> None:
    first = commit(db, clinic, ana, offer_family(db, clinic, ana, *TOGETHER))
    [any_of_them] = rows(db, "marketing_slot_offers", group_part=part)

    assert commit(db, clinic, ana, str(any_of_them["id"])) == first
    assert times(hold(db, clinic, ana, str(any_of_them["id"]))) == list(TOGETHER)
    assert len(rows(db, "appointments")) == 3


def test_of_a_family_one_of_whom_cancelled_the_others_are_still_booked(
    db: Connection, clinic: Clinic, ana: UUID
) -> None:
    chosen = offer_family(db, clinic, ana, *TOGETHER)
    answer = commit(db, clinic, ana, chosen)
    update(db, "appointments", answer["appointments"][1]["id"], status="cancelled")

    assert times(commit(db, clinic, ana, chosen)) == [TOGETHER[0], TOGETHER[2]]
    assert len(rows(db, "appointments")) == 3


def test_a_family_counts_whole_towards_the_limit_of_a_chat(db: Connection, clinic: Clinic, ana: UUID) -> None:
    book(db, clinic, ana, tomorrow(15))

    assert commit(db, clinic, ana, offer_family(db, clinic, ana, *TOGETHER)) == {"outcome": "too_many"}
    assert len(rows(db, "appointments")) == 1
    assert commit(db, clinic, ana, offer_family(db, clinic, ana, *TOGETHER[:2]))["outcome"] == "booked"


@pytest.mark.parametrize(("policies", "allowed"), [({"max_future_appointments": 1}, 1), (None, 3)])
def test_the_limit_is_the_clinics(db: Connection, ana: UUID, policies: Any, allowed: int) -> None:
    clinic = make_clinic(db, policies=policies)
    chat = make_conversation(db, clinic)
    outcomes = [
        commit(db, clinic, chat, offer(db, clinic, chat, tomorrow(hour))[0])["outcome"] for hour in (9, 10, 11, 12)
    ]

    assert outcomes == ["booked"] * allowed + ["too_many"] * (4 - allowed)


def test_what_was_held_before_a_family_is_given_up_and_a_new_list_gives_up_the_family(
    db: Connection, clinic: Clinic, ana: UUID
) -> None:
    [alone] = offer(db, clinic, ana, tomorrow(15))
    hold(db, clinic, ana, alone)
    chosen = offer_family(db, clinic, ana, *TOGETHER)
    hold(db, clinic, ana, chosen)
    assert sorted(row["starts_at"] for row in rows(db, "appointments")) == [start for start, _ in TOGETHER]

    offer(db, clinic, ana, tomorrow(16))

    assert rows(db, "appointments") == []
    assert commit(db, clinic, ana, chosen) == {"outcome": "expired"}


def test_what_the_host_application_books_halfway_keeps_a_family_out(db: Connection, clinic: Clinic, ana: UUID) -> None:
    chosen = offer_family(db, clinic, ana, *TOGETHER)
    start, end = tomorrow(9, minute=45)
    made = insert(db, "appointments", professional_id=clinic.professional_id, starts_at=start, ends_at=end)

    assert hold(db, clinic, ana, chosen) == {"outcome": "taken"}
    assert [row["id"] for row in rows(db, "appointments")] == [find(db, "appointments", made["id"])["id"]]
