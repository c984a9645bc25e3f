"""What became of our messages: the same in every order, however often, and before our own record."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database.inbound_builders import (
    Office,
    consent,
    echo,
    failure,
    ingest,
    make_office,
    minutes_ago,
    record_consent,
    status,
    wamid,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    claim,
    find,
    insert,
    race,
    rows,
    rpc,
    settle,
    text_of_person,
    update,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    return write(db, office)


def make_outbound(db: Connection, office: Office, conversation: UUID, **overrides: Any) -> Row:
    """A message of ours that Meta took."""
    defaults = {
        "professional_id": office.id,
        "conversation_id": conversation,
        "channel_id": office.channel_id,
        "direction": "outbound",
        "sender": "ai",
        "body": "Hola",
        "status": "sent",
        "external_id": wamid(),
    }
    return insert(db, "marketing_messages", **{**defaults, **overrides})


def state(db: Connection, message_id: UUID) -> Row:
    row = find(db, "marketing_messages", message_id)
    return {name: row[name] for name in ("status", "status_times", "error", "external_id")}


@pytest.mark.parametrize(
    ("words", "final"),
    [
        (("sent", "delivered", "read"), "read"),
        (("sent", "failed"), "failed"),
        (("sent", "failed", "delivered"), "delivered"),
        (("delivered", "played", "a_new_word"), "read"),
    ],
)
def test_statuses_in_every_order_with_duplicates_end_in_the_same_state(
    db: Connection, office: Office, conversation: UUID, words: tuple[str, ...], final: str
) -> None:
    at = minutes_ago(10)
    shuffled = random.Random(20261122)
    states = []
    for order in permutations(range(len(words))):
        row = make_outbound(db, office, conversation, status="sending", external_id=None, sender="campaign")
        ours = wamid()
        events = [
            failure(office, ours, 131026, at + timedelta(seconds=index), reference=str(row["id"]))
            if word == "failed"
            else status(office, ours, word, at + timedelta(seconds=index), reference=str(row["id"]))
            for index, word in enumerate(words)
        ]
        for index in (*order, *shuffled.choices(order, k=3)):
            ingest(db, events[index])
        states.append({**state(db, row["id"]), "external_id": None})
        assert state(db, row["id"])["external_id"] == ours

    assert states == [states[0]] * len(states)
    assert states[0]["status"] == final
    assert set(states[0]["status_times"]) == set(words)
    assert (states[0]["error"] is not None) == (final == "failed")


def test_a_status_delivered_five_times_at_once_is_applied_once(
    db: Connection, connect: Connect, office: Office, conversation: UUID
) -> None:
    row = make_outbound(db, office, conversation)
    event = status(office, row["external_id"], "read")

    answers = race(connect, [lambda connection: ingest(connection, event)] * 5)

    assert sorted(answer["outcome"] for answer in answers) == ["applied"] + ["duplicate"] * 4
    assert len(rows(db, "message_status_events")) == 1
    assert state(db, row["id"])["status"] == "read"


def test_all_statuses_of_a_message_at_once_end_at_the_highest(
    db: Connection, connect: Connect, office: Office, conversation: UUID
) -> None:
    row = make_outbound(db, office, conversation, status="sending", external_id=None)
    words = ("read", "sent", "delivered") * 3
    events = [status(office, "wamid.hurry", word, minutes_ago(1), reference=str(row["id"])) for word in words]

    race(connect, [lambda connection, event=event: ingest(connection, event) for event in events])  # type: ignore[misc]

    assert state(db, row["id"])["status"] == "read"
    assert set(state(db, row["id"])["status_times"]) == {"sent", "delivered", "read"}


def test_a_status_before_our_own_record_waits_for_it(db: Connection, office: Office, conversation: UUID) -> None:
    granted = claim(db, office.clinic, conversation, text_of_person())

    early = ingest(db, status(office, "wamid.early", "delivered"))
    assert (early["outcome"], early["message_id"]) == ("applied", None)
    settle(db, office.clinic, granted["message_id"], external_id="wamid.early")

    assert state(db, granted["message_id"])["status"] == "delivered"
    assert rows(db, "message_status_events")[0]["message_id"] == UUID(granted["message_id"])


def test_all_statuses_that_were_faster_than_our_record_count_whichever_came_last(
    db: Connection, office: Office, conversation: UUID
) -> None:
    words = ("sent", "read", "delivered")
    for order in permutations(words):
        row = make_outbound(db, office, conversation, status="sending", external_id=None, sender="campaign")
        ours = wamid()
        for word in order:
            ingest(db, status(office, ours, word, minutes_ago(3 - words.index(word))))

        settle(db, office.clinic, str(row["id"]), external_id=ours)

        assert state(db, row["id"])["status"] == "read", order
        assert set(state(db, row["id"])["status_times"]) == set(words)


def test_our_reference_in_a_status_settles_a_message_whose_answer_was_lost(
    db: Connection, office: Office, conversation: UUID
) -> None:
    row = make_outbound(db, office, conversation, status="unknown", external_id=None)

    answer = ingest(db, status(office, "wamid.lost", "sent", reference=str(row["id"])))

    assert answer["message_id"] == str(row["id"])
    assert (state(db, row["id"])["status"], state(db, row["id"])["external_id"]) == ("sent", "wamid.lost")


def test_a_reference_is_not_believed_on_another_channel(db: Connection, office: Office, conversation: UUID) -> None:
    row = make_outbound(db, office, conversation, status="unknown", external_id=None)

    answer = ingest(db, status(make_office(db), "wamid.foreign", "read", reference=str(row["id"])))

    assert (answer["outcome"], answer["message_id"]) == ("applied", None)
    assert state(db, row["id"])["status"] == "unknown"


@pytest.mark.parametrize("reference", ["", "campaign-7", "'; drop table x", "0" * 36])
def test_a_reference_that_is_none_of_ours_is_kept_and_matches_nothing(
    db: Connection, office: Office, conversation: UUID, reference: str
) -> None:
    answer = ingest(db, status(office, wamid(), "sent", reference=reference))

    assert (answer["outcome"], answer["message_id"]) == ("applied", None)


def test_what_waits_to_be_sent_again_is_not_once_meta_reports_it_sent(
    db: Connection, office: Office, conversation: UUID
) -> None:
    row = make_outbound(
        db, office, conversation, status="sending", external_id=None, next_attempt_at=minutes_ago(-1), sender="campaign"
    )

    ingest(db, status(office, wamid(), "sent", reference=str(row["id"])))

    assert find(db, "marketing_messages", row["id"])["next_attempt_at"] is None


def test_statuses_of_a_message_from_the_phone_app_wait_for_its_echo(db: Connection, office: Office) -> None:
    event = echo(office)
    ingest(db, status(office, event["external_id"], "read"))

    stored = ingest(db, event)

    assert state(db, stored["message_id"])["status"] == "read"


def test_a_status_that_passed_its_settlement_unseen_is_matched_by_the_sweep(
    db: Connection, office: Office, conversation: UUID
) -> None:
    ingest(db, status(office, "wamid.missed", "delivered"))
    row = make_outbound(db, office, conversation, external_id="wamid.missed")
    event = rows(db, "message_status_events")[0]
    assert rpc(db, "match_statuses", limit=10) == {"matched": 0}  # too fresh: its settlement may be under way

    update(db, "message_status_events", event["id"], created_at=minutes_ago(2))

    assert rpc(db, "match_statuses", limit=10) == {"matched": 1}
    assert rpc(db, "match_statuses", limit=10) == {"matched": 0}
    assert state(db, row["id"])["status"] == "delivered"


# ---- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", ["ai", "professional"])
def test_a_message_that_failed_tells_a_person_once(
    db: Connection, office: Office, conversation: UUID, sender: str
) -> None:
    row = make_outbound(db, office, conversation, sender=sender)

    for seconds in (0, 1):
        ingest(db, failure(office, row["external_id"], 131047, minutes_ago(1) + timedelta(seconds=seconds)))

    assert state(db, row["id"])["error"]["code"] == 131047
    assert state(db, row["id"])["error"]["details"] == "because"
    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("message_failed", "warning", row["id"])


def test_a_payment_problem_is_critical_and_raised_once_for_the_number(
    db: Connection, office: Office, conversation: UUID
) -> None:
    for sender in ("campaign", "ai"):
        row = make_outbound(db, office, conversation, sender=sender)
        ingest(db, failure(office, row["external_id"], 131042))

    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("payment_problem", "critical", office.channel_id)


def test_error_131050_withdraws_marketing_and_leaves_care(db: Connection, office: Office, conversation: UUID) -> None:
    row = make_outbound(db, office, conversation, sender="campaign")
    record_consent(db, office, conversation, "marketing", "granted", occurred_at=minutes_ago(5))
    assert consent(db, conversation) == (True, True)

    event = failure(office, row["external_id"], 131050)
    for _ in range(3):
        ingest(db, event)

    assert consent(db, conversation) == (True, False)
    assert len(rows(db, "marketing_consent_events", source="meta_131050")) == 1


def test_a_status_of_an_unknown_message_of_a_known_number_is_never_parked(db: Connection, office: Office) -> None:
    answer = ingest(db, status(office, wamid(), "sent", reference=str(uuid4())))

    assert (answer["outcome"], answer["wake"], answer["media"]) == ("applied", None, False)
    assert rows(db, "marketing_webhook_events") == []


def test_a_status_that_says_nothing_new_leaves_the_row_alone(
    db: Connection, office: Office, conversation: UUID
) -> None:
    message = make_outbound(db, office, conversation, external_id=wamid(), status="sent")
    ingest(db, status(office, message["external_id"], "read", sent_at=minutes_ago(1)))
    before = find(db, "marketing_messages", message["id"])

    ingest(db, status(office, message["external_id"], "read", sent_at=minutes_ago(1)))

    assert find(db, "marketing_messages", message["id"]) == before
