"""The last link of a channel's self-test: our own signed event has to come out at the right channel."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.database.accounts_builders import disconnect
from tests.database.inbound_builders import (
    Office,
    ingest,
    make_instagram,
    make_office,
    make_second_number,
    message,
    on_instagram,
)
from tests.database.outbound_builders import Clinic, Connection, Row, find, rows, rpc


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


def self_test(office: Office, nonce: str) -> Row:
    """As the inbox worker hands it over."""
    origin = {key: value for key, value in message(office).items() if not key.startswith("contact_")}
    return {**origin, "kind": "self_test", "field": "dentalist_self_test", "nonce": nonce}


def begin(db: Connection, clinic: Clinic, nonce: str) -> str:
    answer = rpc(
        db,
        "begin_channel_test",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        nonce=nonce,
    )
    return str(answer["outcome"])


def received(db: Connection, clinic: Clinic, nonce: str) -> bool:
    answer: bool = rpc(
        db,
        "channel_test_received",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        nonce=nonce,
    )
    return answer


def test_the_event_of_a_test_is_received_by_its_channel(db: Connection, office: Office) -> None:
    assert begin(db, office.clinic, "n1") == "begun"
    assert received(db, office.clinic, "n1") is False

    answer = ingest(db, self_test(office, "n1"))

    assert (answer["outcome"], answer["channel_id"]) == ("applied", str(office.channel_id))
    assert (answer["conversation_id"], answer["wake"], answer["media"]) == (None, None, False)
    assert received(db, office.clinic, "n1") is True
    assert find(db, "marketing_channels", office.channel_id)["tested_at"] is not None
    for untouched in ("marketing_messages", "marketing_conversations", "marketing_webhook_events"):
        assert rows(db, untouched) == []


def test_the_event_may_come_twice(db: Connection, office: Office) -> None:
    begin(db, office.clinic, "n1")
    ingest(db, self_test(office, "n1"))
    first = find(db, "marketing_channels", office.channel_id)

    assert ingest(db, self_test(office, "n1"))["outcome"] == "duplicate"

    assert find(db, "marketing_channels", office.channel_id) == first


def test_the_event_of_an_earlier_test_is_not_this_ones(db: Connection, office: Office) -> None:
    begin(db, office.clinic, "n1")
    ingest(db, self_test(office, "n1"))
    begin(db, office.clinic, "n2")

    assert received(db, office.clinic, "n2") is False
    assert ingest(db, self_test(office, "n1"))["outcome"] == "duplicate"

    assert received(db, office.clinic, "n1") is False
    assert received(db, office.clinic, "n2") is False

    ingest(db, self_test(office, "n2"))

    assert received(db, office.clinic, "n1") is False
    assert received(db, office.clinic, "n2") is True


def test_without_a_test_there_is_nothing_to_receive(db: Connection, office: Office) -> None:
    assert ingest(db, self_test(office, "n1"))["outcome"] == "duplicate"

    assert received(db, office.clinic, "n1") is False


def test_the_event_of_one_channel_proves_nothing_of_another(db: Connection, office: Office) -> None:
    others = [make_second_number(db, office), make_office(db)]
    for one in (office, *others):
        begin(db, one.clinic, "n1")

    ingest(db, self_test(office, "n1"))

    assert [received(db, one.clinic, "n1") for one in (office, *others)] == [True, False, False]


def test_a_test_of_an_instagram_account_is_received_too(db: Connection, office: Office) -> None:
    channel_id = make_instagram(db, office)
    account = Clinic(office.id, channel_id, uuid4(), "")
    begin(db, account, "n1")

    ingest(db, on_instagram(self_test(office, "n1")))

    assert received(db, account, "n1") is True


def test_a_channel_that_was_taken_off_is_not_tested(db: Connection, office: Office) -> None:
    begin(db, office.clinic, "n1")
    disconnect(db, office.clinic)

    assert begin(db, office.clinic, "n2") == "not_found"
    assert ingest(db, self_test(office, "n1"))["outcome"] == "parked"
    assert received(db, office.clinic, "n1") is False


def test_another_professional_tests_and_reads_nothing(db: Connection, office: Office) -> None:
    foreign = Clinic(make_office(db).id, office.channel_id, office.clinic.credential_id, "")
    assert begin(db, foreign, "theirs") == "not_found"
    begin(db, office.clinic, "n1")
    ingest(db, self_test(office, "n1"))

    assert received(db, foreign, "n1") is False
