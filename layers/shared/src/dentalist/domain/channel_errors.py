"""Why the settings of a channel were not kept."""

from __future__ import annotations

from dentalist.domain.errors import DomainError


class ChannelSettingsTooLarge(DomainError):
    detail = "The channel's settings would take too much room: take some away first."
