"""A conversation that waits for a person is told again: once after a while, once before its window closes."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.database.handover_builders import hand_over, long_ago, open_alerts, resume
from tests.database.history_builders import import_thread, past
from tests.database.inbound_builders import Office, echo, ingest, make_office, write
from tests.database.outbound_builders import Connect, Connection, Row, find, race, rpc, update, utc_now


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db, opening_hours={"mon": [["09:00", "13:00"]]}, phone="+541150320001")


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    """A conversation that waits for a person."""
    conversation = write(db, office)
    hand_over(db, office, conversation)
    return conversation


def waiting(db: Connection, limit: int = 100, **after: object) -> list[Row]:
    answer: list[Row] = rpc(db, "waiting_conversations", limit=limit, **after)
    return answer


def remind(db: Connection, item: Row, *, of_window: bool = False) -> str:
    answer: Row = rpc(
        db,
        "remind_of_waiting",
        conversation_id=UUID(item["conversation_id"]),
        since=datetime.fromisoformat(item["since"]),
        of_window=of_window,
    )
    return str(answer["outcome"])


def test_what_waits_is_told_with_the_hours_of_its_clinic_and_nothing_of_anybody(
    db: Connection, office: Office, conversation: UUID
) -> None:
    (item,) = waiting(db)

    assert (item["conversation_id"], item["reason"]) == (str(conversation), "requested")
    assert item["professional"]["opening_hours"] == {"mon": [["09:00", "13:00"]]}
    assert set(item["professional"]) == {
        "id",
        "timezone",
        "country",
        "opening_hours",
        "closures",
        "holiday_country",
        "open_holidays",
        "policies",
    }
    assert item["professional"]["id"] == str(office.id)


def test_a_reminder_is_given_once_of_each_kind(db: Connection, conversation: UUID) -> None:
    (item,) = waiting(db)

    assert [remind(db, item), remind(db, item)] == ["reminded", "not_needed"]
    assert waiting(db) == [], "until its window closes"
    assert [remind(db, item, of_window=True), remind(db, item, of_window=True)] == ["reminded", "not_needed"]
    assert [alert["severity"] for alert in open_alerts(db, conversation, "handoff_waiting")] == ["warning"] * 2


def test_it_comes_back_in_the_last_two_hours_of_its_window(db: Connection, conversation: UUID) -> None:
    (item,) = waiting(db)
    remind(db, item)

    for hours, shown in ((21.9, False), (22.1, True), (24.1, False)):
        update(db, "marketing_conversations", conversation, last_inbound_at=utc_now() - timedelta(hours=hours))
        assert bool(waiting(db)) is shown, hours


def test_nobody_is_reminded_of_what_a_person_answered_took_or_gave_back(
    db: Connection, office: Office, conversation: UUID
) -> None:
    (item,) = waiting(db)

    ingest(db, echo(office))
    assert (waiting(db), remind(db, item)) == ([], "not_needed")

    resume(db, office, conversation)
    rpc(db, "take_over", professional_id=office.id, conversation_id=conversation, actor_id=office.id)
    assert waiting(db) == []


def test_nobody_is_reminded_of_those_who_came_with_the_history_of_a_number(db: Connection, office: Office) -> None:
    imported = import_thread(db, office, past(), contact="5493415550666")
    assert find(db, "marketing_conversations", imported)["handoff_reason"] == "history"

    assert waiting(db) == []


def test_a_second_hand_over_is_told_again(db: Connection, office: Office, conversation: UUID) -> None:
    (first,) = waiting(db)
    remind(db, first)
    resume(db, office, conversation)
    hand_over(db, office, conversation, "complaint")

    (second,) = waiting(db)

    assert second["reason"] == "complaint"
    assert (remind(db, first), remind(db, second)) == ("not_needed", "reminded")


def test_an_emergency_that_nobody_answered_leaves_the_product_again(db: Connection, office: Office) -> None:
    conversation = write(db, office, phone="+5493415550777")
    hand_over(db, office, conversation, "emergency")
    (item,) = [item for item in waiting(db) if item["conversation_id"] == str(conversation)]

    remind(db, item)

    (alert,) = open_alerts(db, conversation, "handoff_waiting")
    assert alert["severity"] == "critical"


def test_what_was_forgotten_for_days_is_left_alone(db: Connection, conversation: UUID) -> None:
    long_ago(db, conversation, 13.9 * 24)
    assert len(waiting(db)) == 1, "a long weekend, or a holiday of the clinic"

    long_ago(db, conversation, 14.1 * 24)
    assert waiting(db) == []


def test_all_who_wait_are_found_page_by_page(db: Connection, office: Office, conversation: UUID) -> None:
    others = [write(db, office, phone=f"+549341555080{number}") for number in range(3)]
    for other in others:
        hand_over(db, office, other)
    everybody = [item["conversation_id"] for item in waiting(db)]

    found: list[str] = []
    page = waiting(db, limit=2)
    while page:
        found += [item["conversation_id"] for item in page]
        page = waiting(db, limit=2, after_since=page[-1]["since"], after_id=UUID(page[-1]["conversation_id"]))

    assert sorted(found) == sorted([str(conversation), *map(str, others)])
    assert found == everybody


def test_a_clinic_without_the_feature_is_told_nothing(db: Connection, office: Office, conversation: UUID) -> None:
    update(db, "professionals", office.id, marketing_enabled=False)

    assert waiting(db) == []
    assert find(db, "marketing_conversations", conversation)["waiting_told_at"] is None


def test_several_sweeps_at_once_remind_once(db: Connection, connect: Connect, conversation: UUID) -> None:
    (item,) = waiting(db)

    answers = race(connect, [lambda one: remind(one, item) for _ in range(6)])

    assert sorted(answers) == [*["not_needed"] * 5, "reminded"]
    assert len(open_alerts(db, conversation, "handoff_waiting")) == 1
