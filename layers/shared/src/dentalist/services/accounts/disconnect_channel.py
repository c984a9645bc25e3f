"""Take a channel off: its secrets are erased, and its provider is told where nobody else needs what it gave."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.domain.errors import ChannelDisconnected, KeyRefused
from dentalist.services.accounts.ports_care import Care, Providers

_REASON = "owner"

logger = logging.getLogger(__name__)


class _Secrets(NamedTuple):
    """What the provider wants to see once more; gone from the store by then."""

    access_token: str
    refresh_token: str | None

    def __repr__(self) -> str:
        return "_Secrets()"


def disconnect_channel(channel_id: UUID, *, care: Care, actor_id: UUID | None, reason: str = _REASON) -> None:
    """Erase a channel's secrets and stop receiving its webhooks; once more changes nothing.

    The erasure comes first and does not depend on the provider. That our app is told no longer is a courtesy: events of
    an account that nobody has linked are parked and answered by nobody.

    Args:
        channel_id: what to take off.
        care: the professional's accounts and the providers.
        actor_id: who asked for it.
        reason: one word for the audit log.

    Raises:
        ChannelNotFound: the professional has no such channel.
        StoreUnavailable: the store or the key service cannot be reached; nothing was erased, or ask again.
    """
    account = care.accounts.get(channel_id)
    secrets = _secrets(account, care)
    siblings = care.accounts.disconnect(channel_id, actor_id=actor_id, reason=reason)
    if secrets is None or siblings:  # numbers of one business share its webhooks, calendars of one person a permission
        return
    try:
        _FAREWELLS[account.channel](account, secrets, care.providers)
    except Exception as exc:  # noqa: BLE001 - it is off already, whatever its provider makes of that
        logger.warning("provider not told", extra={"channel_id": str(channel_id), "error": type(exc).__name__})


def _secrets(account: LinkedAccount, care: Care) -> _Secrets | None:
    """Read before they are erased; an account whose secrets are gone or do not open has nothing to show.

    A key that is refused is refused tomorrow, too, and must not keep an account linked whose owner wants it off.
    """
    accounts, credential_id = care.accounts, account.credential_id
    try:
        return _Secrets(
            accounts.access_token(credential_id, even_if_dead=True),
            accounts.refresh_token(credential_id) if account.has_refresh_token else None,
        )
    except (ChannelDisconnected, KeyRefused):
        return None


def _leave_whatsapp(account: LinkedAccount, secrets: _Secrets, providers: Providers) -> None:
    providers.business_for(secrets.access_token).unsubscribe(account.external_business_id or "")


def _leave_instagram(account: LinkedAccount, secrets: _Secrets, providers: Providers) -> None:
    providers.instagram.unsubscribe(secrets.access_token, account.external_business_id or "")


def _leave_google(_account: LinkedAccount, secrets: _Secrets, providers: Providers) -> None:
    # Revoking the lasting token ends the hour's one too; the other way round is not promised.
    providers.google.revoke(secrets.refresh_token or secrets.access_token)


_FAREWELLS: Mapping[ChannelType, Callable[[LinkedAccount, _Secrets, Providers], None]] = {
    ChannelType.WHATSAPP: _leave_whatsapp,
    ChannelType.INSTAGRAM: _leave_instagram,
    ChannelType.GOOGLE_CALENDAR: _leave_google,
}
