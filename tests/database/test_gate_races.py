"""The gate with many workers at once, on connections of their own: one send in flight, and people always win."""

from __future__ import annotations

import random
import threading
import time
from typing import Any
from uuid import UUID

import pytest

from tests.database.outbound_builders import (
    Clinic,
    Connect,
    Connection,
    answer_of_ai,
    claim,
    find,
    make_clinic,
    make_conversation,
    race,
    rows,
    rpc,
    settle,
    text_of_person,
)


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


def outcomes(answers: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [answer for answer in answers if answer["outcome"] == kind]


def test_of_32_workers_with_different_messages_one_sends(db: Connection, connect: Connect, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)

    answers = race(
        connect,
        [lambda own, part=part: claim(own, clinic, conversation, answer_of_ai(answer_part=part)) for part in range(32)],
    )

    assert len(outcomes(answers, "granted")) == 1
    assert len(outcomes(answers, "busy")) == 31
    assert len(rows(db, "marketing_messages", status="sending")) == 1


def test_of_16_workers_with_the_same_answer_one_gives_it(db: Connection, connect: Connect, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)

    def answer_once(own: Connection) -> dict[str, Any]:
        answer = claim(own, clinic, conversation, answer_of_ai())
        if answer["outcome"] == "granted":
            settle(own, clinic, answer["message_id"])
        return answer

    answers = race(connect, [answer_once] * 16)

    assert len(outcomes(answers, "granted")) == 1
    assert {answer["code"] for answer in outcomes(answers, "refused")} <= {"already_answered"}
    assert len(rows(db, "marketing_messages", sender="ai")) == 1


def test_people_of_one_clinic_writing_at_once_are_sent_one_after_the_other(
    db: Connection, connect: Connect, clinic: Clinic
) -> None:
    conversation = make_conversation(db, clinic)
    in_flight, most = [0], [0]
    guard = threading.Lock()

    def write(own: Connection) -> str:
        moved = False
        while True:
            answer = claim(own, clinic, conversation, text_of_person(human_epoch_moved=moved))
            if answer["outcome"] == "granted":
                break
            assert answer["outcome"] == "busy"
            moved = True
            time.sleep(0.01)
        with guard:
            in_flight[0] += 1
            most[0] = max(most[0], in_flight[0])
        time.sleep(0.005)
        with guard:
            in_flight[0] -= 1
        settle(own, clinic, answer["message_id"])
        return str(answer["message_id"])

    sent = race(connect, [write] * 8)

    assert len(set(sent)) == 8
    assert most[0] == 1
    assert find(db, "marketing_conversations", conversation)["human_epoch"] == 8


def test_no_answer_of_the_assistant_is_granted_after_a_persons_message_was_stored(
    db: Connection, connect: Connect, clinic: Clinic
) -> None:
    for round_number in range(12):
        conversation = make_conversation(db, clinic, contact_phone=f"+54911555503{round_number:02}")

        def person(own: Connection, conversation: UUID = conversation) -> list[dict[str, Any]]:
            time.sleep(random.random() * 0.03)
            answers = [claim(own, clinic, conversation, text_of_person())]
            while answers[-1]["outcome"] == "busy":
                time.sleep(0.005)
                answers.append(claim(own, clinic, conversation, text_of_person(human_epoch_moved=True)))
            settle(own, clinic, answers[-1]["message_id"])
            return answers

        def assistant(own: Connection, conversation: UUID = conversation) -> list[dict[str, Any]]:
            answers = []
            for part in range(12):
                answers.append(claim(own, clinic, conversation, answer_of_ai(answer_part=part)))
                if answers[-1]["outcome"] == "granted":
                    settle(own, clinic, answers[-1]["message_id"])
            return answers

        race(connect, [person, assistant, assistant])

        spoken = find(db, "marketing_conversations", conversation)["last_human_at"]
        late = [
            row
            for row in rows(db, "marketing_messages", conversation_id=conversation, sender="ai")
            if row["created_at"] > spoken
        ]
        assert late == []
        assert len(rows(db, "marketing_messages", conversation_id=conversation, sender="professional")) == 1


def test_a_retry_is_granted_to_one_of_many_workers(db: Connection, connect: Connect, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    settle(db, clinic, message_id, "throttled", retry_at="2026-01-01T00:00:00Z", error={"code": 131056})

    answers = race(
        connect,
        [lambda own: claim(own, clinic, conversation, {"message_id": message_id, "send_lease_seconds": 15})] * 12,
    )

    assert len(outcomes(answers, "granted")) == 1
    assert {answer["code"] for answer in outcomes(answers, "refused")} == {"already_answered"}


def test_the_same_message_settled_by_many_is_settled_once(db: Connection, connect: Connect, clinic: Clinic) -> None:
    conversation = make_conversation(db, clinic)
    message_id = claim(db, clinic, conversation, answer_of_ai())["message_id"]
    settle(db, clinic, message_id, "unknown")

    answers = race(connect, [lambda own: settle(own, clinic, message_id, external_id="wamid.once")] * 12)

    assert {(answer["status"], answer["external_id"]) for answer in answers} == {("sent", "wamid.once")}


def test_a_number_written_to_by_many_at_once_has_one_conversation(
    db: Connection, connect: Connect, clinic: Clinic
) -> None:
    def open_conversation(own: Connection) -> str:
        answer = rpc(
            own,
            "open_conversation",
            professional_id=clinic.professional_id,
            channel_id=clinic.channel_id,
            phone="+5491155550100",
        )
        return str(answer["conversation_id"])

    assert len(set(race(connect, [open_conversation] * 12))) == 1
    assert len(rows(db, "marketing_conversations")) == 1
    assert len(rows(db, "marketing_contact_identities")) == 1
