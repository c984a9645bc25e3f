"""Who is answered once a number works again, and who is left to a person."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.database.accounts_builders import account_of, age, disconnect, link, mark, open_alerts
from tests.database.inbound_builders import (
    Office,
    claim_answer,
    echo,
    finish_answer,
    ingest,
    make_due,
    make_office,
    make_second_number,
    message,
    write,
)
from tests.database.outbound_builders import (
    Connection,
    answer_of_ai,
    claim,
    find,
    rows,
    rpc,
    settle,
    update,
)

HOURS = timedelta(hours=3)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


def fall(db: Connection, office: Office, hours: timedelta = timedelta()) -> None:
    """The token dies, perhaps a while ago."""
    assert mark(db, office.clinic, "reauth_required", "token_expired")["outcome"] == "marked"
    age(db, "marketing_channels", "down_since", hours, office.channel_id)


def relink(db: Connection, office: Office) -> None:
    assert link(db, office.id, account_of(db, office.clinic))["outcome"] == "linked"


def write_unheard(db: Connection, office: Office, phone: str = "+5493415550204", ago: timedelta = timedelta()) -> UUID:
    """A contact writes to a dead number: the worker looks, may send nothing, and is done with it."""
    conversation = write(db, office, phone=phone)
    make_due(db, conversation)
    held = claim_answer(db, conversation)
    assert held["mode"] == "observe"
    assert finish_answer(db, conversation, held)["outcome"] == "finished"
    age(db, "marketing_conversations", "last_inbound_at", ago, conversation)
    statement = "update marketing_messages set created_at = created_at - %s, sent_at = sent_at - %s"
    db.execute(statement + " where conversation_id = %s", [ago, ago, conversation])
    return conversation


def is_owed(db: Connection, conversation: UUID) -> bool:
    return find(db, "marketing_conversations", conversation)["answer_due_at"] is not None


def test_what_was_written_to_a_dead_number_is_answered_once_it_is_linked_again(db: Connection, office: Office) -> None:
    fall(db, office)
    conversation = write_unheard(db, office)
    assert not is_owed(db, conversation)

    relink(db, office)

    held = claim_answer(db, conversation)
    assert (held["outcome"], held["mode"], held["late"]) == ("claimed", "answer", False)
    assert [row["body"] for row in held["unanswered"]] == ["Hola"]
    assert open_alerts(db) == []


def test_it_is_answered_too_when_the_number_heals_by_itself(db: Connection, office: Office) -> None:
    fall(db, office)
    conversation = write_unheard(db, office)

    mark(db, office.clinic, "connected", None)

    assert claim_answer(db, conversation)["mode"] == "answer"


def test_it_is_answered_too_after_the_owner_had_taken_the_number_off(db: Connection, office: Office) -> None:
    fall(db, office)
    conversation = write_unheard(db, office)
    disconnect(db, office.clinic)

    relink(db, office)

    assert claim_answer(db, conversation)["mode"] == "answer"


def refused_answer(db: Connection, office: Office, code: int = 190) -> UUID:
    """The assistant's answer is the send that finds the token dead."""
    conversation = write(db, office)
    make_due(db, conversation)
    held = claim_answer(db, conversation)
    granted = claim(db, office.clinic, conversation, answer_of_ai(lease_id=held["lease_id"]))
    settle(db, office.clinic, granted["message_id"], "failed", error={"code": code, "message": "No"})
    assert finish_answer(db, conversation, held)["outcome"] == "finished"
    return conversation


def test_an_answer_that_meta_refused_was_none(db: Connection, office: Office) -> None:
    conversation = refused_answer(db, office)
    fall(db, office)

    relink(db, office)

    held = claim_answer(db, conversation)
    assert (held["mode"], [row["body"] for row in held["unanswered"]]) == ("answer", ["Hola"])


def test_a_person_who_hands_back_gets_the_refused_answer_written_again(db: Connection, office: Office) -> None:
    conversation = refused_answer(db, office, 131000)
    people = {"professional_id": office.id, "conversation_id": conversation, "actor_id": office.id}
    rpc(db, "take_over", **people)

    assert rpc(db, "resume_ai", **people)["wake"] == {"conversation_id": str(conversation), "delay_seconds": 0}


