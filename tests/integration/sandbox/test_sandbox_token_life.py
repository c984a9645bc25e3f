"""How tokens live and die: exchanged for longer ones, expired by the clock, lost for each of Meta's reasons."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import DAY, SUAREZ, error_of
from tests.integration.sandbox.world import FERREYRA, FERREYRA_2, PATIENT, RIOS, Application, Sandbox

SIXTY_DAYS = 5183944
CAUSES = [("expired", 463), ("password_changed", 460), ("app_removed", 458), ("checkpoint", 459), ("invalid", None)]


def test_a_business_token_with_an_expiry_is_renewed(sandbox: Sandbox) -> None:
    token = logins.facebook_token(sandbox, token_lifetime_seconds=SIXTY_DAYS)
    logins.advance(sandbox, 40 * DAY)

    renewed = logins.extend(sandbox, token).json()

    assert renewed["expires_in"] == SIXTY_DAYS
    assert renewed["access_token"] != token
    logins.advance(sandbox, 30 * DAY)
    assert error_of(sandbox.graph("GET", SUAREZ["number"], token=token)) == (190, 463)
    assert sandbox.graph("GET", SUAREZ["number"], token=renewed["access_token"]).status_code == 200


def test_a_persons_token_is_made_long_once_and_never_longer(sandbox: Sandbox) -> None:
    short = logins.facebook_token(sandbox, token_kind="user")
    long = logins.extend(sandbox, short).json()
    logins.advance(sandbox, 10 * DAY)

    again = logins.extend(sandbox, long["access_token"]).json()

    assert long["expires_in"] == SIXTY_DAYS
    assert again["expires_in"] == pytest.approx(SIXTY_DAYS - 10 * DAY, abs=5)
    assert logins.inspect(sandbox, again["access_token"])["type"] == "USER"


def test_an_expired_token_cannot_be_exchanged(sandbox: Sandbox) -> None:
    token = logins.facebook_token(sandbox, token_kind="user")
    logins.advance(sandbox, 2 * 3600)

    assert error_of(logins.extend(sandbox, token)) == (190, 463)
    about = logins.inspect(sandbox, token)
    assert (about["is_valid"], about["error"]["subcode"]) == (False, 463)


def test_a_token_that_never_expires_stays_so(sandbox: Sandbox) -> None:
    assert "expires_in" not in logins.extend(sandbox, logins.facebook_token(sandbox)).json()


def test_a_registered_token_can_be_exchanged(sandbox: Sandbox) -> None:
    sandbox.control("PATCH", "/accounts/310000000000003", {"token_expires_at": 4_000_000_000})

    renewed = logins.extend(sandbox, RIOS["access_token"]).json()["access_token"]

    assert sandbox.graph("GET", RIOS["phone_number_id"], token=renewed).status_code == 200
    assert sandbox.graph("GET", RIOS["phone_number_id"], token=RIOS["access_token"]).status_code == 200


@pytest.mark.parametrize(("state", "subcode"), CAUSES)
@pytest.mark.parametrize("path", [f"/people/{SUAREZ['person']}", f"/accounts/{SUAREZ['number']}"])
def test_every_cause_of_death_has_its_subcode(sandbox: Sandbox, path: str, state: str, subcode: int | None) -> None:
    token = logins.facebook_token(sandbox)

    sandbox.control("PATCH", path, {"token_state": state})

    refused = sandbox.graph("GET", SUAREZ["number"], token=token)
    assert error_of(refused) == (190, subcode)
    about = logins.inspect(sandbox, token)
    assert (about["is_valid"], about["error"].get("subcode"), about["user_id"]) == (False, subcode, SUAREZ["person"])
    assert error_of(logins.extend(sandbox, token)) == (190, subcode)
    assert sandbox.graph("GET", FERREYRA["phone_number_id"]).status_code == 200


def test_who_logs_in_again_gets_a_good_token(sandbox: Sandbox) -> None:
    dead = logins.facebook_token(sandbox)
    sandbox.control("PATCH", f"/people/{SUAREZ['person']}", {"token_state": "password_changed"})

    alive = logins.facebook_token(sandbox)

    assert error_of(sandbox.graph("GET", "me", token=dead)) == (190, 460)
    assert sandbox.graph("GET", "me", token=alive).status_code == 200


def test_a_cause_can_be_healed(sandbox: Sandbox) -> None:
    token = logins.facebook_token(sandbox)
    sandbox.control("PATCH", f"/people/{SUAREZ['person']}", {"token_state": "checkpoint"})
    sandbox.control("PATCH", f"/people/{SUAREZ['person']}", {"token_state": "valid"})

    assert sandbox.graph("GET", "me", token=token).status_code == 200


def test_the_owner_of_a_registered_account_is_a_person_too(sandbox: Sandbox) -> None:
    owner = next(p for p in sandbox.control("GET", "/people")["people"] if p["name"] == "Consultorio Dra. Ferreyra")

    sandbox.control("PATCH", f"/people/{owner['user_id']}", {"token_state": "app_removed"})

    assert error_of(sandbox.graph("GET", FERREYRA_2["phone_number_id"])) == (190, 458)
    assert logins.inspect(sandbox, FERREYRA["access_token"])["user_id"] == owner["user_id"]
    assert sandbox.graph("GET", RIOS["phone_number_id"], token=RIOS["access_token"]).status_code == 200


@pytest.mark.parametrize("path", [f"/people/{SUAREZ['person']}", f"/accounts/{SUAREZ['number']}"])
def test_a_permission_can_be_taken_back(sandbox: Sandbox, path: str) -> None:
    token = logins.facebook_token(sandbox)

    sandbox.control("PATCH", path, {"revoked_scopes": ["whatsapp_business_messaging"]})

    assert logins.inspect(sandbox, token)["scopes"] == ["whatsapp_business_management"]
    assert error_of(sandbox.send(number=SUAREZ["number"], token=token)) == (10, None)
    assert {"permission": "whatsapp_business_messaging", "status": "declined"} in sandbox.graph(
        "GET", "me/permissions", token=token
    ).json()["data"]


def test_a_lost_account_is_200(sandbox: Sandbox) -> None:
    token = logins.facebook_token(sandbox)

    sandbox.control("PATCH", f"/people/{SUAREZ['person']}", {"waba_access": False})

    answer = sandbox.graph("GET", f"{SUAREZ['waba']}/phone_numbers", token=token)
    assert (answer.status_code, error_of(answer)) == (403, (200, None))
    about = logins.inspect(sandbox, token)
    assert about["is_valid"]
    assert all("target_ids" not in scope for scope in about["granular_scopes"])


@pytest.mark.parametrize("status", ["RESTRICTED", "BANNED"])
def test_a_restricted_number_says_so_and_sends_nothing(sandbox: Sandbox, status: str) -> None:
    sandbox.control("PATCH", "/accounts/310000000000001", {"status": status})

    node = sandbox.graph("GET", "310000000000001", params={"fields": "status"}).json()

    assert node["status"] == status
    assert (sandbox.send().status_code, error_of(sandbox.send())) == (403, (131031, None))


def test_a_number_that_is_not_registered_is_not_on_the_platform(sandbox: Sandbox, application: Application) -> None:
    sandbox.control("PATCH", "/accounts/310000000000001", {"registered": False})

    fields = "status,platform_type,throughput,is_on_biz_app,code_verification_status"
    node = sandbox.graph("GET", "310000000000001", params={"fields": fields}).json()
    written = sandbox.control(
        "POST", "/patients/messages", {"from": PATIENT, "to": "310000000000001", "type": "text", "text": "Hola"}
    )

    assert node == {
        "status": "DISCONNECTED",
        "platform_type": "NOT_APPLICABLE",
        "throughput": {"level": "NOT_APPLICABLE"},
        "is_on_biz_app": False,
        "code_verification_status": "VERIFIED",
        "id": "310000000000001",
    }
    assert error_of(sandbox.send()) == (133010, None)
    assert written["deliveries"] == []


def test_people_and_tokens_survive_a_restart_and_a_reset(make_sandbox: Callable[[], Sandbox], sandbox: Sandbox) -> None:
    token, instagram = logins.facebook_token(sandbox), logins.instagram_long(sandbox)
    google = logins.google_exchange(sandbox, logins.google_code(sandbox)).json()["refresh_token"]
    code = logins.facebook_code(sandbox)
    sandbox.control("PATCH", "/people/122100000000000102", {"name": "Tomás Q."})
    sandbox.control("POST", "/reset")
    sandbox.stop()

    again = make_sandbox()

    assert again.graph("GET", "me", token=token).status_code == 200
    assert again.graph("GET", "me", token=instagram).status_code == 200
    assert logins.google_refresh(again, google).status_code == 200
    assert logins.exchange(again, code).status_code == 400
    assert "Tomás Q." in [p["name"] for p in again.control("GET", "/people")["people"]]


def test_numbers_appear_once_somebody_has_logged_in(sandbox: Sandbox) -> None:
    def listed(query: str = "") -> set[str]:
        accounts: list[dict[str, Any]] = sandbox.control("GET", f"/accounts{query}")["accounts"]
        return {account["phone_number_id"] for account in accounts}

    assert SUAREZ["number"] not in listed()
    assert SUAREZ["number"] in listed("?all=1")
    logins.facebook_token(sandbox)
    assert {SUAREZ["number"], "310000000000102"} <= listed()
    clinics = sandbox.http.get("/page/clinics").json()["clinics"]
    assert "Suárez Odontología" in [clinic["name"] for clinic in clinics]


def test_registering_a_person_again_changes_nothing(sandbox: Sandbox) -> None:
    number = {"phone_number_id": "310000000000901", "display_phone_number": "+54 9 11 5032-0901", "verified_name": "N"}
    wabas = [{"waba_id": "210987654300901", "name": "Nueva", "numbers": [number]}]
    person = {
        "name": "Nora",
        "user_id": "122100000000000901",
        "businesses": [{"id": "410000000000901", "name": "Nora", "wabas": wabas}],
        "instagram": [{"user_id": "17841400000000901", "username": "nora", "account_type": "PERSONAL"}],
        "google": {"email": "nora@gmail.example"},
    }
    made = sandbox.control("POST", "/people", person, expect=201)
    token = logins.facebook_token(sandbox, person="Nora")
    pin = {"messaging_product": "whatsapp", "pin": "123456"}
    assert sandbox.graph("POST", "310000000000901/register", token=token, json=pin).status_code == 200

    again = sandbox.control("POST", "/people", person, expect=200)

    assert {**again, "tokens": []} == made
    assert (made["instagram"], made["google"]) == (["17841400000000901"], ["nora@gmail.example"])
    assert sandbox.control("GET", "/accounts/310000000000901")["registered"] is True
