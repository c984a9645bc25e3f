"""Rules that stand in SQL and in the domain: one table of cases for both, so that they cannot drift apart."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dentalist.domain.channel import Channel
from dentalist.domain.conversation import SERVICE_WINDOW, Conversation
from dentalist.domain.message import MessageStatus
from dentalist.domain.phones import canonical_phone
from tests.database.outbound_builders import (
    Clinic,
    Connection,
    claim,
    make_clinic,
    make_conversation,
    text_of_person,
    utc_now,
)

PHONES = [
    "5491155550201",
    "+5491155550201",
    "541155550201",
    "+54 9 11 5032-0001",
    "5493515550202",
    "549115555020",
    "54911555502011",
    "5215512345678",
    "525512345678",
    "52155123456789",
    "14155550100",
    "+34 911 55 50 20",
    "54911",
    "",
    "sin número",
]


def sql_key(db: Connection, text: str) -> str:
    [row] = db.execute("select app.canonical_phone(%s) as key", [text]).fetchall()
    key: str | None = row["key"] if isinstance(row, dict) else row[0]
    return key or ""  # without a digit SQL answers null, Python an empty text


@pytest.mark.parametrize("text", PHONES)
def test_a_number_has_the_same_key_in_both(db: Connection, text: str) -> None:
    assert sql_key(db, text) == canonical_phone(text)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.from_regex(r"\+?(?:54|549|52|521|34)?[0-9 ()-]{0,14}", fullmatch=True))
def test_any_number_has_the_same_key_in_both(db: Connection, text: str) -> None:
    assert sql_key(db, text) == canonical_phone(text)


@pytest.mark.parametrize("away_from_the_edge", [timedelta(minutes=-1), timedelta(minutes=1)])
def test_the_customer_service_window_is_as_long_in_both(db: Connection, away_from_the_edge: timedelta) -> None:
    clinic: Clinic = make_clinic(db)
    wrote_at = utc_now() - SERVICE_WINDOW + away_from_the_edge
    conversation_id: UUID = make_conversation(db, clinic, last_inbound_at=wrote_at)
    known = Conversation(id=uuid4(), professional_id=uuid4(), channel_id=uuid4(), last_inbound_at=wrote_at)

    answer = claim(db, clinic, conversation_id, text_of_person())

    assert (answer["outcome"] == "granted") is known.is_window_open(utc_now())


def test_the_words_for_what_became_of_a_message_are_the_same_in_both(db: Connection) -> None:
    ranks = {
        status: db.execute("select app.message_rank(%s) as rank", [status.value]).fetchall()[0]
        for status in MessageStatus
    }
    ordered = sorted(MessageStatus, key=lambda status: next(iter(ranks[status].values())))

    assert ordered == list(MessageStatus)


def test_every_status_of_a_channel_is_known_to_both(db: Connection) -> None:
    [row] = db.execute(
        "select pg_get_constraintdef(oid) as rule from pg_constraint where conname = 'marketing_channels_status_check'"
    ).fetchall()

    for status in Channel.model_fields["status"].annotation:
        assert f"'{status.value}'" in row["rule"]