def test_whoever_was_answered_before_is_not_answered_again(db: Connection, office: Office) -> None:
    conversation = write(db, office)
    make_due(db, conversation)
    held = claim_answer(db, conversation)
    granted = claim(db, office.clinic, conversation, answer_of_ai(lease_id=held["lease_id"]))
    settle(db, office.clinic, granted["message_id"])
    finish_answer(db, conversation, held)
    fall(db, office)

    relink(db, office)

    assert not is_owed(db, conversation)
    assert open_alerts(db, kind="unanswered") == []


def test_whom_a_person_answered_from_the_phone_is_theirs(db: Connection, office: Office) -> None:
    fall(db, office, HOURS)
    conversation = write_unheard(db, office)
    ingest(db, echo(office))

    relink(db, office)

    assert not is_owed(db, conversation)
    assert open_alerts(db) == []


def test_whoever_wrote_after_the_person_gave_the_conversation_back_is_answered(db: Connection, office: Office) -> None:
    fall(db, office)
    conversation = write_unheard(db, office)
    ingest(db, echo(office))
    update(db, "marketing_conversations", conversation, ai_enabled=True, handoff_reason=None)
    ingest(db, message(office, "¿Y el precio?"))

    relink(db, office)

    make_due(db, conversation)
    assert [row["body"] for row in claim_answer(db, conversation)["unanswered"]] == ["¿Y el precio?"]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "quedó una conversación sin responder. Mirala en"),
        (3, "quedaron 3 conversaciones sin responder. Miralas en"),
    ],
)
def test_whoever_wrote_too_long_ago_is_left_to_a_person_who_is_told_how_many(
    db: Connection, office: Office, count: int, words: str
) -> None:
    fall(db, office, HOURS)
    conversations = [write_unheard(db, office, f"+549341555030{n}", timedelta(hours=2)) for n in range(count)]

    relink(db, office)

    assert not any(is_owed(db, conversation) for conversation in conversations)
    (alert,) = rows(db, "marketing_alerts", kind="unanswered")
    assert (alert["severity"], alert["entity_id"]) == ("info", office.channel_id)
    assert words in alert["message"]


def test_what_was_left_unanswered_before_the_outage_is_not_counted(db: Connection, office: Office) -> None:
    fall(db, office)
    write_unheard(db, office, ago=timedelta(days=1))

    relink(db, office)

    assert open_alerts(db) == []


def test_what_a_working_number_left_unanswered_an_hour_ago_stays_so(db: Connection, office: Office) -> None:
    """A short outage is no reason to answer what the assistant had decided not to."""
    conversation = write(db, office)
    make_due(db, conversation)
    assert finish_answer(db, conversation, claim_answer(db, conversation))["outcome"] == "finished"
    hour = timedelta(hours=1)
    age(db, "marketing_conversations", "last_inbound_at", hour, conversation)
    db.execute("update marketing_messages set created_at = created_at - %s, sent_at = sent_at - %s", [hour, hour])
    fall(db, office)

    relink(db, office)

    assert not is_owed(db, conversation)
    assert open_alerts(db) == []


def test_a_number_whose_assistant_is_off_answers_nobody(db: Connection, office: Office) -> None:
    update(db, "marketing_channels", office.channel_id, ai_enabled=False)
    fall(db, office, HOURS)
    recent = write_unheard(db, office)
    write_unheard(db, office, "+5493415550777", timedelta(hours=2))

    relink(db, office)

    assert not is_owed(db, recent)
    assert open_alerts(db) == []


def test_only_conversations_of_the_number_that_came_back_are_answered(db: Connection, office: Office) -> None:
    other = make_second_number(db, office)
    for dead in (office, other):
        fall(db, dead)
    here, there = write_unheard(db, office), write_unheard(db, other)

    relink(db, office)

    assert (is_owed(db, here), is_owed(db, there)) == (True, False)


def test_linking_a_working_number_again_wakes_nobody(db: Connection, office: Office) -> None:
    conversation = write(db, office)
    make_due(db, conversation)
    finish_answer(db, conversation, claim_answer(db, conversation))

    relink(db, office)

    assert not is_owed(db, conversation)


def test_an_outage_lasts_from_the_first_failure_whatever_it_is_called_later(db: Connection, office: Office) -> None:
    fall(db, office, HOURS)
    began = find(db, "marketing_channels", office.channel_id)["down_since"]

    for status, reason in (("restricted", "restricted"), ("pending", "not_subscribed")):
        mark(db, office.clinic, status, reason)
        assert find(db, "marketing_channels", office.channel_id)["down_since"] == began
    mark(db, office.clinic, "connected", None)

    assert find(db, "marketing_channels", office.channel_id)["down_since"] is None
