"""Link the numbers of a WhatsApp Business account (WABA), by a redirect or by Embedded Signup.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/overview
    https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.accounts import (
    SCOPES,
    AccountKey,
    AccountToLink,
    Availability,
    ChannelType,
    Grant,
    Number,
    OAuthAttempt,
    Place,
    TokenFacts,
    TokenKind,
)
from dentalist.domain.errors import DomainError, StoreUnavailable
from dentalist.domain.linking_errors import (
    AccountAlreadyLinked,
    AccountNotVisible,
    ExchangeFailed,
    RegistrationFailed,
    ScopeMissing,
)
from dentalist.services.accounts.connect_channel import EmbeddedSignup, Linked
from dentalist.services.accounts.ports_accounts import Accounts, BusinessFor, FacebookLogin, WhatsAppBusiness

_SHORT_LIVED = timedelta(days=1)  # a person's first token lives an hour or two, its extension sixty days
_API_THROUGHPUT = 80  # messages per second
_PHONE_APP_THROUGHPUT = 20
_SYNC_TYPES = ("smb_app_state_sync", "history")  # contacts first: history then finds whom it belongs to
_NOT_IMPORTED = (
    "Tu número quedó vinculado, pero WhatsApp no nos dejó traer los contactos y el historial de la app. "
    "Los mensajes nuevos funcionan con normalidad."
)
_LEFT_OUT = (
    "El número {number} no quedó vinculado: WhatsApp no lo dejó registrar. Casi siempre le falta la verificación o "
    "tiene un PIN propio. Abrí WhatsApp Manager, elegí ese número, completá lo que te pide y volvé a vincular desde "
    "Canales."
)

logger = logging.getLogger(__name__)


class NumberAccounts(Accounts, Protocol):
    """The linked accounts of one professional, numbers with the PIN they were registered with."""

    def registration_pin(self, credential_id: UUID) -> str | None:
        """The two-step PIN that we set, where it is still known."""


@dataclass(frozen=True)
class MetaApp:
    """Our app at Meta: who it is and how it logs people in."""

    app_id: str
    login: FacebookLogin
    business_for: BusinessFor


class _Access(NamedTuple):
    grant: Grant
    facts: TokenFacts

    def __repr__(self) -> str:
        return "_Access(…)"


class _Candidate(NamedTuple):
    waba_id: str
    number: Number

    @property
    def key(self) -> AccountKey:
        return AccountKey(self.waba_id, self.number.id)


class _Chosen(NamedTuple):
    place: Place
    waba_id: str
    number: Number


class _Registrations(NamedTuple):
    links: list[tuple[Place, AccountToLink]]
    left_out: list[Number]


def connect_whatsapp(
    attempt: OAuthAttempt, code: str, signup: EmbeddedSignup | None, *, meta: MetaApp, accounts: NumberAccounts
) -> list[Linked]:
    """Exchange, prove, subscribe, register, store; answers a channel for each number.

    Without a number named by the browser, every number that the token sees is linked, but those that somebody else has
    and those that cannot be registered, as long as there are others: the professional is told which.
    A number that was registered before a later step failed stays registered, and the PIN that was drawn for it is lost:
    linking it again works, registering it again would need a new PIN, set at Meta.

    Args:
        attempt: whose state it was.
        code: from the dialog.
        signup: what Embedded Signup told the browser; None after a redirect.
        meta: our app.
        accounts: of the attempt's professional.

    Raises:
        ExchangeFailed, ScopeMissing, AccountNotVisible, AccountAlreadyLinked, RegistrationFailed: refused, nothing was
            stored.
        AccessLost, MetaError, RateLimited, MetaUnreachable: Meta's word, or none; nothing was stored.
        StoreUnavailable: the store or the key service cannot be reached.
    """
    access = _proven(attempt, code, signup, meta)
    business = meta.business_for(access.grant.token)
    candidates = _candidates(business, access.facts, signup)
    chosen = _linkable(candidates, accounts)
    subscribed: list[str] = []
    try:
        _subscribe(business, chosen, subscribed)
        links, left_out = _registrations(business, chosen, access, accounts, signup)
        channel_ids = accounts.link(links, actor_id=attempt.actor_id)
    except StoreUnavailable:
        raise  # the link may have been stored, and then it needs its webhooks
    except DomainError:
        _unsubscribe(business, subscribed, accounts)
        raise
    _stay_subscribed(business, chosen)
    linked = [Linked(channel_id, account) for channel_id, (_, account) in zip(channel_ids, links, strict=True)]
    for number in left_out:
        sentence = _LEFT_OUT.format(number=number.display_phone_number)
        _tell(accounts, linked[0], "number_not_linked", "warning", sentence, about=f"{attempt.id}:{number.id}")
    for one in linked:
        if one.account.on_phone_app:
            _request_history(business, one, accounts)
    return linked


# ---- the token -------------------------------------------------------------------------------------------------------


def _proven(attempt: OAuthAttempt, code: str, signup: EmbeddedSignup | None, meta: MetaApp) -> _Access:
    """A token of ours with every permission, as long-lived as can be had, and what Meta says about it."""
    # The code of Embedded Signup belongs to no redirect: naming one would make the exchange fail.
    grant = meta.login.exchange(code, redirect_uri=None if signup is not None else attempt.redirect_uri)
    facts = _inspected(grant, meta)
    if _is_short_lived(facts):
        grant = meta.login.extend(grant.token)
        facts = _inspected(grant, meta)
    if not facts.scopes.issuperset(SCOPES[ChannelType.WHATSAPP]):
        raise ScopeMissing
    expires_at = facts.expires_at or grant.expires_at
    return _Access(replace(grant, expires_at=expires_at, scopes=facts.scopes, user_id=facts.user_id), facts)


def _inspected(grant: Grant, meta: MetaApp) -> TokenFacts:
    facts = meta.login.inspect(grant.token)
    if facts.app_id not in (None, meta.app_id):
        raise ExchangeFailed("This permission was given to another app; begin again.")
    if not facts.is_valid:
        raise ExchangeFailed
    return facts


def _is_short_lived(facts: TokenFacts) -> bool:
    if facts.kind is not TokenKind.USER or facts.expires_at is None:
        return False
    return facts.expires_at - datetime.now(UTC) < _SHORT_LIVED


# ---- the numbers -----------------------------------------------------------------------------------------------------


def _candidates(business: WhatsAppBusiness, facts: TokenFacts, signup: EmbeddedSignup | None) -> list[_Candidate]:
    """The numbers that are meant. What the browser named counts only as far as the token sees it."""
    named = signup or EmbeddedSignup()
    if named.waba_id is not None:
        if facts.granted_ids and named.waba_id not in facts.granted_ids:
            raise AccountNotVisible
        found = [_Candidate(named.waba_id, number) for number in business.numbers(named.waba_id)]
    else:
        found = _all_numbers(business, facts)
    if named.phone_number_id is not None:
        found = [candidate for candidate in found if candidate.number.id == named.phone_number_id]
        if not found:
            raise AccountNotVisible
    if not found:
        raise AccountNotVisible("This WhatsApp Business account has no number yet; add one at Meta and begin again.")
    return found


def _all_numbers(business: WhatsAppBusiness, facts: TokenFacts) -> list[_Candidate]:
    found: dict[str, _Candidate] = {}
    for waba_id in sorted(facts.granted_ids) or business.accounts():
        try:
            numbers = business.numbers(waba_id)
        except AccountNotVisible:
            # Permissions are also given for other things than WABAs, and for WABAs that were taken away since.
            continue
        for number in numbers:
            found.setdefault(number.id, _Candidate(waba_id, number))
    return list(found.values())


def _linkable(candidates: Sequence[_Candidate], accounts: Accounts) -> list[_Chosen]:
    """Those that nobody else has; a number that was named is the only candidate, and so it is that or none."""
    places = accounts.places(ChannelType.WHATSAPP, [candidate.key for candidate in candidates])
    chosen = [
        _Chosen(place, candidate.waba_id, candidate.number)
        for place, candidate in zip(places, candidates, strict=True)
        if place.availability is not Availability.TAKEN
    ]
    if not chosen:
        raise AccountAlreadyLinked
    return chosen


# ---- making them work ------------------------------------------------------------------------------------------------


def _subscribe(business: WhatsAppBusiness, chosen: Sequence[_Chosen], subscribed: list[str]) -> None:
    """Receive the webhooks of each WABA; ``subscribed`` collects those that were not received before."""
    for waba_id in dict.fromkeys(one.waba_id for one in chosen):
        is_new = not business.is_subscribed(waba_id)
        business.subscribe(waba_id)
        if is_new:
            subscribed.append(waba_id)


def _stay_subscribed(business: WhatsAppBusiness, chosen: Sequence[_Chosen]) -> None:
    """Somebody who linked the same number a moment behind us may have taken the subscription back with theirs."""
    try:
        for waba_id in dict.fromkeys(one.waba_id for one in chosen):
            if not business.is_subscribed(waba_id):
                business.subscribe(waba_id)
    except DomainError as error:
        logger.warning("subscription not confirmed", extra={"code": error.code})  # the daily look asks again


def _unsubscribe(business: WhatsAppBusiness, subscribed: Sequence[str], accounts: Accounts) -> None:
    """Take back what ``_subscribe`` did, unless some number of that WABA is linked by now, whoever's it is."""
    for waba_id in subscribed:
        try:
            if _is_nobodys(waba_id, business, accounts):
                business.unsubscribe(waba_id)
                # Whoever linked between the question and the answer needs it; whoever links later looks for themselves.
                if not _is_nobodys(waba_id, business, accounts):
                    business.subscribe(waba_id)
        except DomainError as error:
            # Webhooks of a number that nobody linked are parked and answered by nobody: untidy, not wrong.
            logger.warning("subscription not taken back", extra={"code": error.code})


