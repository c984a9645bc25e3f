"""What became of a message: settled in any order with Meta's statuses, never backwards, never for another clinic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.database.outbound_builders import (
    Clinic,
    Connection,
    answer_of_ai,
    claim,
    find,
    make_clinic,
    make_conversation,
    make_inbound,
    rows,
    rpc,
    settle,
    snapshot,
    text_of_person,
)

SENT_AT = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)
WAMID = "wamid.HBgNNTQ5MTE1NTU1MDEwMA=="


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def conversation(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic)


def report(
    db: Connection,
    clinic: Clinic,
    status: str,
    *,
    external_id: str = WAMID,
    reference: str | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> None:
    """Meta reports a status, as the inbox takes it in."""
    after = {"sent": 0, "failed": 1, "delivered": 2, "read": 3, "played": 4}[status]
    credential = find(db, "marketing_channel_credentials", clinic.credential_id)
    event = {
        "kind": "status",
        "object": "whatsapp_business_account",
        "field": "messages",
        "channel_type": "whatsapp",
        "waba_id": credential["external_business_id"],
        "phone_number_id": clinic.phone_number_id,
        "external_id": external_id,
        "status": status,
        "occurred_at": (SENT_AT + timedelta(seconds=after)).isoformat(),
        "reference": reference,
        "errors": errors,
    }
    answer = rpc(db, "ingest_event", event=event, debounce_seconds=0)
    assert answer["outcome"] in ("applied", "duplicate"), answer


def outcome(db: Connection, message_id: str) -> dict[str, Any]:
    row = find(db, "marketing_messages", message_id)
    return {name: row[name] for name in ("status", "status_times", "external_id", "error", "next_attempt_at")}


# ---- each outcome ----------------------------------------------------------------------------------------------------


def test_a_sent_message_has_metas_id_and_frees_the_conversation(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]

    answer = settle(db, clinic, message_id, external_id=WAMID)

    assert answer == {
        "outcome": "settled",
        "message_id": message_id,
        "external_id": WAMID,
        "status": "sent",
        "conversation_id": str(conversation),
    }
    row, thread = find(db, "marketing_messages", message_id), find(db, "marketing_conversations", conversation)
    assert row["sent_at"] is not None
    assert row["send_lease_until"] is None
    assert (thread["send_lease_message_id"], thread["send_lease_until"]) == (None, None)
    assert thread["last_message_at"] is not None


def test_settling_twice_changes_nothing(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    first = settle(db, clinic, message_id, external_id=WAMID)
    before = {table: taken for table, taken in snapshot(db).items() if table != "marketing_messages"}
    row = find(db, "marketing_messages", message_id)

    assert settle(db, clinic, message_id, external_id=WAMID) == first
    assert settle(db, clinic, message_id, "failed", error={"code": 1}) == first
    assert settle(db, clinic, message_id, "unknown") == first
    after = find(db, "marketing_messages", message_id)
    assert {**after, "updated_at": None} == {**row, "updated_at": None}
    assert {table: taken for table, taken in snapshot(db).items() if table != "marketing_messages"} == before


def test_a_lost_answer_is_unknown_and_a_status_settles_it(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]

    assert settle(db, clinic, message_id, "unknown")["status"] == "unknown"
    report(db, clinic, "delivered", reference=message_id)

    assert outcome(db, message_id)["status"] == "delivered"
    assert outcome(db, message_id)["external_id"] == WAMID


def test_an_unconfirmed_answer_of_the_assistant_calls_somebody(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    settle(db, clinic, message_id, "unknown")
    settle(db, clinic, message_id, "unknown")

    [alert] = rows(db, "marketing_alerts")
    assert (alert["kind"], str(alert["entity_id"])) == ("answer_unconfirmed", message_id)


def test_meta_answering_after_the_lease_died_still_counts(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    settle(db, clinic, message_id, "unknown")

    assert settle(db, clinic, message_id, external_id=WAMID)["status"] == "sent"


def test_a_refusal_that_comes_after_the_lease_died_still_counts(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    first = claim(db, clinic, conversation, answer_of_ai(answer_part=0))["message_id"]
    settle(db, clinic, first, "unknown")
    assert settle(db, clinic, first, "failed", error={"code": 131026})["status"] == "failed"

    second = claim(db, clinic, conversation, answer_of_ai(answer_part=1))["message_id"]
    settle(db, clinic, second, "unknown")
    throttled = settle(db, clinic, second, "throttled", retry_at=SENT_AT.isoformat(), error={"code": 131056})
    assert throttled["status"] == "failed"  # unknown never goes back to sending


def test_a_failed_answer_of_the_assistant_calls_somebody_without_its_words(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai(body="Hola Ana"))["message_id"]
    settle(db, clinic, message_id, "failed", error={"code": 131026, "message": "undeliverable"})

    assert outcome(db, message_id)["error"] == {"code": 131026, "message": "undeliverable"}
    [alert] = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"]) == ("message_failed", "warning")
    assert "Ana" not in alert["message"]


def test_a_payment_problem_is_critical_whoever_sent(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    settle(db, clinic, message_id, "failed", error={"code": 131042})

    assert [(alert["kind"], alert["severity"]) for alert in rows(db, "marketing_alerts")] == [
        ("payment_problem", "critical")
    ]


def test_a_refused_message_of_a_person_needs_no_alert(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    settle(db, clinic, message_id, "failed", error={"code": 131026})

    assert rows(db, "marketing_alerts") == []


def test_settling_frees_only_its_own_lease(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    first = claim(db, clinic, conversation, text_of_person(send_lease_seconds=0.05))["message_id"]
    db.execute("select pg_sleep(0.06)")
    second = claim(db, clinic, conversation, text_of_person())["message_id"]

    settle(db, clinic, first)

    lease = find(db, "marketing_conversations", conversation)["send_lease_message_id"]
    assert str(lease) == second


def test_a_message_is_settled_in_the_conversation_a_merge_left(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    newer = make_conversation(db, clinic, contact_phone=None, contact_user_id="AR.1")
    message_id = claim(db, clinic, newer, text_of_person())["message_id"]
    rpc(db, "merge_contacts", professional_id=clinic.professional_id, keep=conversation, merge=newer)

    assert settle(db, clinic, message_id)["conversation_id"] == str(conversation)
    assert find(db, "marketing_conversations", conversation)["send_lease_message_id"] is None


# ---- what is not settled ---------------------------------------------------------------------------------------------


def test_another_professionals_message_cannot_be_settled(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    before = snapshot(db)

    assert settle(db, make_clinic(db), message_id)["outcome"] == "not_found"
    assert settle(db, clinic, str(uuid4()))["outcome"] == "not_found"
    assert snapshot(db)["marketing_messages"] == before["marketing_messages"]


def test_a_message_of_the_contact_cannot_be_settled(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    inbound = make_inbound(db, clinic, conversation)

    assert settle(db, clinic, str(inbound["id"]))["outcome"] == "not_found"
    assert find(db, "marketing_messages", inbound["id"])["status"] == "received"


def test_an_outcome_nobody_knows_is_an_error_and_changes_nothing(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    before = snapshot(db)

    with pytest.raises(psycopg.errors.InvalidParameterValue):
        settle(db, clinic, message_id, "delivered")
    assert snapshot(db) == before


# ---- statuses and the settling in any order --------------------------------------------------------------------------

_ERRORS = [{"code": 131026, "message": "undeliverable"}]


def play(db: Connection, clinic: Clinic, steps: tuple[str, ...], *, by_reference: bool) -> dict[str, Any]:
    """Settle and report in this order; what the row says in the end."""
    conversation = make_conversation(db, clinic, contact_phone=None, contact_user_id=f"AR.{uuid4().hex}")
    wamid = f"wamid.{uuid4().hex}"
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    for step in steps:
        if step in ("settled", "lost"):
            settle(db, clinic, message_id, "sent" if step == "settled" else "unknown", external_id=wamid)
        else:
            errors = _ERRORS if step == "failed" else None
            report(db, clinic, step, external_id=wamid, reference=message_id if by_reference else None, errors=errors)
    ended = outcome(db, message_id)
    assert ended.pop("external_id") == wamid
    assert find(db, "marketing_conversations", conversation)["send_lease_message_id"] is None
    return ended


@pytest.mark.parametrize("by_reference", [True, False])
@pytest.mark.parametrize(
    ("steps", "status"),
    [
        (("settled", "sent", "delivered", "read"), "read"),
        (("settled", "sent", "failed"), "failed"),
        (("settled", "sent", "played"), "read"),
    ],
)
def test_every_order_of_settling_and_statuses_ends_the_same(
    db: Connection, clinic: Clinic, steps: tuple[str, ...], status: str, by_reference: bool
) -> None:
    ends = [play(db, clinic, order, by_reference=by_reference) for order in permutations(steps)]

    assert ends[0]["status"] == status
    assert set(ends[0]["status_times"]) == set(steps) - {"settled"}
    assert all(end == ends[0] for end in ends)


def test_every_order_of_a_lost_answer_and_statuses_ends_the_same(db: Connection, clinic: Clinic) -> None:
    orders = permutations(("lost", "sent", "delivered"))
    ends = [play(db, clinic, order, by_reference=True) for order in orders]

    assert ends[0]["status"] == "delivered"
    assert all(end == ends[0] for end in ends)


def test_statuses_reported_twice_change_nothing(db: Connection, clinic: Clinic) -> None:
    once = play(db, clinic, ("settled", "sent", "delivered"), by_reference=False)

    assert play(db, clinic, ("sent", "settled", "sent", "delivered", "sent", "settled"), by_reference=False) == once


def test_a_status_does_not_free_the_conversation_before_the_send_ended(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    report(db, clinic, "delivered", reference=message_id)

    assert claim(db, clinic, conversation, answer_of_ai(answer_part=1))["outcome"] == "busy"


def test_an_opt_out_at_meta_that_a_send_learns_of_withdraws_marketing(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    message_id = claim(db, clinic, conversation, text_of_person())["message_id"]
    settle(db, clinic, message_id, "failed", error={"code": 131050})

    [event] = rows(db, "marketing_consent_events")
    assert (event["scope"], event["action"]) == ("marketing", "withdrawn")


def test_an_answer_meta_refused_is_not_given_again(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    settle(db, clinic, message_id, "failed", error={"code": 131026})

    assert claim(db, clinic, conversation, answer_of_ai())["code"] == "already_answered"
