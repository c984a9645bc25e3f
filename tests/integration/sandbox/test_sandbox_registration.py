"""A number becomes usable: registered with a PIN, or linked while it stays on the phone, whose chats then come over."""

from typing import Any

import pytest

from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import BENITEZ, DAY, SUAREZ, error_of
from tests.integration.sandbox.world import Application, Sandbox, wait_for

PIN = {"messaging_product": "whatsapp", "pin": "739105"}


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    """A token of somebody with two numbers that were never registered."""
    return logins.facebook_token(sandbox)


@pytest.fixture
def coexistence(sandbox: Sandbox) -> str:
    """A token of somebody whose number stays on the phone, subscribed."""
    granted = logins.facebook_token(sandbox, person=BENITEZ["person"])
    assert sandbox.graph("POST", f"{BENITEZ['waba']}/subscribed_apps", token=granted).json() == {"success": True}
    return granted


def register(sandbox: Sandbox, token: str, number: str = SUAREZ["number"], **body: Any) -> Any:
    return sandbox.graph("POST", f"{number}/register", token=token, json={**PIN, **body})


def sync(sandbox: Sandbox, token: str, kind: str, number: str = BENITEZ["number"]) -> Any:
    body = {"messaging_product": "whatsapp", "sync_type": kind}
    return sandbox.graph("POST", f"{number}/smb_app_data", token=token, json=body)


def changes(application: Application, field: str) -> list[dict[str, Any]]:
    entries = [entry for got in list(application.received) for entry in got.json["entry"]]
    return [change["value"] for entry in entries for change in entry["changes"] if change["field"] == field]


def test_a_new_number_sends_only_once_it_is_registered(sandbox: Sandbox, token: str) -> None:
    sandbox.settings(window={"mode": "off"})
    fields = {"fields": "status,platform_type"}
    before = sandbox.graph("GET", SUAREZ["number"], token=token, params=fields).json()
    assert error_of(sandbox.send(number=SUAREZ["number"], token=token)) == (133010, None)

    assert register(sandbox, token).json() == {"success": True}

    after = sandbox.graph("GET", SUAREZ["number"], token=token, params=fields).json()
    assert (before["status"], before["platform_type"]) == ("PENDING", "NOT_APPLICABLE")
    assert (after["status"], after["platform_type"]) == ("CONNECTED", "CLOUD_API")
    assert sandbox.send(number=SUAREZ["number"], token=token).status_code == 200


def test_a_fresh_account_brings_webhooks_only_once_it_is_subscribed(sandbox: Sandbox, token: str) -> None:
    register(sandbox, token)
    write = {"from": "5491155550999", "to": SUAREZ["number"], "type": "text", "text": "Hola"}
    assert sandbox.graph("GET", f"{SUAREZ['waba']}/subscribed_apps", token=token).json() == {"data": []}
    assert sandbox.control("POST", "/patients/messages", write)["deliveries"] == []

    sandbox.graph("POST", f"{SUAREZ['waba']}/subscribed_apps", token=token)

    assert len(sandbox.control("POST", "/patients/messages", write)["deliveries"]) == 1


def test_the_first_pin_is_the_one(sandbox: Sandbox, token: str) -> None:
    assert register(sandbox, token).status_code == 200
    assert register(sandbox, token).status_code == 200

    other = register(sandbox, token, pin="000000")

    assert (other.status_code, error_of(other)) == (400, (133005, None))
    assert sandbox.graph("POST", f"{SUAREZ['number']}/deregister", token=token).json() == {"success": True}
    assert error_of(register(sandbox, token, pin="000000")) == (133005, None)
    assert register(sandbox, token).status_code == 200


@pytest.mark.parametrize("body", [{"pin": "12345"}, {"pin": 123456}, {"pin": None}, {"messaging_product": "sms"}])
def test_a_registration_needs_a_pin_of_six_digits(sandbox: Sandbox, token: str, body: dict[str, Any]) -> None:
    assert error_of(register(sandbox, token, **body)) == (100, None)


def test_ten_attempts_in_72_hours_are_all_there_are(sandbox: Sandbox, token: str) -> None:
    register(sandbox, token)
    for _ in range(9):
        assert error_of(register(sandbox, token, pin="000000")) == (133005, None)

    assert error_of(register(sandbox, token)) == (133016, None)
    assert error_of(sandbox.graph("POST", f"{SUAREZ['number']}/deregister", token=token)) == (133016, None)
    assert register(sandbox, token, number="310000000000102").status_code == 200
    logins.advance(sandbox, 72 * 3600)
    assert register(sandbox, token).status_code == 200


def test_another_tenants_number_cannot_be_registered(sandbox: Sandbox, token: str) -> None:
    assert error_of(register(sandbox, token, number=BENITEZ["number"])) == (100, 33)


def test_a_number_on_the_phone_works_as_soon_as_it_is_linked(sandbox: Sandbox, coexistence: str) -> None:
    fields = {"fields": "is_on_biz_app,platform_type,status"}

    node = sandbox.graph("GET", BENITEZ["number"], token=coexistence, params=fields).json()

    assert node == {
        "is_on_biz_app": True,
        "platform_type": "CLOUD_API",
        "status": "CONNECTED",
        "id": BENITEZ["number"],
    }
    assert error_of(register(sandbox, coexistence, number=BENITEZ["number"])) == (100, None)
    assert error_of(sandbox.graph("POST", f"{BENITEZ['number']}/deregister", token=coexistence)) == (100, None)


