"""Accounts at Meta and Google, as a link needs to know them before and after it exists. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from dentalist.domain.channel import ChannelStatus


class ChannelType(StrEnum):
    """What can be linked."""

    WHATSAPP = "whatsapp"
    INSTAGRAM = "instagram"
    GOOGLE_CALENDAR = "google_calendar"


# What each kind of channel cannot do without; in the order in which a dialog shows them.
SCOPES: Mapping[ChannelType, tuple[str, ...]] = {
    ChannelType.WHATSAPP: ("whatsapp_business_management", "whatsapp_business_messaging"),
    ChannelType.INSTAGRAM: (
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_messages",
        "instagram_business_manage_comments",
    ),
    ChannelType.GOOGLE_CALENDAR: (
        "https://www.googleapis.com/auth/calendar.events",
        "https://www.googleapis.com/auth/calendar.freebusy",
    ),
}


class TokenKind(StrEnum):
    """How long a token can live and who renews it."""

    SYSTEM = "system"  # a business token of Embedded Signup: never expires, or after 60 days
    USER = "user"  # a person's Facebook login: about 60 days, renewed by logging in again
    INSTAGRAM = "instagram"  # 60 days, refreshed by us from the second day on
    GOOGLE = "google"  # an hour, refreshed by us with a token that lives until it is revoked


@dataclass(frozen=True)
class Grant:
    """What exchanging a code, or refreshing, gave; ``scopes`` and ``expires_at`` are None where nothing was told."""

    token: str = field(repr=False)
    expires_at: datetime | None = None
    refresh_token: str | None = field(default=None, repr=False)
    scopes: frozenset[str] | None = None
    user_id: str | None = None  # app-scoped id of whoever granted; Meta's callbacks name it


@dataclass(frozen=True)
class TokenFacts:
    """What Meta says about a token. ``cause`` names why an invalid one is."""

    is_valid: bool
    app_id: str | None = None
    kind: TokenKind = TokenKind.USER
    scopes: frozenset[str] = frozenset()
    granted_ids: frozenset[str] = frozenset()  # the accounts that the WhatsApp permissions were given for
    issued_at: datetime | None = None
    expires_at: datetime | None = None  # None: never
    data_access_expires_at: datetime | None = None
    user_id: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Number:
    """A business phone number as Graph describes it; ``display_phone_number`` is plus and digits."""

    id: str
    display_phone_number: str
    verified_name: str | None = None
    quality_rating: str | None = None
    messaging_limit: str | None = None
    status: str | None = None
    is_registered: bool = False
    on_phone_app: bool = False  # coexistence: the clinic keeps using the number in the phone app


@dataclass(frozen=True)
class InstagramAccount:
    """An Instagram professional account; ``id`` is the one that webhooks and publishing use."""

    id: str
    username: str
    name: str | None = None
    account_type: str | None = None


class RemoteTemplate(NamedTuple):
    """A template as Meta lists it."""

    external_id: str
    name: str
    language: str
    category: str
    status: str
    parameter_format: str
    components: list[dict[str, Any]]
    rejection_reason: str | None = None


class AccountKey(NamedTuple):
    """Which account: a WABA and one of its numbers, an Instagram account, or a Google calendar."""

    external_business_id: str | None
    phone_number_id: str | None = None


class Availability(StrEnum):
    """Whether an account may be linked here."""

    FREE = "free"
    OWN = "own"  # this professional's, connected or not: linking renews it
    TAKEN = "taken"  # somebody else's


class Place(NamedTuple):
    """Where an account's credential is or will be stored: tokens are sealed for exactly this row."""

    availability: Availability
    credential_id: UUID
    channel_id: UUID | None = None


@dataclass(frozen=True)
class AccountToLink:
    """An account whose access has been proven, with its secrets still in the clear, in memory only."""

    channel: ChannelType
    key: AccountKey
    grant: Grant
    token_kind: TokenKind
    issued_at: datetime
    data_access_expires_at: datetime | None = None
    display_name: str | None = None
    display_phone_number: str | None = None
    quality_rating: str | None = None
    messaging_limit: str | None = None
    throughput_per_second: int = 80
    on_phone_app: bool = False
    registration_pin: str | None = field(default=None, repr=False)


class LinkedAccount(BaseModel):
    """A live credential without its secrets, with its channel: what looking after it needs."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    credential_id: UUID
    channel_id: UUID
    professional_id: UUID
    channel: ChannelType
    status: ChannelStatus
    status_reason: str | None = None
    linked_at: datetime | None = None
    external_business_id: str | None = None
    phone_number_id: str | None = None
    display_phone_number: str | None = None
    token_kind: TokenKind | None = None
    token_issued_at: datetime | None = None
    token_expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    has_refresh_token: bool = False
    scopes: tuple[str, ...] | None = None
    on_phone_app: bool = False


class OAuthAttempt(NamedTuple):
    """A link attempt whose state has just been used up."""

    id: UUID
    professional_id: UUID
    channel: ChannelType
    actor_id: UUID
    redirect_uri: str
    code_verifier: str | None = None

    def __repr__(self) -> str:
        return f"OAuthAttempt({self.id}, {self.channel})"


Facts = Mapping[str, Any]
