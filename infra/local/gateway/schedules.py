"""Schedules: when rate() and cron() expressions are due, and the event a scheduled function gets.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import asyncio
import json
import logging
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.gateway.invocations import FunctionError
from infra.local.gateway.workers import WorkerPool
from infra.local.intrinsics import ACCOUNT_ID, REGION, TemplateError
from infra.local.model import Schedule

logger = logging.getLogger(__name__)

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.+)\)")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]  # AWS counts from 1, and from Sunday
_CRON_FIELDS = 6
_HORIZON = timedelta(days=4 * 366)


@dataclass(frozen=True, slots=True)
class Rate:
    """Due every so often after the stack started."""

    period: timedelta

    def next_after(self, instant: datetime) -> datetime:
        return instant + self.period


@dataclass(frozen=True, slots=True)
class Cron:
    """Due when the wall clock of a timezone shows one of these times."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    timezone: ZoneInfo

    def next_after(self, instant: datetime) -> datetime:
        """The first due instant after this one, in UTC.

        Raises:
            TemplateError: it is never due again.
        """
        local = instant.astimezone(self.timezone).replace(second=0, microsecond=0, tzinfo=None) + timedelta(minutes=1)
        end = local + _HORIZON
        while local < end:
            if not self._on_day(local):
                local = local.replace(hour=0, minute=0) + timedelta(days=1)
            elif local.hour not in self.hours:
                local = local.replace(minute=0) + timedelta(hours=1)
            elif local.minute not in self.minutes:
                local += timedelta(minutes=1)
            else:
                return local.replace(tzinfo=self.timezone).astimezone(UTC)
        raise TemplateError("the cron expression is never due")

    def _on_day(self, local: datetime) -> bool:
        weekday = local.isoweekday() % 7 + 1
        return (
            local.month in self.months
            and local.day in self.days
            and weekday in self.weekdays
            and local.year in self.years
        )


def parse_schedule(expression: str, timezone: str = "UTC") -> Rate | Cron:
    """Read a schedule expression.

    Raises:
        TemplateError: it is neither a rate nor a cron expression of the supported form (no L, W or #).
    """
    if match := _RATE.fullmatch(expression):
        return Rate(timedelta(**{f"{match[2]}s": int(match[1])}))
    match = _CRON.fullmatch(expression)
    fields = match[1].split() if match else []
    if len(fields) != _CRON_FIELDS:
        raise TemplateError(f"the schedule {expression!r} is not supported by the local stack")
    minute, hour, day, month, weekday, year = fields
    try:
        return Cron(
            minutes=_field(minute, 0, 59),
            hours=_field(hour, 0, 23),
            days=_field(day, 1, 31),
            months=_field(month, 1, 12, names=_MONTHS),
            weekdays=_field(weekday, 1, 7, names=_WEEKDAYS),
            years=_field(year, 1970, 2199),
            timezone=ZoneInfo(timezone),
        )
    except ValueError as error:
        raise TemplateError(f"the schedule {expression!r} is not supported by the local stack: {error}") from error


def _field(text: str, low: int, high: int, names: list[str] | None = None) -> frozenset[int]:
    """``*``, ``?``, lists, ranges and steps of one cron field."""

    def number(word: str) -> int:
        value = names.index(word.upper()) + 1 if names and word.upper() in names else int(word)
        if not low <= value <= high:
            raise ValueError(f"{word} is not between {low} and {high}")
        return value

    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in {"*", "?"}:
            first, last = low, high
        elif "-" in span:
            first, last = (number(word) for word in span.split("-"))
        else:
            first = number(span)
            last = high if step else first
        values.update(range(first, last + 1, int(step or 1)))
    return frozenset(values)


def make_event(schedule: Schedule, instant: datetime) -> dict[str, Any]:
    """What the function gets: the schedule's own input, else the service's default event."""
    if schedule.input is not None:
        payload: dict[str, Any] = json.loads(schedule.input)
        return payload
    by_scheduler = schedule.source == "aws.scheduler"
    kind = (
        f"scheduler:{REGION}:{ACCOUNT_ID}:schedule/default/" if by_scheduler else f"events:{REGION}:{ACCOUNT_ID}:rule/"
    )
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": schedule.source,
        "account": ACCOUNT_ID,
        "time": instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:{kind}{schedule.name}"],
        "detail": "{}" if by_scheduler else {},
    }


class Scheduled:
    """One function on one schedule."""

    def __init__(self, schedule: Schedule, pool: WorkerPool) -> None:
        self._schedule = schedule
        self._pool = pool
        self._due = parse_schedule(schedule.expression, schedule.timezone)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Fire until cancelled; a run that takes longer than the period does not delay the next."""
        while True:
            now = datetime.now(UTC)
            due = self._due.next_after(now)
            await asyncio.sleep((due - now).total_seconds())
            run = asyncio.create_task(self._fire_and_log())
            self._running.add(run)
            run.add_done_callback(self._running.discard)

    async def fire(self, instant: datetime) -> bytes:
        """Call the function now with the schedule event of this moment.

        Raises:
            FunctionError: the function failed.
        """
        return await self._pool.invoke(json.dumps(make_event(self._schedule, instant)).encode())

    async def _fire_and_log(self) -> None:
        try:
            await self.fire(datetime.now(UTC))
        except FunctionError as error:
            logger.warning("%s failed on its schedule: %s", self._pool.function.name, error)
