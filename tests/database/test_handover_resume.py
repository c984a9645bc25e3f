"""Handing over tells what it was about; the assistant has a conversation again when its clinic said so."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.database.handover_builders import alerts, hand_over, idle, long_ago, open_alerts, resume
from tests.database.history_builders import import_thread, past
from tests.database.inbound_builders import (
    Office,
    claim_answer,
    echo,
    finish_answer,
    ingest,
    make_due,
    make_office,
    message,
    write,
)
from tests.database.outbound_builders import Connect, Connection, find, insert, race, rows, rpc, update, utc_now


@pytest.fixture
def office(db: Connection) -> Office:
    """A clinic whose assistant comes back after four hours."""
    return make_office(db, policies={"resume_after_hours": 4})


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    """A conversation in which nothing is owed."""
    conversation = write(db, office)
    make_due(db, conversation)
    finish_answer(db, conversation, claim_answer(db, conversation))
    return conversation


# ---- handing over ----------------------------------------------------------------------------------------------------


def test_the_summary_stands_in_the_thread_once(db: Connection, office: Office, conversation: UUID) -> None:
    hand_over(db, office, conversation, "requested", summary="Pidió: un turno.")
    hand_over(db, office, conversation, "requested", summary="Pidió: un turno.")

    (row,) = rows(db, "marketing_messages", conversation_id=conversation, direction="system")
    assert (row["type"], row["body"], row["payload"]) == (
        "handoff_summary",
        "Pidió: un turno.",
        {"reason": "requested"},
    )


def test_the_summary_is_nothing_that_the_assistant_hears_or_remembers(
    db: Connection, office: Office, conversation: UUID
) -> None:
    hand_over(db, office, conversation, "requested", summary="Pidió: un turno.")
    ingest(db, message(office, "¿hola?"))
    make_due(db, conversation)

    held = claim_answer(db, conversation)

    assert all(item["type"] != "handoff_summary" for item in [*held["history"], *held["unanswered"]])


def test_handing_over_works_without_details_as_before(db: Connection, office: Office, conversation: UUID) -> None:
    handed = rpc(db, "hand_over", professional_id=office.id, conversation_id=conversation, reason="complaint")

    assert handed["outcome"] == "handed_over"
    (alert,) = alerts(db, conversation, kind="handoff")
    assert alert["severity"] == "critical"
    assert rows(db, "marketing_messages", conversation_id=conversation, direction="system") == []


def test_a_data_request_is_told_with_its_deadline_also_to_whoever_has_the_conversation(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ingest(db, echo(office))

    told = {"message": "Alguien pide ver sus datos. Respondele a más tardar el 2/12/2026.", "due_on": "2026-12-02"}
    answer = hand_over(db, office, conversation, "data_request", **told)

    assert answer["outcome"] == "already_handed_over"
    (alert,) = open_alerts(db, conversation, "data_request")
    assert (alert["severity"], alert["message"]) == ("warning", told["message"])


def test_the_audit_names_the_day_and_no_words(db: Connection, office: Office, conversation: UUID) -> None:
    details = {"right": "access", "message": "Alguien pide…", "due_on": "2026-12-02", "summary": "Ana pide sus datos"}
    hand_over(db, office, conversation, "data_request", **details)

    (audit,) = rows(db, "marketing_audit_logs", action="conversation.handed_over")
    assert audit["payload"] == {"reason": "data_request", "right": "access", "due_on": "2026-12-02"}


@pytest.mark.parametrize("reason", ["bot_loop", "too_many_messages"])
def test_a_conversation_that_was_stopped_is_told_once(
    db: Connection, office: Office, conversation: UUID, reason: str
) -> None:
    for _ in range(3):
        hand_over(db, office, conversation, reason)

    (alert,) = alerts(db, conversation)
    assert alert["severity"] == "warning"
    assert find(db, "marketing_conversations", conversation)["handoff_reason"] == reason


# ---- coming back -----------------------------------------------------------------------------------------------------


def test_the_assistant_comes_back_when_people_left_a_conversation_alone_for_so_long(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ingest(db, echo(office))
    long_ago(db, conversation, 3.9)
    assert idle(db) == []

    long_ago(db, conversation, 4.1)
    (asked,) = rows(db, "marketing_messages", conversation_id=conversation, direction="inbound")
    update(db, "marketing_messages", asked["id"], created_at=utc_now() - timedelta(hours=5))
    before = find(db, "marketing_conversations", conversation)["human_epoch"]

    assert idle(db) == [{"conversation_id": str(conversation), "owes": False}]
    row = find(db, "marketing_conversations", conversation)
    assert (row["ai_enabled"], row["handoff_reason"], row["human_epoch"]) == (True, None, before + 1)
    (audit,) = rows(db, "marketing_audit_logs", action="conversation.resumed")
    assert (audit["actor_id"], audit["payload"]) == (None, {"reason": "idle"})
    assert idle(db) == []


def test_whoever_gives_back_has_seen_to_it_and_the_next_hand_over_is_told_anew(
    db: Connection, office: Office, conversation: UUID
) -> None:
    hand_over(db, office, conversation, "requested")
    hand_over(db, office, conversation, "data_request", message="Alguien pide…")

    resume(db, office, conversation)

    assert open_alerts(db, conversation, "handoff") == []
    assert len(open_alerts(db, conversation, "data_request")) == 1
    hand_over(db, office, conversation, "requested")
    assert len(open_alerts(db, conversation, "handoff")) == 1


def test_after_the_assistant_came_back_by_itself_the_next_hand_over_is_told_anew(
    db: Connection, office: Office, conversation: UUID
) -> None:
    hand_over(db, office, conversation, "requested")
    long_ago(db, conversation, 5)
    assert len(idle(db)) == 1
    assert open_alerts(db, conversation, "handoff") == []

    hand_over(db, office, conversation, "requested")

    assert len(open_alerts(db, conversation, "handoff")) == 1


def test_time_alone_has_not_seen_to_what_is_critical(db: Connection, office: Office, conversation: UUID) -> None:
    hand_over(db, office, conversation, "emergency")
    update(db, "marketing_conversations", conversation, handoff_reason="requested")
    then = long_ago(db, conversation, 5)
    (emergency,) = open_alerts(db, conversation, "emergency")
    update(db, "marketing_alerts", emergency["id"], created_at=then - timedelta(hours=1))

    assert len(idle(db)) == 1

    assert len(open_alerts(db, conversation, "emergency")) == 1


def test_to_see_to_correct_and_to_delete_are_told_each_with_its_own_day(
    db: Connection, office: Office, conversation: UUID
) -> None:
    for right, day in (("access", "3/12"), ("deletion", "30/11"), ("access", "4/12")):
        hand_over(db, office, conversation, "data_request", right=right, message=f"{right}, el {day}")

    told = open_alerts(db, conversation, "data_request")
    assert sorted(alert["message"] for alert in told) == ["access, el 3/12", "deletion, el 30/11"]


def test_a_clinic_that_decided_nothing_gives_back_by_hand_only(db: Connection, office: Office) -> None:
    update(db, "professionals", office.id, policies=None)
    conversation = write(db, office, phone="+5493415550888")
    ingest(db, echo(office, phone="+5493415550888"))
    long_ago(db, conversation, 1000)

    assert idle(db) == []


@pytest.mark.parametrize("reason", ["emergency", "complaint", "data_request"])
@pytest.mark.parametrize("first", [True, False], ids=["handed over for it", "said it later"])
def test_after_an_emergency_a_complaint_or_a_data_request_only_a_person_gives_back(
    db: Connection, office: Office, conversation: UUID, reason: str, first: bool
) -> None:
    if not first:
        ingest(db, echo(office))
    hand_over(db, office, conversation, reason)
    long_ago(db, conversation, 100)

    assert idle(db) == []
    assert resume(db, office, conversation)["outcome"] == "resumed"


@pytest.mark.parametrize("spoken", [False, True], ids=["nobody wrote since", "a person wrote"])
def test_who_came_with_the_history_of_a_number_stays_with_people_until_one_lets_the_assistant_in(
    db: Connection, office: Office, spoken: bool
) -> None:
    friend = import_thread(db, office, past(), contact="5493415550666")
    if spoken:
        ingest(db, echo(office, phone="+5493415550666"))
    long_ago(db, friend, 100)
    assert idle(db) == []

    resume(db, office, friend)
    ingest(db, echo(office, phone="+5493415550666"))
    long_ago(db, friend, 100)
    assert [item["conversation_id"] for item in idle(db)] == [str(friend)]


def test_an_emergency_of_an_earlier_hand_over_does_not_count_for_ever(
    db: Connection, office: Office, conversation: UUID
) -> None:
    hand_over(db, office, conversation, "emergency")
    long_ago(db, conversation, 48)
    resume(db, office, conversation)
    ingest(db, echo(office))
    update(
        db,
        "marketing_conversations",
        conversation,
        handoff_at=utc_now() - timedelta(hours=5),
        last_human_at=utc_now() - timedelta(hours=5),
    )

    assert [item["conversation_id"] for item in idle(db)] == [str(conversation)]


def test_what_the_contact_wrote_meanwhile_and_nobody_answered_is_owed(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ingest(db, echo(office))
    long_ago(db, conversation, 5)
    for row in rows(db, "marketing_messages", conversation_id=conversation):
        update(db, "marketing_messages", row["id"], created_at=utc_now() - timedelta(hours=5))
    ingest(db, message(office, "¿siguen ahí?"))
    make_due(db, conversation)
    finish_answer(db, conversation, claim_answer(db, conversation))

    assert idle(db) == [{"conversation_id": str(conversation), "owes": True}]
    held = claim_answer(db, conversation)
    assert (held["mode"], [item["body"] for item in held["unanswered"]]) == ("answer", ["¿siguen ahí?"])


def test_several_sweeps_at_once_give_back_once(
    db: Connection, connect: Connect, office: Office, conversation: UUID
) -> None:
    ingest(db, echo(office))
    long_ago(db, conversation, 5)

    answers = race(connect, [idle] * 6)

    assert sum(len(answer) for answer in answers) == 1
    assert len(rows(db, "marketing_audit_logs", action="conversation.resumed")) == 1


def test_the_answers_of_a_day_are_counted_anew_once_a_person_gave_back(
    db: Connection, office: Office, conversation: UUID
) -> None:
    def answered_today() -> int:
        ingest(db, message(office))
        make_due(db, conversation)
        held = claim_answer(db, conversation)
        finish_answer(db, conversation, held)
        return int(held["ai_answers_today"])

    insert_answer = {"direction": "outbound", "sender": "ai", "status": "sent", "type": "text", "body": "Hola"}
    owner = {"professional_id": office.id, "conversation_id": conversation, "channel_id": office.channel_id}
    insert(db, "marketing_messages", **owner, **insert_answer)
    assert answered_today() == 1

    hand_over(db, office, conversation, "too_many_messages")
    resume(db, office, conversation)

    assert answered_today() == 0
