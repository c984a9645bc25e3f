"""A request that is repeated after a crash sends nothing again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.database.outbound_builders import (
    Clinic,
    Connection,
    claim,
    make_clinic,
    make_conversation,
    rows,
    send,
    settle,
    snapshot,
    text_of_person,
    update,
    utc_now,
)

KEY = str(uuid4())


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


@pytest.fixture
def conversation(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic)


@pytest.mark.parametrize("status", ["sent", "unknown"])
def test_the_same_request_gets_the_message_that_it_sent_before(
    db: Connection, clinic: Clinic, conversation: UUID, status: str
) -> None:
    first = claim(db, clinic, conversation, text_of_person(request_key=KEY))
    settle(db, clinic, first["message_id"], status)
    before = snapshot(db)

    again = claim(db, clinic, conversation, text_of_person(request_key=KEY))

    assert (again["outcome"], again["message_id"], again["status"]) == ("repeated", first["message_id"], status)
    assert snapshot(db) == before


def test_a_request_whose_sender_died_on_the_way_is_not_sent_again(
    db: Connection, clinic: Clinic, conversation: UUID
) -> None:
    first = claim(db, clinic, conversation, text_of_person(request_key=KEY))

    again = claim(db, clinic, conversation, text_of_person(request_key=KEY))

    assert (again["outcome"], again["message_id"], again["status"]) == ("repeated", first["message_id"], "sending")


def test_a_request_that_definitely_failed_may_be_sent_again(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    first = claim(db, clinic, conversation, text_of_person(request_key=KEY))
    settle(db, clinic, first["message_id"], "failed", error={"code": 131056})

    again = claim(db, clinic, conversation, text_of_person(request_key=KEY))

    assert again["outcome"] == "granted"
    assert again["message_id"] != first["message_id"]


def test_another_request_and_one_without_a_key_are_sent(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    for key in (KEY, str(uuid4()), None, None):
        send(db, clinic, conversation, text_of_person(request_key=key))

    assert len(rows(db, "marketing_messages", sender="professional")) == 4


def test_a_key_means_nothing_to_another_professional(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    send(db, clinic, conversation, text_of_person(request_key=KEY))
    other = make_clinic(db)

    assert claim(db, other, make_conversation(db, other), text_of_person(request_key=KEY))["outcome"] == "granted"


def test_a_key_lives_for_a_day(db: Connection, clinic: Clinic, conversation: UUID) -> None:
    first = claim(db, clinic, conversation, text_of_person(request_key=KEY))
    settle(db, clinic, first["message_id"])
    update(db, "marketing_messages", UUID(first["message_id"]), created_at=utc_now() - timedelta(hours=25))

    assert claim(db, clinic, conversation, text_of_person(request_key=KEY))["outcome"] == "granted"
