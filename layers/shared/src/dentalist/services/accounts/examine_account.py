"""Walks a linked account's chain, link by link, until the first one that is broken, and names the cause.

The daily look, a renewal on demand and the self-test all judge by this, so that they never tell different stories.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dentalist.domain.accounts import SCOPES, ChannelType, Grant, InstagramAccount, LinkedAccount, TokenFacts
from dentalist.domain.channel_health import Cause, cause_of
from dentalist.domain.channel_test import CHAINS, Link
from dentalist.domain.errors import ChannelDisconnected, DomainError, MetaError, StoreUnavailable
from dentalist.domain.linking_errors import AccountNotVisible, ScopeMissing
from dentalist.domain.sending_errors import AccessLost, MetaTransient
from dentalist.services.accounts.ports_accounts import WhatsAppBusiness
from dentalist.services.accounts.ports_care import Care

# How Graph describes a number; FLAGGED and RATE_LIMITED are about its quality, and it goes on sending.
# https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account-to-number-current-status
_RESTRICTED = {"RESTRICTED", "BANNED"}
_GONE = {"DELETED", "MIGRATED", "DISCONNECTED", "UNVERIFIED"}
_PERSONAL = "PERSONAL"

# Refusals of Meta that say something about the account; what is not listed says nothing about it.
_CAUSES_BY_SUBCODE = {
    (4, 2207051): Cause.RESTRICTED,
    (10, 1893063): Cause.RESTRICTED,
    (100, 33): Cause.PERMISSION,  # gone, or the token no longer sees it
    (200, 2534041): Cause.PERMISSION,  # messages are switched off for apps, in Instagram's own settings
}
_CAUSES = {
    25: Cause.RESTRICTED,
    33: Cause.NOT_REGISTERED,
    368: Cause.RESTRICTED,
    131031: Cause.RESTRICTED,
    131045: Cause.NOT_REGISTERED,
    133010: Cause.NOT_REGISTERED,
}
_CAUSES_BY_KIND: Mapping[type[DomainError], Cause] = {
    ScopeMissing: Cause.SCOPE_MISSING,
    AccountNotVisible: Cause.PERMISSION,
    ChannelDisconnected: Cause.TOKEN_EXPIRED,  # the stored secret does not open: only logging in again helps
}
_NOT_ALLOWED = {3, 10, 131005, *range(200, 300)}
# Without a token nothing new can be learned; of these the last one's owner was told how it ended.
_ENDS_OF_TOKENS = {Cause.TOKEN_EXPIRED, Cause.PASSWORD_CHANGED, Cause.APP_REMOVED}


class _NoVerdict(Exception):
    """A refusal that says nothing about the account."""

    def __init__(self, trouble: DomainError) -> None:
        self.trouble = trouble
        super().__init__(trouble.code)


class _Broken(Exception):
    """The link that was looked at does not hold."""

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        super().__init__(cause)


@dataclass
class Examination:
    """How far the chain holds.

    ``held`` are the links that do. The one after them is broken for ``cause``, or there is no verdict because of
    ``trouble``, which passes or is not the account's; without either the whole chain holds.
    """

    account: LinkedAccount
    held: list[Link] = field(default_factory=list)
    cause: Cause | None = None
    trouble: DomainError | None = None
    token: str | None = field(default=None, repr=False)  # as stored
    grant: Grant | None = field(default=None, repr=False)  # a new one, of Google
    token_facts: TokenFacts | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    is_repaired: bool = False

    @property
    def is_well(self) -> bool:
        """Every link holds."""
        return self.cause is None and self.trouble is None


def examine(account: LinkedAccount, care: Care, *, repair: bool) -> Examination:
    """Look at every link of an account's chain, in order, until one does not hold.

    Args:
        account: one that is not disconnected.
        care: the professional's accounts and the providers.
        repair: receive the account's webhooks again where they were cut off.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached.
    """
    found = Examination(account)
    steps = _WALKS[account.channel](found, care, repair=repair).steps()
    for link in CHAINS[account.channel]:
        try:
            steps[link]()
        except StoreUnavailable:
            raise
        except _Broken as exc:
            found.cause = exc.cause
            break
        except _NoVerdict as exc:
            found.trouble = exc.trouble
            break
        except DomainError as exc:
            found.cause = cause_of_refusal(exc, account.channel)
            found.trouble = exc if found.cause is None else None
            break
        found.held.append(link)
    return found


def cause_of_refusal(error: DomainError, channel: ChannelType) -> Cause | None:
    """What a refusal says about the account; None: nothing, it passes or is a mistake of ours."""
    if isinstance(error, AccessLost):
        return cause_of(error.reason) or Cause.TOKEN_EXPIRED
    for kind, cause in _CAUSES_BY_KIND.items():
        if isinstance(error, kind):
            return cause
    if not isinstance(error, MetaError) or isinstance(error, MetaTransient):
        return None
    code, subcode = error.fault.code, error.fault.subcode or 0
    if code in _NOT_ALLOWED and (code, subcode) not in _CAUSES_BY_SUBCODE:
        # An Instagram token sees its own account always, unless its permission was taken away.
        return Cause.SCOPE_MISSING if channel is ChannelType.INSTAGRAM else Cause.PERMISSION
    return _CAUSES_BY_SUBCODE.get((code, subcode)) or _CAUSES.get(code)


class _Walk(ABC):
    """What every kind of account shares."""

    def __init__(self, found: Examination, care: Care, *, repair: bool) -> None:
        self._found = found
        self._account = found.account
        self._accounts = care.accounts
        self._providers = care.providers
        self._repair = repair

    @abstractmethod
    def steps(self) -> Mapping[Link, Callable[[], None]]:
        """What to look at for each link of the chain, in its order."""

    def _stored_token(self) -> str:
        # Also one that was found dead: it may live again, after a checkpoint for example.
        try:
            token = self._accounts.access_token(self._account.credential_id, even_if_dead=True)
        except ChannelDisconnected as exc:  # erased, as when Meta reported that the app was removed, or unreadable
            known = cause_of(self._account.status_reason)
            raise _Broken(known if known in _ENDS_OF_TOKENS else Cause.TOKEN_EXPIRED) from exc
        self._found.token = token
        return token

    def _need_scopes(self, granted: frozenset[str] | None) -> None:
        if granted is not None and not granted.issuperset(SCOPES[self._account.channel]):
            raise _Broken(Cause.SCOPE_MISSING)

    def _need_webhook(self, is_subscribed: Callable[[], bool], subscribe: Callable[[], None]) -> None:
        if is_subscribed():
            return
        if self._repair:
            _try_to(subscribe)
            self._found.is_repaired = is_subscribed()
        if not self._found.is_repaired:
            raise _Broken(Cause.NOT_SUBSCRIBED)


class _WhatsAppWalk(_Walk):
    def steps(self) -> Mapping[Link, Callable[[], None]]:
        return {
            Link.TOKEN: self._token,
            Link.SCOPES: self._scopes,
            Link.NUMBER: self._number,
            Link.WEBHOOK: self._webhook,
        }

    def _token(self) -> None:
        token = self._stored_token()
        try:
            told = self._providers.facebook.inspect(token)
        except MetaError as exc:
            # Asked in our app's own name: its being blocked must not look like every account's fault.
            raise _NoVerdict(exc) from exc
        self._found.token_facts = told
        if not told.is_valid:
            raise _Broken(cause_of(told.cause) or Cause.TOKEN_EXPIRED)
        self._found.facts |= {
            "scopes": sorted(told.scopes),
            "token_expires_at": told.expires_at,
            "data_access_expires_at": told.data_access_expires_at,
        }

    def _scopes(self) -> None:
        if self._found.token_facts is not None:
            self._need_scopes(self._found.token_facts.scopes)

    def _number(self) -> None:
        number = self._business.number(self._account.phone_number_id or "")
        told = {
            "display_name": number.verified_name,
            "display_phone_number": number.display_phone_number,
            "quality_rating": number.quality_rating,
            "messaging_limit": number.messaging_limit,
            "on_phone_app": number.on_phone_app,
        }
        self._found.facts |= {name: value for name, value in told.items() if value is not None}
        status = (number.status or "").upper()
        if status in _RESTRICTED:
            raise _Broken(Cause.RESTRICTED)
        if status in _GONE or not (number.is_registered or number.on_phone_app):
            raise _Broken(Cause.NOT_REGISTERED)

    def _webhook(self) -> None:
        business, waba_id = self._business, self._account.external_business_id or ""
        self._need_webhook(lambda: business.is_subscribed(waba_id), lambda: business.subscribe(waba_id))

    @property
    def _business(self) -> WhatsAppBusiness:
        return self._providers.business_for(self._found.token or "")


class _InstagramWalk(_Walk):
    _holder: InstagramAccount | None = None
    _refusal: Cause | None = None

    def steps(self) -> Mapping[Link, Callable[[], None]]:
        return {
            Link.TOKEN: self._token,
            Link.SCOPES: self._scopes,
            Link.ACCOUNT: self._reachable,
            Link.WEBHOOK: self._webhook,
        }

    def _token(self) -> None:
        """Instagram has no other word about a token than whether it works; what else it refuses is a later link's."""
        try:
            self._holder = self._providers.instagram.account(self._stored_token())
        except (StoreUnavailable, ChannelDisconnected):
            raise
        except DomainError as exc:
            self._refusal = cause_of_refusal(exc, ChannelType.INSTAGRAM)
            if self._refusal is None:
                raise

    def _scopes(self) -> None:
        if self._refusal is Cause.SCOPE_MISSING:
            raise _Broken(Cause.SCOPE_MISSING)
        stored = self._account.scopes
        self._need_scopes(None if stored is None else frozenset(stored))

    def _reachable(self) -> None:
        if self._refusal is not None:
            raise _Broken(self._refusal)
        if self._holder is None or self._holder.id != self._account.external_business_id:
            raise _Broken(Cause.PERMISSION)
        if (self._holder.account_type or "").upper() == _PERSONAL:
            raise _Broken(Cause.NOT_REGISTERED)
        self._found.facts["display_name"] = self._holder.username

    def _webhook(self) -> None:
        instagram = self._providers.instagram
        token, account_id = self._found.token or "", self._account.external_business_id or ""
        self._need_webhook(
            lambda: instagram.is_subscribed(token, account_id), lambda: instagram.subscribe(token, account_id)
        )


