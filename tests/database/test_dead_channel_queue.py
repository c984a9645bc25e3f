"""A channel whose token died: what was to be sent next is refused, and what waited is not tried again and again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import diagnose
from tests.database.outbound_builders import (
    Clinic,
    Connection,
    Row,
    answer_of_ai,
    claim,
    find,
    make_clinic,
    make_conversation,
    rows,
    rpc,
    settle,
    text_of_person,
    utc_now,
    write_on,
)

TOLD = diagnose("password_changed", ChannelType.WHATSAPP)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def conversation(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic)


def die(db: Connection, clinic: Clinic) -> None:
    """As a send does that is told 190."""
    rpc(
        db,
        "mark_channel",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        status=TOLD.status.value,
        reason=TOLD.cause.value,
        message=TOLD.sentence,
        severity=TOLD.severity,
    )


def waiting_answer(db: Connection, clinic: Clinic, conversation: UUID) -> str:
    """An answer of the assistant that Meta asked to try again; its time has come."""
    message_id: str = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    retry_at = (utc_now() - timedelta(minutes=1)).isoformat()
    settle(db, clinic, message_id, "throttled", retry_at=retry_at, error={"code": 131056})
    return message_id


def test_the_owner_reads_what_happened_and_what_to_do(db: Connection, clinic: Clinic) -> None:
    die(db, clinic)

    [alert] = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["message"]) == ("channel_dead", "critical", TOLD.sentence)


@pytest.mark.parametrize("message", [text_of_person(), answer_of_ai()], ids=["person", "assistant"])
def test_nothing_more_leaves_by_it(db: Connection, clinic: Clinic, conversation: UUID, message: Row) -> None:
    die(db, clinic)

    answer = claim(db, clinic, conversation, message)

    assert (answer["outcome"], answer["code"]) == ("refused", "channel_disconnected")
    assert [row for row in rows(db, "marketing_messages") if row["direction"] == "outbound"] == []


def test_an_answer_that_waited_is_looked_at_once_more_and_never_again(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = waiting_answer(db, clinic, conversation)
    die(db, clinic)
    retry = answer_of_ai(message_id=message_id)

    if str(conversation) in rpc(db, "due_retries", limit=10):
        assert claim(db, clinic, conversation, retry)["code"] == "channel_disconnected"

    message = find(db, "marketing_messages", message_id)
    assert (message["status"], message["next_attempt_at"], message["attempt"]) == ("failed", None, 2)
    assert rpc(db, "due_retries", limit=10) == []
    assert claim(db, clinic, conversation, retry)["outcome"] == "refused"
    assert find(db, "marketing_messages", message_id)["attempt"] == 2


def test_many_conversations_that_wait_leave_one_alert_about_the_channel(db: Connection, clinic: Clinic) -> None:
    for index in range(5):
        waiting_answer(db, clinic, make_conversation(db, clinic, contact_phone=f"+54911555504{index:02}"))

    for _ in range(3):
        die(db, clinic)

    assert [alert["kind"] for alert in rows(db, "marketing_alerts")] == ["channel_dead"]


def test_what_is_written_to_a_dead_channel_is_observed_and_not_answered(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    die(db, clinic)
    write_on(db, clinic, conversation)

    answer = rpc(db, "claim_answer", conversation_id=conversation, lease_seconds=30, history=5)

    assert (answer["outcome"], answer["mode"]) == ("claimed", "observe")
