"""How fast a number sends: token buckets that refill, shared by every worker, and emptied by nobody who is refused."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.database.outbound_builders import (
    PHONE,
    Clinic,
    Connect,
    Connection,
    answer_of_ai,
    claim,
    make_clinic,
    make_conversation,
    race,
    send,
    settle,
    snapshot,
    text_of_person,
    utc_now,
)

PAIR_BURST = 45


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


def fill(db: Connection, clinic: Clinic, scope: str, key: UUID, tokens: float, *, age: float = 0) -> None:
    """Set a bucket to what it held ``age`` seconds ago."""
    db.execute(
        """
        insert into channel_pace (professional_id, channel_id, scope, key, tokens, refilled_at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (channel_id, scope, key) do update set tokens = excluded.tokens, refilled_at = excluded.refilled_at
        """,
        [
            clinic.professional_id,
            clinic.channel_id,
            scope,
            str(key),
            tokens,
            utc_now() - timedelta(seconds=age),
        ],
    )


def tokens(db: Connection, scope: str) -> float:
    row = db.execute("select tokens from channel_pace where scope = %s", [scope]).fetchone()
    assert row is not None
    return float(row["tokens"])


def throttled(db: Connection, clinic: Clinic, conversation: UUID, message: dict[str, Any]) -> dict[str, Any]:
    """The throttle, after checking that it stored nothing."""
    before = snapshot(db)
    answer = claim(db, clinic, conversation, message)
    assert answer["outcome"] == "throttled", answer
    assert snapshot(db) == before
    return answer


def test_a_first_message_begins_with_full_buckets(db: Connection, clinic: Clinic) -> None:
    send(db, clinic, make_conversation(db, clinic), text_of_person())

    assert tokens(db, "channel") == 79
    assert tokens(db, "pair") == PAIR_BURST - 1


def test_a_contact_gets_a_burst_and_then_one_message_in_six_seconds(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    for _ in range(PAIR_BURST):
        send(db, clinic, conversation, text_of_person())

    answer = throttled(db, clinic, conversation, text_of_person())

    assert answer["scope"] == "pair"
    assert 1_000 < answer["retry_after_ms"] <= 6_000


@pytest.mark.parametrize(("age", "outcome"), [(5.0, "throttled"), (6.1, "granted")])
def test_a_pair_regains_one_message_in_six_seconds(db: Connection, clinic: Clinic, age: float, outcome: str) -> None:
    conversation = make_conversation(db, clinic)
    fill(db, clinic, "pair", conversation, 0, age=age)

    assert claim(db, clinic, conversation, text_of_person())["outcome"] == outcome


def test_a_bucket_never_holds_more_than_its_burst(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    fill(db, clinic, "pair", conversation, 3, age=90_000)
    fill(db, clinic, "channel", clinic.channel_id, 3, age=90_000)

    send(db, clinic, conversation, text_of_person())

    assert tokens(db, "pair") == PAIR_BURST - 1
    assert tokens(db, "channel") == 79


def test_an_empty_number_throttles_every_contact_and_takes_nothing_from_the_pair(
    db: Connection, clinic: Clinic
) -> None:
    for phone in (PHONE, "+5491155550101"):
        conversation = make_conversation(db, clinic, contact_phone=phone)
        fill(db, clinic, "channel", clinic.channel_id, -40)  # refills at 80 a second: half a second until one is there
        answer = throttled(db, clinic, conversation, answer_of_ai())
        assert answer["scope"] == "channel"
        assert 100 < answer["retry_after_ms"] <= 513


def test_an_exhausted_pair_takes_nothing_from_the_number(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    fill(db, clinic, "channel", clinic.channel_id, 10)
    fill(db, clinic, "pair", conversation, 0)

    assert throttled(db, clinic, conversation, text_of_person())["scope"] == "pair"


def test_a_throttled_person_has_not_taken_over(db: Connection, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    fill(db, clinic, "pair", conversation, 0)

    throttled(db, clinic, conversation, text_of_person())  # the snapshot holds human_epoch and ai_enabled


def test_numbers_of_one_clinic_have_buckets_of_their_own(db: Connection, clinic: Clinic) -> None:
    other = make_clinic(db)
    fill(db, clinic, "channel", clinic.channel_id, -40)

    assert claim(db, other, make_conversation(db, other), text_of_person())["outcome"] == "granted"


def test_many_workers_together_never_exceed_the_rate_of_the_number(db: Connection, connect: Connect) -> None:
    rate, workers, rounds = 10, 12, 12
    clinic = make_clinic(db, throughput_per_second=rate)
    conversations = [make_conversation(db, clinic, contact_phone=f"+54911555502{index:02}") for index in range(workers)]

    def hammer(connection: Connection, conversation: UUID) -> list[float]:
        granted_at = []
        for _ in range(rounds):
            answer = claim(connection, clinic, conversation, text_of_person(human_epoch_moved=True))
            if answer["outcome"] == "granted":
                granted_at.append(time.monotonic())
                settle(connection, clinic, answer["message_id"])
            time.sleep(0.02)
        return granted_at

    began = time.monotonic()
    granted = race(
        connect, [lambda connection, own=conversation: hammer(connection, own) for conversation in conversations]
    )
    seconds = time.monotonic() - began

    count = sum(map(len, granted))
    assert count <= rate + rate * seconds  # the burst, and what dripped in since
    assert count >= rate  # and the limit is not reached by refusing everybody
