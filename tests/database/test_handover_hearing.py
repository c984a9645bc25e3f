"""Every message is looked at for what cannot wait, whoever was faster to answer, and whoever died on the way."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests.database.handover_builders import unheard
from tests.database.inbound_builders import (
    Office,
    claim_answer,
    echo,
    finish_answer,
    ingest,
    make_due,
    make_office,
    message,
    revoke,
    write,
)
from tests.database.outbound_builders import (
    Connection,
    Row,
    answer_of_ai,
    claim,
    find,
    rows,
    rpc,
    settle,
    text_of_person,
    update,
    utc_now,
)

TOO_LONG = timedelta(minutes=2)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    """A conversation whose answer is due."""
    conversation = write(db, office, "BAJA")
    make_due(db, conversation)
    return conversation


def heard(db: Connection, conversation: UUID, held: Row, intent: str = "opt_out") -> Row:
    understood = {item["id"]: {"intent": intent, "confidence": 1.0} for item in held["unanswered"]}
    return finish_answer(db, conversation, held, classifications=understood)


def grow_old(db: Connection, conversation: UUID) -> None:
    """Nobody was woken for a while, and the lease of whoever was has run out."""
    for row in rows(db, "marketing_messages", conversation_id=conversation):
        update(db, "marketing_messages", row["id"], created_at=row["created_at"] - TOO_LONG)
    update(db, "marketing_conversations", conversation, answer_lease_until=utc_now() - TOO_LONG)


@pytest.mark.parametrize("where", ["phone app", "dashboard"])
def test_what_a_person_answered_first_is_still_heard_and_nothing_is_said(
    db: Connection, office: Office, conversation: UUID, where: str
) -> None:
    if where == "phone app":
        ingest(db, echo(office))
    else:
        claim(db, office.clinic, conversation, text_of_person())

    held = claim_answer(db, conversation)

    assert (held["outcome"], held["mode"], held["retry_message"]) == ("claimed", "observe", None)
    assert [item["body"] for item in held["unanswered"]] == ["BAJA"]
    assert heard(db, conversation, held)["outcome"] == "finished"
    assert claim_answer(db, conversation) == {"outcome": "nothing"}


def test_what_a_worker_sent_before_it_died_leaves_no_message_without_its_intent(
    db: Connection, office: Office, conversation: UUID
) -> None:
    held = claim_answer(db, conversation)
    answer = answer_of_ai(answer_epoch=held["epoch"], human_epoch=held["human_epoch"], lease_id=held["lease_id"])
    granted = claim(db, office.clinic, conversation, answer)
    settle(db, office.clinic, granted["message_id"], external_id="wamid.sent")
    assert claim_answer(db, conversation)["outcome"] == "leased", "it may still be alive"
    assert unheard(db) == []

    grow_old(db, conversation)

    assert unheard(db) == [str(conversation)]
    again = claim_answer(db, conversation)
    assert again["mode"] == "observe"
    heard(db, conversation, again, "general_inquiry")
    (asked,) = rows(db, "marketing_messages", conversation_id=conversation, direction="inbound")
    assert asked["ai_metadata"]["intent"] == "general_inquiry"
    assert unheard(db) == []


def test_what_came_later_is_answered_after_what_was_unheard(db: Connection, office: Office, conversation: UUID) -> None:
    ingest(db, echo(office))
    rpc(db, "resume_ai", professional_id=office.id, conversation_id=conversation, actor_id=office.id)
    ingest(db, message(office, "quiero un turno"))
    make_due(db, conversation)

    first = claim_answer(db, conversation)
    ended = heard(db, conversation, first)
    second = claim_answer(db, conversation)

    assert [item["body"] for item in first["unanswered"]] == ["BAJA"]
    assert ended == {"outcome": "owed", "conversation_id": str(conversation), "delay_seconds": 0}
    assert (second["mode"], [item["body"] for item in second["unanswered"]]) == ("answer", ["quiero un turno"])


def test_what_a_claim_could_not_make_sense_of_is_not_claimed_for_ever(db: Connection, conversation: UUID) -> None:
    finish_answer(db, conversation, claim_answer(db, conversation), unanswered=True)

    assert claim_answer(db, conversation) == {"outcome": "nothing"}
    (asked,) = rows(db, "marketing_messages", conversation_id=conversation)
    assert asked["ai_metadata"] == {"heard": True}


def test_what_was_taken_back_or_is_of_yesterday_is_not_heard(
    db: Connection, office: Office, conversation: UUID
) -> None:
    (asked,) = rows(db, "marketing_messages", conversation_id=conversation)
    ingest(db, echo(office))
    ingest(db, revoke(office, asked["external_id"]))
    assert claim_answer(db, conversation) == {"outcome": "nothing"}

    other = write(db, office, phone="+5493415550999")
    ingest(db, echo(office, phone="+5493415550999"))
    (yesterdays,) = rows(db, "marketing_messages", conversation_id=other, direction="inbound")
    update(db, "marketing_messages", yesterdays["id"], created_at=utc_now() - timedelta(hours=25))
    assert claim_answer(db, other) == {"outcome": "nothing"}


def test_an_answer_is_late_after_the_minutes_that_the_clinic_decided(
    db: Connection, office: Office, conversation: UUID
) -> None:
    update(db, "professionals", office.id, policies={"late_after_minutes": 30})
    update(db, "marketing_conversations", conversation, last_inbound_at=utc_now() - timedelta(minutes=31))

    assert claim_answer(db, conversation)["late"] is True
    assert find(db, "professionals", office.id)["policies"] == {"late_after_minutes": 30}
