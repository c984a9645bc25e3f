"""What a claimed answer may do, and what the worker is given to write it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.answering import AnswerClaim
from tests.database.inbound_builders import (
    Office,
    claim_answer,
    echo,
    finish_answer,
    ingest,
    make_due,
    make_office,
    message,
    minutes_ago,
    reaction,
    revoke,
    write,
)
from tests.database.outbound_builders import (
    Connection,
    answer_of_ai,
    claim,
    insert,
    make_patient,
    rpc,
    settle,
    update,
    utc_now,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    """A conversation whose answer is due."""
    conversation = write(db, office)
    make_due(db, conversation)
    return conversation


# ---- what a claim may do ---------------------------------------------------------------------------------------------


def test_an_open_window_an_active_channel_and_no_person_is_an_answer(db: Connection, conversation: UUID) -> None:
    held = claim_answer(db, conversation)

    assert (held["mode"], held["late"], held["rewrites"]) == ("answer", False, 0)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("professionals", {"marketing_enabled": False}),
        ("marketing_channels", {"ai_enabled": False}),
        ("marketing_channels", {"status": "restricted"}),
        ("marketing_conversations", {"last_inbound_at": minutes_ago(24 * 60)}),
    ],
)
def test_without_feature_channel_or_window_the_assistant_only_observes(
    db: Connection, office: Office, conversation: UUID, table: str, change: dict[str, Any]
) -> None:
    ids = {"professionals": office.id, "marketing_channels": office.channel_id, "marketing_conversations": conversation}
    update(db, table, ids[table], **change)

    assert claim_answer(db, conversation)["mode"] == "observe"


def test_handed_over_is_triage_until_a_person_writes(db: Connection, office: Office, conversation: UUID) -> None:
    rpc(db, "hand_over", professional_id=office.id, conversation_id=conversation, reason="human_handoff")
    held = claim_answer(db, conversation)
    assert held["mode"] == "triage"
    finish_answer(db, conversation, held)

    ingest(db, echo(office))
    ingest(db, message(office))
    make_due(db, conversation)
    assert claim_answer(db, conversation)["mode"] == "observe"


def test_a_person_who_answered_long_before_the_hand_over_does_not_stop_the_triage(
    db: Connection, office: Office, conversation: UUID
) -> None:
    finish_answer(db, conversation, claim_answer(db, conversation))
    ingest(db, echo(office))
    rpc(db, "resume_ai", professional_id=office.id, conversation_id=conversation, actor_id=uuid4())
    ingest(db, message(office))
    rpc(db, "hand_over", professional_id=office.id, conversation_id=conversation, reason="emergency")
    make_due(db, conversation)

    assert claim_answer(db, conversation)["mode"] == "triage"


@pytest.mark.parametrize(("minutes", "late"), [(119, False), (121, True)])
def test_an_answer_is_late_two_hours_after_the_last_message(
    db: Connection, office: Office, minutes: int, late: bool
) -> None:
    conversation = write(db, office, sent_at=minutes_ago(minutes))
    make_due(db, conversation)

    assert claim_answer(db, conversation)["late"] is late


@pytest.mark.parametrize(
    ("spoke", "handed_back", "introduces"),
    [(None, None, True), (5, None, False), (24 * 60 + 1, None, True), (5, 2, True), (2, 5, False)],
)
def test_the_assistant_says_who_it_is_at_first_after_a_day_and_after_a_hand_back(
    db: Connection, conversation: UUID, spoke: int | None, handed_back: int | None, introduces: bool
) -> None:
    update(
        db,
        "marketing_conversations",
        conversation,
        last_ai_at=minutes_ago(spoke) if spoke else None,
        handed_back_at=minutes_ago(handed_back) if handed_back else None,
    )

    assert claim_answer(db, conversation)["first_answer"] is introduces


# ---- what a claim brings along ---------------------------------------------------------------------------------------


def test_a_claim_brings_what_the_assistant_reads_and_no_secret(db: Connection, office: Office) -> None:
    patient = make_patient(db, office.clinic, phone="+5493415550204", is_minor=True)
    conversation = write(db, office)
    make_due(db, conversation)

    held = claim_answer(db, conversation)

    assert AnswerClaim.model_validate(held).conversation.id == conversation
    assert held["professional"]["timezone"] == "America/Argentina/Buenos_Aires"
    assert held["patient"] == {"id": str(patient), "full_name": "Ana Prueba", "is_minor": True}
    assert set(held["channel"]) >= {"id", "type", "ai_mode", "display_name", "display_phone_number", "settings"}
    assert held["credential"]["phone_number_id"] == office.clinic.phone_number_id
    assert "encrypted" not in str(held)


def test_history_is_what_both_sides_saw_before_the_unanswered_messages(
    db: Connection, office: Office, conversation: UUID
) -> None:
    first = claim_answer(db, conversation)
    granted = claim(db, office.clinic, conversation, answer_of_ai(body="Hola, ¿en qué te ayudo?"))
    settle(db, office.clinic, granted["message_id"])
    lost = claim(db, office.clinic, conversation, answer_of_ai(body="nunca llegó", answer_part=1))
    settle(db, office.clinic, lost["message_id"], "failed", error={"code": 131026})
    finish_answer(db, conversation, first)
    gone = message(office, "me equivoqué")
    ingest(db, gone)
    ingest(db, revoke(office, gone["external_id"]))
    ingest(db, reaction(office, gone["external_id"]))
    ingest(db, message(office, "quiero un turno"))
    ingest(db, message(office, "el martes"))
    make_due(db, conversation)

    held = claim_answer(db, conversation)

    assert [row["body"] for row in held["history"]] == ["Hola", "Hola, ¿en qué te ayudo?"]
    assert [row["body"] for row in held["unanswered"]] == ["quiero un turno", "el martes"]
    update(db, "marketing_conversations", conversation, answer_lease_until=minutes_ago(1))
    assert [row["body"] for row in claim_answer(db, conversation, history=1)["history"]] == ["Hola, ¿en qué te ayudo?"]


def test_a_claim_brings_open_offers_and_future_appointments_of_the_contact_alone(
    db: Connection, office: Office, conversation: UUID
) -> None:
    patient = make_patient(db, office.clinic, phone="+5493415550204")
    update(db, "marketing_conversations", conversation, patient_id=patient)
    stranger = write(db, office, phone="+5491155550999")
    day = utc_now() + timedelta(days=1)

    def offer(held_by: UUID, **overrides: Any) -> UUID:
        fields = {"batch_id": uuid4(), "starts_at": day, "ends_at": day + timedelta(hours=1), "expires_at": day}
        owned = {"professional_id": office.id, "conversation_id": held_by}
        return UUID(str(insert(db, "marketing_slot_offers", **owned, **{**fields, **overrides})["id"]))

    def appointment(hours: int, **overrides: Any) -> UUID:
        starts = day + timedelta(hours=hours)
        fields = {"professional_id": office.id, "starts_at": starts, "ends_at": starts + timedelta(minutes=30)}
        return UUID(str(insert(db, "appointments", **{**fields, **overrides})["id"]))

    opened = offer(conversation)
    offer(conversation, expires_at=minutes_ago(1))
    offer(conversation, withdrawn_at=minutes_ago(1))
    offer(stranger)
    booked = [appointment(1, conversation_id=conversation), appointment(2, patient_id=patient)]
    appointment(3, conversation_id=stranger)
    appointment(4, patient_id=patient, status="cancelled")
    appointment(-48, patient_id=patient)

    held = claim_answer(db, conversation)

    assert [row["id"] for row in held["open_offers"]] == [str(opened)]
    assert [row["id"] for row in held["appointments"]] == [str(one) for one in booked]


def test_a_message_that_waits_to_be_tried_again_comes_with_the_claim_also_when_nothing_else_is_owed(
    db: Connection, office: Office, conversation: UUID
) -> None:
    held = claim_answer(db, conversation)
    granted = claim(db, office.clinic, conversation, answer_of_ai())
    settle(
        db,
        office.clinic,
        granted["message_id"],
        "throttled",
        retry_at=(utc_now() + timedelta(minutes=1)).isoformat(),
        error={"code": 131056},
    )
    assert finish_answer(db, conversation, held)["outcome"] == "finished"
    assert claim_answer(db, conversation)["outcome"] == "not_due"

    update(db, "marketing_messages", UUID(granted["message_id"]), next_attempt_at=minutes_ago(1))

    again = claim_answer(db, conversation)
    assert (again["outcome"], again["unanswered"]) == ("claimed", [])
    assert again["retry_message"]["id"] == granted["message_id"]
