"""Renew a token before it ends. The old one stays until the new one is proven and lives longer.

A crash between the provider's answer and our store loses nothing: what is stored still works, and the next look renews.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dentalist.domain.accounts import ChannelType, Grant, LinkedAccount, TokenFacts
from dentalist.domain.channel_test import Link
from dentalist.domain.errors import DomainError, MetaError, StoreUnavailable
from dentalist.domain.linking_errors import TooYoungToRefresh
from dentalist.services.accounts.examine_account import Examination
from dentalist.services.accounts.ports_care import Care

_USUAL_LIFETIME = timedelta(days=60)
_YOUNGEST = timedelta(hours=24)  # Instagram refuses to renew before
_WORTH_IT = timedelta(days=1)  # Facebook may answer the old token with its old end
_FRESH = timedelta(hours=12)

logger = logging.getLogger(__name__)


class Renewal(NamedTuple):
    """What became of renewing: ``reason`` says why not, ``end`` when the token that is stored now ends."""

    is_renewed: bool
    reason: str | None = None
    end: datetime | None = None


class _NotRenewed(Exception):
    """The old token stays."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _Proven(NamedTuple):
    """A new token that works, and what is to be known of it."""

    grant: Grant
    facts: Mapping[str, Any]


def renew(found: Examination, care: Care, *, now: datetime, force: bool) -> Renewal:
    """Renew the token of an account whose present one has just been found good.

    Args:
        found: the examination that found it good.
        care: the professional's accounts and the providers.
        now: the moment this is done for.
        force: also before half of the token's life is over.

    Returns:
        Why not, if not: ``never_expires``, ``not_due``, ``too_young``, ``not_extended`` (what came lives no longer),
        ``unproven`` (what came does not work), ``refused`` (nothing came), ``changed`` (another was stored meanwhile).

    Raises:
        StoreUnavailable: the store or the key service cannot be reached.
    """
    end = _end_of(found)
    try:
        proven = _NEW[found.account.channel](found, care, now, force=force)
    except _NotRenewed as no:
        return Renewal(is_renewed=False, reason=no.reason, end=end)
    is_stored = care.accounts.replace_token(
        found.account, proven.grant, replaces=found.token or "", facts=proven.facts, now=now
    )
    if not is_stored:
        return Renewal(is_renewed=False, reason="changed")
    return Renewal(is_renewed=True, end=proven.grant.expires_at)


def is_fresh(account: LinkedAccount, now: datetime) -> bool:
    """Whether the day's look was already at a calendar's account: another would only fetch another hour's token."""
    issued_at = account.token_issued_at
    return (
        account.channel is ChannelType.GOOGLE_CALENDAR
        and issued_at is not None
        and timedelta(0) <= now - issued_at < _FRESH
    )


def _end_of(found: Examination) -> datetime | None:
    return found.token_facts.expires_at if found.token_facts else found.account.token_expires_at


# ---- Facebook --------------------------------------------------------------------------------------------------------


def _new_of_facebook(found: Examination, care: Care, now: datetime, *, force: bool) -> _Proven:
    old = found.token_facts
    if old is None or old.expires_at is None:
        raise _NotRenewed("never_expires")
    _wait_for_half_life(old.issued_at or found.account.token_issued_at, old.expires_at, now, force=force)
    grant = _asked(lambda: care.providers.facebook.extend(found.token or ""), found)
    proof = _proof(grant, old, found.account, care)
    if proof.expires_at is not None and proof.expires_at < old.expires_at + _WORTH_IT:
        raise _NotRenewed("not_extended")
    facts = {
        "token_issued_at": proof.issued_at or now,
        "token_expires_at": proof.expires_at,
        "data_access_expires_at": proof.data_access_expires_at,
        "scopes": sorted(proof.scopes),
    }
    return _Proven(replace(grant, expires_at=proof.expires_at, scopes=proof.scopes), facts)


def _proof(grant: Grant, old: TokenFacts, account: LinkedAccount, care: Care) -> TokenFacts:
    """A token of the same app, with at least the same permissions, that sees the number."""
    with _Proving():
        facts = care.providers.facebook.inspect(grant.token)
        if not facts.is_valid or facts.app_id != old.app_id or not facts.scopes.issuperset(old.scopes):
            raise _NotRenewed("unproven")
        care.providers.business_for(grant.token).number(account.phone_number_id or "")
    return facts


# ---- Instagram -------------------------------------------------------------------------------------------------------


def _new_of_instagram(found: Examination, care: Care, now: datetime, *, force: bool) -> _Proven:
    account = found.account
    issued_at, end = account.token_issued_at, account.token_expires_at
    if issued_at is not None and now - issued_at < _YOUNGEST:
        raise _NotRenewed("too_young")
    if end is not None:
        _wait_for_half_life(issued_at, end, now, force=force)
    grant = _asked(lambda: care.providers.instagram.refresh(found.token or ""), found)
    if grant.expires_at is None or (end is not None and grant.expires_at < end + _WORTH_IT):
        raise _NotRenewed("not_extended")
    with _Proving():
        if care.providers.instagram.account(grant.token).id != account.external_business_id:
            raise _NotRenewed("unproven")
    return _Proven(grant, {"token_issued_at": now, "token_expires_at": grant.expires_at})


# ---- Google ----------------------------------------------------------------------------------------------------------


def _new_of_google(found: Examination, _care: Care, now: datetime, *, force: bool) -> _Proven:  # noqa: ARG001 - as the others
    """The examination fetched an access token to look at the calendar with, which is its proof."""
    if found.grant is None or Link.CALENDAR not in found.held:
        raise _NotRenewed("unproven")
    facts: dict[str, Any] = {"token_issued_at": now, "token_expires_at": found.grant.expires_at}
    if found.grant.scopes is not None:
        facts["scopes"] = sorted(found.grant.scopes)
    return _Proven(found.grant, facts)


_NEW: Mapping[ChannelType, Callable[..., _Proven]] = {
    ChannelType.WHATSAPP: _new_of_facebook,
    ChannelType.INSTAGRAM: _new_of_instagram,
    ChannelType.GOOGLE_CALENDAR: _new_of_google,
}


def _wait_for_half_life(issued_at: datetime | None, end: datetime, now: datetime, *, force: bool) -> None:
    began = issued_at or end - _USUAL_LIFETIME
    if not force and now < began + (end - began) / 2:
        raise _NotRenewed("not_due")


def _asked(ask: Callable[[], Grant], found: Examination) -> Grant:
    try:
        return ask()
    except StoreUnavailable:
        raise
    except TooYoungToRefresh as exc:
        raise _NotRenewed("too_young") from exc
    except DomainError as exc:
        fault = exc.fault if isinstance(exc, MetaError) else None
        told = {"meta_code": fault.code, "meta_subcode": fault.subcode} if fault else {}
        channel_id = str(found.account.channel_id)
        logger.warning("token not renewed", extra={"channel_id": channel_id, "cause": exc.code, **told})
        raise _NotRenewed("refused") from exc


class _Proving:
    """Whatever a provider says against a new token, the old one stays."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Turn a refusal into the reason."""
        if isinstance(error, DomainError) and not isinstance(error, StoreUnavailable):
            raise _NotRenewed("unproven") from error
