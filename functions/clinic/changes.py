"""What the owner may change of the clinic's profile. Columns that are not here belong to the practice software."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from clinic import fields
from dentalist.domain.policies import Policies

_MOST_RANGES = 12
_MOST_LINES = 300
_FEED = "calendar_feed_url"


class Model(BaseModel):
    """A misspelt field would silently change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _in_order(ranges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """As texts: HH:MM sorts as time does."""
    if any(start >= end for start, end in ranges):
        raise ValueError("each range must begin before it ends")
    if any(following[0] < before[1] for before, following in pairwise(ranges)):
        raise ValueError("ranges must be in order and must not overlap")
    return ranges


Ranges = Annotated[list[tuple[fields.Clock, fields.Clock]], Field(max_length=_MOST_RANGES), AfterValidator(_in_order)]


class OpeningHours(Model):
    """When the clinic is open, by the clock of its timezone; a day without ranges is closed.

    A night is two ranges: until 24:00, and from 00:00 of the next day.
    """

    mon: Ranges = []
    tue: Ranges = []
    wed: Ranges = []
    thu: Ranges = []
    fri: Ranges = []
    sat: Ranges = []
    sun: Ranges = []

    @model_validator(mode="after")
    def _some_day(self) -> Self:
        # Read literally, it would close the clinic for good; whoever sends it means that nothing is known.
        if not self.model_fields_set:
            raise ValueError("name at least one day; null erases the opening hours")
        return self


class Closure(Model):
    """Closed for whole days, both included, or between two local times."""

    from_: Annotated[fields.Moment, Field(alias="from")]
    to: fields.Moment
    reason: fields.Paragraph | None = None

    @model_validator(mode="after")
    def _from_before_to(self) -> Self:
        start, end = datetime.fromisoformat(self.from_), datetime.fromisoformat(self.to)
        same_kind = fields.is_date(self.from_) == fields.is_date(self.to)
        if not same_kind or (start.tzinfo is None) != (end.tzinfo is None):
            raise ValueError("from and to must both be dates, both local times, or both times with their offset")
        if start > end:
            raise ValueError("from must not be after to")
        return self


def _as_number(amount: Decimal) -> float | int:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


Amount = Annotated[
    Decimal, Field(ge=0, max_digits=12, decimal_places=2), PlainSerializer(_as_number, return_type=float | int)
]


class Price(Model):
    """One treatment; price null: it is done here, and the price is told by a person."""

    treatment: fields.Line
    price: Amount | None
    currency: fields.Currency | None = None
    minutes: fields.TreatmentMinutes | None = None

    @model_validator(mode="after")
    def _amount_of_what(self) -> Self:
        if self.price is not None and self.currency is None:
            raise ValueError("a price needs its currency")
        return self


def _each_treatment_once(prices: list[Price]) -> list[Price]:
    if len({price.treatment.casefold() for price in prices}) != len(prices):
        raise ValueError("must not name a treatment twice")
    return prices


class PolicyChanges(Policies):
    """Only what is named changes; the object itself null: the product's own decisions again."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ClinicChanges(Model):
    """Only what is named changes; null erases."""

    timezone: fields.Timezone | None = None
    country: fields.Country | None = None
    specialty: fields.Line | None = None
    licence_number: fields.Line | None = None
    opening_hours: OpeningHours | None = None
    closures: Annotated[list[Closure], Field(max_length=_MOST_LINES)] | None = None
    holiday_country: fields.HolidayCountry | None = None
    open_holidays: fields.Days | None = None
    appointment_minutes: fields.TreatmentMinutes | None = None
    buffer_minutes: fields.BufferMinutes | None = None
    lead_time_minutes: fields.LeadMinutes | None = None
    price_list: Annotated[list[Price], Field(max_length=_MOST_LINES), AfterValidator(_each_treatment_once)] | None = (
        None
    )
    phone: fields.Phone | None = None
    emergency_phone: fields.Phone | None = None
    emergency_instructions: fields.Instructions | None = None
    alert_phone: fields.Phone | None = None
    address: fields.Paragraph | None = None
    maps_url: fields.Url | None = None
    insurances: fields.Names | None = None
    payment_methods: fields.Names | None = None
    privacy_notice_url: fields.Url | None = None
    policies: PolicyChanges | None = None
    # Opens the calendar to whoever knows it: written, never told again.
    calendar_feed_url: Annotated[fields.Secret | None, Field(json_schema_extra={"writeOnly": True})] = None

    @model_validator(mode="after")
    def _always_somewhere(self) -> Self:
        if "timezone" in self.model_fields_set and self.timezone is None:
            raise ValueError("timezone can be changed, but not erased")
        return self

    @property
    def columns(self) -> dict[str, Any]:
        """The named values, by column, as JSON; the feed is no column."""
        named = self.model_dump(mode="json", by_alias=True, include=self.model_fields_set - {_FEED})
        if self.policies is not None:
            named["policies"] = self.policies.model_dump(mode="json", exclude_unset=True)
        if named.get("open_holidays"):
            named["open_holidays"].sort()
        return named

    @property
    def names_feed(self) -> bool:
        """Whether the feed is to change."""
        return _FEED in self.model_fields_set

    @property
    def feed_url(self) -> str | None:
        """Its address; None takes the feed away."""
        return self.calendar_feed_url.get_secret_value() if self.calendar_feed_url is not None else None
