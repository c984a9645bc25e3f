"""How many free messages a number used this month, and whether Meta stops it for a payment problem."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from tests.database.inbound_builders import (
    Office,
    echo,
    failure,
    ingest,
    make_instagram,
    make_office,
    make_second_number,
    minutes_ago,
    status,
    wamid,
    write,
)
from tests.database.outbound_builders import (
    Connect,
    Connection,
    answer_of_ai,
    claim,
    find,
    insert,
    make_template,
    race,
    rows,
    settle,
    template_message,
    text_of_person,
    update,
    utc_now,
)


@pytest.fixture
def office(db: Connection) -> Office:
    return make_office(db)


@pytest.fixture
def conversation(db: Connection, office: Office) -> UUID:
    return write(db, office)


def send(db: Connection, office: Office, conversation: UUID, message: dict[str, Any] | None = None) -> str:
    """A message that Meta took; its wamid."""
    granted = claim(db, office.clinic, conversation, message or text_of_person())
    assert granted["outcome"] == "granted", granted
    external_id = wamid()
    settle(db, office.clinic, granted["message_id"], external_id=external_id)
    return external_id


def deliver(db: Connection, office: Office, external_id: str, word: str = "delivered", at: Any = None) -> None:
    assert ingest(db, status(office, external_id, word, at))["outcome"] == "applied"


def used(db: Connection, office: Office) -> int:
    found = rows(db, "marketing_channel_usage", channel_id=office.channel_id)
    return sum(row["service_messages"] for row in found)


def set_used(db: Connection, office: Office, count: int) -> None:
    month = db.execute("select app.month_of(%s, now()) as month", [office.id]).fetchone()
    assert month is not None
    insert(
        db,
        "marketing_channel_usage",
        professional_id=office.id,
        channel_id=office.channel_id,
        month=month["month"],
        service_messages=count,
    )


# ---- what counts -----------------------------------------------------------------------------------------------------


def test_a_message_counts_once_it_is_delivered_and_only_once(
    db: Connection, office: Office, conversation: UUID
) -> None:
    external_id = send(db, office, conversation)
    assert used(db, office) == 0
    deliver(db, office, external_id, "sent", minutes_ago(2))
    assert used(db, office) == 0

    for word, minutes in (("delivered", 1), ("delivered", 0.9), ("read", 0.5)):
        deliver(db, office, external_id, word, minutes_ago(minutes))
        assert used(db, office) == 1


def test_whatever_the_order_of_its_statuses_a_message_counts_once(db: Connection) -> None:
    for order in permutations(("sent", "delivered", "read", "played")):
        office = make_office(db)
        external_id = send(db, office, write(db, office))
        moments = {"sent": 4, "delivered": 3, "read": 2, "played": 1}

        for word in order:
            deliver(db, office, external_id, word, minutes_ago(moments[word]))

        assert used(db, office) == 1, order


def test_a_message_whose_status_was_faster_than_its_send_counts(
    db: Connection, office: Office, conversation: UUID
) -> None:
    granted = claim(db, office.clinic, conversation, text_of_person())
    external_id = wamid()
    ingest(db, status(office, external_id, "delivered"))
    assert used(db, office) == 0

    settle(db, office.clinic, granted["message_id"], external_id=external_id)

    assert used(db, office) == 1


def test_answers_of_the_assistant_count_too(db: Connection, office: Office, conversation: UUID) -> None:
    deliver(db, office, send(db, office, conversation, answer_of_ai()))

    assert used(db, office) == 1


def test_a_template_is_not_a_service_message(db: Connection, office: Office, conversation: UUID) -> None:
    make_template(db, office.clinic)

    deliver(db, office, send(db, office, conversation, template_message()))

    assert rows(db, "marketing_channel_usage") == []


def test_what_a_person_wrote_in_the_phone_app_does_not_count(db: Connection, office: Office) -> None:
    event = echo(office)
    ingest(db, event)

    for word in ("delivered", "read"):
        deliver(db, office, event["external_id"], word)

    assert rows(db, "marketing_channel_usage") == []


def test_what_was_never_delivered_does_not_count(db: Connection, office: Office, conversation: UUID) -> None:
    external_id = send(db, office, conversation)

    ingest(db, failure(office, external_id, 131026))

    assert rows(db, "marketing_channel_usage") == []


def test_a_failure_that_was_none_after_all_counts(db: Connection, office: Office, conversation: UUID) -> None:
    external_id = send(db, office, conversation)
    ingest(db, failure(office, external_id, 131026, minutes_ago(2)))

    deliver(db, office, external_id)

    assert used(db, office) == 1


def test_instagram_has_no_service_messages(db: Connection, office: Office, conversation: UUID) -> None:
    external_id = send(db, office, conversation)
    channel_id = make_instagram(db, office)
    db.execute("update marketing_messages set channel_id = %s where direction = 'outbound'", [channel_id])

    db.execute("update marketing_messages set status = 'read' where external_id = %s", [external_id])

    assert rows(db, "marketing_channel_usage") == []


def test_each_number_counts_for_itself(db: Connection, office: Office, conversation: UUID) -> None:
    other = make_second_number(db, office)
    deliver(db, office, send(db, office, conversation))
    for _ in range(2):
        deliver(db, other, send(db, other, write(db, other)))

    assert (used(db, office), used(db, other)) == (1, 2)


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 12, 1, 2, 59, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 12, 1, 3, 0, tzinfo=UTC), date(2026, 12, 1)),
    ],
)
def test_the_month_is_the_one_of_the_professionals_clock_when_it_was_delivered(
    db: Connection, office: Office, conversation: UUID, at: datetime, month: date
) -> None:
    """Buenos Aires is three hours behind."""
    external_id = send(db, office, conversation)
    ingest(db, status(office, external_id, "read", at + timedelta(days=40)))
    (usage,) = rows(db, "marketing_channel_usage")
    assert usage["month"] != month

    second = send(db, office, conversation)
    deliver(db, office, second, "delivered", at)

    assert month in [row["month"] for row in rows(db, "marketing_channel_usage")]


def test_no_delivery_is_lost_or_counted_twice_when_many_arrive_at_once(
    db: Connection, connect: Connect, office: Office
) -> None:
    sent = []
    for number in range(8):
        conversation = write(db, office, phone=f"+54934155503{number:02}")
        sent.append(send(db, office, conversation))
    set_used(db, office, 695)

    jobs = [partial(deliver_any, office, external_id, word) for external_id in sent for word in ("delivered", "read")]
    race(connect, jobs)

    assert used(db, office) == 703
    alerts = rows(db, "marketing_alerts", kind="service_messages")
    assert [alert["severity"] for alert in alerts] == ["info"]


def deliver_any(office: Office, external_id: str, word: str, connection: Connection) -> None:
    ingest(connection, status(office, external_id, word))


# ---- warnings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "severity"), [(699, "info"), (899, "warning"), (999, "critical")])
def test_crossing_a_threshold_is_told_once(
    db: Connection, office: Office, conversation: UUID, before: int, severity: str
) -> None:
    set_used(db, office, before)
    update(db, "marketing_channels", office.channel_id, display_phone_number="+54 9 11 5032-0001")

    for _ in range(3):
        deliver(db, office, send(db, office, conversation))

    (alert,) = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["entity_id"]) == ("service_messages", severity, office.channel_id)
    assert f"El número +54 9 11 5032-0001 ya usó {before + 1} de los 1000" in alert["message"]


def test_a_threshold_that_was_acknowledged_is_not_told_again_in_the_month(
    db: Connection, office: Office, conversation: UUID
) -> None:
    set_used(db, office, 699)
    deliver(db, office, send(db, office, conversation))
    db.execute("update marketing_alerts set acknowledged_at = now()")

    deliver(db, office, send(db, office, conversation))

    assert len(rows(db, "marketing_alerts")) == 1


@pytest.mark.parametrize("before", [0, 698, 700, 898, 998, 1000])
def test_between_the_thresholds_nothing_is_told(
    db: Connection, office: Office, conversation: UUID, before: int
) -> None:
    set_used(db, office, before)

    deliver(db, office, send(db, office, conversation))

    assert rows(db, "marketing_alerts") == []


# ---- payment problems ------------------------------------------------------------------------------------------------


def problem_at(db: Connection, office: Office) -> datetime | None:
    found: datetime | None = find(db, "marketing_channels", office.channel_id)["payment_problem_at"]
    return found


def test_a_message_refused_for_its_payment_marks_the_number(db: Connection, office: Office, conversation: UUID) -> None:
    external_id = send(db, office, conversation)

    ingest(db, failure(office, external_id, 131042))

    noticed = problem_at(db, office)
    assert noticed is not None
    assert abs(noticed - utc_now()) < timedelta(minutes=1)
    assert [row["kind"] for row in rows(db, "marketing_alerts")] == ["payment_problem"]


def test_so_does_one_that_is_refused_at_once(db: Connection, office: Office, conversation: UUID) -> None:
    granted = claim(db, office.clinic, conversation, text_of_person())

    settle(db, office.clinic, granted["message_id"], "failed", error={"code": 131042, "message": "pay"})

    assert problem_at(db, office) is not None


def test_other_failures_are_no_payment_problem(db: Connection, office: Office, conversation: UUID) -> None:
    ingest(db, failure(office, send(db, office, conversation), 131026))

    assert problem_at(db, office) is None


def test_a_payment_problem_is_known_since_its_first_message(db: Connection, office: Office, conversation: UUID) -> None:
    ingest(db, failure(office, send(db, office, conversation), 131042))
    first = problem_at(db, office)

    ingest(db, failure(office, send(db, office, conversation), 131042))

    assert problem_at(db, office) == first


@pytest.mark.parametrize("word", ["delivered", "read"])
def test_the_next_message_that_is_delivered_ends_the_problem(
    db: Connection, office: Office, conversation: UUID, word: str
) -> None:
    ingest(db, failure(office, send(db, office, conversation), 131042))
    other = make_second_number(db, office)
    update(db, "marketing_channels", other.channel_id, payment_problem_at=minutes_ago(5))

    deliver(db, office, send(db, office, conversation), word)

    assert problem_at(db, office) is None
    assert problem_at(db, other) is not None


def test_a_message_from_before_the_problem_says_nothing_about_it(
    db: Connection, office: Office, conversation: UUID
) -> None:
    earlier = send(db, office, conversation)
    ingest(db, failure(office, send(db, office, conversation), 131042))

    deliver(db, office, earlier)

    assert problem_at(db, office) is not None
    assert used(db, office) == 1


def test_a_template_ends_the_problem_and_an_echo_does_not(db: Connection, office: Office, conversation: UUID) -> None:
    make_template(db, office.clinic)
    ingest(db, failure(office, send(db, office, conversation), 131042))
    written = echo(office)
    ingest(db, written)
    deliver(db, office, written["external_id"])
    assert problem_at(db, office) is not None

    deliver(db, office, send(db, office, conversation, template_message()))

    assert problem_at(db, office) is None
