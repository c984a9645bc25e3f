"""An hour's access to a Google calendar, renewed in time with the token that lives until it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dentalist.domain.accounts import SCOPES, ChannelType, Grant, LinkedAccount
from dentalist.domain.channel_health import diagnose
from dentalist.domain.errors import ChannelDisconnected, DomainError
from dentalist.domain.linking_errors import ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.services.accounts.examine_account import cause_of_refusal
from dentalist.services.accounts.ports_accounts import Accounts, GoogleLogin

_MARGIN = timedelta(minutes=5)


class RenewingAccess:
    """The tokens of one linked account. Of two containers that renew at once, both end with the one that was stored."""

    def __init__(
        self,
        account: LinkedAccount,
        *,
        accounts: Accounts,
        login: GoogleLogin,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Begin with what is stored; nothing is asked yet."""
        self._account = account
        self._accounts = accounts
        self._login = login
        self._now = now
        self._token: str | None = None
        self._ends_at = account.token_expires_at

    def token(self) -> str:
        """A token that lives for five minutes more.

        Raises:
            AccessLost: the permission was taken back, or there is nothing to renew it with.
            ScopeMissing: it no longer has all the permissions that a calendar needs.
            ChannelDisconnected: the account is taken off, or known not to work.
            ProviderUnreachable: Google gives no new token now.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        if self._token is None:
            self._token = self._accounts.access_token(self._account.credential_id)
        if self._ends_at is not None and self._ends_at - self._now() < _MARGIN:
            return self.renewed(self._token)
        return self._token

    def renewed(self, refused: str) -> str:
        """A new token in the place of one that ends or was refused, stored for everybody.

        Raises:
            AccessLost, ScopeMissing, ChannelDisconnected, ProviderUnreachable, StoreUnavailable: as ``token``.
        """
        stored = self._accounts.access_token(self._account.credential_id)
        if stored != refused:  # somebody renewed it a moment ago
            self._token, self._ends_at = stored, None
            return stored
        refresh_token = self._accounts.refresh_token(self._account.credential_id)
        if refresh_token is None:
            raise AccessLost(reason="token_expired")
        grant = self._login.refresh(refresh_token)
        if grant.scopes is not None and not grant.scopes.issuperset(SCOPES[ChannelType.GOOGLE_CALENDAR]):
            raise ScopeMissing
        self._token = self._kept(grant, refused)
        return self._token

    def _kept(self, grant: Grant, replaced: str) -> str:
        now = self._now()
        facts = {"token_issued_at": now, "token_expires_at": grant.expires_at}
        if self._accounts.replace_token(self._account, grant, replaces=replaced, facts=facts, now=now):
            self._ends_at = grant.expires_at
            return grant.token
        # Another came first, or the account was taken off: what is stored now says which.
        self._ends_at = None
        return self._accounts.access_token(self._account.credential_id)


def note_refusal(error: DomainError, account: LinkedAccount, accounts: Accounts) -> None:
    """Where a refusal says that the account is dead, mark it and tell its owner; otherwise change nothing.

    Raises:
        StoreUnavailable: the store cannot be reached.
    """
    if type(error) is ChannelDisconnected:  # the store's own word: known not to work, and why
        return
    cause = cause_of_refusal(error, account.channel)
    if cause is None:
        return
    told = diagnose(cause, account.channel)
    accounts.mark(account.channel_id, told.status, told.cause.value, message=told.sentence, severity=told.severity)
