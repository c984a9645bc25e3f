"""Instagram Login: the dialog's answers, an hour's token, sixty days, the refresh, and whose account it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import DAY, INSTAGRAM, INSTAGRAM_ID, STATE, SUAREZ, error_of
from tests.integration.sandbox.world import Sandbox

RECORDED = Path("tests/data/meta/graph")
FIELDS = {"fields": "user_id,username,name,account_type,profile_picture_url"}


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text())["response"]["body"]


def subscribe(sandbox: Sandbox, token: str, account: str = INSTAGRAM_ID, fields: str = "messages,comments") -> Any:
    path = f"{account}/subscribed_apps"
    return sandbox.graph("POST", path, token=token, params={"subscribed_fields": fields} if fields else {})


@pytest.mark.parametrize("path", ["/instagram/oauth/authorize", "/oauth/authorize", "/dialog/oauth"])
def test_the_answer_has_instagrams_tail(sandbox: Sandbox, path: str) -> None:
    url = logins.instagram_url(sandbox).replace("/instagram/oauth/authorize", path)

    target = sandbox.control("POST", "/dialog", {"url": url, "person": SUAREZ["person"]})["redirect_to"]

    assert target.endswith("#_")
    assert logins.answer_of(target)["state"] == STATE
    assert logins.instagram_exchange(sandbox, logins.answer_of(target)["code"]).status_code == 200


def test_a_denied_permission_comes_back_as_such(sandbox: Sandbox) -> None:
    back = logins.decide(sandbox, logins.instagram_url(sandbox), decision="deny")

    assert (back["error"], back["error_reason"], back["state"]) == ("access_denied", "user_denied", STATE)


def test_facebooks_app_secret_does_not_open_instagram(sandbox: Sandbox) -> None:
    code = logins.instagram_code(sandbox)

    answer = logins.instagram_exchange(sandbox, code, client_secret="otro")

    assert answer.status_code == 400
    assert answer.json().keys() == recorded("err_ig_oauth_code_used.json").keys()
    assert logins.instagram_exchange(sandbox, code).status_code == 200


def test_the_code_is_exchanged_for_the_flat_shape(sandbox: Sandbox) -> None:
    answer = logins.instagram_exchange(sandbox, logins.instagram_code(sandbox)).json()

    assert answer.keys() == recorded("ok_ig_oauth_code_exchange_flat.json").keys()
    assert isinstance(answer["user_id"], int)
    assert answer["user_id"] > 2**53
    assert answer["permissions"] == list(INSTAGRAM)


def test_or_for_the_documented_one(sandbox: Sandbox) -> None:
    sandbox.settings(logins={"instagram_response": "wrapped"})

    (answer,) = logins.instagram_exchange(sandbox, logins.instagram_code(sandbox)).json()["data"]

    (expected,) = recorded("ok_ig_oauth_code_exchange_wrapped.json")["data"]
    assert answer.keys() == expected.keys()
    assert isinstance(answer["user_id"], str)
    assert answer["permissions"] == ",".join(INSTAGRAM)


def test_a_code_is_good_once(sandbox: Sandbox) -> None:
    code = logins.instagram_code(sandbox)
    assert logins.instagram_exchange(sandbox, code).status_code == 200

    again = logins.instagram_exchange(sandbox, code)

    assert (again.status_code, again.json()) == (400, recorded("err_ig_oauth_code_used.json"))


def test_a_code_lives_an_hour(sandbox: Sandbox) -> None:
    fresh, old = logins.instagram_code(sandbox), logins.instagram_code(sandbox)
    logins.advance(sandbox, 3590)
    assert logins.instagram_exchange(sandbox, fresh).status_code == 200
    logins.advance(sandbox, 20)

    assert "expired" in logins.instagram_exchange(sandbox, old).json()["error_message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": logins.REDIRECT + "/"},
        {"client_id": "1"},
        {"grant_type": "refresh_token"},
        {"code": ""},
        {"code": "AQinventado"},
    ],
)
def test_an_exchange_with_anything_wrong_is_refused_flat(sandbox: Sandbox, changes: dict[str, str]) -> None:
    answer = logins.instagram_exchange(sandbox, **{"code": logins.instagram_code(sandbox), **changes})

    assert (answer.status_code, answer.json()["error_type"]) == (400, "OAuthException")


def test_the_tail_is_no_part_of_the_code(sandbox: Sandbox) -> None:
    assert logins.instagram_exchange(sandbox, logins.instagram_code(sandbox) + "#_").status_code == 400


def test_whose_account_it_is(sandbox: Sandbox) -> None:
    exchanged = logins.instagram_exchange(sandbox, logins.instagram_code(sandbox)).json()

    me = sandbox.graph("GET", "me", token=exchanged["access_token"], params=FIELDS).json()

    assert me.keys() == recorded("ok_ig_me.json").keys()
    assert (me["user_id"], me["username"], me["account_type"]) == (INSTAGRAM_ID, "suarez.odontologia", "BUSINESS")
    assert me["id"] == str(exchanged["user_id"])
    same = sandbox.graph("GET", INSTAGRAM_ID, token=exchanged["access_token"], params=FIELDS).json()
    assert same == me
    assert error_of(sandbox.graph("GET", "me", token=exchanged["access_token"], params={"fields": "phone"}))[0] == 100


def test_a_personal_account_says_what_it_is(sandbox: Sandbox) -> None:
    account = {"user_id": "17841400000000555", "username": "ana", "account_type": "PERSONAL"}
    sandbox.control("POST", "/instagram", account, expect=201)
    token = logins.instagram_short(sandbox, instagram_user_id="17841400000000555")

    assert sandbox.graph("GET", "me", token=token, params=FIELDS).json()["account_type"] == "PERSONAL"


def test_a_short_token_lives_an_hour_and_a_long_one_sixty_days(sandbox: Sandbox) -> None:
    short, forgotten = logins.instagram_short(sandbox), logins.instagram_short(sandbox)
    answer = logins.instagram_extend(sandbox, short).json()
    assert answer.keys() == recorded("ok_ig_long_lived.json").keys()
    assert answer["expires_in"] == 5183944

    logins.advance(sandbox, 3700)

    assert error_of(sandbox.graph("GET", "me", token=short)) == (190, 463)
    assert error_of(logins.instagram_extend(sandbox, forgotten)) == (190, 463)
    assert sandbox.graph("GET", "me", token=answer["access_token"]).status_code == 200
    logins.advance(sandbox, 60 * DAY)
    assert error_of(sandbox.graph("GET", "me", token=answer["access_token"])) == (190, 463)


def test_a_long_token_is_not_exchanged_again_and_a_secret_is_needed(sandbox: Sandbox) -> None:
    long = logins.instagram_long(sandbox)

    assert error_of(logins.instagram_extend(sandbox, long)) == (100, 33)
    assert error_of(logins.instagram_extend(sandbox, logins.instagram_short(sandbox), secret="otro")) == (1, None)


def test_a_token_is_refreshed_from_its_second_day_on(sandbox: Sandbox) -> None:
    long = logins.instagram_long(sandbox)
    logins.advance(sandbox, 23 * 3600)
    early = logins.instagram_refresh(sandbox, long)
    logins.advance(sandbox, 2 * 3600)

    answer = logins.instagram_refresh(sandbox, long).json()

    expected = recorded("err_ig_refresh_too_young.json")["error"]
    assert (early.status_code, error_of(early)) == (400, (10, None))
    assert early.json()["error"]["message"] == expected["message"]
    assert answer["access_token"] != long
    assert answer["expires_in"] == recorded("ok_ig_refresh.json")["expires_in"]
    logins.advance(sandbox, 59 * DAY)
    assert logins.instagram_refresh(sandbox, answer["access_token"]).status_code == 200
    assert sandbox.graph("GET", "me", token=answer["access_token"]).status_code == 200


def test_what_is_expired_short_or_not_allowed_is_not_refreshed(sandbox: Sandbox) -> None:
    short, long = logins.instagram_short(sandbox), logins.instagram_long(sandbox)
    assert error_of(logins.instagram_refresh(sandbox, short)) == (100, 33)
    logins.advance(sandbox, 2 * DAY)
    path = f"/instagram/{INSTAGRAM_ID}"
    sandbox.control("PATCH", path, {"revoked_scopes": ["instagram_business_basic"]})
    assert error_of(logins.instagram_refresh(sandbox, long)) == (10, None)
    sandbox.control("PATCH", path, {"revoked_scopes": []})
    logins.advance(sandbox, 60 * DAY)

    assert error_of(logins.instagram_refresh(sandbox, long)) == (190, 463)


def test_webhooks_are_subscribed_by_field(sandbox: Sandbox) -> None:
    token = logins.instagram_long(sandbox)
    path = f"{INSTAGRAM_ID}/subscribed_apps"
    assert sandbox.graph("GET", path, token=token).json() == {"data": []}

    assert subscribe(sandbox, token).json() == recorded("ok_ig_subscribed_apps.json")

    (app,) = sandbox.graph("GET", path, token=token).json()["data"]
    assert app["subscribed_fields"] == ["messages", "comments"]
    assert sandbox.graph("DELETE", path, token=token).json() == {"success": True}
    assert sandbox.graph("GET", path, token=token).json() == {"data": []}


@pytest.mark.parametrize(
    ("account", "fields", "error"),
    [
        (INSTAGRAM_ID, "", (100, None)),
        (INSTAGRAM_ID, "messages,fly", (100, None)),
        ("17841400000000002", "messages", (100, 33)),
    ],
)
def test_a_wrong_subscription_is_refused(
    sandbox: Sandbox, account: str, fields: str, error: tuple[int, int | None]
) -> None:
    assert error_of(subscribe(sandbox, logins.instagram_long(sandbox), account, fields)) == error


def test_each_field_needs_its_permission(sandbox: Sandbox) -> None:
    token = logins.instagram_long(sandbox, without_scopes=["instagram_business_manage_comments"])

    assert error_of(subscribe(sandbox, token)) == (10, None)
    assert subscribe(sandbox, token, fields="messages,messaging_postbacks").status_code == 200


@pytest.mark.parametrize(("state", "subcode"), [("app_removed", 458), ("password_changed", 460), ("checkpoint", 459)])
def test_access_can_be_lost(sandbox: Sandbox, state: str, subcode: int) -> None:
    token = logins.instagram_long(sandbox)

    sandbox.control("PATCH", f"/instagram/{INSTAGRAM_ID}", {"token_state": state})

    assert error_of(sandbox.graph("GET", "me", token=token)) == (190, subcode)
    assert sandbox.graph("GET", "me", token=logins.instagram_long(sandbox)).status_code == 200


def test_an_account_can_be_put_in_place_with_its_token(sandbox: Sandbox) -> None:
    account = {"user_id": "17841400000000001", "username": "dra.ferreyra.odonto", "access_token": "IGAAsembrado0001"}
    made = sandbox.control("POST", "/instagram", account, expect=201)
    assert sandbox.control("POST", "/instagram", account, expect=200) == made

    me = sandbox.graph("GET", "me", token="IGAAsembrado0001", params=FIELDS).json()

    assert (me["user_id"], me["id"]) == ("17841400000000001", recorded("ok_ig_me.json")["id"])
    assert "IGAA" not in str(made)
    assert sandbox.graph("GET", "17841400000000001/subscribed_apps", token="IGAAsembrado0001").json()["data"]


def test_a_proof_is_made_with_instagrams_secret(sandbox: Sandbox) -> None:
    token = logins.instagram_long(sandbox)

    wrong = sandbox.graph("GET", "me", token=token, params={"appsecret_proof": "0" * 64})

    assert wrong.json()["error"]["message"].startswith("Invalid appsecret_proof")


def test_a_token_of_one_graph_is_worth_nothing_on_the_other(sandbox: Sandbox) -> None:
    instagram, facebook = logins.instagram_long(sandbox), logins.facebook_token(sandbox)

    assert error_of(sandbox.graph("GET", SUAREZ["number"], token=instagram)) == (100, 33)
    assert error_of(sandbox.graph("GET", f"{SUAREZ['waba']}/phone_numbers", token=instagram)) == (190, None)
    assert error_of(sandbox.graph("GET", f"{INSTAGRAM_ID}/subscribed_apps", token=facebook)) == (100, 33)
    assert error_of(logins.instagram_refresh(sandbox, facebook)) == (190, None)