def _is_nobodys(waba_id: str, business: WhatsAppBusiness, accounts: Accounts) -> bool:
    keys = [AccountKey(waba_id, number.id) for number in business.numbers(waba_id)]
    places = accounts.places(ChannelType.WHATSAPP, keys)
    return all(place.availability is Availability.FREE for place in places)


def _registrations(
    business: WhatsAppBusiness,
    chosen: Sequence[_Chosen],
    access: _Access,
    accounts: NumberAccounts,
    signup: EmbeddedSignup | None,
) -> _Registrations:
    """The numbers that work; one that cannot be registered must not keep the others from being linked again."""
    done, refusals = _Registrations([], []), []
    for one in chosen:
        try:
            done.links.append((one.place, _registered(business, one, access, _pin(one, accounts, signup))))
        except RegistrationFailed as refusal:
            done.left_out.append(one.number)
            refusals.append(refusal)
    if not done.links:
        raise refusals[0]
    return done


def _registered(business: WhatsAppBusiness, chosen: _Chosen, access: _Access, pin: str | None) -> AccountToLink:
    """The number as it will be stored, registered for the API where it needs that."""
    number = chosen.number
    if pin is not None:
        business.register(number.id, pin)
    return AccountToLink(
        channel=ChannelType.WHATSAPP,
        key=AccountKey(chosen.waba_id, number.id),
        grant=access.grant,
        token_kind=access.facts.kind,
        issued_at=access.facts.issued_at or datetime.now(UTC),
        data_access_expires_at=access.facts.data_access_expires_at,
        display_name=number.verified_name,
        display_phone_number=number.display_phone_number,
        quality_rating=number.quality_rating,
        messaging_limit=number.messaging_limit,
        throughput_per_second=_PHONE_APP_THROUGHPUT if number.on_phone_app else _API_THROUGHPUT,
        on_phone_app=number.on_phone_app,
        registration_pin=pin,
    )


