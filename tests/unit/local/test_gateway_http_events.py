"""HTTP API payload 2.0: what a function gets, and what its answer becomes."""

import asyncio
import base64
import json
from typing import Any
from unittest import mock

import pytest
import time_machine
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from infra.local.gateway.http_events import BadAnswerError, make_event, make_response


def event_of(
    method: str = "POST",
    path: str = "/echo",
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    **parameters: str,
) -> dict[str, Any]:
    transport = mock.Mock()
    transport.get_extra_info.return_value = ("192.0.2.7", 5555)
    loop = asyncio.new_event_loop()
    try:
        with mock.patch("asyncio.get_running_loop", return_value=loop):
            request = make_mocked_request(
                method, path, headers=CIMultiDict(headers or [("host", "127.0.0.1:8787")]), transport=transport
            )
        return make_event(request, body, route_key=f"{method} {path}", path_parameters=parameters)
    finally:
        loop.close()


@time_machine.travel("2026-11-22T16:00:00Z", tick=False)
def test_a_whole_event_is_exactly_that_of_api_gateway() -> None:
    event = event_of(
        "POST",
        "/items/42?a=1&a=2&b=%20x&empty=",
        [
            ("Host", "127.0.0.1:8787"),
            ("User-Agent", "facebookexternalua"),
            ("Content-Type", "application/json"),
            ("X-Twice", "one"),
            ("X-Twice", "two"),
            ("Cookie", "session=1; theme=dark"),
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Amzn-Trace-Id", "Root=1-0-0"),
        ],
        '{"name": "Ñandú 😀"}'.encode(),
        id="42",
    )

    request_id = event["requestContext"].pop("requestId")
    assert len(request_id) == 16
    assert request_id.endswith("=")
    assert event == {
        "version": "2.0",
        "routeKey": "POST /items/42?a=1&a=2&b=%20x&empty=",
        "rawPath": "/items/42",
        "rawQueryString": "a=1&a=2&b=%20x&empty=",
        "cookies": ["session=1", "theme=dark"],
        "headers": {
            "host": "127.0.0.1:8787",
            "user-agent": "facebookexternalua",
            "content-type": "application/json",
            "x-twice": "one,two",
            "x-forwarded-for": "203.0.113.9, 192.0.2.7",
            "x-forwarded-proto": "http",
            "x-forwarded-port": "8787",
            "x-amzn-trace-id": "Root=1-0-0",
        },
        "queryStringParameters": {"a": "1,2", "b": " x", "empty": ""},
        "pathParameters": {"id": "42"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "local",
            "http": {
                "method": "POST",
                "path": "/items/42",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "facebookexternalua",
            },
            "routeKey": "POST /items/42?a=1&a=2&b=%20x&empty=",
            "stage": "$default",
            "time": "22/Nov/2026:16:00:00 +0000",
            "timeEpoch": 1795363200000,
        },
        "body": '{"name": "Ñandú 😀"}',
        "isBase64Encoded": False,
    }


def test_what_a_request_does_not_have_is_left_out_of_the_event() -> None:
    event = event_of("GET")

    assert not {"body", "cookies", "queryStringParameters", "pathParameters"} & set(event)
    assert event["isBase64Encoded"] is False


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "text/plain", "text/html", "application/xml", "TEXT/CSV"],
)
def test_a_body_of_a_text_type_arrives_as_text(content_type: str) -> None:
    event = event_of(headers=[("content-type", content_type)], body="ñ".encode())

    assert (event["body"], event["isBase64Encoded"]) == ("ñ", False)


@pytest.mark.parametrize(
    "content_type",
    ["application/octet-stream", "image/png", "application/x-www-form-urlencoded", "multipart/form-data", None],
)
def test_any_other_body_arrives_as_base64_and_so_does_one_without_a_type(content_type: str | None) -> None:
    headers = [("content-type", content_type)] if content_type else [("host", "x")]
    event = event_of(headers=headers, body=b"a=1&b=2")

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"a=1&b=2"


def test_a_text_body_that_is_not_utf_8_keeps_every_byte_as_base64() -> None:
    event = event_of(headers=[("content-type", "application/json")], body=b"\xff\xfe{}")

    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\xfe{}"


def test_request_ids_are_never_the_same() -> None:
    assert len({event_of()["requestContext"]["requestId"] for _ in range(100)}) == 100


def response_of(answer: Any) -> Any:
    return make_response(json.dumps(answer).encode())


def test_status_headers_cookies_and_body_of_an_answer_are_sent() -> None:
    response = response_of(
        {"statusCode": 201, "headers": {"X-A": 1, "x-b": True}, "cookies": ["a=1", "b=2"], "body": "ñ"}
    )

    assert (response.status, response.body) == (201, "ñ".encode())
    assert (response.headers["x-a"], response.headers["x-b"]) == ("1", "true")
    assert response.headers.getall("set-cookie") == ["a=1", "b=2"]


def test_a_base64_answer_is_decoded_whatever_its_type() -> None:
    encoded = base64.b64encode(b"\x89PNG").decode()

    assert response_of({"statusCode": 200, "isBase64Encoded": True, "body": encoded}).body == b"\x89PNG"


def test_an_answer_without_a_status_code_is_itself_the_body() -> None:
    assert json.loads(response_of({"ok": True}).text) == {"ok": True}
    assert response_of("hello").text == "hello"
    assert response_of({"ok": True}).content_type == "application/json"


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": "many"},
        {"statusCode": 200, "body": {"an": "object"}},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "isBase64Encoded": True, "body": "***"},
    ],
)
def test_an_answer_that_is_no_http_response_is_refused(answer: Any) -> None:
    with pytest.raises(BadAnswerError):
        response_of(answer)
