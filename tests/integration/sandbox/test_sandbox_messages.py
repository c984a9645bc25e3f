"""Sending: recorded requests get recorded answers; windows, rates and recipients are as at Meta."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.sandbox.world import FERREYRA, PATIENT, Application, Sandbox, wait_for

RECORDED = Path(__file__).parents[2] / "data" / "meta" / "graph"
_SENDS = sorted(path.name for path in RECORDED.glob("ok_message_*.json"))


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / name).read_text())


def without_id(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without its wamid, which is new every time."""
    assert answer["messages"][0].pop("id").startswith("wamid.HBg")
    return answer


@pytest.mark.parametrize("name", _SENDS)
def test_a_recorded_request_gets_the_recorded_answer(sandbox: Sandbox, name: str) -> None:
    request, expected = recorded(name)["request"], recorded(name)["response"]

    answer = sandbox.send(request["body"])

    assert answer.status_code == expected["http_status"]
    assert without_id(answer.json()) == without_id(expected["body"])
    assert answer.headers["Content-Type"] == expected["headers"]["Content-Type"]


@pytest.mark.parametrize("name", ["ok_mark_read.json", "ok_typing_indicator.json"])
def test_a_received_message_can_be_marked_read(sandbox: Sandbox, name: str) -> None:
    sandbox.patient_writes(id="wamid.INVENTED1")

    answer = sandbox.send(recorded(name)["request"]["body"])

    assert answer.status_code == 200
    assert answer.json() == recorded(name)["response"]["body"]


def test_a_message_another_number_received_cannot_be_marked_read(sandbox: Sandbox) -> None:
    sandbox.patient_writes(id="wamid.INVENTED1")
    body = recorded("ok_mark_read.json")["request"]["body"]

    assert sandbox.send(body, number="310000000000002").json()["error"]["code"] == 131009


