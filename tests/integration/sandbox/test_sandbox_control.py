"""The control interface: idempotent accounts, clear refusals, and what a restart keeps."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.sandbox.world import FERREYRA, FERREYRA_2, PATIENT, Application, Sandbox, wait_for


def test_registering_an_account_again_changes_nothing(sandbox: Sandbox) -> None:
    before = sandbox.control("GET", "/accounts/310000000000001")

    again = sandbox.control("POST", "/accounts", {**FERREYRA, "templates": None}, expect=200)

    assert again == before
    assert len(sandbox.control("GET", "/accounts")["accounts"]) == 3
    assert "EAA" not in str(again)


def test_a_removed_account_is_gone_with_its_token(sandbox: Sandbox) -> None:
    sandbox.control("DELETE", "/accounts/310000000000003")

    assert sandbox.graph("GET", "310000000000003", token="EAAinventedTokenRios").json()["error"]["code"] == 190
    assert sandbox.graph("GET", "310000000000002").status_code == 200


def test_a_replaced_token_is_dead(sandbox: Sandbox) -> None:
    for number in (FERREYRA, FERREYRA_2):
        sandbox.control("POST", "/accounts", {**number, "access_token": "EAAinventedTokenRenewed"})

    assert sandbox.graph("GET", "310000000000001").json()["error"]["code"] == 190
    assert sandbox.graph("GET", "310000000000001", token="EAAinventedTokenRenewed").status_code == 200


def test_accounts_threads_and_windows_survive_a_restart(
    make_sandbox: Callable[[], Sandbox], sandbox: Sandbox, application: Application
) -> None:
    written = sandbox.patient_writes("¿Tenés turno?", delivery={"wait": True})
    sandbox.send()
    sandbox.stop()

    again = make_sandbox()

    assert len(again.control("GET", "/accounts")["accounts"]) == 3
    again.settings(window={"mode": "sync"})
    assert again.send().status_code == 200
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": written["message_id"]}
    assert again.send(read).json() == {"success": True}
    thread = again.http.get("/page/thread", params={"phone_number_id": "310000000000001", "from": PATIENT}).json()
    assert [(m["author"], m["state"]) for m in thread["messages"]] == [
        ("patient", "read"),
        ("clinic", "pending"),
        ("clinic", "pending"),
    ]


def test_a_reset_keeps_accounts_and_forgets_the_rest(sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes()
    sandbox.send()
    sandbox.settings(window={"mode": "sync"})
    sandbox.control("POST", "/clock", {"offset_seconds": 500})
    sandbox.control("POST", "/faults", {"action": {"kind": "error", "code": 2}})

    sandbox.control("POST", "/reset")

    assert sandbox.control("GET", "/messages") == {"messages": [], "total": 0}
    assert sandbox.control("GET", "/faults") == {"faults": []}
    assert sandbox.control("GET", "/deliveries")["total"] == 0
    assert sandbox.control("GET", "/settings")["window"] == {"mode": "status"}
    assert len(sandbox.control("GET", "/accounts")["accounts"]) == 3
    assert sandbox.graph("GET", "210987654300001/message_templates").json()["data"]


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("POST", "/accounts", {**FERREYRA, "display_phone_number": "hola"}, "display_phone_number"),
        ("POST", "/accounts", {**FERREYRA, "templates": [{"name": "x"}]}, "a template needs components, language"),
        ("POST", "/patients/messages", {"to": "1", "type": "text", "text": "hola"}, "give from"),
        ("POST", "/patients/messages", {"to": "1", "from": PATIENT, "type": "hologram"}, "type must be one of"),
        ("POST", "/patients/messages", {"to": "1", "from": PATIENT, "type": "location"}, "needs the key location"),
        ("POST", "/patients/messages", {"to": "1", "from": PATIENT, "type": "text", "text": {}}, "text needs body"),
        ("POST", "/patients/messages", {"to": "1", "from": "ana", "type": "text", "text": "hola"}, "pattern"),
        ("POST", "/faults", {"action": {"kind": "error", "code": 42}}, "knows no error 42"),
        ("POST", "/faults", {"action": {"kind": "explode"}}, "drop"),
        ("POST", "/faults", {"match": {"rout": "messages"}, "action": {"kind": "drop"}}, "rout"),
        ("PATCH", "/settings", {"statuses": {"delay": 3}}, "delay"),
        ("PATCH", "/settings", {"window": {"mode": "open"}}, "mode"),
        ("POST", "/clock", {}, "exactly one of"),
        ("POST", "/webhooks", {}, "exactly one of"),
    ],
)
def test_bad_input_is_refused_with_a_reason(
    sandbox: Sandbox, method: str, path: str, body: dict[str, Any], reason: str
) -> None:
    answer = sandbox.http.request(method, f"/control{path}", json=body)

    assert answer.status_code == 422
    assert reason in answer.text


def test_a_message_to_a_number_nobody_has_is_404(sandbox: Sandbox) -> None:
    body = {"from": PATIENT, "to": "999", "type": "text", "text": "hola"}

    assert sandbox.http.post("/control/patients/messages", json=body).status_code == 404


def test_a_body_that_is_not_json_is_400(sandbox: Sandbox) -> None:
    answer = sandbox.http.post("/control/faults", content=b"{")

    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]


def test_health_tells_what_is_there(sandbox: Sandbox) -> None:
    assert sandbox.http.get("/health").json() == {
        "status": "ok",
        "accounts": 3,
        "waiting": 0,
        "graph_version": "v25.0",
    }


def test_edits_and_revokes_change_the_thread(sandbox: Sandbox, application: Application) -> None:
    first = sandbox.patient_writes("El jueves")["message_id"]
    second = sandbox.patient_writes("Me equivoqué")["message_id"]
    edit = {"original_message_id": first, "message": {"type": "text", "text": {"body": "El viernes"}}}
    sandbox.patient_writes(type="edit", edit=edit, text=None)
    sandbox.patient_writes(type="revoke", revoke={"original_message_id": second}, text=None)

    wait_for(lambda: len(application.messages()) == 4)
    thread = sandbox.http.get("/page/thread", params={"phone_number_id": "310000000000001", "from": PATIENT}).json()
    assert [(m["content"]["body"], m["edited"], m["revoked"]) for m in thread["messages"]] == [
        ("El viernes", True, False),
        ("Me equivoqué", False, True),
    ]


def test_ticks_follow_delivery_and_reading(sandbox: Sandbox, application: Application) -> None:
    application.answers = [503]
    sandbox.settings(webhooks={"backoff_seconds": [0.3]})
    where = {"phone_number_id": "310000000000001", "from": PATIENT}

    def state() -> str:
        return sandbox.http.get("/page/thread", params=where).json()["messages"][0]["state"]

    written = sandbox.patient_writes(delivery={"wait": True})
    assert state() == "pending"
    wait_for(lambda: state() == "delivered")
    sandbox.send({"messaging_product": "whatsapp", "status": "read", "message_id": written["message_id"]})
    assert state() == "read"
