"""Many patients and one agenda, at the same moment: no two appointments ever overlap, and nobody deadlocks."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.database.agenda_builders import (
    Slot,
    book,
    cancel,
    commit,
    hold,
    let_hold_end,
    offer,
    offer_family,
    offer_move,
    tomorrow,
)
from tests.database.agenda_storm import AgendaStorm
from tests.database.outbound_builders import (
    Clinic,
    Connect,
    Connection,
    insert,
    make_clinic,
    make_conversation,
    race,
    rows,
    rpc,
)

PATIENTS = 8


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def chats(db: Connection, clinic: Clinic) -> list[UUID]:
    return [make_conversation(db, clinic, contact_phone=f"+54911555506{index:02}") for index in range(PATIENTS)]


def slots_in_a_tangle(dice: random.Random) -> list[Slot]:
    """One slot per patient, of different lengths, most of them overlapping several others."""
    lengths = (15, 30, 45, 60, 90)
    return [tomorrow(9, minute=15 * dice.randrange(8), minutes=dice.choice(lengths)) for _ in range(PATIENTS)]


def assert_no_overlap(db: Connection, clinic: Clinic) -> None:
    """Checked here and not by the constraint, so that the test also fails without it."""
    taken = sorted(
        (row["starts_at"], row["ends_at"])
        for row in rows(db, "appointments", professional_id=clinic.professional_id)
        if row["status"] in ("held", "booked")
    )
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(taken)), taken


def overlaps_any(slot: Slot, taken: list[Slot]) -> bool:
    return any(slot[0] < end and start < slot[1] for start, end in taken)


@pytest.mark.parametrize("seed", range(12))
def test_patients_who_commit_overlapping_offers_at_once_never_overlap(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID], seed: int
) -> None:
    slots = slots_in_a_tangle(random.Random(seed))
    offers = [offer(db, clinic, chat, slot)[0] for chat, slot in zip(chats, slots, strict=True)]

    answers: list[dict[str, Any]] = race(
        connect,
        [
            lambda own, chat=chat, offered=offered: commit(own, clinic, chat, offered)
            for chat, offered in zip(chats, offers, strict=True)
        ],
    )

    assert {answer["outcome"] for answer in answers} <= {"booked", "taken"}
    assert_no_overlap(db, clinic)
    booked = [slot for slot, answer in zip(slots, answers, strict=True) if answer["outcome"] == "booked"]
    lost = [slot for slot, answer in zip(slots, answers, strict=True) if answer["outcome"] == "taken"]
    assert booked
    assert all(overlaps_any(slot, booked) for slot in lost)  # nobody was refused for nothing
    assert len(rows(db, "appointments", status="booked")) == len(booked)


@pytest.mark.parametrize("seed", range(6))
def test_expired_holds_in_the_way_of_many_are_overtaken_without_a_deadlock(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID], seed: int
) -> None:
    dice = random.Random(seed)
    for index, chat in enumerate(chats):  # everybody holds a slot of their own, and lets it run out
        [held] = offer(db, clinic, chat, tomorrow(9, minute=15 * index, minutes=15))
        hold(db, clinic, chat, held)
        let_hold_end(db, held)
    slots = slots_in_a_tangle(dice)
    db.execute("update marketing_slot_offers set withdrawn_at = now()")
    offers = []
    for chat, (start, end) in zip(chats, slots, strict=True):
        made = insert(
            db,
            "marketing_slot_offers",
            professional_id=clinic.professional_id,
            conversation_id=chat,
            batch_id=chat,
            starts_at=start,
            ends_at=end,
            expires_at=start,
        )
        offers.append(str(made["id"]))

    asks = [dice.choice([hold, commit]) for _ in chats]

    answers = race(
        connect,
        [
            lambda own, ask=ask, chat=chat, offered=offered: ask(own, clinic, chat, offered)
            for ask, chat, offered in zip(asks, chats, offers, strict=True)
        ],
    )

    assert {answer["outcome"] for answer in answers} <= {"booked", "held", "taken"}
    assert_no_overlap(db, clinic)
    for chat in chats:
        assert len(rows(db, "appointments", conversation_id=chat)) <= 1


def test_two_patients_who_tap_the_same_slot_at_once_get_one_appointment(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    for hour in range(8, 16):
        pair = [(chat, offer(db, clinic, chat, tomorrow(hour))[0]) for chat in (chats[hour % 8], chats[(hour + 1) % 8])]
        answers = race(
            connect,
            [lambda own, chat=chat, offered=offered: commit(own, clinic, chat, offered) for chat, offered in pair],
        )

        assert sorted(answer["outcome"] for answer in answers) == ["booked", "taken"]


def test_one_patient_who_taps_many_times_at_once_gets_one_appointment(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    [offered] = offer(db, clinic, chats[0], tomorrow(9))

    answers = race(connect, [lambda own: commit(own, clinic, chats[0], offered)] * 12)

    assert {answer["outcome"] for answer in answers} == {"booked"}
    assert len({answer["appointment"]["id"] for answer in answers}) == 1
    assert len(rows(db, "appointments")) == 1
    assert len(rows(db, "marketing_audit_logs")) == 1


def test_one_patient_who_taps_different_slots_at_once_gets_one_appointment(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    offers = offer(db, clinic, chats[0], *[tomorrow(hour) for hour in range(8, 16)])

    answers = race(connect, [lambda own, offered=offered: commit(own, clinic, chats[0], offered) for offered in offers])

    assert [answer["outcome"] for answer in answers].count("booked") == 1  # the others of the list end with it
    assert len(rows(db, "appointments")) == 1


def test_the_host_application_booking_at_the_same_moment_is_not_overlapped(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    for round_number in range(8):
        start, end = tomorrow(8 + round_number)
        [offered] = offer(db, clinic, chats[round_number], (start, end))

        def host(own: Connection, starts_at: Any = start - timedelta(minutes=10), ends_at: Any = end) -> str:
            try:
                insert(
                    own, "appointments", professional_id=clinic.professional_id, starts_at=starts_at, ends_at=ends_at
                )
            except psycopg.errors.ExclusionViolation:
                return "taken"
            return "booked"

        def patient(own: Connection, chat: UUID = chats[round_number], offered: str = offered) -> str:
            return str(commit(own, clinic, chat, offered)["outcome"])

        assert sorted(race(connect, [host, patient])) == ["booked", "taken"]
        assert_no_overlap(db, clinic)


def test_sweeping_holds_while_they_are_confirmed_loses_no_booking(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    offers = []
    for index, chat in enumerate(chats):
        [held] = offer(db, clinic, chat, tomorrow(8 + index))
        hold(db, clinic, chat, held)
        let_hold_end(db, held)  # the offer stands: the patient is late, not too late
        offers.append(held)

    answers = race(
        connect,
        [
            *[
                lambda own, chat=chat, offered=offered: commit(own, clinic, chat, offered)
                for chat, offered in zip(chats, offers, strict=True)
            ],
            *[lambda own: rpc(own, "expire_holds")] * 3,
        ],
    )

    assert [answer["outcome"] for answer in answers[:PATIENTS]] == ["booked"] * PATIENTS
    assert len(rows(db, "appointments", status="booked")) == PATIENTS


@pytest.mark.parametrize("seed", range(3))
def test_a_day_that_everybody_wants_in_every_way_is_given_once(db: Connection, connect: Connect, seed: int) -> None:
    storm = AgendaStorm(db, connect, patients=48, workers=24, seed=seed)

    storm.blow()

    storm.check()
    assert storm.outcomes["booked"] and storm.outcomes["moved"] and storm.outcomes["taken"]


def test_two_who_move_into_one_another_both_keep_what_they_had(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    """Each wants the other's time: neither is free until one gives way, and nobody waits in a circle."""
    for hour in range(8, 16):
        slots = [tomorrow(hour), tomorrow(hour, minute=30)]
        pair = [chats[hour % 8], chats[(hour + 1) % 8]]
        booked = [book(db, clinic, chat, slot) for chat, slot in zip(pair, slots, strict=True)]
        offers = [offer_move(db, clinic, pair[side], booked[side], slots[1 - side])[0] for side in (0, 1)]

        answers = race(
            connect,
            [
                lambda own, chat=chat, offered=offered: commit(own, clinic, chat, offered)
                for chat, offered in zip(pair, offers, strict=True)
            ],
        )

        assert [answer["outcome"] for answer in answers] == ["taken", "taken"]
        for chat, appointment in zip(pair, booked, strict=True):
            cancel(db, clinic, chat, appointment)


