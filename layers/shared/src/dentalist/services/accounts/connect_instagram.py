"""Link an Instagram professional account by Instagram Login."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dentalist.domain.accounts import (
    SCOPES,
    AccountKey,
    AccountToLink,
    Availability,
    ChannelType,
    OAuthAttempt,
    TokenKind,
)
from dentalist.domain.linking_errors import AccountAlreadyLinked, AccountNotVisible, ScopeMissing
from dentalist.services.accounts.connect_channel import Linked
from dentalist.services.accounts.ports_accounts import Accounts, InstagramLogin

_PERSONAL = "PERSONAL"


def connect_instagram(attempt: OAuthAttempt, code: str, *, login: InstagramLogin, accounts: Accounts) -> list[Linked]:
    """Exchange, prove, subscribe, store; answers the one channel.

    The id of the permission (``Grant.user_id``) is app-scoped and comes with the first exchange only: Meta's callbacks
    name it. Webhooks and publishing know the account by another one.

    Raises:
        ExchangeFailed, ScopeMissing, AccountNotVisible, AccountAlreadyLinked: refused, nothing was changed.
        AccessLost, MetaError, RateLimited, MetaUnreachable: Instagram's word, or none.
        StoreUnavailable: the store or the key service cannot be reached.

    Source:
        https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
    """
    short = login.exchange(code, redirect_uri=attempt.redirect_uri)
    if short.scopes is not None and not short.scopes.issuperset(SCOPES[ChannelType.INSTAGRAM]):
        raise ScopeMissing
    long = login.extend(short.token)
    account = login.account(long.token)
    if (account.account_type or "").upper() == _PERSONAL:
        raise AccountNotVisible(
            "This is a personal account; turn it into a professional one in the Instagram app first."
        )
    key = AccountKey(account.id)
    (place,) = accounts.places(ChannelType.INSTAGRAM, [key])
    if place.availability is Availability.TAKEN:
        raise AccountAlreadyLinked
    login.subscribe(long.token, account.id)
    to_link = AccountToLink(
        channel=ChannelType.INSTAGRAM,
        key=key,
        grant=replace(long, user_id=short.user_id, scopes=long.scopes or short.scopes),
        token_kind=TokenKind.INSTAGRAM,
        issued_at=datetime.now(UTC),
        display_name=account.username,
    )
    (channel_id,) = accounts.link([(place, to_link)], actor_id=attempt.actor_id)
    return [Linked(channel_id, to_link)]
