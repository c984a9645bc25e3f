"""Facebook Login for Business against recorded exchanges."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dentalist.domain.accounts import TokenKind
from dentalist.domain.errors import MetaError
from dentalist.domain.linking_errors import ExchangeFailed
from dentalist.domain.sending_errors import MetaRateLimited, MetaTransient, MetaUnreachable, TokenDead
from dentalist.outbound.grants import AppRefused
from dentalist.outbound.meta.facebook_login import FacebookLoginClient
from tests.builders import NOON
from tests.clients.meta.recorded import connections, in_turn, response_of, shape

APP_ID = "900000000000001"
SECRET = "app-secret-of-meta"
CODE = "AQD-code"
TOKEN = "EAAG-token"
CALLBACK = "https://api.example.com/api/marketing/channels/oauth/callback"


def login_answering(*answers: httpx.Response | httpx.RequestError) -> tuple[FacebookLoginClient, list[httpx.Request]]:
    """A client whose requests get these answers in turn, the last one again and again."""
    http, requests = connections(in_turn(*answers))
    client = FacebookLoginClient(
        base_url="https://graph.facebook.com",
        version="v25.0",
        app_id=APP_ID,
        app_secret=SECRET,
        http=http,
        now=lambda: NOON,
        pause=lambda _: None,
    )
    return client, requests


def described(**overrides: Any) -> httpx.Response:
    """The recorded description of a business token, changed."""
    recorded = shape("ok_debug_token_business")["response"]["body"]["data"]
    return httpx.Response(200, json={"data": {**recorded, **overrides}})


def test_a_code_of_embedded_signup_is_exchanged_as_recorded_without_a_redirect_uri() -> None:
    recorded = shape("ok_oauth_embedded_signup_code_exchange")
    login, requests = login_answering(response_of(recorded))

    grant = login.exchange(CODE, redirect_uri=None)

    assert grant.token == "EAAinventedBusinessToken0001"
    assert (grant.expires_at, grant.scopes, grant.refresh_token) == (None, None, None)
    assert requests[0].url.copy_with(query=None) == httpx.URL(recorded["request"]["url"]).copy_with(query=None)
    assert dict(requests[0].url.params) == {"client_id": APP_ID, "client_secret": SECRET, "code": CODE}


def test_a_code_of_the_dialog_is_exchanged_with_its_redirect_uri() -> None:
    login, requests = login_answering(response_of(shape("ok_oauth_embedded_signup_code_exchange_60d")))

    grant = login.exchange(f"{CODE}#_=_", redirect_uri=CALLBACK)

    assert grant.expires_at == NOON + timedelta(seconds=5183944)
    assert requests[0].url.params["redirect_uri"] == CALLBACK
    assert requests[0].url.params["code"] == CODE


@pytest.mark.parametrize(
    "answer",
    [
        *[
            response_of(shape(name))
            for name in (
                "err_oauth_code_expired",
                "err_oauth_code_used",
                "err_oauth_redirect_uri_mismatch",
                "err_4_app_limit",
                "err_http_500_empty",
                "err_http_502_html",
                "err_190_expired",
            )
        ],
        httpx.Response(200, json={"error": {"code": 100, "message": f"used: {CODE}", "error_user_msg": CODE}}),
        httpx.Response(200, json={"token_type": "bearer"}),
        httpx.Response(200, text="<html>ok</html>"),
        httpx.Response(302, headers={"location": "https://elsewhere.example.com"}),
        httpx.ReadTimeout("lost"),
        httpx.ConnectError("refused"),
    ],
    ids=str,
)
def test_whatever_goes_wrong_with_a_code_is_one_failed_exchange_and_never_a_second_try(
    answer: httpx.Response | httpx.RequestError, caplog: pytest.LogCaptureFixture
) -> None:
    login, requests = login_answering(answer)

    with pytest.raises(ExchangeFailed) as raised:
        login.exchange(CODE, redirect_uri=CALLBACK)

    assert len(requests) == 1
    assert raised.value.__cause__ is None
    told = f"{raised.value!r} {[record.__dict__ for record in caplog.records]}"
    assert CODE not in told
    assert SECRET not in told


@pytest.mark.parametrize("code", ["", " ", "a b", "a\nb", "ñ", "\ud800", "x" * 5000])
def test_what_cannot_be_a_code_is_not_asked_about(code: str) -> None:
    login, requests = login_answering(httpx.Response(200, json={"access_token": TOKEN}))

    with pytest.raises(ExchangeFailed):
        login.exchange(code, redirect_uri=None)

    assert requests == []


def test_a_token_is_extended_as_recorded() -> None:
    recorded = shape("ok_oauth_fb_exchange_long_lived")
    login, requests = login_answering(response_of(recorded))

    grant = login.extend(TOKEN)

    assert grant.token == "EAAinventedLongLived0001"
    assert grant.expires_at == NOON + timedelta(seconds=5183944)
    assert dict(requests[0].url.params) == {
        "grant_type": "fb_exchange_token",
        "client_id": APP_ID,
        "client_secret": SECRET,
        "fb_exchange_token": TOKEN,
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (response_of(shape("err_190_expired")), TokenDead),
        (response_of(shape("err_4_app_limit")), MetaRateLimited),
        (response_of(shape("err_http_502_html")), MetaTransient),
        (httpx.ReadTimeout("lost"), MetaUnreachable),
        (httpx.Response(200, json={"access_token": "two words"}), MetaError),
    ],
    ids=str,
)
def test_a_token_that_is_not_extended_says_why(
    answer: httpx.Response | httpx.RequestError, error: type[Exception]
) -> None:
    login, _ = login_answering(answer)

    with pytest.raises(error) as raised:
        login.extend(TOKEN)

    assert TOKEN not in f"{raised.value!r} {vars(raised.value)}"


def test_a_business_token_is_described() -> None:
    recorded = shape("ok_debug_token_business")
    login, requests = login_answering(response_of(recorded))

    facts = login.inspect(TOKEN)

    assert facts.is_valid
    assert facts.cause is None
    assert facts.kind is TokenKind.SYSTEM
    assert facts.scopes == {"whatsapp_business_management", "whatsapp_business_messaging"}
    assert facts.granted_ids == {"210987654300001"}
    assert (facts.expires_at, facts.data_access_expires_at) == (None, None)
    assert facts.issued_at == datetime.fromtimestamp(1794009600, UTC)
    assert facts.user_id == "122100000000000001"
    assert requests[0].headers["authorization"] == f"Bearer {APP_ID}|{SECRET}"
    assert requests[0].url.params["input_token"] == TOKEN
    assert SECRET not in str(requests[0].url)


def test_a_dead_token_is_an_answer() -> None:
    login, _ = login_answering(response_of(shape("ok_debug_token_invalid")))

    facts = login.inspect(TOKEN)

    assert (facts.is_valid, facts.cause, facts.kind) == (False, "token_expired", TokenKind.USER)
    assert facts.expires_at == datetime.fromtimestamp(1793000000, UTC)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ({"code": 190, "subcode": 458}, "app_removed"),
        ({"code": 190, "subcode": 459}, "checkpoint"),
        ({"code": 190, "subcode": 460}, "password_changed"),
        ({"code": 190, "subcode": "463"}, "token_expired"),
        ({"code": 190, "error_subcode": 464}, "checkpoint"),
        ({"code": 190, "subcode": 467}, "token_expired"),
        ({"code": 190}, "token_expired"),
        (None, "token_expired"),
        ("Malformed", "token_expired"),
    ],
)
def test_a_dead_token_says_of_what_it_died(error: object, cause: str) -> None:
    login, _ = login_answering(described(is_valid=False, error=error))

    facts = login.inspect(TOKEN)

    assert (facts.is_valid, facts.cause) == (False, cause)


@pytest.mark.parametrize("app_id", ["900000000000999", None, True, 9e14])
def test_a_token_that_is_not_our_apps_is_not_valid_here(app_id: object) -> None:
    login, _ = login_answering(described(app_id=app_id))

    facts = login.inspect(TOKEN)

    assert (facts.is_valid, facts.cause) == (False, "permission")


def test_the_recorded_token_of_another_app_is_refused() -> None:
    login, _ = login_answering(response_of(shape("ok_debug_token_other_app")))

    assert login.inspect(TOKEN).cause == "permission"


def test_only_what_the_whatsapp_permissions_were_given_for_counts_as_granted() -> None:
    scopes = [
        {"scope": "whatsapp_business_management", "target_ids": [1, "2"]},
        {"scope": "whatsapp_business_messaging", "target_ids": ["3", None]},
        {"scope": "business_management", "target_ids": ["4"]},
        {"scope": "whatsapp_business_messaging"},
        "strange",
    ]
    login, _ = login_answering(described(granular_scopes=scopes, app_id=int(APP_ID)))

    facts = login.inspect(TOKEN)

    assert facts.granted_ids == {"1", "2", "3"}
    assert facts.is_valid


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {}}, {"data": {"is_valid": "yes"}}, {"data": None}])
def test_no_description_is_never_taken_for_a_dead_token(body: object) -> None:
    login, _ = login_answering(httpx.Response(200, json=body))

    with pytest.raises(MetaError):
        login.inspect(TOKEN)


def test_a_refusal_of_our_own_token_condemns_nobodys() -> None:
    login, _ = login_answering(response_of(shape("err_190_invalid_no_subcode")))

    with pytest.raises(AppRefused) as raised:
        login.inspect(TOKEN)

    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_description_is_asked_for_again_while_meta_has_trouble() -> None:
    login, requests = login_answering(httpx.Response(503, text=""), httpx.ReadTimeout("lost"), described())

    assert login.inspect(TOKEN).is_valid
    assert len(requests) == 3


def test_no_secret_is_in_what_a_grant_shows_of_itself() -> None:
    login, _ = login_answering(httpx.Response(200, text=json.dumps({"access_token": TOKEN, "refresh_token": "rt"})))

    grant = login.exchange(CODE, redirect_uri=None)

    assert TOKEN not in repr(grant)
    assert "rt" not in repr(grant).replace("Grant", "")