def test_an_accepted_message_is_sent_delivered_and_read_with_our_reference(
    sandbox: Sandbox, application: Application
) -> None:
    sandbox.patient_writes()
    body = recorded("ok_message_text.json")["request"]["body"]
    wamid = sandbox.send(body).json()["messages"][0]["id"]

    statuses = wait_for(lambda: application.statuses()[2:] and application.statuses())

    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    assert {status["id"] for status in statuses} == {wamid}
    assert {status["biz_opaque_callback_data"] for status in statuses} == {"outbox:5f0c1e"}
    assert {status["recipient_id"] for status in statuses} == {PATIENT}
    free = {"billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}
    assert [status.get("pricing") for status in statuses] == [free, free, None]
    [sent] = sandbox.control("GET", f"/messages?to=%2B{PATIENT}")["messages"]
    assert sent["content"] == body["text"]
    assert sent["statuses"] == ["sent", "delivered", "read"]


def test_service_messages_cost_once_the_free_ones_are_used_up(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(limits={"free_service_messages": 1}, statuses={"emit": ["sent"]})
    sandbox.patient_writes()
    sandbox.send()
    sandbox.send()

    statuses = wait_for(lambda: application.statuses()[1:] and application.statuses())

    assert sorted(status["pricing"]["billable"] for status in statuses) == [False, True]


def test_outside_the_window_a_text_is_accepted_and_fails_later(sandbox: Sandbox, application: Application) -> None:
    answer = sandbox.send()

    assert answer.status_code == 200
    [status] = wait_for(application.statuses)
    error = json.loads((RECORDED.parent / "webhooks" / "24_status_failed_window_131047.json").read_text())
    recorded_error = error["entry"][0]["changes"][0]["value"]["statuses"][0]["errors"][0]
    assert status["status"] == "failed"
    assert status["errors"][0].keys() == recorded_error.keys()
    assert {k: status["errors"][0][k] for k in ("code", "title", "message", "href")} == {
        k: recorded_error[k] for k in ("code", "title", "message", "href")
    }
    thread = sandbox.http.get(f"/page/thread?phone_number_id={FERREYRA['phone_number_id']}&from={PATIENT}").json()
    assert thread["messages"] == []


def test_the_window_closes_24_hours_after_the_last_message(sandbox: Sandbox) -> None:
    sandbox.settings(window={"mode": "sync"})
    sandbox.patient_writes()
    sandbox.control("POST", "/clock", {"advance_seconds": 24 * 3600 - 60})
    assert sandbox.send().status_code == 200

    sandbox.control("POST", "/clock", {"advance_seconds": 61})

    refused = sandbox.send()
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 131047)
    assert sandbox.send(recorded("ok_message_template_positional.json")["request"]["body"]).status_code == 200


def test_the_window_is_of_one_number_and_of_the_exact_phone(sandbox: Sandbox) -> None:
    sandbox.settings(window={"mode": "sync"})
    sandbox.patient_writes()

    assert sandbox.send(number="310000000000002").json()["error"]["code"] == 131047
    without_the_nine = {
        "messaging_product": "whatsapp",
        "to": "+541155550201",
        "type": "text",
        "text": {"body": "Hola"},
    }
    assert sandbox.send(without_the_nine).json()["error"]["code"] == 131047


def test_a_patient_known_by_id_only_is_reached_by_recipient(sandbox: Sandbox, application: Application) -> None:
    user_id = "AR.10200000000000000201"
    sandbox.patient_writes(**{"from": None, "user_id": user_id, "username": "anabelen.sosa"})
    [message] = wait_for(application.messages)
    assert (message["from"], message["from_user_id"]) == ("", user_id)
    assert application.received[0].values[0]["contacts"] == [
        {"profile": {"name": "Ana Belén Sosa", "username": "anabelen.sosa"}, "wa_id": "", "user_id": user_id}
    ]

    answer = sandbox.send(recorded("ok_message_to_bsuid.json")["request"]["body"])

    assert answer.status_code == 200
    status = wait_for(application.statuses)[0]
    assert (status["status"], status["recipient_id"], status["recipient_user_id"]) == ("sent", "", user_id)


def test_an_authentication_template_needs_a_phone(sandbox: Sandbox) -> None:
    code = {"name": "codigo", "language": "es", "category": "AUTHENTICATION"}
    code["components"] = [{"type": "BODY", "text": "Tu código es reservado."}]
    sandbox.control("POST", "/accounts", {**FERREYRA, "templates": [code]})
    body = {"messaging_product": "whatsapp", "recipient": "AR.1020", "type": "template"}
    body["template"] = {"name": "codigo", "language": {"code": "es"}}

    assert sandbox.send(body).json()["error"]["code"] == 131062


def test_a_number_cannot_write_to_itself(sandbox: Sandbox) -> None:
    body = {"messaging_product": "whatsapp", "to": "+5491150320001", "type": "text", "text": {"body": "Hola"}}

    assert sandbox.send(body).json()["error"]["code"] == 131021


def test_a_number_that_is_not_registered_sends_nothing(sandbox: Sandbox) -> None:
    sandbox.control("PATCH", "/accounts/310000000000001", {"registered": False})

    assert sandbox.send().json()["error"]["code"] == 133010


def test_the_pair_limit_lets_a_burst_pass_and_then_one_every_interval(sandbox: Sandbox) -> None:
    sandbox.settings(limits={"pair_burst": 3, "pair_interval_seconds": 6}, window={"mode": "off"})
    assert [sandbox.send().status_code for _ in range(3)] == [200, 200, 200]

    refused = sandbox.send()

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 131056)
    somebody_else = {"messaging_product": "whatsapp", "to": "+5493515550202", "type": "text", "text": {"body": "Hola"}}
    assert sandbox.send(somebody_else).status_code == 200
    sandbox.control("POST", "/clock", {"advance_seconds": 6})
    assert [sandbox.send().status_code for _ in range(2)] == [200, 400]


def test_a_number_that_sends_too_fast_is_130429(sandbox: Sandbox) -> None:
    # One message a second, so that no machine is slow enough to stay below the limit.
    sandbox.settings(limits={"throughput_per_second": 1}, window={"mode": "off"})
    assert sandbox.send().status_code == 200

    assert sandbox.send().json()["error"]["code"] == 130429
    assert sandbox.send(number="310000000000002").status_code == 200


def test_limits_can_be_switched_off_for_load(sandbox: Sandbox) -> None:
    sandbox.settings(limits={"enforce": False, "throughput_per_second": 1, "pair_burst": 1}, window={"mode": "off"})

    assert {sandbox.send().status_code for _ in range(5)} == {200}


