"""When schedules are due, and what they send."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from infra.local.gateway.schedules import make_event, parse_schedule
from infra.local.intrinsics import TemplateError
from infra.local.model import Schedule

SUNDAY = datetime(2026, 11, 22, 16, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "timezone", "due"),
    [
        ("cron(* * * * ? *)", "UTC", datetime(2026, 11, 22, 16, 1, tzinfo=UTC)),
        ("cron(0/15 * * * ? *)", "UTC", datetime(2026, 11, 22, 16, 15, tzinfo=UTC)),
        ("cron(0 3 * * ? *)", "UTC", datetime(2026, 11, 23, 3, 0, tzinfo=UTC)),
        ("cron(0 3 * * ? *)", "America/Argentina/Buenos_Aires", datetime(2026, 11, 23, 6, 0, tzinfo=UTC)),
        ("cron(30 9 ? * MON-FRI *)", "UTC", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("cron(0 0 ? * 7 *)", "UTC", datetime(2026, 11, 28, 0, 0, tzinfo=UTC)),
        ("cron(0 12 1 JAN,JUL ? *)", "UTC", datetime(2027, 1, 1, 12, 0, tzinfo=UTC)),
        ("cron(0 0 29 2 ? *)", "UTC", datetime(2028, 2, 29, 0, 0, tzinfo=UTC)),
    ],
)
def test_a_cron_expression_is_due_when_the_wall_clock_says_so(expression: str, timezone: str, due: datetime) -> None:
    assert parse_schedule(expression, timezone).next_after(SUNDAY) == due


@pytest.mark.parametrize(
    ("expression", "period"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(5 minutes)", timedelta(minutes=5)),
        ("rate(2 days)", timedelta(2)),
    ],
)
def test_a_rate_is_due_a_period_later(expression: str, period: timedelta) -> None:
    assert parse_schedule(expression).next_after(SUNDAY) == SUNDAY + period


@pytest.mark.parametrize(
    "expression", ["rate(1 week)", "cron(* * *)", "at(2026-01-01)", "cron(0 0 L * ? *)", "cron(61 * * * ? *)"]
)
def test_an_expression_it_does_not_understand_is_an_error(expression: str) -> None:
    with pytest.raises(TemplateError):
        parse_schedule(expression)


def test_a_cron_expression_that_is_never_due_again_is_an_error() -> None:
    with pytest.raises(TemplateError, match="never due"):
        parse_schedule("cron(0 0 30 2 ? *)").next_after(SUNDAY)


def test_without_an_input_of_its_own_a_schedule_sends_its_services_event() -> None:
    event = make_event(Schedule("Minutely", "rate(1 minute)", "UTC", "aws.scheduler"), SUNDAY)

    assert event["source"] == "aws.scheduler"
    assert event["detail-type"] == "Scheduled Event"
    assert event["time"] == "2026-11-22T16:00:30Z"
    assert event["resources"] == ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/Minutely"]


def test_an_input_is_sent_as_it_is() -> None:
    schedule = Schedule("Minutely", "rate(1 minute)", "UTC", "aws.events", input=json.dumps({"job": "sweep"}))

    assert make_event(schedule, SUNDAY) == {"job": "sweep"}
