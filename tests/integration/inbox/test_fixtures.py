"""Every webhook sample, through the split and the inbox worker into the real store: which rows, and only those.

Each row is compared in the columns that its case names. Tables that a case does not name must stay as they were, and a
second delivery must change nothing at all.
"""

import json
import random
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.database.outbound_builders import Row
from tests.integration.inbox.samples import CASES, CONVERSATIONS, JUAN, MESSAGES, REMINDER, Case, sent_to
from tests.integration.inbox.world import SAMPLES, Changes, World

NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))


def test_every_sample_has_its_case() -> None:
    assert list(CASES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_makes_exactly_these_rows_and_a_second_delivery_none(world: World, name: str) -> None:
    case = CASES[name]
    case.given(world)
    before = world.everything()

    assert world.deliver_sample(name) == []

    changes = world.changes_since(before)
    assert seen_as(changes, case.changes) == case.changes
    assert_belongs(world, changes, case.channels)
    if case.outcome == "stored":
        assert all(instant(row["sent_at"]) == said_at(name) for row in changes.get(MESSAGES, []))
    assert_woken(world, changes, case)

    after = world.everything()
    assert world.deliver_sample(name) == []
    assert world.changes_since(after) == {}
    assert world.outcomes == [(case.outcome, None), ("duplicate", None)]
    assert_woken(world, changes, case)  # again, while the answer is owed and the file waits


def test_all_samples_delivered_once_more_in_any_order_change_nothing(world: World) -> None:
    for name in NAMES:
        assert world.deliver_sample(name) == []
    before = world.everything()
    shuffled = random.Random(7).sample(NAMES, len(NAMES))

    assert [world.deliver_sample(name) for name in shuffled] == [[]] * len(NAMES)

    assert world.changes_since(before) == {}
    assert {outcome for outcome, _ in world.outcomes[len(NAMES) :]} == {"duplicate"}


def test_the_samples_in_reverse_end_in_the_same_statuses_and_consent(world: World) -> None:
    sent_to(JUAN, REMINDER)(world)
    for name in reversed(NAMES):
        world.deliver_sample(name)

    [reminder] = [row for row in world.everything()[MESSAGES] if row["external_id"] == REMINDER and is_anas(world, row)]
    assert reminder["status"] == "read"
    assert set(reminder["status_times"]) == {"sent", "delivered", "read"}
    assert not [row for row in world.everything()["marketing_webhook_events"] if row["resolved_at"] is None]


# ---- looking ---------------------------------------------------------------------------------------------------------


def seen_as(changes: Changes, expected: Changes) -> Changes:
    """The changes in the columns that are expected, each next to the expected row that it fits."""
    seen: Changes = {}
    for table, rows in changes.items():
        wanted = expected.get(table, [])
        left = list(rows)
        seen[table] = []
        for row in wanted:
            fitting = next((each for each in left if shown(each, row) == row), left[0] if left else None)
            if fitting is not None:
                left.remove(fitting)
                seen[table].append(shown(fitting, row))
        seen[table] += left
    return seen


def shown(actual: Any, expected: Any) -> Any:
    """The part of a value that is expected; of objects only the expected keys."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {key: shown(actual.get(key), value) for key, value in expected.items()}
    return actual


def is_anas(world: World, row: Row) -> bool:
    return bool(row["professional_id"] == str(world.tenants.ana))


def assert_belongs(world: World, changes: Changes, channels: tuple[str, ...]) -> None:
    every_row = [row for rows in changes.values() for row in rows]
    assert all(is_anas(world, row) for row in every_row)
    expected = {str(world.tenants.channels[channel]) for channel in channels}
    assert {row["channel_id"] for row in every_row if row.get("channel_id")} <= expected


def assert_woken(world: World, changes: Changes, case: Case) -> None:
    conversations = [row["id"] for row in changes.get(CONVERSATIONS, [])] if case.wakes else []
    files = [row["id"] for row in changes.get(MESSAGES, [])] if case.fetches else []
    assert [job["conversation_id"] for job in world.waiting("replies")] == conversations
    assert [job["message_id"] for job in world.waiting("media")] == files


def said_at(name: str) -> datetime:
    """When Meta says that the sample's event happened."""
    found = re.search(r'"timestamp": "?(\d+)', json.dumps(json.loads((SAMPLES / f"{name}.json").read_text())))
    assert found is not None
    seconds = int(found[1])
    return datetime.fromtimestamp(seconds / 1000 if seconds > 10**11 else seconds, tz=UTC)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
