"""The application's own clients against the sandbox: both sides read Meta's and Google's documents, and must agree."""

from collections.abc import Iterator

import httpx
import pytest

from dentalist.domain.accounts import Number, TokenKind
from dentalist.domain.linking_errors import AccountNotVisible, ExchangeFailed, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.outbound.google.login import GoogleLoginClient
from dentalist.outbound.meta.business import WhatsAppBusinessClient
from dentalist.outbound.meta.facebook_login import FacebookLoginClient
from dentalist.outbound.meta.graph import GraphClient
from dentalist.outbound.meta.instagram_login import InstagramLoginClient
from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import BENITEZ, DAY, EMAIL, GOOGLE, INSTAGRAM_ID, REDIRECT, SUAREZ, VERIFIER
from tests.integration.sandbox.world import (
    APP_ID,
    APP_SECRET,
    GOOGLE_CLIENT_ID,
    GOOGLE_CLIENT_SECRET,
    INSTAGRAM_APP_ID,
    INSTAGRAM_APP_SECRET,
    Sandbox,
)


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with GraphClient.http_client() as client:
        yield client


@pytest.fixture
def facebook(sandbox: Sandbox, http: httpx.Client) -> FacebookLoginClient:
    sandbox.settings(require_appsecret_proof=True)
    return FacebookLoginClient(
        base_url=sandbox.url, version="v25.0", app_id=APP_ID, app_secret=APP_SECRET, http=http, pause=lambda _: None
    )


@pytest.fixture
def instagram(sandbox: Sandbox, http: httpx.Client) -> InstagramLoginClient:
    return InstagramLoginClient(
        api_base_url=sandbox.url,
        oauth_base_url=sandbox.url,
        version="v25.0",
        app_id=INSTAGRAM_APP_ID,
        app_secret=INSTAGRAM_APP_SECRET,
        http=http,
        pause=lambda _: None,
    )


@pytest.fixture
def google(sandbox: Sandbox, http: httpx.Client) -> GoogleLoginClient:
    return GoogleLoginClient(
        api_base_url=f"{sandbox.url}/google",
        oauth_base_url=f"{sandbox.url}/google/oauth",
        client_id=GOOGLE_CLIENT_ID,
        client_secret=GOOGLE_CLIENT_SECRET,
        http=http,
        pause=lambda _: None,
    )


def business(sandbox: Sandbox, http: httpx.Client, token: str) -> WhatsAppBusinessClient:
    graph = GraphClient(base_url=sandbox.url, version="v25.0", app_secret=APP_SECRET, http=http, pause=lambda _: None)
    return WhatsAppBusinessClient(graph.as_holder_of(token), app_id=APP_ID)


def test_a_whatsapp_account_is_linked(sandbox: Sandbox, facebook: FacebookLoginClient, http: httpx.Client) -> None:
    code = logins.facebook_code(sandbox, token_lifetime_seconds=5183944)
    grant = facebook.exchange(code, redirect_uri=REDIRECT)
    with pytest.raises(ExchangeFailed):
        facebook.exchange(code, redirect_uri=REDIRECT)

    facts = facebook.inspect(grant.token)
    account = business(sandbox, http, grant.token)
    account.subscribe(SUAREZ["waba"])
    before = account.number(SUAREZ["number"])
    account.register(SUAREZ["number"], "739105")

    assert (facts.is_valid, facts.kind, facts.user_id) == (True, TokenKind.SYSTEM, SUAREZ["person"])
    assert facts.granted_ids == {SUAREZ["waba"]}
    assert account.accounts() == [SUAREZ["waba"]]
    assert before.is_registered is False
    assert account.number(SUAREZ["number"]) == Number(
        id=SUAREZ["number"],
        display_phone_number="+5491150320101",
        verified_name="Suárez Odontología",
        quality_rating="UNKNOWN",
        messaging_limit="TIER_250",
        status="CONNECTED",
        is_registered=True,
    )
    assert account.is_subscribed(SUAREZ["waba"])
    assert facebook.extend(grant.token).expires_at is not None
    with pytest.raises(AccountNotVisible):
        account.numbers(BENITEZ["waba"])


def test_a_number_on_the_phone_is_recognised(
    sandbox: Sandbox, facebook: FacebookLoginClient, http: httpx.Client
) -> None:
    token = facebook.exchange(logins.facebook_code(sandbox, person=BENITEZ["person"]), redirect_uri=REDIRECT).token

    account = business(sandbox, http, token)
    number = account.number(BENITEZ["number"])
    account.request_sync(BENITEZ["number"], "history")
    account.request_sync(BENITEZ["number"], "history")

    assert (number.on_phone_app, number.is_registered) == (True, True)


@pytest.mark.parametrize("state", ["expired", "password_changed", "app_removed", "checkpoint"])
def test_a_lost_token_is_inspected_with_its_cause(sandbox: Sandbox, facebook: FacebookLoginClient, state: str) -> None:
    token = facebook.exchange(logins.facebook_code(sandbox), redirect_uri=REDIRECT).token
    sandbox.control("PATCH", f"/people/{SUAREZ['person']}", {"token_state": state})

    facts = facebook.inspect(token)

    assert (facts.is_valid, facts.cause) == (False, {"expired": "token_expired"}.get(state, state))
    with pytest.raises(AccessLost):
        facebook.extend(token)


@pytest.mark.parametrize("shape", ["flat", "wrapped"])
def test_an_instagram_account_is_linked(sandbox: Sandbox, instagram: InstagramLoginClient, shape: str) -> None:
    sandbox.settings(logins={"instagram_response": shape})

    short = instagram.exchange(logins.instagram_code(sandbox) + "#_", redirect_uri=REDIRECT)
    long = instagram.extend(short.token)
    instagram.subscribe(long.token, INSTAGRAM_ID)

    assert short.user_id == "26000000000000101"
    assert instagram.account(long.token).id == INSTAGRAM_ID
    assert instagram.is_subscribed(long.token, INSTAGRAM_ID)
    logins.advance(sandbox, 2 * DAY)
    assert instagram.refresh(long.token).token != long.token


def test_a_calendar_is_linked(sandbox: Sandbox, google: GoogleLoginClient) -> None:
    grant = google.exchange(logins.google_code(sandbox), redirect_uri=REDIRECT, code_verifier=VERIFIER)
    assert google.calendar_name(grant.token) == "Agenda Dra. Suárez"
    assert grant.refresh_token is not None

    renewed = google.refresh(grant.refresh_token)
    assert google.calendar_name(renewed.token) == "Agenda Dra. Suárez"
    sandbox.control("PATCH", f"/google/{EMAIL}", {"revoked_scopes": [GOOGLE[1]]})
    with pytest.raises(ScopeMissing):
        google.calendar_name(renewed.token)
    google.revoke(grant.refresh_token)
    google.revoke(grant.refresh_token)

    with pytest.raises(AccessLost):
        google.refresh(grant.refresh_token)
