"""The settings of channels and their templates in memory, as strict as the real ones about what a test relies on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_view import ChannelOverview
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound
from dentalist.domain.template_review import ReviewedTemplate

_SETTABLE = {"ai_enabled", "ai_mode", "ai_persona", "ai_provider", "ai_model", "ai_api_key_encrypted", "settings"}


def make_overview(**overrides: Any) -> ChannelOverview:
    """A connected WhatsApp number on which the platform's model answers."""
    defaults: dict[str, Any] = {
        "id": uuid4(),
        "type": "whatsapp",
        "status": "connected",
        "ai_enabled": True,
        "ai_mode": "auto",
        "display_name": "Consultorio Prueba",
        "display_phone_number": "+5491150320001",
        "phone_number_id": "310000000000001",
        "usage": {"month": "2026-11", "service_messages": 0, "free": 1000},
    }
    return ChannelOverview.model_validate({**defaults, **overrides})


@dataclass
class FakeChannelSettings:
    """The channels of one professional. What is written is what the SQL function would keep."""

    channels: dict[UUID, ChannelOverview] = field(default_factory=dict)
    sealed_keys: dict[UUID, str] = field(default_factory=dict)
    written: list[tuple[UUID, dict[str, Any], UUID]] = field(default_factory=list)

    def add(self, channel: ChannelOverview) -> ChannelOverview:
        self.channels[channel.id] = channel
        return channel

    def overview(self) -> list[ChannelOverview]:
        return list(self.channels.values())

    def update(self, channel_id: UUID, changes: Mapping[str, Any], *, actor_id: UUID) -> ChannelOverview:
        known = self.channels.get(channel_id)
        if known is None or known.status is ChannelStatus.DISCONNECTED:
            raise ChannelNotFound
        assert set(changes) <= _SETTABLE, "the SQL function would not know what to do with it"
        self.written.append((channel_id, dict(changes), actor_id))
        values = dict(changes)
        if "ai_api_key_encrypted" in values:
            sealed = values.pop("ai_api_key_encrypted")
            values["has_own_key"] = sealed is not None
            if sealed is None:
                self.sealed_keys.pop(channel_id, None)
            else:
                self.sealed_keys[channel_id] = sealed
        merged = {**known.settings, **values.get("settings", {})}
        values["settings"] = {name: value for name, value in merged.items() if value is not None}
        self.channels[channel_id] = known.model_copy(update=values)
        return self.channels[channel_id]


@dataclass
class FakeModelKeys:
    """The keys of one professional; a sealed one shows for which credential it was sealed."""

    keys: dict[UUID, str] = field(default_factory=dict)
    is_unreadable: bool = False
    opened: list[UUID] = field(default_factory=list)

    def kept(self, credential_id: UUID) -> str | None:
        self.opened.append(credential_id)
        if self.is_unreadable:
            raise ChannelDisconnected
        return self.keys.get(credential_id)

    def seal(self, credential_id: UUID, key: str) -> str:
        return f"sealed:{credential_id}:{key[::-1]}"


@dataclass
class FakeKeyCheck:
    """A provider that accepts every key, unless told otherwise."""

    refusal: Exception | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def check(self, provider: str, model: str, key: str | None) -> None:
        self.asked.append((provider, model, key))
        if self.refusal is not None:
            raise self.refusal


@dataclass
class FakeReadableTemplates:
    """Templates that a person may read."""

    templates: dict[UUID, list[ReviewedTemplate]] = field(default_factory=dict)
    of_country: str | None = "AR"

    def of_channel(self, channel_id: UUID) -> list[ReviewedTemplate]:
        return self.templates.get(channel_id, [])

    def of_every_channel(self) -> list[ReviewedTemplate]:
        return [template for templates in self.templates.values() for template in templates]

    def country(self) -> str | None:
        return self.of_country
