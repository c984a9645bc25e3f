"""The clinic as the assistant knows it: a typed view of its row in ``professionals``.

The row belongs to the host application, whose JSON columns nobody validates. What cannot be read counts as unknown, so
that the assistant says "no tengo ese dato" instead of failing or guessing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict

from dentalist.domain.emergency_numbers import country_code
from dentalist.domain.holidays import Holiday, holidays_between, parse_dates
from dentalist.domain.hours import (
    Closure,
    Interval,
    OpeningHours,
    open_intervals,
    parse_closures,
    parse_opening_hours,
    whole_day,
)
from dentalist.domain.policies import Policies

DEFAULT_APPOINTMENT_MINUTES = 30
_LONGEST_APPOINTMENT = 12 * 60
_ABSURD = 1_000_000
_UNKNOWN_TIMEZONE = "UTC"
_YESTERDAY = timedelta(days=1)
_HOLIDAYS_AHEAD = timedelta(days=90)  # further than anybody looks for a free slot or the next opening


@dataclass(frozen=True)
class Price:
    """One line of the clinic's price list; ``amount`` None when the clinic only lists the treatment."""

    treatment: str
    amount: Decimal | None = None
    currency: str | None = None
    minutes: int | None = None


def _clean(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...] | None:
    """A list of names, or of objects with a name; None when it says nothing that could be read."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Sequence):
        return None
    names = (_clean(item.get("name") if isinstance(item, Mapping) else item) for item in value)
    return tuple(name for name in names if name) or None


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return int(value) if isinstance(value, int | float) and abs(value) < _ABSURD else None  # NaN is not below either


def _minutes(value: object) -> int | None:
    whole = _whole(value)
    return whole if whole is not None and 0 < whole <= _LONGEST_APPOINTMENT else None


def _span(value: object) -> timedelta:
    whole = _whole(value)
    return timedelta(minutes=whole) if whole is not None and whole > 0 else timedelta(0)


def _amount(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _prices(value: object) -> tuple[Price, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    return tuple(price for item in value if isinstance(item, Mapping) and (price := _price(item)))


def _price(item: Mapping[str, object]) -> Price | None:
    treatment, currency = _clean(item.get("treatment")), _clean(item.get("currency"))
    if treatment is None:
        return None
    return Price(treatment, _amount(item.get("price")), currency and currency.upper(), _minutes(item.get("minutes")))


def _zone(value: object) -> str:
    """An IANA name; UTC for one that nobody knows, never a crash: the times then carry a wrong offset, so ``Clinic``
    reports the timezone as unknown and offers nothing."""
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _UNKNOWN_TIMEZONE
    return str(value)


_Text = Annotated[str | None, BeforeValidator(_clean)]
_Country = Annotated[str | None, BeforeValidator(lambda value: country_code(_clean(value)))]
_Names = Annotated[tuple[str, ...] | None, BeforeValidator(_texts)]


def _opens_on(day: date, hours: OpeningHours, timezone: ZoneInfo) -> bool:
    whole = whole_day(day, timezone)
    opened = open_intervals(hours, (), timezone, start=whole.starts_at, end=whole.ends_at)
    return next(opened, None) is not None


def _covered(day: Interval, closures: Sequence[Closure]) -> bool:
    """By one closure, whose reason then says more than the holiday's name."""
    return any(item.interval.starts_at <= day.starts_at and day.ends_at <= item.interval.ends_at for item in closures)


class Clinic(BaseModel):
    """What the assistant may say about one professional, and by which rules it books."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True, hide_input_in_errors=True)

    id: UUID
    name: Annotated[str, BeforeValidator(lambda value: _clean(value) or "la clínica")]
    timezone_name: str
    timezone_known: bool
    country: _Country = None
    specialty: _Text = None
    opening_hours: OpeningHours | None = None
    closures: tuple[Closure, ...] = ()  # those it wrote down; with holidays: closed_from
    holiday_country: _Country = None
    open_holidays: frozenset[date] = frozenset()
    appointment_minutes: Annotated[int | None, BeforeValidator(_minutes)] = None
    buffer: Annotated[timedelta, BeforeValidator(_span)] = timedelta(0)
    lead_time: Annotated[timedelta, BeforeValidator(_span)] = timedelta(0)
    price_list: tuple[Price, ...] = ()
    phone: _Text = None
    emergency_phone: _Text = None
    emergency_instructions: _Text = None
    address: _Text = None
    maps_url: _Text = None
    insurances: _Names = None
    payment_methods: _Names = None
    privacy_notice_url: _Text = None
    policies: Annotated[Policies, BeforeValidator(Policies.of)] = Policies()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row of ``professionals``; only ``id`` must be there."""
        zone = _zone(row.get("timezone"))
        columns = {name: row[name] for name in cls.model_fields if name in row}
        return cls.model_validate(
            columns
            | {
                "name": row.get("name"),
                "timezone_name": zone,
                "timezone_known": zone == row.get("timezone"),
                "opening_hours": parse_opening_hours(row.get("opening_hours")),
                "closures": parse_closures(row.get("closures"), ZoneInfo(zone)),
                "open_holidays": parse_dates(row.get("open_holidays")),
                "price_list": _prices(row.get("price_list")),
                "buffer": row.get("buffer_minutes"),
                "lead_time": row.get("lead_time_minutes"),
            }
        )

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone_name)

    @property
    def bookable_hours(self) -> OpeningHours | None:
        """The hours in which the assistant may offer times; None when it cannot know them."""
        return self.opening_hours if self.timezone_known else None

    def holidays_from(self, now: datetime) -> list[Holiday]:
        """The coming holidays on which the weekly hours would have it open, today's and yesterday's included.

        A closed Sunday is no news because it is a holiday too.
        """
        hours = self.opening_hours
        if hours is None:
            return []
        today = now.astimezone(self.timezone).date()
        coming = holidays_between(self.holiday_country, today - _YESTERDAY, today + _HOLIDAYS_AHEAD)
        return [item for item in coming if _opens_on(item.date, hours, self.timezone)]

    def closed_from(self, now: datetime) -> tuple[Closure, ...]:
        """When it is closed in spite of its weekly hours, in order: its own closures, and holidays it does not open."""
        holidays = [
            Closure(day, item.reason)
            for item in self.holidays_from(now)
            if item.date not in self.open_holidays
            and not _covered(day := whole_day(item.date, self.timezone), self.closures)
        ]
        return tuple(sorted((*self.closures, *holidays), key=lambda closure: closure.interval))

    def find_price(self, treatment: str) -> Price | None:
        """The line of the price list under exactly this name."""
        return next((price for price in self.price_list if price.treatment == treatment), None)

    def minutes_for(self, treatments: Sequence[str]) -> int:
        """How long an appointment for these treatments takes; the longest when there are several."""
        listed = [price.minutes for name in treatments if (price := self.find_price(name)) and price.minutes]
        return max(listed, default=self.appointment_minutes or DEFAULT_APPOINTMENT_MINUTES)
