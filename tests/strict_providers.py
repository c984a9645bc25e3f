"""Meta and Google in memory with a clock: tokens begin, end and die by it, and nothing is given too early or too late.

Times are the world's alone. A token that ended or died is refused everywhere, a young one is not renewed, a renewed one
is another token, and the old one goes on until its own end.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from dentalist.domain.accounts import Grant, InstagramAccount, Number, TokenFacts, TokenKind
from dentalist.domain.errors import MetaFault
from dentalist.domain.linking_errors import AccountNotVisible, ScopeMissing, TooYoungToRefresh
from dentalist.domain.sending_errors import AccessLost, TokenDead
from dentalist.services.accounts.ports_care import Providers
from tests.builders import NOON
from tests.fakes_providers import (
    GOOGLE_SCOPES,
    INSTAGRAM_ID,
    INSTAGRAM_SCOPES,
    PHONE_NUMBER_ID,
    WABA_ID,
    WHATSAPP_SCOPES,
    make_number,
)

LIFE = timedelta(days=60)
HOUR = timedelta(hours=1)


@dataclass
class IssuedToken:
    """A token that the world has given out."""

    text: str
    kind: TokenKind
    issued_at: datetime
    ends_at: datetime | None
    scopes: frozenset[str]
    app_id: str = "app"
    dead_because: str | None = None
    data_access_ends_at: datetime | None = None
    number_visible: bool = True
    holder: str = INSTAGRAM_ID


_SCOPES = {
    TokenKind.SYSTEM: WHATSAPP_SCOPES,
    TokenKind.USER: WHATSAPP_SCOPES,
    TokenKind.INSTAGRAM: INSTAGRAM_SCOPES,
    TokenKind.GOOGLE: GOOGLE_SCOPES,
}


@dataclass
class StrictWorld:
    """Everything at the providers, and what a test may change about it.

    ``troubles`` are raised by the named call, ``used`` counts the calls, ``spoils`` is applied to each new token.
    """

    now: datetime = NOON
    tokens: dict[str, IssuedToken] = field(default_factory=dict)
    number: Number = field(default_factory=lambda: make_number(is_registered=True))
    account: InstagramAccount = field(
        default_factory=lambda: InstagramAccount(INSTAGRAM_ID, "consultorio", "Consultorio", "BUSINESS")
    )
    subscribed: bool = True
    subscribing: Exception | None = None
    extends: bool = True
    rotates_refresh_token: bool = False
    refresh_tokens: dict[str, str | None] = field(default_factory=dict)  # and why one is dead
    calendar_open: bool = True
    troubles: dict[str, Exception] = field(default_factory=dict)
    spoils: dict[str, object] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    revoked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._names = count(1)

    def issue(self, kind: TokenKind, *, life: timedelta | None = LIFE, **overrides: object) -> IssuedToken:
        """A token as a login or a renewal gives it."""
        token = IssuedToken(
            text=f"{kind.value}-token-{next(self._names)}",
            kind=kind,
            issued_at=self.now,
            ends_at=None if life is None else self.now + life,
            scopes=_SCOPES[kind],
        )
        self.tokens[token.text] = replace(token, **overrides)
        return self.tokens[token.text]

    def is_good(self, text: str) -> bool:
        """Whether a token works now."""
        return self._cause(text) is None

    def _cause(self, text: str) -> str | None:
        token = self.tokens.get(text)
        if token is None:
            return "token_expired"
        ended = token.ends_at is not None and token.ends_at <= self.now
        return token.dead_because or ("token_expired" if ended else None)

    def use(self, call: str, text: str | None = None) -> None:
        """Count a call, and refuse it as the provider would."""
        self.used[call] += 1
        if call in self.troubles:
            raise self.troubles[call]
        if text is not None and (cause := self._cause(text)) is not None:
            raise TokenDead(MetaFault(190), reason=cause)

    def providers(self) -> Providers:
        """The world as the services see it."""
        return Providers(
            facebook=StrictFacebook(self),
            business_for=lambda token: StrictBusiness(self, token),
            instagram=StrictInstagram(self),
            google=StrictGoogle(self),
        )


@dataclass
class StrictFacebook:
    """Facebook Login of the world."""

    world: StrictWorld

    def extend(self, token: str) -> Grant:
        self.world.use("extend", token)
        old = self.world.tokens[token]
        if not self.world.extends:
            return Grant(token, expires_at=old.ends_at)  # as Facebook does for a token that is long-lived already
        new = self.world.issue(old.kind, **{"scopes": old.scopes, **self.world.spoils})
        return Grant(new.text, expires_at=new.ends_at)

    def inspect(self, token: str) -> TokenFacts:
        self.world.use("inspect")
        known = self.world.tokens.get(token)
        cause = self.world._cause(token)
        if known is None or cause is not None:
            return TokenFacts(is_valid=False, cause=cause)
        return TokenFacts(
            is_valid=True,
            app_id=known.app_id,
            kind=known.kind,
            scopes=known.scopes,
            granted_ids=frozenset({WABA_ID}),
            issued_at=known.issued_at,
            expires_at=known.ends_at,
            data_access_expires_at=known.data_access_ends_at,
        )


@dataclass
class StrictBusiness:
    """One WhatsApp account of the world."""

    world: StrictWorld
    token: str

    def number(self, phone_number_id: str) -> Number:
        self.world.use("number", self.token)
        if phone_number_id != PHONE_NUMBER_ID or not self.world.tokens[self.token].number_visible:
            raise AccountNotVisible
        return self.world.number

    def is_subscribed(self, waba_id: str) -> bool:
        assert waba_id == WABA_ID
        self.world.use("is_subscribed", self.token)
        return self.world.subscribed

    def subscribe(self, waba_id: str) -> None:
        assert waba_id == WABA_ID
        self.world.use("subscribe", self.token)
        if self.world.subscribing is not None:
            raise self.world.subscribing
        self.world.subscribed = True

    def unsubscribe(self, waba_id: str) -> None:
        assert waba_id == WABA_ID
        self.world.use("unsubscribe", self.token)
        self.world.subscribed = False


@dataclass
class StrictInstagram:
    """Instagram Login of the world."""

    world: StrictWorld

    def refresh(self, token: str) -> Grant:
        self.world.use("refresh", token)
        old = self.world.tokens[token]
        if self.world.now - old.issued_at < timedelta(hours=24):
            raise TooYoungToRefresh
        if not self.world.extends:
            return Grant(token, expires_at=old.ends_at)
        new = self.world.issue(TokenKind.INSTAGRAM, **self.world.spoils)
        return Grant(new.text, expires_at=new.ends_at)

    def account(self, token: str) -> InstagramAccount:
        self.world.use("account", token)
        return replace(self.world.account, id=self.world.tokens[token].holder)

    def is_subscribed(self, token: str, account_id: str) -> bool:
        assert account_id == INSTAGRAM_ID
        self.world.use("is_subscribed", token)
        return self.world.subscribed

    def subscribe(self, token: str, account_id: str) -> None:
        assert account_id == INSTAGRAM_ID
        self.world.use("subscribe", token)
        if self.world.subscribing is not None:
            raise self.world.subscribing
        self.world.subscribed = True

    def unsubscribe(self, token: str, account_id: str) -> None:
        assert account_id == INSTAGRAM_ID
        self.world.use("unsubscribe", token)
        self.world.subscribed = False


@dataclass
class StrictGoogle:
    """Google's OAuth of the world."""

    world: StrictWorld

    def refresh(self, refresh_token: str) -> Grant:
        self.world.use("google_refresh")
        dead_because = self.world.refresh_tokens.get(refresh_token, "token_expired")
        if dead_because is not None:
            raise AccessLost(reason=dead_because)
        new = self.world.issue(TokenKind.GOOGLE, life=HOUR, **self.world.spoils)
        rotated = None
        if self.world.rotates_refresh_token:
            rotated = f"refresh-{new.text}"
            self.world.refresh_tokens[rotated] = None
        return Grant(new.text, expires_at=new.ends_at, refresh_token=rotated, scopes=new.scopes)

    def revoke(self, token: str) -> None:
        self.world.use("revoke")
        self.world.revoked.append(token)

    def calendar_name(self, token: str) -> str | None:
        self.world.use("calendar_name", token)
        if not self.world.calendar_open:
            raise AccessLost(reason="permission")
        if not self.world.tokens[token].scopes.issuperset(GOOGLE_SCOPES):
            raise ScopeMissing
        return "consultorio@example.com"
