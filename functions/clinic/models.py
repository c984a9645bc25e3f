"""The public contract of the clinic's profile, its team and its alerts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from clinic import fields
from clinic.changes import Model
from dentalist.domain.alerts import Alert
from dentalist.domain.identity import Role
from dentalist.domain.policies import Policies
from dentalist.domain.team import Member
from dentalist.services.change_clinic import Profile


class Holiday(BaseModel):
    """A public holiday of ``holiday_country``; ``open``: it is among ``open_holidays``."""

    date: date
    name: str
    open: bool


class ClinicResponse(BaseModel):
    """The profile. The JSON columns are told as they lie in the practice software's table, whoever wrote them."""

    id: UUID
    name: str
    email: str
    timezone: str
    country: str | None
    specialty: str | None
    licence_number: str | None
    opening_hours: Any
    closures: Any
    holiday_country: str | None
    open_holidays: Any
    appointment_minutes: int | None
    buffer_minutes: int | None
    lead_time_minutes: int | None
    price_list: Any
    phone: str | None
    emergency_phone: str | None
    emergency_instructions: str | None
    alert_phone: str | None
    address: str | None
    maps_url: str | None
    insurances: Any
    payment_methods: Any
    privacy_notice_url: str | None
    policies: Policies
    marketing_enabled: bool | None
    calendar_feed_host: Annotated[str | None, Field(description="where the read-only calendar comes from")]
    holidays: list[Holiday]

    @classmethod
    def of(cls, profile: Profile, *, feed_host: str | None) -> Self:
        """The answer for a profile; of the feed's address its host alone."""
        holidays = [
            Holiday(date=item.holiday.date, name=item.holiday.name, open=item.is_open) for item in profile.holidays
        ]
        columns = {name: profile.row.get(name) for name in cls.model_fields}
        decided = Policies.of(profile.row.get("policies"))
        return cls(**(columns | {"policies": decided, "holidays": holidays, "calendar_feed_host": feed_host}))


class InviteRequest(Model):
    """Whom to let into the team. Again with another role changes the role."""

    email: Annotated[fields.Email, Field(repr=False)]
    role: Role


class MemberResponse(BaseModel):
    """Somebody who was let in. Whether they had an account before is not told."""

    user_id: UUID
    email: str
    role: Role
    invited_at: datetime

    @classmethod
    def of(cls, member: Member) -> Self:
        """The answer for a member."""
        return cls(user_id=member.user_id, email=member.email, role=member.role, invited_at=member.invited_at)


class ListedMember(MemberResponse):
    """A member in the list; ``pending``: has never signed in."""

    pending: bool

    @classmethod
    def of(cls, member: Member) -> Self:
        """The line of a member."""
        return cls(**MemberResponse.of(member).model_dump(), pending=member.pending)


class MembersResponse(BaseModel):
    """The team, without the professional."""

    items: list[ListedMember]


class AlertResponse(Alert):
    """An alert, and who saw to it."""