class _GoogleWalk(_Walk):
    def steps(self) -> Mapping[Link, Callable[[], None]]:
        return {Link.TOKEN: self._token, Link.SCOPES: self._scopes, Link.CALENDAR: self._calendar}

    def _token(self) -> None:
        """An access token lives an hour; whether the permission stands shows in getting another."""
        self._stored_token()
        refresh_token = self._accounts.refresh_token(self._account.credential_id)
        if refresh_token is None:
            raise _Broken(Cause.TOKEN_EXPIRED)
        self._found.grant = self._providers.google.refresh(refresh_token)

    def _scopes(self) -> None:
        granted = self._found.grant.scopes if self._found.grant else None
        if granted is None and self._account.scopes is not None:
            granted = frozenset(self._account.scopes)
        self._need_scopes(granted)

    def _calendar(self) -> None:
        if self._found.grant is not None:
            name = self._providers.google.calendar_name(self._found.grant.token)
            self._found.facts |= {"display_name": name} if name else {}


_WALKS: Mapping[ChannelType, type[_Walk]] = {
    ChannelType.WHATSAPP: _WhatsAppWalk,
    ChannelType.INSTAGRAM: _InstagramWalk,
    ChannelType.GOOGLE_CALENDAR: _GoogleWalk,
}


def _try_to(subscribe: Callable[[], None]) -> None:
    """Once. A definite no says that it cannot be repaired; that the token died meanwhile is its own cause."""
    try:
        subscribe()
    except MetaTransient:
        raise
    except (MetaError, AccountNotVisible) as exc:
        raise _Broken(Cause.NOT_SUBSCRIBED) from exc
