"""Templates and the small reads: listing in pages, submitting, sending, numbers, tokens."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.sandbox.world import APP_ID, APP_SECRET, FERREYRA, PATIENT, Application, Sandbox, wait_for

RECORDED = Path(__file__).parents[2] / "data" / "meta" / "graph"
TEMPLATES_PATH = "210987654300001/message_templates"


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / name).read_text())


def send_template(sandbox: Sandbox, name: str, language: str = "es_AR", *texts: str) -> httpx.Response:
    template: dict[str, Any] = {"name": name, "language": {"code": language}}
    if texts:
        template["components"] = [{"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}]
    return sandbox.send(
        {"messaging_product": "whatsapp", "to": f"+{PATIENT}", "type": "template", "template": template}
    )


def test_templates_are_listed_in_pages(sandbox: Sandbox) -> None:
    fields = "name,status,category,language,components,parameter_format"
    headers = {"Authorization": f"Bearer {FERREYRA['access_token']}"}
    first = sandbox.graph("GET", TEMPLATES_PATH, params={"fields": fields, "limit": 2}).json()
    second = httpx.get(first["paging"]["next"], headers=headers).json()

    assert [t["name"] for t in first["data"] + second["data"]] == [t["name"] for t in FERREYRA["templates"]]
    assert "next" not in second["paging"]
    example = recorded("ok_templates_list_page1.json")["response"]["body"]
    assert first["data"][0].keys() == example["data"][0].keys()
    assert first["paging"].keys() == example["paging"].keys()


def test_a_page_without_matches_still_leads_to_the_next(sandbox: Sandbox) -> None:
    page = sandbox.graph("GET", TEMPLATES_PATH, params={"status": "PAUSED", "limit": 2}).json()

    assert page["data"] == []
    assert "next" in page["paging"]


def test_a_template_is_submitted_approved_and_then_sent(sandbox: Sandbox, application: Application) -> None:
    sandbox.settings(templates={"approve_after_seconds": 0.2})
    request = recorded("ok_template_create.json")["request"]["body"]

    created = sandbox.graph("POST", TEMPLATES_PATH, json=request)

    assert created.json() | {"id": ""} == recorded("ok_template_create.json")["response"]["body"] | {"id": ""}
    assert send_template(sandbox, "aviso_reprogramacion", "es_AR", "Ana", "viernes").json()["error"]["code"] == 132001
    [value] = wait_for(lambda: application.received and application.received[0].values)
    assert (value["event"], value["message_template_id"]) == ("APPROVED", int(created.json()["id"]))
    assert send_template(sandbox, "aviso_reprogramacion", "es_AR", "Ana", "viernes").status_code == 200


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("err_template_create_2388024_duplicate.json", {"name": "recordatorio_turno_24h"}),
        (
            "err_template_create_2388299_var_at_edge.json",
            {"components": [{"type": "BODY", "text": "{{1}}, hola", "example": {"body_text": [["Ana"]]}}]},
        ),
    ],
)
def test_a_bad_template_is_refused_in_recorded_words(sandbox: Sandbox, name: str, change: dict[str, Any]) -> None:
    body = {**recorded("ok_template_create.json")["request"]["body"], **change}

    error = sandbox.graph("POST", TEMPLATES_PATH, json=body).json()["error"]

    expected = recorded(name)["response"]["body"]["error"]
    assert error | {"fbtrace_id": ""} == expected | {"fbtrace_id": ""}


def test_a_template_is_deleted_by_name(sandbox: Sandbox) -> None:
    answer = sandbox.graph("DELETE", TEMPLATES_PATH, params={"name": "promo_blanqueamiento"})

    assert answer.json() == recorded("ok_template_delete.json")["response"]["body"]
    assert "promo_blanqueamiento" not in sandbox.graph("GET", TEMPLATES_PATH).text
    assert sandbox.graph("DELETE", TEMPLATES_PATH, params={"name": "promo_blanqueamiento"}).status_code == 400


@pytest.mark.parametrize(
    ("name", "language", "texts", "error"),
    [
        ("recordatorio_turno_24h", "es", ("Ana", "jueves"), "err_132001_template_missing.json"),
        ("recordatorio_turno_24h", "es_AR", ("Ana",), "err_132000_param_count.json"),
        ("promo_blanqueamiento", "es_AR", (), "err_132015_paused.json"),
    ],
)
def test_a_template_that_does_not_fit_is_refused_as_recorded(
    sandbox: Sandbox, name: str, language: str, texts: tuple[str, ...], error: str
) -> None:
    answer, expected = send_template(sandbox, name, language, *texts), recorded(error)["response"]

    assert answer.status_code == expected["http_status"]
    assert answer.json()["error"] | {"fbtrace_id": ""} == expected["body"]["error"] | {"fbtrace_id": ""}


def test_meta_may_pause_and_disable_a_template(sandbox: Sandbox, application: Application) -> None:
    decision = {"waba_id": FERREYRA["waba_id"], "name": "recordatorio_turno_24h", "language": "es_AR"}
    sandbox.control("POST", "/templates/status", {**decision, "event": "DISABLED"}, expect=201)

    assert send_template(sandbox, "recordatorio_turno_24h", "es_AR", "Ana", "jueves").json()["error"]["code"] == 132016
    sandbox.control("POST", "/templates/status", {**decision, "event": "REINSTATED"}, expect=201)
    assert send_template(sandbox, "recordatorio_turno_24h", "es_AR", "Ana", "jueves").status_code == 200


def test_the_patient_sees_the_filled_template(sandbox: Sandbox) -> None:
    send_template(sandbox, "recordatorio_turno_24h", "es_AR", "Juan Martín", "jueves 12/11 15:30")

    thread = sandbox.http.get("/page/thread", params={"phone_number_id": "310000000000001", "from": PATIENT}).json()

    content = thread["messages"][0]["content"]
    assert content["body"] == "Hola Juan Martín, te recordamos tu turno: jueves 12/11 15:30. ¿Confirmás?"
    assert [button["text"] for button in content["buttons"]] == ["Confirmo", "Reprogramar"]


def test_a_number_answers_the_recorded_fields(sandbox: Sandbox) -> None:
    sandbox.control("PATCH", "/accounts/310000000000001", {"messaging_limit": "TIER_250"})
    fields = "id,display_phone_number,verified_name,quality_rating,status,whatsapp_business_manager_messaging_limit"

    answer = sandbox.graph("GET", "310000000000001", params={"fields": fields})

    assert answer.json() == recorded("ok_phone_number_node.json")["response"]["body"]
    assert sandbox.graph("GET", "310000000000001", params={"fields": "secret"}).json()["error"]["code"] == 100


def test_the_numbers_of_a_waba_are_listed_newest_first(sandbox: Sandbox) -> None:
    listed = sandbox.graph("GET", "210987654300001/phone_numbers").json()

    assert [number["id"] for number in listed["data"]] == ["310000000000002", "310000000000001"]
    assert listed["data"][1] == recorded("ok_waba_phone_numbers.json")["response"]["body"]["data"][0]


def test_management_calls_are_counted_per_waba(sandbox: Sandbox) -> None:
    sandbox.settings(limits={"waba_calls_per_hour": 2})
    assert [sandbox.graph("GET", TEMPLATES_PATH).status_code for _ in range(2)] == [200, 200]

    refused = sandbox.graph("GET", TEMPLATES_PATH)

    assert refused.json()["error"]["code"] == 80007
    [usage] = json.loads(refused.headers["X-Business-Use-Case-Usage"])["210987654300001"]
    assert (usage["call_count"], 59 <= usage["estimated_time_to_regain_access"] <= 61) == (100, True)
    sandbox.control("POST", "/clock", {"advance_seconds": 3601})
    assert sandbox.graph("GET", TEMPLATES_PATH).status_code == 200


def test_the_app_is_subscribed_as_recorded(sandbox: Sandbox) -> None:
    path = "210987654300001/subscribed_apps"

    assert sandbox.graph("GET", path).json() == recorded("ok_subscribed_apps_get.json")["response"]["body"]
    assert sandbox.graph("DELETE", path).json() == {"success": True}
    assert sandbox.graph("GET", path).json() == recorded("ok_subscribed_apps_get_empty.json")["response"]["body"]
    assert sandbox.graph("POST", path).json() == recorded("ok_subscribed_apps_post.json")["response"]["body"]


def test_the_app_can_ask_what_a_token_is_worth(sandbox: Sandbox) -> None:
    app_token = f"{APP_ID}|{APP_SECRET}"
    ask = {"params": {"input_token": FERREYRA["access_token"]}, "token": app_token}

    answer = sandbox.graph("GET", "debug_token", **ask).json()
    assert answer == recorded("ok_debug_token_business.json")["response"]["body"]

    sandbox.control("PATCH", "/accounts/310000000000001", {"token_state": "expired"})
    invalid = sandbox.graph("GET", "debug_token", **ask)
    assert (invalid.status_code, invalid.json()["data"]["is_valid"]) == (200, False)
    assert invalid.json()["data"]["error"]["subcode"] == 463
    assert sandbox.graph("GET", "debug_token", params=ask["params"], token="otro").json()["error"]["code"] == 190
