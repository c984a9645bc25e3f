"""Meta and Google in memory: codes work once, a PIN stays as it was set, a token sees its own accounts only."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from dentalist.domain.accounts import (
    Grant,
    InstagramAccount,
    Number,
    RemoteTemplate,
    TokenFacts,
    TokenKind,
)
from dentalist.domain.linking_errors import (
    AccountNotVisible,
    ExchangeFailed,
    RegistrationFailed,
)
from tests.builders import NOON

WABA_ID = "210987654300009"
PHONE_NUMBER_ID = "310000000000009"
INSTAGRAM_ID = "17841400000000009"
WHATSAPP_SCOPES = frozenset({"whatsapp_business_management", "whatsapp_business_messaging"})
INSTAGRAM_SCOPES = frozenset(
    {
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_messages",
        "instagram_business_manage_comments",
    }
)
GOOGLE_SCOPES = frozenset(
    {"https://www.googleapis.com/auth/calendar.events", "https://www.googleapis.com/auth/calendar.freebusy"}
)


def make_number(**overrides: Any) -> Number:
    """A number that nobody has registered for the API yet."""
    defaults: dict[str, Any] = {
        "id": PHONE_NUMBER_ID,
        "display_phone_number": "+5491150320009",
        "verified_name": "Consultorio Prueba",
        "quality_rating": "GREEN",
        "messaging_limit": "TIER_1K",
        "status": "CONNECTED",
    }
    return Number(**{**defaults, **overrides})


def make_token_facts(**overrides: Any) -> TokenFacts:
    """A business token that never expires, with every permission for one WABA."""
    defaults: dict[str, Any] = {
        "is_valid": True,
        "app_id": "app",
        "kind": TokenKind.SYSTEM,
        "scopes": WHATSAPP_SCOPES,
        "granted_ids": frozenset({WABA_ID}),
        "issued_at": NOON,
        "user_id": "holder",
    }
    return TokenFacts(**{**defaults, **overrides})


class _Failing:
    """A fake whose methods can be told to fail, and which remembers what it was asked."""

    failures: dict[str, Exception]
    calls: list[tuple[Any, ...]]

    def _called(self, method: str, *arguments: Any) -> None:
        self.calls.append((method, *arguments))
        if method in self.failures:
            raise self.failures[method]

    def called(self, method: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of a method."""
        return [call[1:] for call in self.calls if call[0] == method]


class IssuedCode(NamedTuple):
    """A code that a dialog gave out, and what exchanging it demands."""

    grant: Grant
    redirect_uri: str | None = None
    challenge: str | None = None


@dataclass
class _Codes:
    """Codes that a dialog has issued: each is worth one exchange."""

    issued: dict[str, IssuedCode] = field(default_factory=dict)

    def take(self, code: str, *, redirect_uri: str | None, code_verifier: str | None = None) -> Grant:
        known = self.issued.pop(code, None)
        if known is None or known.redirect_uri != redirect_uri:
            raise ExchangeFailed
        if known.challenge is not None and known.challenge != challenge_of(code_verifier or ""):
            raise ExchangeFailed
        return known.grant


