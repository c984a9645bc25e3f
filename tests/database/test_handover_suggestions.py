"""An answer that waits for a person: one in a conversation, until whoever is faster writes."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database.handover_builders import hand_over, keep, open_alerts, suggested, waiting_suggestions
from tests.database.history_builders import import_thread, past
from tests.database.inbound_builders import (
    Office,
    claim_answer,
    echo,
    finish_answer,
    ingest,
    make_due,
    make_office,
    message,
    reaction,
    write,
)
from tests.database.outbound_builders import Connect, Connection, claim, race, rows, rpc, text_of_person, update


@pytest.fixture
def office(db: Connection) -> Office:
    """A clinic that decides on every answer itself."""
    office = make_office(db)
    update(db, "marketing_channels", office.channel_id, ai_mode="suggest")
    return office


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    """A conversation whose answer is due."""
    conversation = write(db, office)
    make_due(db, conversation)
    return conversation


# ---- keeping ---------------------------------------------------------------------------------------------------------


def test_a_suggestion_waits_with_its_words_and_people_are_told_once(db: Connection, conversation: UUID) -> None:
    held = claim_answer(db, conversation)

    first = keep(db, conversation, held)
    second = keep(db, conversation, held, body="Abrimos de 9 a 18.")

    assert (first["outcome"], second["outcome"]) == ("kept", "kept")
    (waiting,) = waiting_suggestions(db, conversation)
    assert waiting["body"] == "Abrimos de 9 a 18."
    assert waiting["id"] == UUID(second["suggestion_id"])
    assert len(open_alerts(db, conversation, "suggestion")) == 1


def test_only_the_holder_of_the_lease_suggests(db: Connection, conversation: UUID) -> None:
    held = claim_answer(db, conversation)

    assert keep(db, conversation, {**held, "lease_id": str(uuid4())})["outcome"] == "lost"
    assert waiting_suggestions(db, conversation) == []


def test_nothing_is_suggested_below_what_a_person_or_the_contact_wrote_meanwhile(
    db: Connection, office: Office, conversation: UUID
) -> None:
    held = claim_answer(db, conversation)
    ingest(db, message(office, "¿y el sábado?"))
    assert keep(db, conversation, held)["outcome"] == "outdated"

    ingest(db, echo(office))
    assert keep(db, conversation, held)["outcome"] == "outdated_human"
    assert waiting_suggestions(db, conversation) == []


# ---- its end ---------------------------------------------------------------------------------------------------------


def test_it_ends_when_the_contact_writes_again(db: Connection, office: Office, conversation: UUID) -> None:
    suggested(db, conversation)

    ingest(db, message(office, "¿y el sábado?"))

    assert waiting_suggestions(db, conversation) == []
    assert open_alerts(db, conversation, "suggestion") == []


def test_it_ends_when_a_person_answers_on_the_phone_or_in_the_dashboard(
    db: Connection, office: Office, conversation: UUID
) -> None:
    held = suggested(db, conversation)
    ingest(db, echo(office))
    assert waiting_suggestions(db, conversation) == []

    ingest(db, message(office, "¿y el sábado?"))
    make_due(db, conversation)
    update(db, "marketing_conversations", conversation, answer_lease_until=None)
    finish_answer(db, conversation, claim_answer(db, conversation))  # what was unheard
    suggested(db, conversation)
    assert claim(db, office.clinic, conversation, text_of_person())["outcome"] == "granted"
    assert waiting_suggestions(db, conversation) == []
    assert held["conversation_id"] == conversation


def test_it_stays_when_the_contact_only_reacts_or_somebody_reads(
    db: Connection, office: Office, conversation: UUID
) -> None:
    (asked,) = rows(db, "marketing_messages", conversation_id=conversation)
    suggested(db, conversation)

    ingest(db, reaction(office, asked["external_id"]))
    rpc(db, "mark_read", professional_id=office.id, conversation_id=conversation)
    rpc(db, "take_over", professional_id=office.id, conversation_id=conversation, actor_id=office.id)

    assert len(waiting_suggestions(db, conversation)) == 1


def test_it_ends_when_the_conversation_is_handed_over(db: Connection, office: Office, conversation: UUID) -> None:
    suggested(db, conversation)

    hand_over(db, office, conversation, "emergency")

    assert waiting_suggestions(db, conversation) == []


def test_a_person_throws_it_away_once_and_that_is_written_down(
    db: Connection, office: Office, conversation: UUID
) -> None:
    waiting = suggested(db, conversation)
    person = uuid4()
    decided = {
        "professional_id": office.id,
        "suggestion_id": waiting["id"],
        "status": "discarded",
        "actor_id": person,
    }

    assert rpc(db, "decide_suggestion", **decided)["outcome"] == "discarded"
    assert rpc(db, "decide_suggestion", **decided)["outcome"] == "not_found"

    (audit,) = rows(db, "marketing_audit_logs", action="suggestion.discarded")
    assert (audit["actor_id"], audit["payload"]) == (person, {"suggestion_id": str(waiting["id"])})


def test_another_clinic_decides_nothing(db: Connection, conversation: UUID) -> None:
    waiting = suggested(db, conversation)
    stranger = make_office(db)

    decided = rpc(
        db,
        "decide_suggestion",
        professional_id=stranger.id,
        suggestion_id=waiting["id"],
        status="discarded",
        actor_id=stranger.id,
    )

    assert decided["outcome"] == "not_found"
    assert len(waiting_suggestions(db, conversation)) == 1


def test_two_who_send_it_at_once_send_one_message(
    db: Connection, connect: Connect, office: Office, conversation: UUID
) -> None:
    waiting = suggested(db, conversation)
    message_of_it = text_of_person(request_key=str(waiting["id"]))

    answers = race(
        connect, [lambda one: claim(one, office.clinic, conversation, dict(message_of_it)) for _ in range(8)]
    )

    assert sorted(answer["outcome"] for answer in answers) == ["granted", *["repeated"] * 7]
    assert len(rows(db, "marketing_messages", conversation_id=conversation, direction="outbound")) == 1


# ---- the mode of such a number ---------------------------------------------------------------------------------------


def test_a_person_who_answers_does_not_silence_the_suggestions(
    db: Connection, office: Office, conversation: UUID
) -> None:
    finish_answer(db, conversation, claim_answer(db, conversation))
    ingest(db, echo(office))
    ingest(db, message(office))
    make_due(db, conversation)

    assert claim_answer(db, conversation)["mode"] == "answer"


def test_nothing_is_suggested_to_whoever_came_with_the_history_of_the_number(db: Connection, office: Office) -> None:
    friend = import_thread(db, office, past(), contact="5493415550666")
    ingest(db, echo(office, phone="+5493415550666"))
    write(db, office, phone="+5493415550666")
    make_due(db, friend)

    assert claim_answer(db, friend)["mode"] == "observe"


def test_a_person_who_takes_the_conversation_does(db: Connection, office: Office, conversation: UUID) -> None:
    finish_answer(db, conversation, claim_answer(db, conversation))
    ingest(db, echo(office))
    rpc(db, "resume_ai", professional_id=office.id, conversation_id=conversation, actor_id=office.id)
    rpc(db, "take_over", professional_id=office.id, conversation_id=conversation, actor_id=office.id)
    ingest(db, message(office))
    make_due(db, conversation)

    assert claim_answer(db, conversation)["mode"] != "answer"