def test_all_who_move_to_one_free_time_at_once_end_with_one_there(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    booked = [book(db, clinic, chat, tomorrow(8 + index)) for index, chat in enumerate(chats)]
    offers = [
        offer_move(db, clinic, chat, appointment, tomorrow(20, minute=5 * index))[0]
        for index, (chat, appointment) in enumerate(zip(chats, booked, strict=True))
    ]

    answers = race(
        connect,
        [
            lambda own, chat=chat, offered=offered: commit(own, clinic, chat, offered)
            for chat, offered in zip(chats, offers, strict=True)
        ],
    )

    outcomes = [answer["outcome"] for answer in answers]
    assert set(outcomes) == {"moved", "taken"}
    assert outcomes.count("moved") <= 2  # 20:00 to 21:05 has room for two half hours
    assert_no_overlap(db, clinic)
    assert len(rows(db, "appointments", status="booked")) == PATIENTS


def test_families_that_meet_halfway_are_booked_whole_or_not_at_all(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    """Each wants three half hours and begins one later than the one before."""
    offers = [
        offer_family(
            db,
            clinic,
            chat,
            *[tomorrow(8 + (index + part) // 2, minute=30 * ((index + part) % 2)) for part in range(3)],
        )
        for index, chat in enumerate(chats)
    ]

    answers = race(
        connect,
        [
            lambda own, chat=chat, offered=offered: commit(own, clinic, chat, offered)
            for chat, offered in zip(chats, offers, strict=True)
        ],
    )

    assert {answer["outcome"] for answer in answers} == {"booked", "taken"}
    assert_no_overlap(db, clinic)
    for chat, answer in zip(chats, answers, strict=True):
        assert len(rows(db, "appointments", conversation_id=chat)) == (3 if answer["outcome"] == "booked" else 0)


def test_one_contact_who_cancels_and_moves_at_once_does_one_after_the_other(
    db: Connection, connect: Connect, clinic: Clinic, chats: list[UUID]
) -> None:
    for _ in range(8):
        appointment = book(db, clinic, chats[0], tomorrow(9))
        [offered] = offer_move(db, clinic, chats[0], appointment, tomorrow(12))

        answers = race(
            connect,
            [
                lambda own, appointment=appointment: cancel(own, clinic, chats[0], appointment),
                lambda own, offered=offered: commit(own, clinic, chats[0], offered),
            ],
        )

        assert [answer["outcome"] for answer in answers] in (["cancelled", "expired"], ["cancelled", "moved"])
        assert rows(db, "appointments", status="booked") == []