def challenge_of(verifier: str) -> str:
    """PKCE S256, RFC 7636 §4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class FakeFacebookLogin(_Failing):
    """Facebook Login. A token that was not described is not valid."""

    codes: _Codes = field(default_factory=_Codes)
    facts: dict[str, TokenFacts] = field(default_factory=dict)
    extended: dict[str, Grant] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def issue(
        self, code: str, token: str, *, redirect_uri: str | None, facts: TokenFacts | None = None, **grant: Any
    ) -> None:
        """A dialog gave out a code for a token."""
        self.codes.issued[code] = IssuedCode(Grant(token, **grant), redirect_uri)
        self.facts[token] = facts or make_token_facts()

    def exchange(self, code: str, *, redirect_uri: str | None) -> Grant:
        self._called("exchange", code, redirect_uri)
        return self.codes.take(code, redirect_uri=redirect_uri)

    def extend(self, token: str) -> Grant:
        self._called("extend", token)
        return self.extended.get(token) or Grant(token)

    def inspect(self, token: str) -> TokenFacts:
        self._called("inspect", token)
        return self.facts.get(token) or TokenFacts(is_valid=False, cause="token_expired")


@dataclass
class FakeBusinesses(_Failing):
    """Every WABA there is; a token sees those that ``visible`` names. ``business_for`` is the port."""

    numbers: dict[str, list[Number]] = field(default_factory=lambda: {WABA_ID: [make_number()]})
    visible: dict[str, set[str]] = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)
    pins: dict[str, str] = field(default_factory=dict)
    templates: dict[str, list[RemoteTemplate]] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def business_for(self, token: str) -> "FakeWhatsAppBusiness":
        return FakeWhatsAppBusiness(self, token)


@dataclass
class FakeWhatsAppBusiness:
    """What one token sees of the businesses."""

    world: FakeBusinesses
    token: str

    def _called(self, method: str, *arguments: Any) -> None:
        self.world._called(method, *arguments)

    def _seen(self, waba_id: str) -> list[Number]:
        if waba_id not in self.world.visible.get(self.token, set()):
            raise AccountNotVisible
        return self.world.numbers[waba_id]

    def _place_of(self, phone_number_id: str) -> tuple[str, int]:
        for waba_id in self.world.visible.get(self.token, set()):
            for index, number in enumerate(self.world.numbers[waba_id]):
                if number.id == phone_number_id:
                    return waba_id, index
        raise AccountNotVisible

    def accounts(self) -> list[str]:
        self._called("accounts")
        return sorted(self.world.visible.get(self.token, set()))

    def numbers(self, waba_id: str) -> list[Number]:
        self._called("numbers", waba_id)
        return list(self._seen(waba_id))

    def number(self, phone_number_id: str) -> Number:
        self._called("number", phone_number_id)
        waba_id, index = self._place_of(phone_number_id)
        return self.world.numbers[waba_id][index]

    def is_subscribed(self, waba_id: str) -> bool:
        self._called("is_subscribed", waba_id)
        self._seen(waba_id)
        return waba_id in self.world.subscribed

    def subscribe(self, waba_id: str) -> None:
        self._called("subscribe", waba_id)
        self._seen(waba_id)
        self.world.subscribed.add(waba_id)

    def unsubscribe(self, waba_id: str) -> None:
        self._called("unsubscribe", waba_id)
        self._seen(waba_id)
        self.world.subscribed.discard(waba_id)

    def register(self, phone_number_id: str, pin: str) -> None:
        """The first call sets the number's PIN; any other PIN is refused from then on."""
        self._called("register", phone_number_id, pin)
        waba_id, index = self._place_of(phone_number_id)
        number = self.world.numbers[waba_id][index]
        assert not number.on_phone_app, "a number that stays on the phone app is never registered"
        assert len(pin) == 6
        assert pin.isdigit()
        if self.world.pins.setdefault(phone_number_id, pin) != pin:
            raise RegistrationFailed
        self.world.numbers[waba_id][index] = replace(number, is_registered=True)

    def request_sync(self, phone_number_id: str, sync_type: str) -> None:
        self._called("request_sync", phone_number_id, sync_type)
        waba_id, index = self._place_of(phone_number_id)
        assert self.world.numbers[waba_id][index].on_phone_app
        assert sync_type in ("smb_app_state_sync", "history")

    def templates(self, waba_id: str) -> list[RemoteTemplate]:
        self._called("templates", waba_id)
        self._seen(waba_id)
        return list(self.world.templates.get(waba_id, []))

    def create_template(self, waba_id: str, template: Mapping[str, Any]) -> RemoteTemplate:
        self._called("create_template", waba_id, dict(template))
        self._seen(waba_id)
        made = RemoteTemplate(
            external_id=str(uuid4().int)[:15],
            name=template["name"],
            language=template["language"],
            category=template["category"],
            status="PENDING",
            parameter_format=template.get("parameter_format", "POSITIONAL"),
            components=list(template["components"]),
        )
        self.world.templates.setdefault(waba_id, []).append(made)
        return made