def test_who_stopped_marketing_gets_no_marketing_template(sandbox: Sandbox, application: Application) -> None:
    promo = {"name": "promo", "language": "es", "category": "MARKETING"}
    promo["components"] = [{"type": "BODY", "text": "Blanqueamiento con 20% off este mes."}]
    sandbox.control("POST", "/accounts", {**FERREYRA, "templates": [promo]})
    body = {"from": PATIENT, "to": FERREYRA["phone_number_id"], "value": "stop"}
    sandbox.control("POST", "/patients/preferences", body, expect=201)

    template = {"name": "promo", "language": {"code": "es"}}
    sandbox.send({"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "template", "template": template})

    [status] = wait_for(application.statuses)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131050)


def test_a_reaction_shows_on_the_message_and_is_only_ever_sent(sandbox: Sandbox, application: Application) -> None:
    written = sandbox.patient_writes()["message_id"]
    reaction = {"message_id": written, "emoji": "🦷"}

    answer = sandbox.send(
        {"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "reaction", "reaction": reaction}
    )

    assert answer.status_code == 200
    sandbox.control("POST", "/idle")
    assert [status["status"] for status in application.statuses()] == ["sent"]
    thread = sandbox.http.get(f"/page/thread?phone_number_id={FERREYRA['phone_number_id']}&from={PATIENT}").json()
    assert thread["messages"][0]["reactions"] == {"clinic": "🦷"}


def test_a_lost_answer_was_still_a_sent_message(sandbox: Sandbox) -> None:
    sandbox.patient_writes()
    sandbox.control("POST", "/faults", {"match": {"to": f"+{PATIENT}"}, "action": {"kind": "drop"}})

    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.send()

    assert len(sandbox.control("GET", "/messages")["messages"]) == 1
    assert sandbox.send().status_code == 200


def test_a_timeout_after_commit_answers_nothing_in_time(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/faults", {"action": {"kind": "timeout", "seconds": 2}})

    with pytest.raises(httpx.ReadTimeout):
        sandbox.send(timeout=0.3)

    assert len(sandbox.control("GET", "/messages")["messages"]) == 1


@pytest.mark.parametrize(
    ("action", "status", "body"),
    [
        ({"kind": "http", "status": 500, "body": "", "content_type": "text/plain"}, 500, ""),
        ({"kind": "http", "status": 502, "body": "<html>Bad Gateway</html>"}, 502, "<html>Bad Gateway</html>"),
        ({"kind": "http", "status": 429, "body": "Too Many", "headers": {"Retry-After": "30"}}, 429, "Too Many"),
        ({"kind": "http", "status": 200, "body": "{}", "content_type": "application/json"}, 200, "{}"),
    ],
)
def test_foreign_answers_send_nothing(sandbox: Sandbox, action: dict[str, Any], status: int, body: str) -> None:
    sandbox.control("POST", "/faults", {"match": {"message_type": "text"}, "action": action})

    answer = sandbox.send()

    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers.get("Retry-After") == action.get("headers", {}).get("Retry-After")
    assert sandbox.control("GET", "/messages")["total"] == 0


def test_an_http_500_can_also_come_after_the_message_was_sent(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/faults", {"action": {"kind": "http", "status": 500, "commit": True}})

    assert sandbox.send().status_code == 500
    assert sandbox.control("GET", "/messages")["total"] == 1


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_slow_answer_is_the_right_answer(sandbox: Sandbox, part: str) -> None:
    sandbox.control("POST", "/faults", {"action": {"kind": "slow", "seconds": 0.5, "part": part}})
    began = time.monotonic()

    answer = sandbox.send()

    assert time.monotonic() - began >= 0.45
    assert answer.json()["messages"][0]["id"].startswith("wamid.")


def test_a_fault_hits_only_what_it_names_and_only_so_often(sandbox: Sandbox) -> None:
    rule = {"match": {"to": "5493515550202"}, "action": {"kind": "error", "code": 131056}, "count": 2}
    fault = sandbox.control("POST", "/faults", rule, expect=201)
    other = {"messaging_product": "whatsapp", "to": "+5493515550202", "type": "text", "text": {"body": "Hola"}}

    assert sandbox.send().status_code == 200
    assert [sandbox.send(other).status_code for _ in range(3)] == [400, 400, 200]
    [listed] = sandbox.control("GET", "/faults")["faults"]
    assert (listed["id"], listed["hits"], listed["remaining"]) == (fault["id"], 2, 0)


def test_a_fault_can_name_a_token(sandbox: Sandbox) -> None:
    rule = {"match": {"token": "EAAinventedTokenRios"}, "action": {"kind": "error", "code": 2}, "count": None}
    sandbox.control("POST", "/faults", rule)

    assert sandbox.graph("GET", "310000000000003", token="EAAinventedTokenRios").status_code == 503
    assert sandbox.graph("GET", "310000000000001").status_code == 200
    sandbox.control("DELETE", "/faults")
    assert sandbox.graph("GET", "310000000000003", token="EAAinventedTokenRios").status_code == 200


def test_calls_are_logged_without_their_token(sandbox: Sandbox) -> None:
    sandbox.send()

    [call] = sandbox.control("GET", "/calls?route=messages")["calls"]

    assert (call["status"], call["to"], call["message_type"]) == (200, PATIENT, "text")
    assert call["request"]["text"] == {"body": "Buenas"}
    assert FERREYRA["access_token"] not in json.dumps(call)
    accounts = sandbox.control("GET", "/accounts")["accounts"]
    assert [a["phone_number_id"] for a in accounts if a["token"] == call["token"]] == [
        "310000000000001",
        "310000000000002",
    ]
