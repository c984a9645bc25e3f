"""Webhooks out: shapes, escaping, signatures, batches, order, and delivery until 200."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.sandbox.world import FERREYRA, PATIENT, RIOS, Application, Sandbox, serving, wait_for

RECORDED = Path(__file__).parents[2] / "data" / "meta" / "webhooks"
_INBOUND = sorted(path.name for path in RECORDED.glob("[01]*.json"))


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / name).read_text())


def as_patient(value: dict[str, Any]) -> dict[str, Any]:
    """The control call that should produce a recorded webhook."""
    [message], [contact] = value["messages"], value["contacts"]
    content = message.get(message["type"])
    body = {
        "to": value["metadata"]["phone_number_id"],
        "from": message["from"],
        "user_id": message.get("from_user_id"),
        "username": contact["profile"].get("username"),
        "name": contact["profile"]["name"],
        "id": message["id"],
        "timestamp": int(message["timestamp"]),
        "type": message["type"],
        message["type"]: content,
    }
    if message["type"] in ("image", "audio", "document", "video", "sticker"):
        body[message["type"]] = {k: v for k, v in content.items() if k in ("caption", "filename", "mime_type", "voice")}
    if "context" in message:
        context = message["context"]
        body["context"] = {"message_id": context["id"]} if "id" in context else context
    if "referral" in message:
        body["referral"] = message["referral"]
    return body


@pytest.mark.parametrize("name", _INBOUND)
def test_a_patient_produces_the_recorded_webhook(sandbox: Sandbox, application: Application, name: str) -> None:
    expected = recorded(name)
    wanted = expected["entry"][0]["changes"][0]["value"]

    sandbox.control("POST", "/patients/messages", as_patient(wanted), expect=201)

    [received] = wait_for(lambda: application.received)
    assert received.signed
    got = received.json
    for files in (wanted["messages"][0], got["entry"][0]["changes"][0]["value"]["messages"][0]):
        file = files.get(files["type"])
        for key in ("id", "sha256", "url") if files["type"] in _FILES else ():
            file.pop(key, None)  # of the file itself, which is another one here
    assert got == expected


_FILES = ("image", "audio", "document", "video", "sticker")


@pytest.mark.parametrize(
    ("name", "call", "body"),
    [
        (
            "25_template_status_approved.json",
            "/templates/status",
            {"name": "recordatorio_turno_24h", "language": "es_AR", "event": "APPROVED"},
        ),
        (
            "28_account_update_disabled.json",
            "/changes",
            {
                "value": {
                    "event": "DISABLED_UPDATE",
                    "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "November 6, 2026"},
                }
            },
        ),
    ],
)
def test_account_level_changes_have_the_recorded_shape(
    sandbox: Sandbox, application: Application, name: str, call: str, body: dict[str, Any]
) -> None:
    sandbox.control("POST", call, {"waba_id": FERREYRA["waba_id"], **body}, expect=201)

    [received] = wait_for(lambda: application.received)
    expected, got = recorded(name), received.json
    for payload in (expected, got):
        assert isinstance(payload["entry"][0].pop("time"), int)
        payload["entry"][0]["changes"][0]["value"].pop("message_template_id", None)
    assert got == expected


def test_a_preference_has_the_recorded_shape(sandbox: Sandbox, application: Application) -> None:
    body = {"from": "5493415550204", "name": "Óscar Núñez", "to": FERREYRA["phone_number_id"], "value": "stop"}
    sandbox.control("POST", "/patients/preferences", body, expect=201)

    [received] = wait_for(lambda: application.received)
    expected, got = recorded("29_user_preferences_stop.json"), received.json
    for payload in (expected, got):
        preference = payload["entry"][0]["changes"][0]["value"]["user_preferences"][0]
        assert isinstance(preference.pop("timestamp"), int)
    assert got == expected


def test_an_echo_has_the_recorded_shape_and_reaches_the_patient(sandbox: Sandbox, application: Application) -> None:
    expected = recorded("30_smb_message_echo_text.json")
    echo = expected["entry"][0]["changes"][0]["value"]["message_echoes"][0]
    body = {"phone_number_id": "310000000000001", "to": echo["to"], "id": echo["id"], "type": "text"}
    sandbox.control("POST", "/echoes", {**body, "text": echo["text"]["body"]}, expect=201)

    [received] = wait_for(lambda: application.received)
    got = received.json
    got["entry"][0]["changes"][0]["value"]["message_echoes"][0]["timestamp"] = echo["timestamp"]
    assert got == expected
    [shown] = sandbox.http.get("/page/thread", params={"phone_number_id": "310000000000001", "from": PATIENT}).json()[
        "messages"
    ]
    assert (shown["author"], shown["content"]) == ("clinic", echo["text"])


def test_a_number_change_keeps_the_conversation(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(window={"mode": "sync"})
    sandbox.patient_writes(delivery={"wait": True})
    system = {"type": "user_changed_number", "body": "Ana cambió de número", "wa_id": "5491155550999"}
    sandbox.patient_writes(type="system", system=system, text=None)

    value = wait_for(lambda: application.received[1:] and application.received[1].values[0])
    assert "contacts" not in value
    assert value["messages"][0]["from"] == PATIENT
    body = {"messaging_product": "whatsapp", "to": "+5491155550999", "type": "text", "text": {"body": "Hola"}}
    assert sandbox.send(body).status_code == 200


def test_bytes_are_escaped_as_meta_escapes_them(sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes("¿Mañana 12/11? 🦷")

    [received] = wait_for(lambda: application.received)

    assert b'"body":"\\u00bfMa\\u00f1ana 12\\/11? \\ud83e\\uddb7"' in received.body
    assert received.body.isascii()
    assert received.signed


@pytest.mark.parametrize(("signature", "header"), [("missing", None), ("wrong", "sha256=")])
def test_a_forged_delivery_is_tried_once(
    sandbox: Sandbox, application: Application, signature: str, header: str | None
) -> None:
    application.answers = [401]
    sandbox.settings(webhooks={"backoff_seconds": [0.01]})

    answer = sandbox.patient_writes(delivery={"signature": signature, "wait": True})

    [delivery] = answer["deliveries"]
    assert (delivery["state"], delivery["last_status"], delivery["attempt_count"]) == ("refused", 401, 1)
    [received] = application.received
    assert not received.signed
    assert (received.signature is None) == (header is None)


def test_a_webhook_is_redelivered_until_it_is_acknowledged(sandbox: Sandbox, application: Application) -> None:
    application.answers = [503, 500, 302]
    sandbox.settings(webhooks={"backoff_seconds": [0.02, 0.05]})

    written = sandbox.patient_writes()

    wait_for(lambda: len(application.received) == 4)
    assert sandbox.control("POST", "/idle")["idle"]
    [delivery] = sandbox.control("GET", f"/deliveries?message_id={written['message_id']}")["deliveries"]
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [503, 500, 302, 200]
    assert all(attempt["latency_ms"] >= 0 for attempt in delivery["attempts"])
    assert len({received.body for received in application.received}) == 1


def test_an_application_that_is_away_gets_its_webhooks_when_it_is_back(
    sandbox: Sandbox, application: Application
) -> None:
    returning = Application()
    with serving(returning):
        port = urlsplit(returning.url).port
    sandbox.control("PATCH", "/accounts/310000000000001", {"webhook_url": returning.url})
    sandbox.settings(webhooks={"backoff_seconds": [0.05]})
    [delivery] = sandbox.patient_writes(delivery={"wait": True})["deliveries"]
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("pending", None)
    assert not sandbox.control("POST", "/idle", {"timeout_seconds": 0.2})["idle"]

    with serving(returning, port):
        assert sandbox.control("POST", "/idle")["idle"]

    assert len(returning.received) == 1
    assert not application.received


def test_copies_are_the_same_bytes(sandbox: Sandbox, application: Application) -> None:
    sandbox.patient_writes(delivery={"copies": 3, "wait": True})

    assert len(application.received) == 3
    assert len({received.body for received in application.received}) == 1


def test_held_webhooks_arrive_in_the_order_asked_for(sandbox: Sandbox, application: Application) -> None:
    ids = [sandbox.patient_writes(text, delivery={"hold": True})["message_id"] for text in ("uno", "dos", "tres")]
    assert not application.received

    # One at a time, because deliveries released together travel together.
    deliveries = sandbox.control("GET", "/deliveries?state=held")["deliveries"]
    for delivery in reversed(deliveries):
        sandbox.control("POST", "/deliveries/release", {"ids": [delivery["id"]]})
        sandbox.control("POST", "/idle")

    assert [message["id"] for message in application.messages()] == ids[::-1]


def test_releasing_in_reverse_names_the_newest_first(sandbox: Sandbox, application: Application) -> None:
    for text in ("uno", "dos"):
        sandbox.patient_writes(text, delivery={"hold": True})

    released = sandbox.control("POST", "/deliveries/release", {"order": "reversed"})["released"]

    assert released == sorted(released, reverse=True)
    wait_for(lambda: len(application.received) == 2)


def test_several_updates_share_one_body(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(webhooks={"batch_max": 10, "batch_linger_seconds": 0.1})
    for text in ("uno", "dos", "tres"):
        sandbox.patient_writes(text)
    sandbox.control(
        "POST", "/patients/messages", {"from": PATIENT, "to": RIOS["phone_number_id"], "type": "text", "text": "Hola"}
    )

    [received] = wait_for(lambda: application.received)

    entries = received.json["entry"]
    assert [entry["id"] for entry in entries] == [FERREYRA["waba_id"], RIOS["waba_id"]]
    [value] = [change["value"] for change in entries[0]["changes"]]
    assert [message["text"]["body"] for message in value["messages"]] == ["uno", "dos", "tres"]
    assert len(value["contacts"]) == 1


def test_a_full_batch_does_not_wait(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(webhooks={"batch_max": 2, "batch_linger_seconds": 60})
    sandbox.patient_writes("uno")
    sandbox.patient_writes("dos")

    wait_for(lambda: application.received, seconds=2)
    assert len(application.messages()) == 2


def test_statuses_can_come_reversed_and_twice_and_without_delivered(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(statuses={"order": "reversed", "copies": 2, "emit": ["sent", "read"]})
    sandbox.patient_writes()
    sandbox.send()

    sandbox.control("POST", "/idle")

    statuses = application.statuses()
    assert [status["status"] for status in statuses] == ["read", "read", "sent", "sent"]
    assert int(statuses[0]["timestamp"]) >= int(statuses[-1]["timestamp"])


def test_a_status_can_be_there_before_the_answer(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(statuses={"before_answer": True})
    sandbox.patient_writes()

    wamid = sandbox.send().json()["messages"][0]["id"]

    assert [(status["id"], status["status"]) for status in application.statuses()] == [(wamid, "sent")]
    sandbox.control("POST", "/idle")
    assert [status["status"] for status in application.statuses()] == ["sent", "delivered", "read"]


def test_a_status_by_hand_carries_the_reference_of_its_message(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(statuses={"emit": []})
    sandbox.patient_writes()
    body = {"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "text", "text": {"body": "Hola"}}
    wamid = sandbox.send({**body, "biz_opaque_callback_data": "ref-1"}).json()["messages"][0]["id"]

    call = {"phone_number_id": "310000000000001", "message_id": wamid, "status": "failed", "error_code": 131049}
    sandbox.control("POST", "/statuses", call, expect=201)

    [status] = wait_for(application.statuses)
    assert (status["biz_opaque_callback_data"], status["errors"][0]["code"]) == ("ref-1", 131049)


def test_without_a_subscription_no_webhook_arrives(sandbox: Sandbox, application: Application) -> None:
    assert sandbox.graph("DELETE", "210987654300001/subscribed_apps").json() == {"success": True}
    assert sandbox.graph("GET", "210987654300001/subscribed_apps").json() == {"data": []}

    assert sandbox.patient_writes()["deliveries"] == []

    sandbox.graph("POST", "210987654300001/subscribed_apps")
    sandbox.patient_writes(delivery={"wait": True})
    assert len(application.received) == 1


def test_the_webhook_url_is_verified_with_a_challenge(sandbox: Sandbox) -> None:
    assert sandbox.control("POST", "/verify-webhook") | {"body": ""} == {
        "ok": True,
        "status": 200,
        "content_type": "text/plain",
        "body": "",
    }
    assert sandbox.control("POST", "/verify-webhook", {"verify_token": "otro"})["ok"] is False


@pytest.mark.parametrize("name", sorted(path.name for path in RECORDED.glob("*.json")))
def test_any_recorded_body_can_be_delivered_signed(sandbox: Sandbox, application: Application, name: str) -> None:
    sandbox.control("POST", "/webhooks", {"payload": recorded(name), "delivery": {"wait": True}}, expect=201)

    [received] = application.received
    assert received.signed
    assert received.json == recorded(name)


def test_who_writes_in_a_whole_body_can_be_answered(sandbox: Sandbox) -> None:
    sandbox.settings(window={"mode": "sync"})
    sandbox.control("POST", "/webhooks", {"payload": recorded("01_text.json")}, expect=201)
    message_id = recorded("01_text.json")["entry"][0]["changes"][0]["value"]["messages"][0]["id"]

    read = sandbox.send({"messaging_product": "whatsapp", "status": "read", "message_id": message_id})

    assert read.json() == {"success": True}
    assert sandbox.send().status_code == 200


def test_bytes_that_are_no_json_are_delivered_as_they_are(sandbox: Sandbox, application: Application) -> None:
    raw = base64.b64encode(b"{not json \xff").decode()
    sandbox.control("POST", "/webhooks", {"raw_base64": raw, "delivery": {"wait": True}}, expect=201)

    [received] = application.received
    assert received.body == b"{not json \xff"
    assert received.signed
