"""The HTTP API over real functions in their own processes."""

import base64
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.integration.stack.toy_stack import ToyStack, eventually

pytestmark = pytest.mark.xdist_group("toys")


def test_a_request_reaches_its_function_and_its_answer_the_client(toys: ToyStack) -> None:
    response = httpx.post(
        f"{toys.api_url}/echo?a=1&a=2", content='{"ñ": 1}', headers={"content-type": "application/json"}
    )

    event = response.json()
    assert response.status_code == 200
    assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]
    assert response.headers["apigw-requestid"] == event["requestContext"]["requestId"]
    assert event["routeKey"] == "POST /echo"
    assert event["queryStringParameters"] == {"a": "1,2"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"ñ": 1}', False)


def test_every_byte_of_a_binary_body_arrives(toys: ToyStack) -> None:
    content = bytes(range(256)) * 4000  # 1 MB
    response = httpx.post(f"{toys.api_url}/echo", content=content, headers={"content-type": "application/octet-stream"})

    assert response.json()["isBase64Encoded"] is True
    assert base64.b64decode(response.json()["body"]) == content


def test_a_compressed_body_is_passed_on_as_it_was_signed(toys: ToyStack) -> None:
    headers = {"content-type": "application/octet-stream", "content-encoding": "gzip"}
    response = httpx.post(f"{toys.api_url}/echo", content=b"not really gzip", headers=headers)

    assert base64.b64decode(response.json()["body"]) == b"not really gzip"


def test_path_parameters_and_greedy_paths_reach_the_function(toys: ToyStack) -> None:
    assert toys.get("/items/42").json()["pathParameters"] == {"id": "42"}
    assert toys.get("/items/special").json()["routeKey"] == "GET /items/special"
    assert toys.get("/files/a/b%20c").json()["pathParameters"] == {"path": "a/b c"}


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("DELETE", "/echo"), ("GET", "/echo/")])
def test_an_unknown_route_is_not_found(toys: ToyStack, method: str, path: str) -> None:
    response = httpx.request(method, f"{toys.api_url}{path}")

    assert (response.status_code, response.json()) == (404, {"message": "Not Found"})


def test_a_body_over_ten_megabytes_is_refused(toys: ToyStack) -> None:
    response = httpx.post(f"{toys.api_url}/echo", content=b"x" * (10 * 1024 * 1024 + 1), timeout=30)

    assert (response.status_code, response.json()) == (413, {"message": "Request Entity Too Large"})


@pytest.mark.parametrize("how", ["raise", "crash", "bad_status", "bad_body"])
def test_a_function_that_fails_is_an_internal_server_error_without_a_reason(toys: ToyStack, how: str) -> None:
    response = toys.get("/misbehave", params={"how": how})

    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})


def test_after_a_crash_the_function_answers_again_from_a_new_process(toys: ToyStack) -> None:
    # Any of the function's processes may take the request, so that any of them may be the one that ends.
    answering = int(toys.get("/misbehave").text)
    before = {answering, *(pid for name, pid in toys.pids().items() if name.startswith("worker:misbehave"))}
    assert toys.get("/misbehave", params={"how": "crash"}).status_code == 500
    after = toys.get("/misbehave")

    assert after.status_code == 200
    eventually(lambda: any(not psutil.pid_exists(pid) for pid in before))
    assert psutil.pid_exists(int(after.text))


def test_a_function_that_takes_too_long_is_unavailable_and_its_process_is_ended(toys: ToyStack) -> None:
    before = psutil.Process(int(toys.get("/misbehave").text))
    started = time.monotonic()
    response = toys.get("/misbehave", params={"how": "sleep"})

    assert (response.status_code, response.json()) == (503, {"message": "Service Unavailable"})
    assert 0.9 < time.monotonic() - started < 3
    eventually(lambda: not before.is_running())


def test_answers_in_short_form_are_understood(toys: ToyStack) -> None:
    assert toys.get("/misbehave", params={"how": "object"}).json() == {"no": "status code"}
    assert toys.get("/misbehave", params={"how": "text"}).text == "just text"
    assert toys.get("/misbehave", params={"how": "no_content"}).status_code == 204


def test_a_binary_answer_is_decoded(toys: ToyStack) -> None:
    response = toys.get("/misbehave", params={"how": "binary"})

    assert (response.status_code, response.content) == (201, b"\x89PNG\x00")
    assert response.headers["content-type"] == "image/png"


def test_a_preflight_is_answered_by_the_gateway(toys: ToyStack) -> None:
    headers = {"origin": "https://dashboard.example", "access-control-request-method": "POST"}
    response = httpx.options(f"{toys.api_url}/echo", headers=headers)

    assert response.status_code == 204
    assert response.headers["access-control-allow-methods"] == "GET,POST"
    assert response.headers["access-control-allow-origin"] == "https://dashboard.example"


def test_cors_headers_are_the_gateways_and_not_the_functions(toys: ToyStack) -> None:
    allowed = toys.get("/echo", headers={"origin": "http://localhost:5173"}).headers
    refused = toys.get("/echo", headers={"origin": "https://evil.example"}).headers

    assert allowed["access-control-allow-origin"] == "http://localhost:5173"
    assert allowed["access-control-expose-headers"] == "x-correlation-id"
    assert "access-control-allow-origin" not in refused


def test_the_context_knows_the_request_and_the_time_that_is_left(toys: ToyStack) -> None:
    context = toys.get("/echo", params={"show": "context"}).json()

    assert len(context["request_id"]) == 36
    assert 8_000 < context["remaining"] <= 10_000


def test_requests_at_the_same_time_are_all_answered(toys: ToyStack) -> None:
    with httpx.Client(base_url=toys.api_url, headers={"content-type": "application/json"}) as client:

        def ask(number: int) -> str:
            return str(client.post("/echo", content=json.dumps(number)).json()["body"])

        with ThreadPoolExecutor(12) as pool:
            assert list(pool.map(ask, range(200))) == [str(number) for number in range(200)]


def test_an_idle_worker_that_is_killed_costs_no_request(toys: ToyStack) -> None:
    for _ in range(5):
        os.kill(toys.get("/echo", params={"show": "pid"}).json()["pid"], signal.SIGKILL)
        time.sleep(0.05)  # the gateway sees the closed connection at once, but not before it is closed
        assert toys.get("/echo").status_code == 200
