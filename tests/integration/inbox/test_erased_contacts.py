"""What waited in a queue while its contact was erased: the workers take it out and leave nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dentalist.inbound.split import split
from tests.database.outbound_builders import rpc
from tests.integration.inbox.test_receiving import PHONE, messages, photo, text, webhook
from tests.integration.inbox.world import World


def deliver(world: World, body: dict[str, Any], *, received_at: datetime) -> list[str]:
    """A webhook body whose events waited in the queue; what of it must come back."""
    received = split(body, received_at=received_at.isoformat(), correlation_id="request-1")
    return world.handle(*[world.record(message.body, group=message.group_id) for message in received])


def erase(world: World) -> UUID:
    """The contact wrote once, and is erased; their conversation."""
    world.deliver(webhook(text("Hola")))
    conversation = UUID(messages(world)[-1]["conversation_id"])
    who = {"professional_id": world.tenants.ana, "conversation_id": conversation, "actor_id": world.tenants.ana}
    assert rpc(world.db, "erase_contact", **who)["outcome"] == "erased"
    world.waiting("replies")
    return conversation


def traces(world: World) -> list[str]:
    """The tables of Ana's that hold the contact's number."""
    ana = str(world.tenants.ana)
    return [
        table
        for table, rows in world.everything().items()
        if any(PHONE in str(row) or PHONE.replace("549", "54", 1) in str(row) for row in rows if ana in str(row))
    ]


@pytest.fixture
def a_moment_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=30)


def test_a_message_that_waited_is_taken_out_of_the_queue_and_nobody_is_woken(
    world: World, a_moment_ago: datetime
) -> None:
    erase(world)

    assert deliver(world, webhook(text("¿tienen turno?"), photo()), received_at=a_moment_ago) == []

    assert world.outcomes[-2:] == [("erased", None)] * 2
    assert (traces(world), world.waiting("replies"), world.waiting("media")) == ([], [], [])


def test_an_event_that_nobody_understands_and_waited_is_not_parked(world: World, a_moment_ago: datetime) -> None:
    erase(world)

    assert deliver(world, webhook({"from": PHONE, "strange": True}), received_at=a_moment_ago) == []

    assert world.outcomes[-1] == ("erased", None)
    assert traces(world) == []


def test_a_dead_letter_that_is_put_back_leaves_nothing_either(world: World, a_moment_ago: datetime) -> None:
    [message] = split(webhook(text("Hola")), received_at=a_moment_ago.isoformat(), correlation_id="request-1")
    erase(world)
    world.cloud.sqs.send_message(
        QueueUrl=world.urls["inbound-dead.fifo"],
        MessageBody=message.body,
        MessageGroupId=message.group_id,
        MessageDeduplicationId=message.deduplication_id,
    )

    assert world.sweep()["redriven"] == 1
    [waiting] = world.waiting("inbound.fifo")

    assert world.handle(world.record(json.dumps(waiting))) == []
    assert world.outcomes[-1] == ("erased", None)
    assert traces(world) == []


def test_what_they_write_afterwards_begins_a_new_conversation(world: World) -> None:
    erased = erase(world)

    assert deliver(world, webhook(text("Hola de nuevo")), received_at=datetime.now(UTC)) == []

    [row] = messages(world)
    assert (row["body"], row["conversation_id"] != str(erased)) == ("Hola de nuevo", True)
    assert [job["conversation_id"] for job in world.waiting("replies")] == [row["conversation_id"]]


def test_a_file_that_was_still_to_be_fetched_is_asked_for_no_more(world: World) -> None:
    world.deliver(webhook(photo()))
    [job] = world.waiting("media")
    erase(world)

    assert world.handle(world.record(json.dumps(job), queue="media")) == []

    assert [line["outcome"] for line in world.log if line["message"] == "media job done"] == ["none"]
    assert world.sweep()["media_requested"] == 0
