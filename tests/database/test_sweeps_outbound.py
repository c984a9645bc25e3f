"""What time alone does to the store: dead leases, ended holds, forgotten keys, full buckets."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.database.outbound_builders import (
    Clinic,
    Connect,
    Connection,
    answer_of_ai,
    claim,
    find,
    insert,
    make_clinic,
    make_conversation,
    race,
    rows,
    rpc,
    settle,
    text_of_person,
    update,
    utc_now,
)

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def conversation(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic)


def let_lease_die(db: Connection, conversation: UUID, message_id: str) -> None:
    past = utc_now() - A_MINUTE
    update(db, "marketing_messages", UUID(message_id), send_lease_until=past)
    update(db, "marketing_conversations", conversation, send_lease_until=past)


# ---- sends -----------------------------------------------------------------------------------------------------------


def test_a_send_whose_worker_died_is_unknown_and_frees_the_conversation(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    let_lease_die(db, conversation, message_id)

    assert rpc(db, "expire_sends") == {"count": 1}
    assert rpc(db, "expire_sends") == {"count": 0}

    assert find(db, "marketing_messages", message_id)["status"] == "unknown"
    thread = find(db, "marketing_conversations", conversation)
    assert (thread["send_lease_message_id"], thread["send_lease_until"]) == (None, None)
    assert [alert["kind"] for alert in rows(db, "marketing_alerts")] == ["answer_unconfirmed"]


def test_a_persons_unknown_message_needs_no_alert(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    let_lease_die(db, conversation, message_id)
    rpc(db, "expire_sends")

    assert find(db, "marketing_messages", message_id)["status"] == "unknown"
    assert rows(db, "marketing_alerts") == []


def test_an_expired_send_that_is_answered_after_all_moves_up(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    let_lease_die(db, conversation, message_id)
    rpc(db, "expire_sends")

    assert settle(db, clinic, message_id)["status"] == "sent"


def test_a_send_in_time_is_left_alone(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]

    assert rpc(db, "expire_sends") == {"count": 0}
    assert find(db, "marketing_messages", message_id)["status"] == "sending"


def test_a_throttled_message_that_waits_is_not_an_expired_send(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    retry_at = (utc_now() - A_MINUTE).isoformat()
    settle(db, clinic, message_id, "throttled", retry_at=retry_at, error={"code": 131056})

    assert rpc(db, "expire_sends") == {"count": 0}
    assert find(db, "marketing_messages", message_id)["status"] == "sending"


def test_an_expired_send_does_not_free_the_lease_of_the_next_one(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    first = claim(db, clinic, conversation, text_of_person())["message_id"]
    let_lease_die(db, conversation, first)
    second = claim(db, clinic, conversation, text_of_person())["message_id"]

    rpc(db, "expire_sends")

    assert find(db, "marketing_messages", first)["status"] == "unknown"
    assert str(find(db, "marketing_conversations", conversation)["send_lease_message_id"]) == second


def test_sweepers_and_late_settlings_at_once_leave_one_truth(db: Connection, connect: Connect, clinic: Clinic) -> None:
    sent = []
    for index in range(8):
        conversation = make_conversation(db, clinic, contact_phone=f"+54911555504{index:02}")
        sent.append(claim(db, clinic, conversation, answer_of_ai())["message_id"])
        let_lease_die(db, conversation, sent[-1])

    def settle_all(own: Connection) -> None:
        for message_id in sent:
            settle(own, clinic, message_id, external_id=f"wamid.{message_id}")

    race(connect, [settle_all, *[lambda own: rpc(own, "expire_sends")] * 3])

    assert {row["status"] for row in rows(db, "marketing_messages", sender="ai")} == {"sent"}


# ---- retries ---------------------------------------------------------------------------------------------------------


def test_due_retries_names_each_conversation_once_the_longest_waiting_first(db: Connection, clinic: Clinic) -> None:
    waiting = []
    for index, minutes in enumerate([1, 3, -5]):
        conversation = make_conversation(db, clinic, contact_phone=f"+54911555505{index:02}")
        for part in range(2):
            message_id = claim(db, clinic, conversation, answer_of_ai(answer_part=part))["message_id"]
            retry_at = (utc_now() - minutes * A_MINUTE).isoformat()
            settle(db, clinic, message_id, "throttled", retry_at=retry_at, error={"code": 130429})
        waiting.append(str(conversation))

    assert rpc(db, "due_retries", limit=10) == [waiting[1], waiting[0]]
    assert rpc(db, "due_retries", limit=1) == [waiting[1]]


def test_with_nothing_due_the_lists_are_empty(db: Connection) -> None:
    assert rpc(db, "due_retries", limit=10) == []


# ---- holds, keys, buckets --------------------------------------------------------------------------------------------


def test_only_holds_that_ran_out_are_deleted(db: Connection, clinic: Clinic) -> None:
    start = utc_now() + timedelta(days=2)
    slots = [
        ("held", utc_now() - A_MINUTE),
        ("held", utc_now() + A_MINUTE),
        ("booked", None),
    ]
    for hour, (status, hold_expires_at) in enumerate(slots):
        insert(
            db,
            "appointments",
            professional_id=clinic.professional_id,
            starts_at=start + timedelta(hours=hour),
            ends_at=start + timedelta(hours=hour, minutes=30),
            status=status,
            hold_expires_at=hold_expires_at,
            offer_id=uuid4(),
        )

    assert rpc(db, "expire_holds") == {"count": 1}
    assert [row["status"] for row in rows(db, "appointments")] == ["held", "booked"]


def test_only_keys_whose_day_is_over_are_deleted(db: Connection, clinic: Clinic) -> None:
    for key, expires_at in (("old", utc_now() - A_MINUTE), ("new", utc_now() + A_MINUTE)):
        insert(
            db,
            "idempotency_keys",
            professional_id=clinic.professional_id,
            route="POST /",
            key=key,
            request_hash="hash",
            lease_id=uuid4(),
            lease_until=utc_now(),
            expires_at=expires_at,
        )

    assert rpc(db, "expire_idempotency") == {"count": 1}
    assert [row["key"] for row in rows(db, "idempotency_keys")] == ["new"]


def test_only_buckets_idle_for_a_day_are_deleted(db: Connection, clinic: Clinic) -> None:
    for key, age in (("idle", timedelta(hours=25)), ("used", timedelta(hours=23))):
        db.execute(
            "insert into channel_pace (professional_id, channel_id, scope, key, tokens, refilled_at)"
            " values (%s, %s, 'pair', %s, 0, %s)",
            [clinic.professional_id, clinic.channel_id, key, utc_now() - age],
        )

    assert rpc(db, "purge_pace") == {"count": 1}
    remaining = db.execute("select key from channel_pace").fetchall()
    assert [row["key"] for row in remaining] == ["used"]
