"""The public contract of linking an account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dentalist.domain.channel import ChannelStatus
from dentalist.services.accounts.connect_channel import EmbeddedSignup, Linked, Returned

MetaId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")]
Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class StartResponse(BaseModel):
    """Send the browser to ``authorization_url`` before ``expires_at``; ``state`` comes back with it."""

    authorization_url: Annotated[str, Field(repr=False)]
    state: Annotated[str, Field(repr=False)]
    expires_at: datetime


class EmbeddedSignupRequest(BaseModel):
    """What Meta's Embedded Signup window told the dashboard. ``pin`` is the two-step PIN of a number that has one."""

    # A misspelt id would silently link every number instead of the one that was meant.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    state: Annotated[str, Field(repr=False)]
    code: Annotated[str, StringConstraints(min_length=1, max_length=4096), Field(repr=False)]
    waba_id: MetaId | None = None
    phone_number_id: MetaId | None = None
    pin: Annotated[Pin | None, Field(repr=False)] = None

    @property
    def returned(self) -> Returned:
        """The same in the words of the service."""
        return Returned(code=self.code, signup=EmbeddedSignup(self.waba_id, self.phone_number_id, self.pin))


class LinkedChannel(BaseModel):
    """A channel that works from now on; never a token."""

    id: UUID
    type: str
    status: str
    display_name: str | None
    display_phone_number: str | None
    phone_number_id: str | None
    external_business_id: str | None
    quality_rating: str | None
    messaging_limit: str | None
    on_phone_app: bool


class LinkedChannels(BaseModel):
    """One channel for each number that was linked."""

    channels: list[LinkedChannel]

    @classmethod
    def of(cls, linked: Iterable[Linked]) -> Self:
        """The answer for what was just stored; nothing is read again that could fail."""
        return cls(channels=[_shown(one) for one in linked])


def _shown(linked: Linked) -> LinkedChannel:
    account = linked.account
    return LinkedChannel(
        id=linked.channel_id,
        type=account.channel.value,
        status=ChannelStatus.CONNECTED.value,
        display_name=account.display_name,
        display_phone_number=account.display_phone_number,
        phone_number_id=account.key.phone_number_id,
        external_business_id=account.key.external_business_id,
        quality_rating=account.quality_rating,
        messaging_limit=account.messaging_limit,
        on_phone_app=account.on_phone_app,
    )
