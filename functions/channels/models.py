"""The public contract of ``/api/marketing/channels``: what the team sees of an account, and what its owner does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, JsonValue

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import health_sentence
from dentalist.domain.channel_test import ChannelTest
from dentalist.domain.channel_view import ChannelOverview, refresh_sentence
from dentalist.domain.identity import Role
from dentalist.services.accounts.refresh_channel import RefreshOutcome

if TYPE_CHECKING:  # brings the whole assistant
    from dentalist.services.answering.playground import Rehearsal


class UsageThisMonth(BaseModel):
    """Of the free service messages; ``warning`` is null, info (from 70 % on), warning (90 %) or critical (100 %)."""

    month: str
    service_messages: int
    free: int
    percent: int
    warning: str | None


class FeatureState(BaseModel):
    """Something that needs an approved template; ``reason`` is a sentence when it is off."""

    name: str
    enabled: bool
    reason: str | None


class ChannelItem(BaseModel):
    """What everybody of the team sees. Never a token or a key."""

    id: str
    type: str
    status: str
    status_reason: str | None
    health: str
    display_name: str | None
    display_phone_number: str | None
    phone_number_id: str | None
    external_business_id: str | None
    on_phone_app: bool
    quality_rating: str | None
    quality: str | None
    messaging_tier: str | None
    messaging_limit: int | None
    messaging_unlimited: bool
    payment_problem: bool
    payment_problem_at: datetime | None
    usage: UsageThisMonth | None
    features: list[FeatureState]
    tested_at: datetime | None
    linked_at: datetime | None

    @classmethod
    def of(cls, channel: ChannelOverview) -> Self:
        """The item of a channel."""
        return cls(**_for_everybody(channel))


class OwnersChannelItem(ChannelItem):
    """What the owner sees besides: how the assistant is set, and when the access ends."""

    ai_enabled: bool
    ai_mode: str
    ai_persona: dict[str, Any]
    ai_provider: str | None
    ai_model: str | None
    has_own_key: bool
    ai_notice: str | None
    settings: dict[str, Any]
    token_kind: str | None
    token_expires_at: datetime | None
    data_access_expires_at: datetime | None
    token_checked_at: datetime | None
    scopes: list[str] | None

    @classmethod
    def of(cls, channel: ChannelOverview) -> Self:
        """The item of a channel."""
        own = set(cls.model_fields) - set(ChannelItem.model_fields) - {"ai_notice"}
        return cls(
            **_for_everybody(channel),
            **{name: getattr(channel, name) for name in own},
            ai_notice=channel.model_notice,
        )


class ChannelList(BaseModel):
    """The linked accounts, those in use first."""

    items: list[OwnersChannelItem | ChannelItem]

    @classmethod
    def of(cls, channels: list[ChannelOverview], role: Role) -> Self:
        """The list as this role sees it."""
        item = OwnersChannelItem if role is Role.OWNER else ChannelItem
        return cls(items=[item.of(channel) for channel in channels])


class RefreshAnswer(BaseModel):
    """``reason`` says why no new token is stored: one of the causes of a test, or a word about the renewal."""

    refreshed: bool
    reason: str | None
    detail: str
    channel: OwnersChannelItem

    @classmethod
    def of(cls, outcome: RefreshOutcome, channel: ChannelOverview) -> Self:
        """The answer for a renewal and the channel after it."""
        detail = refresh_sentence(outcome.reason, channel.type)
        return cls(
            refreshed=outcome.refreshed, reason=outcome.reason, detail=detail, channel=OwnersChannelItem.of(channel)
        )


class CheckItem(BaseModel):
    """One link of the chain."""

    name: str
    ok: bool
    code: str
    message: str


class TestAnswer(BaseModel):
    """The chain from the token to a test event; ``cause`` names the first link that the account is at fault for."""

    __test__ = False

    ok: bool
    cause: str | None
    detail: str
    checks: list[CheckItem]

    @classmethod
    def of(cls, found: ChannelTest) -> Self:
        """The answer for a test."""
        checks = [CheckItem(**check._asdict()) for check in found.checks]
        return cls(ok=found.ok, cause=found.cause, detail=found.detail, checks=checks)


class PlaygroundTask(BaseModel):
    """What a person would be asked for."""

    kind: str
    detail: str


class PlaygroundAnswer(BaseModel):
    """What the assistant would say; ``text`` null: nothing. ``interactive`` is Meta's object of a list or buttons."""

    text: str | None
    interactive: dict[str, JsonValue] | None
    intent: str
    confidence: float
    provider: str
    model: str
    fallback: bool
    worded: bool
    violations: list[str]
    cost_usd: float
    tasks: list[PlaygroundTask]
    handoff: str | None

    @classmethod
    def of(cls, rehearsal: Rehearsal) -> Self:
        """The answer for a rehearsal."""
        draft, told = rehearsal.draft, rehearsal.metadata
        return cls(
            text=draft.body if draft else None,
            interactive=dict(draft.interactive) if draft and draft.interactive else None,
            **{name: told[name] for name in ("intent", "confidence", "provider", "model", "fallback", "cost_usd")},
            worded=told.get("worded", False),
            violations=told.get("violations", []),
            tasks=[PlaygroundTask(kind=task.kind.value, detail=task.detail) for task in rehearsal.tasks],
            handoff=rehearsal.handoff,
        )


def _for_everybody(channel: ChannelOverview) -> dict[str, Any]:
    same = ("status_reason", "display_name", "display_phone_number", "phone_number_id", "external_business_id")
    more = ("on_phone_app", "quality_rating", "payment_problem_at", "tested_at", "linked_at")
    return {
        **{name: getattr(channel, name) for name in (*same, *more)},
        "id": str(channel.id),
        "type": channel.type.value,
        "status": channel.status.value,
        "health": health_sentence(channel.status, channel.status_reason, channel.type),
        "quality": channel.quality_text,
        "messaging_tier": channel.messaging_limit,
        "messaging_limit": channel.daily_contacts,
        "messaging_unlimited": channel.is_unlimited,
        "payment_problem": channel.payment_problem_at is not None,
        "usage": _usage_of(channel),
        "features": [FeatureState(**feature._asdict()) for feature in channel.features],
    }


def _usage_of(channel: ChannelOverview) -> UsageThisMonth | None:
    usage = channel.usage
    if usage is None or channel.type is not ChannelType.WHATSAPP:
        return None
    return UsageThisMonth(**usage.model_dump(), percent=usage.percent, warning=usage.warning)
