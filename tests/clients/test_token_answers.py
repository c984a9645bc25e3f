"""Whatever a token endpoint answers: a usable grant or a domain error, and never the token in what is told."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.accounts import Grant
from dentalist.domain.errors import DomainError
from dentalist.domain.linking_errors import ExchangeFailed
from dentalist.outbound.google.login import GoogleLoginClient
from dentalist.outbound.grants import parse_grant
from dentalist.outbound.loose import integer
from dentalist.outbound.meta.facebook_login import FacebookLoginClient
from dentalist.outbound.meta.instagram_login import InstagramLoginClient
from tests.builders import NOON
from tests.clients.meta.recorded import connections

CODE = "the-code-from-the-browser"
OLD = "the-token-that-we-hold"
SECRET = "the-secret-of-our-app"
NEW = "the-token-that-is-granted"
CALLBACK = "https://api.example.com/callback"


def facebook(http: httpx.Client) -> FacebookLoginClient:
    return FacebookLoginClient(
        base_url="https://graph.facebook.com",
        version="v25.0",
        app_id="9",
        app_secret=SECRET,
        http=http,
        now=lambda: NOON,
        pause=lambda _: None,
    )


def instagram(http: httpx.Client) -> InstagramLoginClient:
    return InstagramLoginClient(
        api_base_url="https://graph.instagram.com",
        oauth_base_url="https://api.instagram.com",
        version="v25.0",
        app_id="9",
        app_secret=SECRET,
        http=http,
        now=lambda: NOON,
        pause=lambda _: None,
    )


def google(http: httpx.Client) -> GoogleLoginClient:
    return GoogleLoginClient(
        api_base_url="https://www.googleapis.com",
        oauth_base_url="https://oauth2.googleapis.com",
        client_id="9",
        client_secret=SECRET,
        http=http,
        now=lambda: NOON,
        pause=lambda _: None,
    )


EXCHANGES = {
    "facebook": lambda http: facebook(http).exchange(CODE, redirect_uri=CALLBACK),
    "instagram": lambda http: instagram(http).exchange(CODE, redirect_uri=CALLBACK),
    "google": lambda http: google(http).exchange(CODE, redirect_uri=CALLBACK, code_verifier="v" * 43),
}
RENEWALS = {
    "facebook extend": lambda http: facebook(http).extend(OLD),
    "instagram extend": lambda http: instagram(http).extend(OLD),
    "instagram refresh": lambda http: instagram(http).refresh(OLD),
    "google refresh": lambda http: google(http).refresh(OLD),
}
READS = {
    "facebook inspect": lambda http: facebook(http).inspect(OLD),
    "instagram account": lambda http: instagram(http).account(OLD),
    "instagram subscribed": lambda http: instagram(http).is_subscribed(OLD, "1"),
    "google calendar": lambda http: google(http).calendar_name(OLD),
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([NEW, OLD, CODE, SECRET, "3600", "0", "-1", "a,b", "9" * 5000, "two words", "line\nfeed", "ñ"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
KEYS = ("access_token", "expires_in", "refresh_token", "permissions", "scope", "user_id", "token_type", "is_valid")
told = st.dictionaries(st.sampled_from(KEYS), values, max_size=len(KEYS))
granted = st.builds(lambda answer, token: {**answer, "access_token": token}, told, st.sampled_from([NEW]) | values)
# Of debug_token these are about our own token, which has a test of its own.
DEAD = {0, 102, 190}
codes = st.sampled_from([1, 2, 4, 10, 100, 200, 803, "17", None, 1.5]) | scalars
faults = st.fixed_dictionaries(
    {},
    optional={
        "code": codes.filter(lambda code: integer(code) not in DEAD),
        "message": st.sampled_from([f"Malformed access token {OLD}{CODE}{SECRET}", "no"]) | values,
        "error_user_msg": st.sampled_from([OLD, CODE]) | values,
        "error_subcode": values,
        "errors": values,
    },
)
bodies = (
    values
    | granted
    | granted.map(lambda answer: {"data": answer})
    | granted.map(lambda answer: {"data": [answer]})
    | faults.map(lambda error: {"error": error})
    | st.fixed_dictionaries({"error_type": values, "error_message": values, "code": values})
    | st.fixed_dictionaries({"error": st.sampled_from(["invalid_grant", "strange"]), "error_description": values})
)
written = (
    bodies.map(json.dumps)
    | st.text(max_size=50)
    | st.sampled_from(
        ["", "<html><body>502</body></html>", "null", '"text"', "[" * 5000, "{", f'{{"access_token": {NEW}']
    )
)
responses = st.builds(
    lambda status, text: httpx.Response(status, text=text),
    st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 502, 503]),
    written,
)


def shown(error: DomainError) -> str:
    """All that a log or an answer could take from an error and what led to it."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None:
        chain.append(link)
        link = link.__cause__
    return " ".join(f"{link!r} {vars(link)}" for link in chain)


