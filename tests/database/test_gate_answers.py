"""The assistant and people in one conversation: an answer is given once, is not outdated, and people win."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database.outbound_builders import (
    Clinic,
    Connection,
    answer_of_ai,
    claim,
    find,
    make_clinic,
    make_conversation,
    rows,
    send,
    settle,
    snapshot,
    text_of_person,
    update,
    utc_now,
    write_on,
)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def conversation(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic, answer_due_at=utc_now())


def read(db: Connection, conversation: UUID) -> dict[str, Any]:
    return find(db, "marketing_conversations", conversation)


# ---- answers of the assistant ----------------------------------------------------------------------------------------


def test_an_answer_settles_what_was_owed(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    send(db, clinic, conversation, answer_of_ai(ai_metadata={"intent": "general_inquiry"}))

    now = read(db, conversation)
    assert (now["answered_epoch"], now["answer_due_at"], now["first_unanswered_at"]) == (1, None, None)
    assert now["last_ai_at"] is not None
    assert now["ai_enabled"] is True
    [row] = rows(db, "marketing_messages", sender="ai")
    assert row["ai_metadata"] == {"intent": "general_inquiry"}


def test_the_same_answer_is_given_once(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    send(db, clinic, conversation, answer_of_ai())
    before = snapshot(db)

    assert claim(db, clinic, conversation, answer_of_ai()) == {"outcome": "refused", "code": "already_answered"}
    assert snapshot(db) == before


def test_an_answer_may_have_several_parts(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    send(db, clinic, conversation, answer_of_ai(answer_part=0))
    send(db, clinic, conversation, answer_of_ai(answer_part=1))

    assert len(rows(db, "marketing_messages", sender="ai")) == 2


def test_an_answer_whose_lease_another_worker_took_is_not_sent(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    ours, theirs = uuid4(), uuid4()
    update(db, "marketing_conversations", conversation, answer_lease_id=theirs)

    assert claim(db, clinic, conversation, answer_of_ai(lease_id=str(ours)))["code"] == "already_answered"
    assert claim(db, clinic, conversation, answer_of_ai(lease_id=str(theirs)))["outcome"] == "granted"


def test_an_answer_is_rewritten_at_most_twice_while_the_contact_types(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    update(db, "marketing_conversations", conversation, first_unanswered_at=utc_now())
    outcomes = []
    for epoch in (1, 2, 3):
        write_on(db, clinic, conversation)
        outcomes.append(claim(db, clinic, conversation, answer_of_ai(answer_epoch=epoch))["outcome"])

    assert outcomes == ["outdated", "outdated", "granted"]


def test_after_half_a_minute_an_outdated_answer_is_sent_as_it_is(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    write_on(db, clinic, conversation, first_unanswered_at=utc_now() - timedelta(seconds=31))

    assert claim(db, clinic, conversation, answer_of_ai())["outcome"] == "granted"


def test_what_the_contact_wrote_after_the_text_was_made_stays_owed(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    long_ago = utc_now() - timedelta(seconds=31)
    write_on(db, clinic, conversation, first_unanswered_at=long_ago, answer_rewrites=2)

    send(db, clinic, conversation, answer_of_ai(answer_epoch=1))

    now = read(db, conversation)
    assert (now["answered_epoch"], now["epoch"], now["answer_rewrites"]) == (1, 2, 0)
    assert now["answer_due_at"] is not None
    assert now["first_unanswered_at"] > long_ago + timedelta(seconds=25)  # since the second message, not the first


def test_an_answer_whose_first_part_has_left_is_not_cut_in_half(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    update(db, "marketing_conversations", conversation, first_unanswered_at=utc_now())
    send(db, clinic, conversation, answer_of_ai(answer_part=0))
    write_on(db, clinic, conversation)

    assert claim(db, clinic, conversation, answer_of_ai(answer_part=1))["outcome"] == "granted"


def test_a_booking_is_told_even_when_the_contact_wrote_on(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    update(db, "marketing_conversations", conversation, first_unanswered_at=utc_now())
    write_on(db, clinic, conversation)

    assert claim(db, clinic, conversation, answer_of_ai(effect=True))["outcome"] == "granted"


def test_the_safety_text_is_remembered_so_that_it_is_not_repeated(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    send(db, clinic, conversation, answer_of_ai(purpose="safety"))

    assert read(db, conversation)["last_safety_at"] is not None


# ---- people ----------------------------------------------------------------------------------------------------------


def test_a_person_who_writes_takes_the_conversation_over(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    actor = uuid4()
    send(db, clinic, conversation, text_of_person(actor_id=str(actor)))

    now = read(db, conversation)
    assert (now["human_epoch"], now["ai_enabled"], now["handoff_reason"]) == (1, False, "human_reply")
    assert now["handoff_at"] is not None
    assert now["last_human_at"] is not None
    assert (now["answered_epoch"], now["answer_due_at"], now["first_unanswered_at"]) == (1, None, None)
    assert now["unread_count"] == 0
    [audit] = rows(db, "marketing_audit_logs")
    assert (audit["action"], audit["entity_id"], audit["actor_id"]) == (
        "conversation.handed_over",
        conversation,
        actor,
    )


def test_a_second_message_of_a_person_is_no_second_takeover(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    send(db, clinic, conversation, text_of_person())
    first = read(db, conversation)
    send(db, clinic, conversation, text_of_person())

    now = read(db, conversation)
    assert now["human_epoch"] == 2
    assert now["handoff_at"] == first["handoff_at"]
    assert len(rows(db, "marketing_audit_logs")) == 1


@pytest.mark.parametrize("purpose", ["care", "safety", "consent_confirmation"])
def test_what_the_assistant_wrote_before_a_person_is_never_sent(
    db: Connection, clinic: Clinic, conversation: UUID, purpose: str
) -> None:
    send(db, clinic, conversation, text_of_person())
    before = snapshot(db)

    answer = claim(db, clinic, conversation, answer_of_ai(purpose=purpose))

    assert answer == {"outcome": "refused", "code": "outdated_human"}
    assert snapshot(db) == before


def test_a_person_speaks_at_once_though_an_answer_of_the_assistant_is_in_flight(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    in_flight = claim(db, clinic, conversation, answer_of_ai())
    write_on(db, clinic, conversation)

    waiting = claim(db, clinic, conversation, text_of_person())

    assert waiting["outcome"] == "busy"
    assert 0 < waiting["retry_after_ms"] <= 250
    now = read(db, conversation)
    assert (now["human_epoch"], now["ai_enabled"], now["answer_due_at"]) == (1, False, None)
    settle(db, clinic, in_flight["message_id"])
    late = claim(db, clinic, conversation, answer_of_ai(answer_epoch=2))
    assert late == {"outcome": "refused", "code": "outdated_human"}
    granted = claim(db, clinic, conversation, text_of_person(human_epoch_moved=True))
    assert granted["outcome"] == "granted"
    assert read(db, conversation)["human_epoch"] == 1
    assert find(db, "marketing_messages", granted["message_id"])["human_epoch"] == 1


def test_one_message_at_a_time_leaves_a_conversation(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    first = claim(db, clinic, conversation, answer_of_ai(answer_part=0))

    assert claim(db, clinic, conversation, answer_of_ai(answer_part=1))["outcome"] == "busy"
    settle(db, clinic, first["message_id"])
    assert claim(db, clinic, conversation, answer_of_ai(answer_part=1))["outcome"] == "granted"


def test_conversations_do_not_wait_for_each_other(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    other = make_conversation(db, clinic, contact_phone="+5491155550101")

    assert claim(db, clinic, conversation, answer_of_ai())["outcome"] == "granted"
    assert claim(db, clinic, other, answer_of_ai())["outcome"] == "granted"


def test_a_lease_dies_with_its_time(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    claim(db, clinic, conversation, answer_of_ai(send_lease_seconds=0.05))
    db.execute("select pg_sleep(0.06)")

    assert claim(db, clinic, conversation, text_of_person())["outcome"] == "granted"


def test_a_system_message_is_no_takeover(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    send(db, clinic, conversation, text_of_person(author="system", actor_id=None))

    now = read(db, conversation)
    assert (now["human_epoch"], now["ai_enabled"]) == (0, True)


# ---- an effect nobody told -------------------------------------------------------------------------------------------


def test_a_booking_refused_because_a_person_wrote_stays_in_the_thread_and_calls_somebody(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    send(db, clinic, conversation, text_of_person())

    answer = claim(db, clinic, conversation, answer_of_ai(effect=True, body="Turno confirmado"))

    assert (answer["outcome"], answer["code"]) == ("refused", "outdated_human")
    kept = find(db, "marketing_messages", answer["system_message_id"])
    assert (kept["direction"], kept["sender"], kept["status"]) == ("system", "system", None)
    assert kept["body"] == "Turno confirmado"
    [alert] = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["entity_id"]) == ("effect_not_told", conversation)
    assert "Turno confirmado" not in alert["message"]


def test_an_untold_effect_asked_again_is_kept_once(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    send(db, clinic, conversation, text_of_person())
    first = claim(db, clinic, conversation, answer_of_ai(effect=True))
    before = snapshot(db)

    assert claim(db, clinic, conversation, answer_of_ai(effect=True)) == first
    assert snapshot(db) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"last_inbound_at": utc_now() - timedelta(days=2)}, "service_window_closed"),
        ({"human_epoch": 5}, "outdated_human"),
    ],
)
def test_no_refusal_swallows_an_effect(
    db: Connection, clinic: Clinic, conversation: UUID, change: dict[str, Any], code: str
) -> None:
    update(db, "marketing_conversations", conversation, **change)

    answer = claim(db, clinic, conversation, answer_of_ai(effect=True))

    assert answer["code"] == code
    assert find(db, "marketing_messages", answer["system_message_id"])["error"] == {"code": code}


# ---- throttled automatic messages ------------------------------------------------------------------------------------


def throttle(db: Connection, clinic: Clinic, message_id: str, *, again_in: float = 0) -> dict[str, Any]:
    retry_at = (utc_now() + timedelta(seconds=again_in)).isoformat()
    error = {"code": 131056, "message": "pair rate limit"}
    return settle(db, clinic, message_id, "throttled", retry_at=retry_at, error=error)


def retry(db: Connection, clinic: Clinic, conversation: UUID, message_id: str) -> dict[str, Any]:
    return claim(db, clinic, conversation, {"message_id": message_id, "send_lease_seconds": 15})


def test_a_throttled_answer_is_tried_four_times_as_the_same_row_and_then_failed(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    granted = claim(db, clinic, conversation, answer_of_ai())
    message_id = granted["message_id"]
    attempts = [granted["attempt"]]
    statuses = [throttle(db, clinic, message_id)["status"]]
    while statuses[-1] == "sending":
        again = retry(db, clinic, conversation, message_id)
        assert again["message_id"] == message_id
        attempts.append(again["attempt"])
        statuses.append(throttle(db, clinic, message_id)["status"])

    assert attempts == [1, 2, 3, 4]
    assert statuses == ["sending", "sending", "sending", "failed"]
    assert len(rows(db, "marketing_messages", direction="outbound")) == 1
    assert [alert["kind"] for alert in rows(db, "marketing_alerts")] == ["message_failed"]


def test_a_waiting_row_lets_others_pass_and_is_sent_later(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    waiting = claim(db, clinic, conversation, text_of_person(author="system", actor_id=None))["message_id"]
    throttle(db, clinic, waiting)
    send(db, clinic, conversation, text_of_person())

    assert retry(db, clinic, conversation, waiting)["outcome"] == "granted"
    assert settle(db, clinic, waiting)["status"] == "sent"
    assert find(db, "marketing_messages", waiting)["error"] is None


def test_a_throttle_told_twice_is_one_attempt(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    throttle(db, clinic, message_id)
    throttle(db, clinic, message_id)

    assert find(db, "marketing_messages", message_id)["attempt"] == 2


def test_a_retry_waits_for_its_time(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    throttle(db, clinic, message_id, again_in=60)
    before = snapshot(db)

    answer = retry(db, clinic, conversation, message_id)

    assert (answer["outcome"], answer["scope"]) == ("throttled", "pair")
    assert 50_000 < answer["retry_after_ms"] <= 60_000
    assert snapshot(db) == before


def test_a_retry_is_granted_once(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    throttle(db, clinic, message_id)

    assert retry(db, clinic, conversation, message_id)["outcome"] == "granted"
    assert retry(db, clinic, conversation, message_id) == {"outcome": "refused", "code": "already_answered"}


def test_a_retry_refused_because_a_person_wrote_ends_as_failed(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    throttle(db, clinic, message_id)
    send(db, clinic, conversation, text_of_person())

    assert retry(db, clinic, conversation, message_id)["code"] == "outdated_human"
    row = find(db, "marketing_messages", message_id)
    assert (row["status"], row["next_attempt_at"], row["error"]) == ("failed", None, {"code": "outdated_human"})


def test_a_retried_booking_refused_because_a_person_wrote_is_still_told_to_somebody(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai(effect=True))["message_id"]
    throttle(db, clinic, message_id)
    send(db, clinic, conversation, text_of_person())

    answer = retry(db, clinic, conversation, message_id)

    assert find(db, "marketing_messages", answer["system_message_id"])["direction"] == "system"
    assert [alert["kind"] for alert in rows(db, "marketing_alerts")] == ["effect_not_told"]


def test_a_throttled_message_of_a_person_has_failed(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]

    assert throttle(db, clinic, message_id)["status"] == "failed"
    assert rows(db, "marketing_alerts") == []  # the answer to their own call tells them
