"""What a professional's team sees of the linked accounts."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_view import ChannelOverview
from dentalist.domain.errors import ChannelNotFound
from dentalist.services.accounts.ports_channels import ChannelSettings


def list_channels(settings: ChannelSettings) -> list[ChannelOverview]:
    """Every channel, those in use first; what was disconnected stays in sight, because it can be linked again.

    Raises:
        StoreUnavailable: the store cannot be reached.
    """
    return sorted(settings.overview(), key=lambda channel: channel.status is ChannelStatus.DISCONNECTED)


def find_channel(channel_id: UUID, settings: ChannelSettings) -> ChannelOverview:
    """One channel of the professional.

    Raises:
        ChannelNotFound: none, or another professional's.
        StoreUnavailable: the store cannot be reached.
    """
    for channel in settings.overview():
        if channel.id == channel_id:
            return channel
    raise ChannelNotFound
