"""An answer that is owed is leased to one worker, given once, and never lost."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database.inbound_builders import (
    Office,
    claim_answer,
    echo,
    finish_answer,
    ingest,
    make_due,
    make_office,
    message,
    minutes_ago,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    Row,
    find,
    race,
    rows,
    rpc,
    update,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    """A conversation whose answer is due."""
    conversation = write(db, office)
    make_due(db, conversation)
    return conversation


def get(db: Connection, conversation: UUID) -> Row:
    return find(db, "marketing_conversations", conversation)


def release(db: Connection, conversation: UUID, held: Row, delay_seconds: int = 5) -> Row:
    answer: Row = rpc(
        db,
        "release_answer",
        conversation_id=conversation,
        lease_id=UUID(held["lease_id"]),
        delay_seconds=delay_seconds,
    )
    return answer


# ---- the lease -------------------------------------------------------------------------------------------------------


def test_of_sixteen_workers_at_once_one_has_the_answer(db: Connection, connect: Connect, conversation: UUID) -> None:
    answers = race(connect, [lambda connection: claim_answer(connection, conversation)] * 16)

    assert sorted(answer["outcome"] for answer in answers) == ["claimed"] + ["leased"] * 15
    assert {answer.get("delay_seconds") for answer in answers} <= {None, 60}


def test_nothing_is_claimed_before_the_quiet_time_is_over(db: Connection, office: Office) -> None:
    conversation = write(db, office)

    assert claim_answer(db, conversation) == {"outcome": "not_due", "delay_seconds": 4}


def test_nothing_is_claimed_where_nothing_is_owed(db: Connection, office: Office, conversation: UUID) -> None:
    finish_answer(db, conversation, claim_answer(db, conversation))
    ingest(db, echo(office))

    assert claim_answer(db, conversation) == {"outcome": "nothing"}
    assert claim_answer(db, uuid4()) == {"outcome": "nothing"}


def test_a_lease_that_ran_out_is_given_to_the_next_worker_and_the_first_has_lost_it(
    db: Connection, conversation: UUID
) -> None:
    dead = claim_answer(db, conversation, lease_seconds=0)
    alive = claim_answer(db, conversation)

    assert alive["outcome"] == "claimed"
    assert finish_answer(db, conversation, dead) == {"outcome": "lost"}
    assert release(db, conversation, dead) == {"outcome": "lost"}
    assert finish_answer(db, conversation, alive)["outcome"] == "finished"
    assert finish_answer(db, conversation, alive) == {"outcome": "lost"}


def test_a_released_answer_is_owed_again_after_its_delay(db: Connection, conversation: UUID) -> None:
    held = claim_answer(db, conversation)

    released = release(db, conversation, held, delay_seconds=30)

    assert (released["outcome"], released["owed"]) == ("released", True)
    assert claim_answer(db, conversation) == {"outcome": "not_due", "delay_seconds": 30}


def test_releasing_what_was_answered_meanwhile_owes_nothing(db: Connection, office: Office, conversation: UUID) -> None:
    held = claim_answer(db, conversation)
    ingest(db, echo(office))

    assert release(db, conversation, held)["owed"] is False
    assert claim_answer(db, conversation)["mode"] == "observe", "it is only heard for what cannot wait"


# ---- the end of it ---------------------------------------------------------------------------------------------------


def test_a_finished_answer_clears_what_was_owed_and_keeps_what_was_understood(
    db: Connection, conversation: UUID
) -> None:
    held = claim_answer(db, conversation)
    (asked,) = held["unanswered"]

    finished = finish_answer(
        db, conversation, held, classifications={asked["id"]: {"intent": "request_quote", "confidence": 0.9}}
    )

    assert finished["outcome"] == "finished"
    row = get(db, conversation)
    assert row["answered_epoch"] == row["epoch"] == 1
    assert (row["answer_due_at"], row["first_unanswered_at"], row["answer_lease_id"]) == (None, None, None)
    understood = find(db, "marketing_messages", asked["id"])["ai_metadata"]
    assert understood == {"intent": "request_quote", "confidence": 0.9}
    assert rows(db, "marketing_alerts") == []


def test_what_was_understood_is_only_written_on_messages_of_that_conversation(
    db: Connection, office: Office, conversation: UUID
) -> None:
    write(db, make_office(db))
    held = claim_answer(db, conversation)
    everybody = {str(row["id"]): {"intent": "opt_out"} for row in rows(db, "marketing_messages")}

    finish_answer(db, conversation, held, classifications=everybody)

    assert {row["conversation_id"] for row in rows(db, "marketing_messages") if row["ai_metadata"]} == {conversation}


def test_what_came_in_while_the_answer_was_written_is_still_owed(
    db: Connection, office: Office, conversation: UUID
) -> None:
    held = claim_answer(db, conversation)
    ingest(db, message(office, "ah, y otra cosa"))

    finished = finish_answer(db, conversation, held)

    assert (finished["outcome"], finished["delay_seconds"]) == ("owed", 4)
    newest = rows(db, "marketing_messages", body="ah, y otra cosa")[0]
    assert get(db, conversation)["first_unanswered_at"] == newest["created_at"]
    make_due(db, conversation)
    assert [row["body"] for row in claim_answer(db, conversation)["unanswered"]] == ["ah, y otra cosa"]


def test_an_answer_left_to_people_is_on_their_list_once(db: Connection, office: Office, conversation: UUID) -> None:
    finish_answer(db, conversation, claim_answer(db, conversation), unanswered=True)
    ingest(db, message(office))
    make_due(db, conversation)
    finish_answer(db, conversation, claim_answer(db, conversation), unanswered=True)

    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("unanswered", "info", conversation)


def test_messages_and_answers_at_once_leave_every_message_answered_or_owed(
    db: Connection, connect: Connect, office: Office, conversation: UUID
) -> None:
    answered: list[str] = []

    def work(connection: Connection) -> None:
        for _ in range(6):
            make_due(connection, conversation)
            held = claim_answer(connection, conversation)
            if held["outcome"] == "claimed":
                answered.extend(row["id"] for row in held["unanswered"])
                finish_answer(connection, conversation, held)

    def chat(connection: Connection) -> None:
        for number in range(6):
            ingest(connection, message(office, f"mensaje {number}"), debounce=0)

    race(connect, [work, work, chat, chat])

    make_due(db, conversation)
    last = claim_answer(db, conversation)
    everything = [*answered, *(row["id"] for row in last["unanswered"])]
    assert sorted(everything) == sorted(str(row["id"]) for row in rows(db, "marketing_messages"))


# ---- sweeps ----------------------------------------------------------------------------------------------------------


def test_an_overdue_answer_nobody_works_on_is_woken_again(db: Connection, office: Office, conversation: UUID) -> None:
    assert rpc(db, "requeue_overdue", limit=10) == []  # due a second ago: its own wake-up is on the way
    update(db, "marketing_conversations", conversation, answer_due_at=minutes_ago(1))
    assert rpc(db, "requeue_overdue", limit=10) == [str(conversation)]

    claim_answer(db, conversation)
    assert rpc(db, "requeue_overdue", limit=10) == []

    update(db, "marketing_conversations", conversation, answer_lease_until=minutes_ago(1))
    assert rpc(db, "requeue_overdue", limit=10) == [str(conversation)]


def test_the_longest_waiting_are_woken_first(db: Connection, office: Office) -> None:
    waiting = [write(db, office, phone=f"+54341555000{number}") for number in range(3)]
    for conversation, minutes in zip(waiting, (1, 3, 2), strict=True):
        update(db, "marketing_conversations", conversation, answer_due_at=minutes_ago(minutes))

    assert rpc(db, "requeue_overdue", limit=2) == [str(waiting[1]), str(waiting[2])]


def test_a_file_that_was_not_fetched_is_asked_for_again_ever_more_slowly_while_meta_has_it(
    db: Connection, office: Office, conversation: UUID
) -> None:
    (row,) = rows(db, "marketing_messages")

    def pending(minutes: float, attempts: int) -> bool:
        tried = {"media_status": "pending", "media_attempts": attempts}
        update(db, "marketing_messages", row["id"], **tried, created_at=minutes_ago(minutes))
        return bool(rpc(db, "pending_media", limit=10) == [str(row["id"])])

    assert [pending(0.5, 0), pending(2, 0), pending(7, 3), pending(9, 3)] == [False, True, False, True]
    assert pending(60 * 24 * 7 + 1, 0) is False
    update(db, "marketing_messages", row["id"], media_status="stored", created_at=minutes_ago(5))
    assert rpc(db, "pending_media", limit=10) == []
