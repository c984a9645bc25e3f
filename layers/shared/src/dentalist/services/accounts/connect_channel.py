"""End linking an account: from what the browser brought back to a channel, or to the reason why there is none.

A link is stored last, in one step, when everything about it has been proven. Whatever fails before changes nothing: an
account that was linked already keeps the token it has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from dentalist.domain.accounts import AccountToLink, ChannelType, OAuthAttempt
from dentalist.domain.errors import ChannelDisconnected, OutcomeUnknown
from dentalist.domain.linking_errors import AccessDenied, ExchangeFailed, StateInvalid
from dentalist.services.accounts.ports_accounts import OAuthStates

_DENIED = "access_denied"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddedSignup:
    """What Meta's window told the dashboard: ids that only the token can prove. And the PIN a number has."""

    waba_id: str | None = None
    phone_number_id: str | None = None
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Returned:
    """What came back from a provider's dialog; ``signup`` where it did not come by a redirect."""

    code: str | None = field(default=None, repr=False)
    error: str | None = None
    signup: EmbeddedSignup | None = None


@dataclass(frozen=True)
class Linked:
    """A channel that now works, and the account behind it."""

    channel_id: UUID
    account: AccountToLink


Linker = Callable[[OAuthAttempt, str, EmbeddedSignup | None], list[Linked]]


def claim_attempt(
    state: str | None, *, states: OAuthStates, professional_id: UUID | None = None, channel: ChannelType | None = None
) -> OAuthAttempt:
    """Use up the state that a browser brought back, and learn whose attempt it is.

    Args:
        state: as it came.
        states: where attempts are kept.
        professional_id: who asks, where that is known; another's state is invalid and stays unused.
        channel: which kind of channel is being linked, where that is known; likewise.

    Raises:
        StateInvalid, StateExpired, StateUsed: nothing can be linked with it.
        StoreUnavailable: the store cannot be reached; the state may have been used up.
    """
    if not state:
        raise StateInvalid
    return states.claim(state, professional_id=professional_id, channel=channel)


def connect_channel(attempt: OAuthAttempt, returned: Returned, *, linker: Linker) -> list[Linked]:
    """Turn a used-up state and a code into channels.

    Args:
        attempt: from ``claim_attempt``.
        returned: what the dialog said.
        linker: of the attempt's kind of channel.

    Raises:
        AccessDenied: the person said no.
        ExchangeFailed: the code, or the token behind it, is worth nothing.
        ScopeMissing, AccountNotVisible, AccountAlreadyLinked, RegistrationFailed: refused.
        MetaError, RateLimited, MetaUnreachable, ProviderUnreachable: the provider's trouble; begin again later.
        StoreUnavailable: the store or the key service cannot be reached.
    """
    code = _code_of(returned)
    try:
        linked = linker(attempt, code, returned.signup)
    except (ChannelDisconnected, OutcomeUnknown) as lost:
        # A token that dies while it is being proven was never linked: there is no channel to be disconnected.
        raise ExchangeFailed from lost
    logger.info(
        "channel linked",
        extra={"channel": attempt.channel.value, "channel_ids": [str(one.channel_id) for one in linked]},
    )
    return linked


def _code_of(returned: Returned) -> str:
    if returned.error:
        raise AccessDenied if returned.error == _DENIED else ExchangeFailed
    if not returned.code:
        raise ExchangeFailed
    return returned.code
