"""Every recorded error of Meta comes out of the sandbox as it was recorded."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.sandbox.world import FERREYRA, Sandbox

RECORDED = Path(__file__).parents[2] / "data" / "meta" / "graph"
# Made by fault rules, route by route. The rest of the recordings belongs to products not simulated here, to the
# conditions tested in their own files (100/33, templates, media bytes, proof), or has no error code at all.
_BY_RULE = sorted(
    path.name
    for path in RECORDED.glob("err_*.json")
    if path.name.startswith(("err_1", "err_2", "err_3", "err_4", "err_6", "err_8", "err_0"))
    and path.name not in ("err_100_subcode_33_not_visible.json", "err_100_invalid_appsecret_proof.json")
)


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / name).read_text())


def assert_same_answer(answer: httpx.Response, expected: dict[str, Any]) -> None:
    """The same status, type of content and body, but for the trace id, which is new every time."""
    assert answer.status_code == expected["http_status"]
    body, wanted = answer.json(), json.loads(json.dumps(expected["body"]))
    assert body["error"].pop("fbtrace_id").startswith("A")
    wanted["error"].pop("fbtrace_id")
    assert body == wanted
    assert answer.headers["Content-Type"].lower() == expected["headers"]["Content-Type"].lower()


@pytest.mark.parametrize("name", _BY_RULE)
def test_a_fault_answers_the_recorded_error(sandbox: Sandbox, name: str) -> None:
    expected = recorded(name)["response"]
    error = expected["body"]["error"]
    data = error.get("error_data")
    action = {"kind": "error", "code": error["code"], "subcode": error.get("error_subcode")}
    if isinstance(data, str):
        action |= {"details": data, "error_data_as_string": True}
    elif data:
        action["details"] = data["details"]
    sandbox.control("POST", "/faults", {"match": {"route": "messages"}, "action": action})

    answer = sandbox.send()

    assert_same_answer(answer, expected)
    if "X-App-Usage" in expected["headers"]:
        assert answer.headers["X-App-Usage"] == expected["headers"]["X-App-Usage"]
    assert not sandbox.control("GET", "/messages")["messages"]


def test_another_tenants_number_does_not_exist_for_a_token(sandbox: Sandbox) -> None:
    expected = recorded("err_100_subcode_33_not_visible.json")["response"]
    expected["body"]["error"]["message"] = expected["body"]["error"]["message"].replace("0999", "0003")

    assert_same_answer(sandbox.send(number="310000000000003"), expected)
    assert not sandbox.control("GET", "/messages")["messages"]


def test_an_unknown_number_answers_like_another_tenants(sandbox: Sandbox) -> None:
    expected = recorded("err_100_subcode_33_not_visible.json")["response"]

    assert_same_answer(sandbox.send(number="310000000000999"), expected)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer EAAnobodys"}, {"Authorization": "Basic abc"}])
def test_a_missing_or_unknown_token_is_190(sandbox: Sandbox, headers: dict[str, str]) -> None:
    answer = sandbox.http.post(f"/v25.0/{FERREYRA['phone_number_id']}/messages", headers=headers, json={})

    assert_same_answer(answer, recorded("err_190_invalid_no_subcode.json")["response"])


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("expired", "err_190_expired.json"),
        ("password_changed", "err_190_password_changed.json"),
        ("app_removed", "err_190_app_removed.json"),
    ],
)
def test_a_dead_token_says_why_for_every_number_that_uses_it(sandbox: Sandbox, state: str, name: str) -> None:
    sandbox.control("PATCH", "/accounts/310000000000001", {"token_state": state})

    assert_same_answer(sandbox.send(number="310000000000001"), recorded(name)["response"])
    assert_same_answer(sandbox.send(number="310000000000002"), recorded(name)["response"])
    other = sandbox.graph("GET", "310000000000003", token="EAAinventedTokenRios")
    assert other.status_code == 200


def test_a_token_expires_when_its_time_has_come(sandbox: Sandbox) -> None:
    now = sandbox.control("POST", "/clock", {"offset_seconds": 0})["now"]
    sandbox.control("PATCH", "/accounts/310000000000001", {"token_expires_at": int(now) + 3600})
    assert sandbox.graph("GET", "310000000000001").status_code == 200

    sandbox.control("POST", "/clock", {"advance_seconds": 3601})

    assert sandbox.graph("GET", "310000000000001").json()["error"]["error_subcode"] == 463


def test_a_token_without_its_waba_is_200(sandbox: Sandbox) -> None:
    sandbox.control("PATCH", "/accounts/310000000000001", {"waba_access": False})

    assert_same_answer(sandbox.send(), recorded("err_200_no_waba_access.json")["response"])


def test_a_wrong_proof_is_refused_and_the_right_one_accepted(sandbox: Sandbox) -> None:
    vector = json.loads((RECORDED.parent / "signature_vectors.json").read_text())["appsecret_proof"][0]
    token = vector["access_token"]
    sandbox.control("POST", "/accounts", {**FERREYRA, "access_token": token})

    wrong = sandbox.graph("GET", "310000000000001", token=token, params={"appsecret_proof": "0" * 64})
    assert_same_answer(wrong, recorded("err_100_invalid_appsecret_proof.json")["response"])
    right = sandbox.graph("GET", "310000000000001", token=token, params={"appsecret_proof": vector["proof"]})
    assert right.status_code == 200


def test_a_required_proof_may_not_be_left_out(sandbox: Sandbox) -> None:
    sandbox.settings(require_appsecret_proof=True)

    assert sandbox.send().json()["error"]["message"].startswith("Invalid appsecret_proof")


def test_an_alias_that_is_no_id_is_803(sandbox: Sandbox) -> None:
    assert_same_answer(sandbox.graph("GET", "0000"), recorded("err_803_not_found.json")["response"])


@pytest.mark.parametrize("version", ["v20.0", "v27.0", "v25"])
def test_a_version_that_is_not_alive_is_refused(sandbox: Sandbox, version: str) -> None:
    headers = {"Authorization": f"Bearer {FERREYRA['access_token']}"}
    answer = sandbox.http.get(f"/{version}/310000000000001", headers=headers)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 2635


def test_a_body_that_is_not_json_is_100(sandbox: Sandbox) -> None:
    answer = sandbox.graph("POST", "310000000000001/messages", content=b"{")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
