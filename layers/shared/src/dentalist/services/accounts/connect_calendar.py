"""Link a Google calendar."""

from __future__ import annotations

from datetime import UTC, datetime

from dentalist.domain.accounts import SCOPES, AccountKey, AccountToLink, ChannelType, OAuthAttempt, TokenKind
from dentalist.domain.linking_errors import ExchangeFailed, ScopeMissing
from dentalist.services.accounts.connect_channel import Linked
from dentalist.services.accounts.ports_accounts import Accounts, GoogleLogin


def connect_calendar(attempt: OAuthAttempt, code: str, *, login: GoogleLogin, accounts: Accounts) -> list[Linked]:
    """Exchange, prove, store; answers the one channel.

    Raises:
        ExchangeFailed, ScopeMissing: refused, nothing was changed.
        AccessLost, ProviderUnreachable: Google's word, or none.
        StoreUnavailable: the store or the key service cannot be reached.

    Source:
        https://developers.google.com/identity/protocols/oauth2/web-server
    """
    if attempt.code_verifier is None:
        raise ExchangeFailed
    grant = login.exchange(code, redirect_uri=attempt.redirect_uri, code_verifier=attempt.code_verifier)
    # Google leaves the scopes out only where they are those that were asked for (RFC 6749 §5.1).
    if grant.scopes is not None and not grant.scopes.issuperset(SCOPES[ChannelType.GOOGLE_CALENDAR]):
        raise ScopeMissing
    if grant.refresh_token is None:
        raise ExchangeFailed(
            "Google gave access for an hour only; remove the app in your Google account and begin again."
        )
    name = login.calendar_name(grant.token)
    # A name is no identity (anybody may call a calendar as they like), and a shared one may serve two professionals.
    key = AccountKey(None)
    (place,) = accounts.places(ChannelType.GOOGLE_CALENDAR, [key])
    to_link = AccountToLink(
        channel=ChannelType.GOOGLE_CALENDAR,
        key=key,
        grant=grant,
        token_kind=TokenKind.GOOGLE,
        issued_at=datetime.now(UTC),
        display_name=name,
    )
    (channel_id,) = accounts.link([(place, to_link)], actor_id=attempt.actor_id)
    return [Linked(channel_id, to_link)]
