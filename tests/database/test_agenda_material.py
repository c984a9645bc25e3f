"""What a worker learns of the agenda with the right to answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.database.agenda_builders import book, book_by_hand, cancel, commit, offer_family, offer_move, tomorrow
from tests.database.outbound_builders import (
    Clinic,
    Connection,
    insert,
    make_clinic,
    make_conversation,
    make_patient,
    rpc,
    update,
    utc_now,
    write_on,
)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def chat(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, contact_phone="+5491155550100", wrote=False)


def claimed(db: Connection, chat: UUID) -> dict[str, Any]:
    answer: dict[str, Any] = rpc(db, "claim_answer", conversation_id=chat, lease_seconds=0, history=20)
    assert answer["outcome"] == "claimed", answer
    return answer


def say(db: Connection, clinic: Clinic, chat: UUID, *, sender: str = "ai", **overrides: Any) -> None:
    defaults = {"status": "sent", "body": "Hola", "sent_at": utc_now(), "purpose": "care", "answer_part": 0}
    insert(
        db,
        "marketing_messages",
        professional_id=clinic.professional_id,
        conversation_id=chat,
        channel_id=clinic.channel_id,
        direction="outbound",
        sender=sender,
        **{**defaults, **overrides},
    )


def changes(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["id"], row["chat_change"]) for row in answer["changed"]]


def test_what_was_changed_since_the_contact_waits_is_told_cancelled_ones_too(
    db: Connection, clinic: Clinic, chat: UUID
) -> None:
    before = book(db, clinic, chat, tomorrow(8))
    write_on(db, clinic, chat)
    cancelled, moved = book(db, clinic, chat, tomorrow(9)), book(db, clinic, chat, tomorrow(10))
    cancel(db, clinic, chat, cancelled)
    commit(db, clinic, chat, offer_move(db, clinic, chat, moved, tomorrow(15))[0])

    answer = claimed(db, chat)

    assert changes(answer) == [(cancelled, "cancelled"), (moved, "moved")]
    assert [row["id"] for row in answer["appointments"]] == [before, moved]


def test_what_a_person_or_the_host_application_does_is_not_the_assistants_to_tell(
    db: Connection, clinic: Clinic, chat: UUID
) -> None:
    write_on(db, clinic, chat)
    book_by_hand(db, clinic, tomorrow(9), conversation_id=chat)
    start, end = tomorrow(10)
    owner = {"professional_id": clinic.professional_id, "conversation_id": chat}
    insert(db, "appointments", **owner, starts_at=start, ends_at=end)

    answer = claimed(db, chat)

    assert (len(answer["appointments"]), answer["changed"]) == (2, [])


def test_another_contacts_changes_are_not_told(db: Connection, clinic: Clinic, chat: UUID) -> None:
    other = make_conversation(db, clinic, contact_phone="+5491155550101")
    write_on(db, clinic, chat)
    book(db, clinic, other, tomorrow(9))

    assert claimed(db, chat)["changed"] == []


def test_everybody_whose_phone_it_may_be_is_known(db: Connection, clinic: Clinic, chat: UUID) -> None:
    mother = make_patient(db, clinic, full_name="Marta Prueba", phone="+541155550100")
    child = make_patient(db, clinic, full_name="Juan Prueba", phone="+5491155550100", is_minor=True)
    make_patient(db, clinic, full_name="Otra Prueba", phone="+5491155550199")
    make_patient(db, make_clinic(db), full_name="Ajena Prueba")
    write_on(db, clinic, chat)

    assert claimed(db, chat)["patients"] == [
        {"id": str(child), "full_name": "Juan Prueba", "is_minor": True},
        {"id": str(mother), "full_name": "Marta Prueba", "is_minor": False},
    ]


def test_nobody_is_known_by_the_phone_that_a_contact_does_not_show(db: Connection, clinic: Clinic) -> None:
    make_patient(db, clinic, phone=None)
    chat = make_conversation(db, clinic, contact_phone=None, contact_user_id="AR.1", wrote=False)
    write_on(db, clinic, chat)

    assert claimed(db, chat)["patients"] == []


def test_the_answers_of_a_day_are_counted_without_what_nobody_may_be_refused(
    db: Connection, clinic: Clinic, chat: UUID
) -> None:
    write_on(db, clinic, chat)
    say(db, clinic, chat)
    say(db, clinic, chat, status="unknown")
    say(db, clinic, chat, answer_part=1)
    say(db, clinic, chat, purpose="safety")
    say(db, clinic, chat, purpose="consent_confirmation")
    say(db, clinic, chat, status="failed")
    say(db, clinic, chat, sender="professional")
    say(db, clinic, chat, created_at=utc_now() - timedelta(hours=25))

    assert claimed(db, chat)["ai_answers_today"] == 2


def test_answers_are_counted_anew_once_a_person_gave_the_conversation_back(
    db: Connection, clinic: Clinic, chat: UUID
) -> None:
    write_on(db, clinic, chat)
    say(db, clinic, chat, created_at=utc_now() - timedelta(hours=2))
    update(db, "marketing_conversations", chat, handed_back_at=utc_now() - timedelta(hours=1))
    say(db, clinic, chat)

    assert claimed(db, chat)["ai_answers_today"] == 1


def test_open_offers_say_what_they_are_part_of_and_what_they_move(db: Connection, clinic: Clinic, chat: UUID) -> None:
    write_on(db, clinic, chat)
    first = offer_family(db, clinic, chat, tomorrow(9), tomorrow(9, minute=30))

    family = claimed(db, chat)["open_offers"]

    assert [(row["id"] == first, row["group_part"]) for row in family] == [(True, 0), (False, 1)]
    assert family[0]["group_id"] == family[1]["group_id"]

    booked = book(db, clinic, chat, tomorrow(12))
    offer_move(db, clinic, chat, booked, tomorrow(15))
    [move] = claimed(db, chat)["open_offers"]
    assert (move["moves_appointment_id"], move["group_id"]) == (booked, None)
