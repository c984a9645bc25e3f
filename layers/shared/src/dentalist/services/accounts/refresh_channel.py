"""Renew a channel's token now, because somebody asks; what can be repaired on the way is."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from dentalist.domain.accounts import LinkedAccount
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected
from dentalist.services.accounts.look_after_account import look_after_account
from dentalist.services.accounts.ports_care import Care


class RefreshOutcome(NamedTuple):
    """Whether a new token is stored; ``reason`` says why not, ``account`` is how the channel stands now."""

    refreshed: bool
    reason: str | None
    account: LinkedAccount


def refresh_channel(channel_id: UUID, *, care: Care, now: datetime) -> RefreshOutcome:
    """Look after one account as the daily run does, and renew its token whatever its age.

    Returns:
        Not refreshed for one of the causes of ``channel_health.Cause`` (the channel is marked), or ``never_expires``,
        ``too_young``, ``not_extended``, ``unproven``, ``refused``, ``changed``, ``provider_unreachable``: the old token
        stays as it is.

    Raises:
        ChannelNotFound: the professional has no such channel.
        ChannelDisconnected: its owner took it off.
        StoreUnavailable: the store or the key service cannot be reached.
    """
    account = care.accounts.get(channel_id)
    if account.status is ChannelStatus.DISCONNECTED:
        raise ChannelDisconnected
    look = look_after_account(account, care=care, now=now, force=True)
    return RefreshOutcome(look.is_renewed, None if look.is_renewed else look.reason, care.accounts.get(channel_id))
