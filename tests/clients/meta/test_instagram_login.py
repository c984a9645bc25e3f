"""Instagram Login against recorded exchanges."""

from datetime import timedelta
from urllib.parse import parse_qsl

import httpx
import pytest

from dentalist.domain.errors import MetaError
from dentalist.domain.linking_errors import AccountNotVisible, ExchangeFailed, TooYoungToRefresh
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable, TokenDead
from dentalist.outbound.meta.instagram_login import InstagramLoginClient
from tests.builders import NOON
from tests.clients.meta.recorded import connections, in_turn, response_of, shape

APP_ID = "710000000000001"
SECRET = "secret-of-instagram"
CODE = "AQB-code"
TOKEN = "IGAA-token"
ACCOUNT = "17841400000000001"
CALLBACK = "https://api.example.com/api/marketing/channels/oauth/callback"
SIXTY_DAYS = timedelta(days=60)


def login_answering(
    *answers: httpx.Response | httpx.RequestError,
) -> tuple[InstagramLoginClient, list[httpx.Request]]:
    """A client whose requests get these answers in turn, the last one again and again."""
    http, requests = connections(in_turn(*answers))
    client = InstagramLoginClient(
        api_base_url="https://graph.instagram.com",
        oauth_base_url="https://api.instagram.com",
        version="v25.0",
        app_id=APP_ID,
        app_secret=SECRET,
        http=http,
        now=lambda: NOON,
        pause=lambda _: None,
    )
    return client, requests


@pytest.mark.parametrize("name", ["ok_ig_oauth_code_exchange_flat", "ok_ig_oauth_code_exchange_wrapped"])
def test_both_shapes_of_an_exchange_give_the_same_grant(name: str) -> None:
    login, requests = login_answering(response_of(shape(name)))

    grant = login.exchange(f"{CODE}#_", redirect_uri=CALLBACK)

    assert grant.token == "IGAAinventedShort0001"
    assert grant.user_id == "26000000000000001"
    assert grant.scopes == {
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_messages",
    }
    assert grant.expires_at is None
    assert str(requests[0].url) == "https://api.instagram.com/oauth/access_token"
    assert dict(parse_qsl(requests[0].content.decode())) == {
        "client_id": APP_ID,
        "client_secret": SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": CODE,
    }


@pytest.mark.parametrize(
    "answer",
    [
        response_of(shape("err_ig_oauth_code_used")),
        response_of(shape("err_http_502_html")),
        httpx.Response(400, json={"error_type": "OAuthException", "code": 400, "error_message": f"No {CODE}"}),
        httpx.Response(200, json={"data": []}),
        httpx.ReadTimeout("lost"),
    ],
    ids=str,
)
def test_a_code_is_tried_once(answer: httpx.Response | httpx.RequestError, caplog: pytest.LogCaptureFixture) -> None:
    login, requests = login_answering(answer)

    with pytest.raises(ExchangeFailed) as raised:
        login.exchange(CODE, redirect_uri=CALLBACK)

    assert len(requests) == 1
    assert CODE not in f"{raised.value!r} {[record.__dict__ for record in caplog.records]}"
    assert raised.value.__cause__ is None


def test_an_hour_becomes_sixty_days_at_an_address_without_version() -> None:
    login, requests = login_answering(response_of(shape("ok_ig_long_lived")))

    grant = login.extend(TOKEN)

    assert grant.token == "IGAAinventedLong0001"
    assert grant.expires_at == NOON + timedelta(seconds=5183944)
    assert requests[0].url.path == "/access_token"
    assert dict(requests[0].url.params) == {
        "grant_type": "ig_exchange_token",
        "client_secret": SECRET,
        "access_token": TOKEN,
    }


def test_sixty_days_become_sixty_more() -> None:
    login, requests = login_answering(response_of(shape("ok_ig_refresh")))

    grant = login.refresh(TOKEN)

    assert grant.token == "IGAAinventedLong0002"
    assert grant.expires_at == NOON + SIXTY_DAYS
    assert requests[0].url.path == "/refresh_access_token"
    assert dict(requests[0].url.params) == {"grant_type": "ig_refresh_token", "access_token": TOKEN}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (response_of(shape("err_ig_refresh_too_young")), TooYoungToRefresh),
        (response_of(shape("err_190_expired")), TokenDead),
        (response_of(shape("err_http_500_empty")), MetaTransient),
        (httpx.ConnectError("refused"), MetaUnreachable),
        (httpx.Response(200, json={"token_type": "bearer"}), MetaError),
    ],
    ids=str,
)
def test_a_token_that_is_not_refreshed_says_why(
    answer: httpx.Response | httpx.RequestError, error: type[Exception]
) -> None:
    login, _ = login_answering(answer)

    with pytest.raises(error) as raised:
        login.refresh(TOKEN)

    assert TOKEN not in f"{raised.value!r} {vars(raised.value)}"


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_an_account_is_known_by_the_id_of_its_webhooks(is_wrapped: bool) -> None:
    told = shape("ok_ig_me")["response"]["body"]
    login, requests = login_answering(httpx.Response(200, json={"data": [told]} if is_wrapped else told))

    account = login.account(TOKEN)

    assert (account.id, account.username) == (ACCOUNT, "dra.ferreyra.odonto")
    assert (account.name, account.account_type) == ("Dra. Ferreyra", "BUSINESS")
    assert requests[0].url.path == "/v25.0/me"
    assert requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(requests[0].url)


@pytest.mark.parametrize("body", [{}, {"id": "26000000000000001", "username": "a"}, {"user_id": 1.5, "username": "a"}])
def test_the_app_scoped_id_is_never_taken_for_the_account(body: object) -> None:
    login, _ = login_answering(httpx.Response(200, json=body))

    with pytest.raises(MetaError):
        login.account(TOKEN)


@pytest.mark.parametrize(
    ("apps", "is_subscribed"),
    [
        ([], False),
        ([{"id": "900000000000001", "subscribed_fields": ["messages", "comments"]}], True),
        ([{"subscribed_fields": ["comments"]}], False),
        ([{"id": "900000000000001"}], True),
        ("strange", False),
    ],
)
def test_a_subscription_counts_when_messages_come(apps: object, is_subscribed: bool) -> None:
    login, requests = login_answering(httpx.Response(200, json={"data": apps}))

    assert login.is_subscribed(TOKEN, ACCOUNT) is is_subscribed
    assert requests[0].url.path == f"/v25.0/{ACCOUNT}/subscribed_apps"


def test_subscribing_names_the_fields_and_may_be_repeated() -> None:
    login, requests = login_answering(httpx.Response(502, text="<html>"), response_of(shape("ok_ig_subscribed_apps")))

    login.subscribe(TOKEN, ACCOUNT)

    assert [request.method for request in requests] == ["POST", "POST"]
    assert requests[0].url.path == f"/v25.0/{ACCOUNT}/subscribed_apps"
    fields = requests[0].url.params["subscribed_fields"].split(",")
    assert {"messages", "comments", "message_reactions"} <= set(fields)


def test_unsubscribing_takes_the_subscription_away() -> None:
    login, requests = login_answering(httpx.Response(200, json={"success": True}))

    login.unsubscribe(TOKEN, ACCOUNT)

    assert (requests[0].method, requests[0].url.path) == ("DELETE", f"/v25.0/{ACCOUNT}/subscribed_apps")


def test_what_is_no_id_never_becomes_a_path() -> None:
    login, requests = login_answering(httpx.Response(200, json={"success": True}))

    with pytest.raises(AccountNotVisible):
        login.subscribe(TOKEN, "1/../2")

    assert requests == []