def check_grant(grant: Grant) -> None:
    assert grant.token.isascii()
    assert grant.token.isprintable()
    assert " " not in grant.token
    assert grant.expires_at is None or grant.expires_at > NOON
    assert grant.scopes is None or all(scope == scope.strip() != "" for scope in grant.scopes)
    assert grant.user_id is None or isinstance(grant.user_id, str)
    told = replace(grant, scopes=None, user_id=None)  # which may repeat the token, if the provider is mad
    assert repr(told) == repr(Grant("another", expires_at=grant.expires_at, refresh_token="another"))


@pytest.mark.parametrize("name", EXCHANGES)
@given(response=responses)
def test_an_exchange_is_a_grant_or_has_failed(name: str, response: httpx.Response) -> None:
    http, requests = connections(lambda _: response)
    try:
        grant = EXCHANGES[name](http)
    except ExchangeFailed as error:
        assert not any(secret in shown(error) for secret in (CODE, SECRET, NEW))
    else:
        check_grant(grant)
        assert response.is_success
    assert len(requests) == 1


@pytest.mark.parametrize("name", RENEWALS)
@given(response=responses)
def test_a_renewal_is_a_grant_or_a_domain_error(name: str, response: httpx.Response) -> None:
    http, _ = connections(lambda _: response)
    try:
        grant = RENEWALS[name](http)
    except DomainError as error:
        assert not any(secret in shown(error) for secret in (OLD, SECRET))
    else:
        check_grant(grant)
        assert response.is_success


@pytest.mark.parametrize("name", READS)
@given(response=responses)
def test_a_read_is_an_answer_or_a_domain_error(name: str, response: httpx.Response) -> None:
    http, _ = connections(lambda _: response)
    try:
        READS[name](http)
    except DomainError as error:
        assert not any(secret in shown(error) for secret in (OLD, SECRET))
    else:
        assert response.is_success


@pytest.mark.parametrize("wrap", [lambda told: told, lambda told: {"data": told}, lambda told: {"data": [told]}])
@pytest.mark.parametrize("permissions", [["a", " b"], "a,b", "a, b", "a b"])
@pytest.mark.parametrize("user_id", [26000000000000001, "26000000000000001"])
@pytest.mark.parametrize("expires_in", [3600, "3600", 3600.0])
def test_every_shape_of_an_answer_gives_the_same_grant(
    wrap: Any, permissions: object, user_id: object, expires_in: object
) -> None:
    answer = {"access_token": NEW, "permissions": permissions, "user_id": user_id, "expires_in": expires_in}

    grant = parse_grant(wrap(answer), now=NOON)

    assert grant is not None
    assert (grant.token, grant.user_id, grant.scopes) == (NEW, "26000000000000001", {"a", "b"})
    assert grant.expires_at is not None
    assert (grant.expires_at - NOON).total_seconds() == 3600


@pytest.mark.parametrize("expires_in", [None, 0, -5, "never", True, float("inf"), float("nan"), 10**30, "9" * 5000])
def test_a_lifetime_that_is_none_is_not_told(expires_in: object) -> None:
    grant = parse_grant({"access_token": NEW, "expires_in": expires_in}, now=NOON)

    assert grant is not None
    assert grant.expires_at is None


@pytest.mark.parametrize("token", [None, "", 7, ["t"], "two words", "line\nfeed", "ñandú", "x" * 5000])
def test_a_token_that_could_not_be_sent_is_none(token: object) -> None:
    assert parse_grant({"access_token": token}, now=NOON) is None
