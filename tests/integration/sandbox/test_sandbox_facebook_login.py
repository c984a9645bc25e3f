"""Facebook Login for Business and Embedded Signup: what is asked, what comes back, what a code is good for."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import BENITEZ, REDIRECT, STATE, SUAREZ, WHATSAPP, error_of
from tests.integration.sandbox.world import APP_SECRET, FERREYRA, Sandbox

RECORDED = Path("tests/data/meta/graph")


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text())["response"]["body"]


def sign_up(sandbox: Sandbox, **choice: Any) -> Any:
    body = {"person": SUAREZ["person"], "phone_number_id": SUAREZ["number"], **choice}
    return sandbox.control("POST", "/embedded-signup", body, expect=201)


def test_permission_comes_back_with_the_state_untouched(sandbox: Sandbox) -> None:
    url = logins.facebook_url(sandbox, redirect_uri=f"{REDIRECT}?tenant=1")

    target = sandbox.control("POST", "/dialog", {"url": url, "person": SUAREZ["person"]})["redirect_to"]

    assert target.startswith(f"{REDIRECT}?tenant=1&code=")
    assert logins.answer_of(target)["state"] == STATE
    assert urlsplit(target).fragment == ""


def test_a_denied_permission_says_who_denied_it(sandbox: Sandbox) -> None:
    back = logins.decide(sandbox, logins.facebook_url(sandbox), decision="deny")

    assert back == {
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request.",
        "state": STATE,
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_id": "900000000000999"}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"redirect_uri": "/callback"}, "redirect_uri"),
        ({"redirect_uri": f"{REDIRECT}#x"}, "redirect_uri"),
        ({"response_type": "token"}, "response_type"),
        ({"response_type": None}, "response_type"),
        ({"config_id": None}, "scope"),
        ({"config_id": None, "scope": "whatsapp_business_messaging,fly"}, "fly"),
    ],
)
def test_a_wrong_address_opens_no_dialog(sandbox: Sandbox, changes: dict[str, str | None], reason: str) -> None:
    url = logins.facebook_url(sandbox, **changes)

    page = sandbox.http.get(url)
    driven = sandbox.http.post("/control/dialog", json={"url": url, "person": SUAREZ["person"]})

    assert page.status_code == 400
    assert reason in page.text
    assert driven.status_code == 422
    assert reason in driven.json()["error"]


def test_nobody_can_give_what_is_not_theirs(sandbox: Sandbox) -> None:
    url = logins.facebook_url(sandbox)
    for choice in ({"waba_ids": [BENITEZ["waba"]]}, {"phone_number_ids": ["999"]}, {"person": "Nadie"}):
        body = {"url": url, "person": SUAREZ["person"], **choice}
        assert sandbox.http.post("/control/dialog", json=body).status_code == 422


def test_a_code_becomes_a_business_token_that_never_expires(sandbox: Sandbox) -> None:
    answer = logins.exchange(sandbox, logins.facebook_code(sandbox))

    assert answer.json().keys() == recorded("ok_oauth_embedded_signup_code_exchange.json").keys()
    about = logins.inspect(sandbox, answer.json()["access_token"])
    expected = recorded("ok_debug_token_business.json")["data"]
    assert about.keys() == expected.keys()
    assert about["granular_scopes"] == [{"scope": s, "target_ids": [SUAREZ["waba"]]} for s in WHATSAPP]
    assert (about["type"], about["expires_at"], about["user_id"]) == ("SYSTEM_USER", 0, SUAREZ["person"])


def test_a_token_may_be_asked_to_last_sixty_days(sandbox: Sandbox) -> None:
    code = logins.facebook_code(sandbox, token_lifetime_seconds=5183944)

    assert logins.exchange(sandbox, code).json()["expires_in"] == 5183944


@pytest.mark.parametrize("lifetime", [0, None])
def test_a_lifetime_of_nothing_is_for_ever(sandbox: Sandbox, lifetime: int | None) -> None:
    code = logins.facebook_code(sandbox, token_kind="user", token_lifetime_seconds=lifetime)

    assert "expires_in" not in logins.exchange(sandbox, code).json()


def test_without_a_configuration_the_token_is_the_persons(sandbox: Sandbox) -> None:
    url = logins.facebook_url(sandbox, config_id=None, scope="whatsapp_business_management,business_management")
    code = logins.decide(sandbox, url, person="Valentina Suárez")["code"]

    token = logins.exchange(sandbox, code).json()

    assert token["expires_in"] < 2 * 3600
    about = logins.inspect(sandbox, token["access_token"])
    assert about["type"] == "USER"
    assert about["data_access_expires_at"] == about["issued_at"] + 90 * 24 * 3600


def test_a_code_is_good_once(sandbox: Sandbox) -> None:
    code = logins.facebook_code(sandbox)
    assert logins.exchange(sandbox, code).status_code == 200

    again = logins.exchange(sandbox, code)

    assert again.status_code == 400
    assert error_of(again) == (100, 36009)
    assert again.json()["error"]["message"] == recorded("err_oauth_code_used.json")["error"]["message"]


def test_a_code_lives_ten_minutes(sandbox: Sandbox) -> None:
    fresh, old = logins.facebook_code(sandbox), logins.facebook_code(sandbox)
    logins.advance(sandbox, 595)
    assert logins.exchange(sandbox, fresh).status_code == 200
    logins.advance(sandbox, 10)

    answer = logins.exchange(sandbox, old)

    assert error_of(answer) == (100, 36007)
    assert answer.json()["error"]["message"] == recorded("err_oauth_code_expired.json")["error"]["message"]


@pytest.mark.parametrize("redirect_uri", [REDIRECT + "/", REDIRECT.replace("http", "HTTP", 1), None])
def test_another_redirect_uri_is_refused_and_the_code_stays_good(sandbox: Sandbox, redirect_uri: str | None) -> None:
    code = logins.facebook_code(sandbox)

    answer = logins.exchange(sandbox, code, redirect_uri=redirect_uri)

    assert error_of(answer) == (100, 36008)
    assert answer.json()["error"]["message"] == recorded("err_oauth_redirect_uri_mismatch.json")["error"]["message"]
    assert logins.exchange(sandbox, code).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": APP_SECRET[::-1]}, 1),
        ({"client_secret": None}, 100),
        ({"client_id": "1"}, 101),
        ({"code": "AQinventado"}, 100),
        ({"code": None}, 100),
        ({"grant_type": "client_credentials"}, 100),
    ],
)
def test_an_exchange_with_anything_wrong_is_refused(sandbox: Sandbox, changes: dict[str, Any], code: int) -> None:
    answer = logins.exchange(sandbox, **{"code": logins.facebook_code(sandbox), **changes})

    assert answer.status_code == 400
    assert error_of(answer) == (code, None)


def test_a_code_of_embedded_signup_is_exchanged_without_redirect_within_half_a_minute(sandbox: Sandbox) -> None:
    first, second, third = sign_up(sandbox), sign_up(sandbox), sign_up(sandbox)
    assert (first["waba_id"], first["phone_number_id"]) == (SUAREZ["waba"], SUAREZ["number"])
    assert first["session"]["event"] == "FINISH"

    assert error_of(logins.exchange(sandbox, first["code"])) == (100, 36008)
    assert logins.exchange(sandbox, first["code"], redirect_uri=None).status_code == 200
    logins.advance(sandbox, 29)
    assert logins.exchange(sandbox, second["code"], redirect_uri="").status_code == 200
    logins.advance(sandbox, 2)
    assert error_of(logins.exchange(sandbox, third["code"], redirect_uri=None)) == (100, 36007)


def test_a_number_is_seen_by_every_token_that_was_granted_its_waba(sandbox: Sandbox) -> None:
    path = SUAREZ["number"]
    first, second = logins.facebook_token(sandbox), logins.facebook_token(sandbox)

    assert sandbox.graph("GET", path, token=first).status_code == 200
    assert sandbox.graph("GET", path, token=second).status_code == 200
    assert error_of(sandbox.graph("GET", path)) == (100, 33)
    assert error_of(sandbox.graph("GET", FERREYRA["phone_number_id"], token=first)) == (100, 33)
    shown = sandbox.control("GET", f"/accounts/{path}")
    assert len(shown["tokens"]) == 2


def test_a_registered_account_can_be_logged_into_beside_its_own_token(sandbox: Sandbox) -> None:
    token = logins.facebook_token(sandbox, person=None, waba_ids=[FERREYRA["waba_id"]])

    assert sandbox.graph("GET", FERREYRA["phone_number_id"], token=token).status_code == 200
    assert sandbox.graph("GET", FERREYRA["phone_number_id"]).status_code == 200


def test_a_permission_that_was_not_given_is_declined_and_refused(sandbox: Sandbox) -> None:
    token = logins.facebook_token(sandbox, without_scopes=["whatsapp_business_messaging"])

    granted = sandbox.graph("GET", "me/permissions", token=token).json()
    send = sandbox.send(number=SUAREZ["number"], token=token)

    assert granted["data"] == [
        {"permission": "whatsapp_business_management", "status": "granted"},
        {"permission": "whatsapp_business_messaging", "status": "declined"},
    ]
    assert (send.status_code, error_of(send)) == (403, (10, None))
    assert sandbox.graph("GET", SUAREZ["number"], token=token).status_code == 200
    assert logins.inspect(sandbox, token)["scopes"] == ["whatsapp_business_management"]


def test_businesses_and_their_accounts_are_found_from_the_token(sandbox: Sandbox) -> None:
    token = logins.facebook_token(sandbox)

    me = sandbox.graph("GET", "me", token=token).json()
    businesses = sandbox.graph("GET", "me/businesses", token=token).json()
    business = businesses["data"][0]["id"]
    owned = sandbox.graph("GET", f"{business}/owned_whatsapp_business_accounts", token=token).json()
    client = sandbox.graph("GET", f"{business}/client_whatsapp_business_accounts", token=token).json()
    numbers = sandbox.graph("GET", f"{SUAREZ['waba']}/phone_numbers", token=token).json()

    assert me == {"id": SUAREZ["person"], "name": "Valentina Suárez"}
    assert businesses.keys() == recorded("ok_me_businesses.json").keys()
    assert owned["data"][0].keys() == recorded("ok_owned_wabas.json")["data"][0].keys()
    assert owned["data"][0]["id"] == SUAREZ["waba"]
    assert client == {"data": []}
    assert [n["id"] for n in numbers["data"]] == ["310000000000102", "310000000000101"]
    foreign = sandbox.graph("GET", "410000000000102/owned_whatsapp_business_accounts", token=token)
    assert error_of(foreign) == (100, 33)


def test_a_shared_account_is_listed_as_a_clients(sandbox: Sandbox) -> None:
    waba = {"waba_id": "210987654300777", "name": "Compartida", "relation": "client", "numbers": []}
    person = {"name": "Ana", "user_id": "122100000000000777", "businesses": [{"name": "Agencia", "wabas": [waba]}]}
    made = sandbox.control("POST", "/people", person, expect=201)
    token = logins.facebook_token(sandbox, person="Ana")

    path = f"{made['businesses'][0]['id']}/client_whatsapp_business_accounts"

    assert [w["id"] for w in sandbox.graph("GET", path, token=token).json()["data"]] == ["210987654300777"]


def test_only_what_was_chosen_is_seen(sandbox: Sandbox) -> None:
    wabas = [{"waba_id": f"21098765430088{n}", "numbers": []} for n in (1, 2)]
    person = {"name": "Dos", "user_id": "122100000000000888", "businesses": [{"name": "Dos", "wabas": wabas}]}
    sandbox.control("POST", "/people", person, expect=201)

    token = logins.facebook_token(sandbox, person="Dos", waba_ids=["210987654300882"])

    assert sandbox.graph("GET", "210987654300882/phone_numbers", token=token).json()["data"] == []
    assert error_of(sandbox.graph("GET", "210987654300881/phone_numbers", token=token)) == (100, 33)


def test_a_token_of_another_app_says_so(sandbox: Sandbox) -> None:
    made = {"person": SUAREZ["person"], "app_id": "900000000000999", "scopes": ["public_profile"]}
    token = sandbox.control("POST", "/tokens", made, expect=201)["access_token"]

    about = logins.inspect(sandbox, token)

    expected = recorded("ok_debug_token_other_app.json")["data"]
    assert (about["app_id"], about["application"]) == (expected["app_id"], expected["application"])
    assert (about["is_valid"], about["scopes"]) == (True, expected["scopes"])
    proof = sandbox.graph("GET", "me", token=token, params={"appsecret_proof": "0" * 64})
    assert proof.json()["error"]["message"].startswith("Invalid appsecret_proof")


def test_the_log_of_calls_holds_no_secret(sandbox: Sandbox) -> None:
    code = logins.facebook_code(sandbox)
    token = logins.exchange(sandbox, code).json()["access_token"]
    logins.inspect(sandbox, token)
    logins.extend(sandbox, token)
    pin = {"messaging_product": "whatsapp", "pin": "739105"}
    sandbox.graph("POST", f"{SUAREZ['number']}/register", token=token, json=pin)
    short = logins.instagram_short(sandbox)
    long = logins.instagram_extend(sandbox, short).json()["access_token"]
    google = logins.google_exchange(sandbox, logins.google_code(sandbox)).json()
    logins.google_refresh(sandbox, google["refresh_token"])

    log = json.dumps(sandbox.control("GET", "/calls"))

    secrets = (code, token, APP_SECRET, "739105", short, long, google["access_token"], google["refresh_token"])
    assert not [secret for secret in (*secrets, logins.VERIFIER, STATE) if secret in log]
    routes = {call["route"] for call in json.loads(log)["calls"]}
    assert {"oauth_access_token", "debug_token", "register", "instagram_exchange", "google_token"} <= routes


@pytest.mark.parametrize(
    ("route", "call"),
    [
        ("oauth_access_token", lambda s: logins.exchange(s, "AQ")),
        ("me", lambda s: s.graph("GET", "me")),
        ("register", lambda s: s.graph("POST", "310000000000001/register", json={})),
        ("instagram_exchange", lambda s: logins.instagram_exchange(s, "AQ")),
        ("google_token", lambda s: logins.google_exchange(s, "4/0")),
        ("google_freebusy", lambda s: s.http.post("/google/calendar/v3/freeBusy", json={})),
        ("dialog", lambda s: s.http.get(logins.facebook_url(s))),
    ],
)
def test_the_logins_can_be_made_to_fail(sandbox: Sandbox, route: str, call: Any) -> None:
    action = {"kind": "http", "status": 502, "body": "<html>Bad Gateway</html>"}
    sandbox.control("POST", "/faults", {"match": {"route": route}, "action": action})

    assert call(sandbox).status_code == 502
    assert call(sandbox).status_code != 502
