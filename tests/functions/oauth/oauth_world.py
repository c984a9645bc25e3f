"""One professional, the dialogs of Meta, Instagram and Google, and our whole function in between."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import pytest

from dentalist.domain.identity import Caller, Role
from dentalist.runtime import wiring, wiring_accounts
from dentalist.runtime.settings import Settings
from oauth import handler
from tests.builders import LambdaContext, make_event
from tests.fakes import FakeIdempotency
from tests.fakes_accounts import (
    WABA_ID,
    FakeAccountBook,
    FakeBusinesses,
    FakeFacebookLogin,
    FakeGoogleLogin,
    FakeInstagramLogin,
    FakeOAuthStates,
    StoredAccount,
    challenge_of,
    make_token_facts,
)

START = "/api/marketing/channels/oauth/start"
CALLBACK = "/api/marketing/channels/oauth/callback"
DASHBOARD = "https://panel.example.com/canales?tab=cuentas"
ENVIRONMENT = {
    "WEBHOOK_PUBLIC_URL": "https://api.example.com/",
    "DASHBOARD_PUBLIC_URL": DASHBOARD,
    "META_APP_ID": "app",
    "META_APP_SECRET": "app-secret",
    "META_LOGIN_CONFIG_ID": "config-7",
    "INSTAGRAM_APP_ID": "instagram-app",
    "GOOGLE_CLIENT_ID": "google-client",
    "GOOGLE_OAUTH_DIALOG_URL": "https://accounts.example.com/auth",
}


class World:
    """Who asks, what is kept, and what the providers know."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.states, self.book, self.keys = FakeOAuthStates(), FakeAccountBook(), FakeIdempotency()
        self.facebook, self.businesses = FakeFacebookLogin(), FakeBusinesses()
        self.instagram, self.google = FakeInstagramLogin(), FakeGoogleLogin()
        self.environment = dict(ENVIRONMENT)
        monkeypatch.setattr(wiring, "authenticate", lambda _: self.caller)
        monkeypatch.setattr(wiring, "idempotency", lambda _: self.keys)
        monkeypatch.setattr(wiring, "settings", lambda: Settings(self.environment))
        for name, fake in {
            "oauth_states": self.states,
            "facebook_login": self.facebook,
            "instagram_login": self.instagram,
            "google_login": self.google,
        }.items():
            monkeypatch.setattr(wiring_accounts, name, lambda fake=fake: fake)
        monkeypatch.setattr(wiring_accounts, "accounts", self.book.of)
        monkeypatch.setattr(wiring_accounts, "business_for", self.businesses.business_for)

    def start(self, channel: str | None) -> dict[str, Any]:
        """A request of the dashboard, with a bearer."""
        query = {} if channel is None else {"channel": channel}
        return self._answer(_with_query(make_event("GET", START, headers={"authorization": "Bearer token"}), query))

    def begun(self, channel: str) -> str:
        """The state of a new attempt."""
        state: str = told(self.start(channel))["state"]
        return state

    def come_back(self, **query: str) -> dict[str, Any]:
        """A redirect of a provider: no bearer, no body."""
        event = _with_query(make_event("GET", CALLBACK), query)
        del event["headers"]["content-type"]
        return self._answer(event)

    def post(self, body: Any, **headers: str) -> dict[str, Any]:
        """The dashboard's message after Embedded Signup."""
        return self._answer(make_event("POST", CALLBACK, body, headers={"authorization": "Bearer token", **headers}))

    def issue(self, channel: str, state: str, code: str = "code") -> None:
        """The person says yes in the dialog."""
        redirect = self.states.kept[state].attempt.redirect_uri
        if channel == "whatsapp":
            self.facebook.issue(code, "EAA-canary", redirect_uri=redirect)
            self.businesses.visible["EAA-canary"] = {WABA_ID}
        elif channel == "instagram":
            self.instagram.issue(code, redirect_uri=redirect)
        else:
            verifier = self.states.kept[state].attempt.code_verifier or ""
            self.google.issue(code, "ya29-canary", redirect_uri=redirect, challenge=challenge_of(verifier))

    def issue_signup(self, code: str = "code", **facts: Any) -> None:
        """Meta's window gives the browser a code that belongs to no redirect."""
        self.facebook.issue(code, "EAA-canary", redirect_uri=None, facts=make_token_facts(**facts))
        self.businesses.visible["EAA-canary"] = {WABA_ID}

    @property
    def row(self) -> StoredAccount:
        (row,) = self.book.rows
        return row

    def _answer(self, event: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = handler.lambda_handler(event, LambdaContext())
        assert answer["headers"]["x-correlation-id"] == "request-1"
        return answer


def _with_query(event: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    return {**event, "rawQueryString": urlencode(query, errors="replace"), "queryStringParameters": query}


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """The body."""
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def landed(answer: dict[str, Any]) -> dict[str, str]:
    """What the dashboard learns from the address that a browser ends on."""
    assert answer["statusCode"] == 302
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert answer["headers"]["Referrer-Policy"] == "no-referrer"
    location = urlsplit(answer["headers"]["Location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == "https://panel.example.com/canales"
    query = dict(parse_qsl(location.query, strict_parsing=True))
    assert query.pop("tab") == "cuentas", "the dashboard's own query is kept"
    return query
