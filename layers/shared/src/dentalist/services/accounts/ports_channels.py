"""What the settings of channels and their templates ask of the outside, besides ``ports_accounts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from dentalist.domain.channel_view import ChannelOverview
from dentalist.domain.template_review import ReviewedTemplate


class ChannelSettings(Protocol):
    """What one professional's channels are and how they are set; never a secret."""

    def overview(self) -> list[ChannelOverview]:
        """Every channel, disconnected ones too."""

    def update(self, channel_id: UUID, changes: Mapping[str, Any], *, actor_id: UUID) -> ChannelOverview:
        """Store changed settings with an audit row; ChannelNotFound."""


class ModelKeys(Protocol):
    """The keys of one professional for their language models."""

    def kept(self, credential_id: UUID) -> str | None:
        """The key in the clear, or None; ChannelDisconnected when it does not open."""

    def seal(self, credential_id: UUID, key: str) -> str:
        """A key as this credential's row stores it."""


class KeyCheck(Protocol):
    """Asks a provider whether a key opens a model."""

    def check(self, provider: str, model: str, key: str | None) -> None:
        """Return when it does; a ModelChoiceRefused or AiProviderUnreachable when it does not."""


class ReadableTemplates(Protocol):
    """The templates that somebody may read."""

    def of_channel(self, channel_id: UUID) -> list[ReviewedTemplate]:
        """Every template of a channel that Meta still has, in the order of their names."""

    def of_every_channel(self) -> list[ReviewedTemplate]:
        """Those of all channels, in the order of their names."""

    def country(self) -> str | None:
        """The country of the professional, whose Spanish their templates speak."""