def test_embedded_signup_of_a_number_on_the_phone_says_so(sandbox: Sandbox) -> None:
    body = {"person": BENITEZ["person"], "phone_number_id": BENITEZ["number"]}

    session = sandbox.control("POST", "/embedded-signup", body)["session"]

    assert session["event"] == "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"


def test_contacts_come_over_once(sandbox: Sandbox, application: Application, coexistence: str) -> None:
    asked = sync(sandbox, coexistence, "smb_app_state_sync").json()

    assert asked["messaging_product"] == "whatsapp"
    assert asked["request_id"]
    value = wait_for(lambda: changes(application, "smb_app_state_sync"))[0]
    assert value["metadata"]["phone_number_id"] == BENITEZ["number"]
    assert [(item["type"], item["action"]) for item in value["state_sync"]] == [("contact", "add")] * 2
    assert value["state_sync"][0]["contact"] == {
        "full_name": "Marta Godoy",
        "first_name": "Marta",
        "phone_number": "5491155550401",
    }
    assert error_of(sync(sandbox, coexistence, "smb_app_state_sync")) == (2593107, None)
    assert sync(sandbox, coexistence, "history").status_code == 200


def test_chats_come_in_phases_with_who_wrote_what(sandbox: Sandbox, application: Application, coexistence: str) -> None:
    sync(sandbox, coexistence, "history")

    values = wait_for(lambda: len(found := changes(application, "history")) == 2 and found)

    items = sorted((item for value in values for item in value["history"]), key=lambda item: item["metadata"]["phase"])
    assert [item["metadata"] for item in items] == [
        {"phase": 0, "chunk_order": 1, "progress": 25},
        {"phase": 1, "chunk_order": 1, "progress": 100},
    ]
    assert items[0]["threads"][0]["id"] == "5491155550402"
    question, reply, thanks = items[1]["threads"][0]["messages"]
    assert (question["from"], "to" in question) == ("5491155550401", False)
    assert (reply["from"], reply["to"]) == ("5492615030104", "5491155550401")
    assert int(question["timestamp"]) < int(reply["timestamp"]) < int(thanks["timestamp"])
    assert thanks["history_context"] == {"status": "READ"}
    assert thanks["text"] == {"body": "Perfecto, gracias"}


def test_a_long_history_comes_in_chunks_and_stops_after_half_a_year(
    sandbox: Sandbox, application: Application, coexistence: str
) -> None:
    recent = [{"text": f"Mensaje {n}", "age_seconds": 60 + n} for n in range(250)]
    old = [{"text": "de hace cuatro meses", "age_seconds": 120 * DAY}, {"text": "viejo", "age_seconds": 190 * DAY}]
    phone = {"threads": [{"id": "5491155550403", "messages": recent + old}]}
    sandbox.control("PATCH", f"/accounts/{BENITEZ['number']}", {"phone_app": phone})

    sync(sandbox, coexistence, "history")

    values = wait_for(lambda: len(found := changes(application, "history")) == 4 and found)
    told = sorted(((item["metadata"], item["threads"]) for v in values for item in v["history"]), key=str)
    assert [(m["phase"], m["chunk_order"], m["progress"]) for m, _ in told] == [
        (0, 1, 39),
        (0, 2, 79),
        (0, 3, 99),
        (2, 1, 100),
    ]
    assert sum(len(thread["messages"]) for _, threads in told for thread in threads) == 251


def test_an_owner_may_keep_the_chats(sandbox: Sandbox, application: Application, coexistence: str) -> None:
    sandbox.control("PATCH", f"/accounts/{BENITEZ['number']}", {"phone_app": {"shares_history": False}})

    sync(sandbox, coexistence, "history")

    value = wait_for(lambda: changes(application, "history"))[0]
    (error,) = value["history"][0]["errors"]
    assert error["code"] == 2593109
    assert "threads" not in value["history"][0]


def test_chats_can_be_asked_for_during_a_day(sandbox: Sandbox, coexistence: str) -> None:
    logins.advance(sandbox, DAY + 60)

    late = sync(sandbox, coexistence, "history")

    assert (late.status_code, error_of(late)) == (400, (2593108, None))


def test_only_a_number_on_the_phone_has_chats(sandbox: Sandbox, token: str, coexistence: str) -> None:
    assert error_of(sync(sandbox, token, "history", number=SUAREZ["number"])) == (100, None)
    assert error_of(sync(sandbox, coexistence, "everything")) == (100, None)


def test_who_removed_the_app_and_comes_back_may_share_again(
    sandbox: Sandbox, application: Application, coexistence: str
) -> None:
    sync(sandbox, coexistence, "history")
    sandbox.control("POST", f"/people/{BENITEZ['person']}/deauthorize", {"url": application.url})
    assert error_of(sync(sandbox, coexistence, "history")) == (190, 458)

    again = logins.facebook_token(sandbox, person=BENITEZ["person"])

    assert sync(sandbox, again, "history").status_code == 200
