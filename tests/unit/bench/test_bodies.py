"""The bodies are what Meta would send: signed, escaped, of many people, each message new."""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

import pytest

from dentalist.inbound.body import parse_body
from dentalist.inbound.events import MessageReceived
from dentalist.inbound.parse import parse_event
from dentalist.inbound.split import split
from infra.bench.bodies import Meta, message_id
from infra.bench.load import Shot

NUMBERS = [("310000000000001", "210987654300001"), ("310000000000003", "210987654300002")]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def meta() -> Meta:
    return Meta("the secret", NUMBERS, contacts=20)


@pytest.fixture
def plan(meta: Meta) -> list[Shot]:
    """Enough for every kind of body to come."""
    return [meta.shot("http://api", at=number / 10, started_at=NOON) for number in range(200)]


def events(shot: Shot) -> list[MessageReceived]:
    messages = split(parse_body(shot.body.encode()), received_at="2026-11-22T12:00:00.000Z", correlation_id="1")
    parsed = [parse_event(json.loads(message.body)) for message in messages]
    return [event for event in parsed if isinstance(event, MessageReceived)]


def test_every_body_is_one_message_that_the_product_understands(plan: list[Shot]) -> None:
    assert [len(events(shot)) for shot in plan] == [1] * len(plan)


def test_the_signature_is_that_of_the_bytes_that_leave(plan: list[Shot]) -> None:
    for shot in plan:
        digest = hmac.new(b"the secret", shot.body.encode(), hashlib.sha256).hexdigest()
        assert shot.headers["x-hub-signature-256"] == f"sha256={digest}"


def test_bodies_are_escaped_as_meta_does(plan: list[Shot]) -> None:
    whole = "".join(shot.body for shot in plan)
    assert whole.isascii()
    assert not re.search(r"(?<!\\)/", whole)


def test_everybody_writes_equally_often_to_one_number_of_theirs(plan: list[Shot]) -> None:
    senders = [(event.contact.phone, event.phone_number_id) for shot in plan for event in events(shot)]
    assert len(set(senders)) == 20
    assert {senders.count(sender) for sender in senders} == {10}
    assert {number for _, number in senders} == {number for number, _ in NUMBERS}


def test_a_message_carries_the_instant_at_which_it_leaves(plan: list[Shot]) -> None:
    assert [event.sent_at.timestamp() for event in events(plan[-1])] == [int(NOON + plan[-1].at)]


def test_no_id_comes_twice_and_each_begins_with_the_run(meta: Meta, plan: list[Shot]) -> None:
    ids = [message_id(shot) for shot in plan]
    assert len(set(ids)) == len(ids)
    assert all(id_.startswith(meta.id_prefix) for id_ in ids)
    assert meta.id_prefix != Meta("the secret", NUMBERS, contacts=1).id_prefix