def _pin(chosen: _Chosen, accounts: NumberAccounts, signup: EmbeddedSignup | None) -> str | None:
    """What to register a number with: the PIN that it has, or its first. None where it needs no registration."""
    # The phone app holds the registration of a number that stays in it; taking that over would throw the clinic out.
    if chosen.number.on_phone_app or chosen.number.is_registered:
        return None
    if signup is not None and signup.pin is not None:
        return signup.pin
    is_own = chosen.place.availability is Availability.OWN
    known = accounts.registration_pin(chosen.place.credential_id) if is_own else None
    return known or f"{secrets.randbelow(10**6):06d}"


def _request_history(business: WhatsAppBusiness, linked: Linked, accounts: Accounts) -> None:
    """Ask for contacts and history; Meta gives each once, within a day of the number's coming to us."""
    channel_id, phone_number_id = str(linked.channel_id), linked.account.key.phone_number_id
    if phone_number_id is None:
        raise AssertionError("a WhatsApp account has a number")
    try:
        for sync_type in _SYNC_TYPES:
            business.request_sync(phone_number_id, sync_type)
    except DomainError as error:
        # The number works without its past; that it is missing is all there is to tell.
        logger.warning("history not requested", extra={"channel_id": channel_id, "code": error.code})
        _tell(accounts, linked, "history_not_imported", "info", _NOT_IMPORTED, about=channel_id)


def _tell(accounts: Accounts, linked: Linked, kind: str, severity: str, sentence: str, *, about: str) -> None:
    """Once for what it is about; the link is stored, whether that is told or not."""
    try:
        accounts.alert(linked.channel_id, kind, severity, sentence, dedup_key=f"{kind}:{about}")
    except StoreUnavailable:
        logger.warning("alert not raised", extra={"channel_id": str(linked.channel_id), "kind": kind})