@dataclass
class FakeInstagramLogin(_Failing):
    """Instagram Login; a token is known by the account that it belongs to."""

    codes: _Codes = field(default_factory=_Codes)
    holders: dict[str, InstagramAccount] = field(default_factory=dict)
    extended: dict[str, Grant] = field(default_factory=dict)
    refreshed: dict[str, Grant] = field(default_factory=dict)
    subscribed: set[str] = field(default_factory=set)
    failures: dict[str, Exception] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def issue(
        self, code: str, *, redirect_uri: str, account: InstagramAccount | None = None, scopes: Any = INSTAGRAM_SCOPES
    ) -> str:
        """A dialog gave out a code; the long-lived token that linking ends with."""
        account = account or InstagramAccount(INSTAGRAM_ID, "consultorio", "Consultorio", "BUSINESS")
        short, long = f"short-{code}", f"long-{code}"
        self.codes.issued[code] = IssuedCode(Grant(short, scopes=scopes, user_id="app-scoped"), redirect_uri)
        self.extended[short] = Grant(long, expires_at=datetime.now(UTC) + timedelta(days=60))
        self.holders |= {short: account, long: account}
        return long

    def exchange(self, code: str, *, redirect_uri: str) -> Grant:
        self._called("exchange", code, redirect_uri)
        return self.codes.take(code, redirect_uri=redirect_uri)

    def extend(self, token: str) -> Grant:
        self._called("extend", token)
        return self.extended[token]

    def refresh(self, token: str) -> Grant:
        self._called("refresh", token)
        return self.refreshed[token]

    def account(self, token: str) -> InstagramAccount:
        self._called("account", token)
        return self.holders[token]

    def _holds(self, token: str, account_id: str) -> None:
        if token not in self.holders or self.holders[token].id != account_id:
            raise AccountNotVisible

    def is_subscribed(self, token: str, account_id: str) -> bool:
        self._called("is_subscribed", token, account_id)
        self._holds(token, account_id)
        return account_id in self.subscribed

    def subscribe(self, token: str, account_id: str) -> None:
        self._called("subscribe", token, account_id)
        self._holds(token, account_id)
        self.subscribed.add(account_id)

    def unsubscribe(self, token: str, account_id: str) -> None:
        self._called("unsubscribe", token, account_id)
        self._holds(token, account_id)
        self.subscribed.discard(account_id)


@dataclass
class FakeGoogleLogin(_Failing):
    """Google's OAuth; ``calendars`` names the calendar that a token opens."""

    codes: _Codes = field(default_factory=_Codes)
    calendars: dict[str, str | None] = field(default_factory=dict)
    refreshed: dict[str, Grant] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def issue(self, code: str, token: str, *, redirect_uri: str, challenge: str, **grant: Any) -> None:
        """A dialog gave out a code for an hour's token and one that renews it."""
        defaults: dict[str, Any] = {
            "expires_at": datetime.now(UTC) + timedelta(hours=1),
            "refresh_token": f"refresh-{token}",
            "scopes": GOOGLE_SCOPES,
        }
        self.codes.issued[code] = IssuedCode(Grant(token, **{**defaults, **grant}), redirect_uri, challenge)
        self.calendars[token] = "consultorio@example.com"

    def exchange(self, code: str, *, redirect_uri: str, code_verifier: str) -> Grant:
        self._called("exchange", code, redirect_uri, code_verifier)
        return self.codes.take(code, redirect_uri=redirect_uri, code_verifier=code_verifier)

    def refresh(self, refresh_token: str) -> Grant:
        self._called("refresh", refresh_token)
        return self.refreshed[refresh_token]

    def revoke(self, token: str) -> None:
        self._called("revoke", token)
        self.revoked.append(token)

    def calendar_name(self, token: str) -> str | None:
        self._called("calendar_name", token)
        return self.calendars[token]
