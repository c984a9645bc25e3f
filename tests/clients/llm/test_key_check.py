"""Trying a key at its provider, against a server that answers as providers really do."""

import json
import logging
import time
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dentalist.domain.model_key_errors import (
    AiKeyRefused,
    AiKeyWithoutCredit,
    AiModelUnknown,
    AiProviderUnreachable,
)
from dentalist.outbound.llm.client import ChatModel
from dentalist.outbound.llm.key_check import ModelKeyCheck

HTTP = ChatModel.http_client()  # one for all, as in a container: making it takes longer than a test
KEY = "sk-canary-key-0001"
PROVIDERS = ["openai", "openrouter", "huggingface", "ollama"]
OK = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}]}


def path_of(provider: str) -> str:
    return f"/{provider}/v1/chat/completions"


def check(httpserver: HTTPServer, *, provider: str = "openai", key: str | None = KEY, seconds: float = 2) -> None:
    ModelKeyCheck(base_url_of=lambda name: httpserver.url_for(f"/{name}/v1"), http=HTTP, seconds=seconds).check(
        provider, "vendor/model-1", key
    )


def answers(httpserver: HTTPServer, body: Any, *, status: int = 200, provider: str = "openai") -> None:
    httpserver.expect_request(path_of(provider), method="POST").respond_with_json(body, status=status)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_that_opens_its_model_is_asked_once_and_with_little(httpserver: HTTPServer, provider: str) -> None:
    answers(httpserver, OK, provider=provider)

    check(httpserver, provider=provider)

    [(request, _)] = httpserver.log
    body = json.loads(request.data)
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert body["model"] == "vendor/model-1"
    assert len(request.data) < 600
    assert body.get("max_tokens", body.get("max_completion_tokens")) <= 200


def test_a_model_is_tried_in_the_form_in_which_patients_will_be_answered(httpserver: HTTPServer) -> None:
    answers(httpserver, OK)

    check(httpserver)

    [(request, _)] = httpserver.log
    asked = json.loads(request.data)["response_format"]
    assert (asked["type"], asked["json_schema"]["strict"]) == ("json_schema", True)


def test_a_provider_is_asked_under_the_conditions_that_patients_words_need(httpserver: HTTPServer) -> None:
    answers(httpserver, OK, provider="openrouter")

    check(httpserver, provider="openrouter")

    [(request, _)] = httpserver.log
    assert json.loads(request.data)["provider"] == {"require_parameters": True, "data_collection": "deny", "zdr": True}


def test_a_local_server_is_asked_without_a_key_of_anybodys(httpserver: HTTPServer) -> None:
    answers(httpserver, OK, provider="ollama")

    check(httpserver, provider="ollama", key=None)

    [(request, _)] = httpserver.log
    assert request.headers["Authorization"] == "Bearer ollama"


def test_a_model_that_only_had_room_to_think_has_answered(httpserver: HTTPServer) -> None:
    answers(httpserver, {"choices": [{"index": 0, "finish_reason": "length", "message": {"content": None}}]})

    check(httpserver)

    assert len(httpserver.log) == 1


ERROR = {"message": f"Incorrect API key provided: {KEY}", "type": "invalid_request_error", "code": None}


@pytest.mark.parametrize(
    ("status", "error", "refusal"),
    [
        (401, {**ERROR, "code": "invalid_api_key"}, AiKeyRefused),
        (403, ERROR, AiKeyRefused),
        (403, {**ERROR, "code": "model_not_found"}, AiModelUnknown),
        (404, {**ERROR, "code": "model_not_found"}, AiModelUnknown),
        (404, {"message": "No endpoints found matching your data policy", "code": 404}, AiModelUnknown),
        (400, {"message": "vendor/model-1 is not a valid model ID", "code": 400}, AiModelUnknown),
        (422, "The requested model does not exist", AiModelUnknown),
        (402, {"message": "Insufficient credits", "code": 402}, AiKeyWithoutCredit),
        (429, {**ERROR, "code": "insufficient_quota"}, AiKeyWithoutCredit),
        (429, {**ERROR, "code": "rate_limit_exceeded"}, AiProviderUnreachable),
        (408, ERROR, AiProviderUnreachable),
        (500, ERROR, AiProviderUnreachable),
        (502, ERROR, AiProviderUnreachable),
        (503, ERROR, AiProviderUnreachable),
    ],
)
def test_a_refusal_says_what_to_change_and_is_not_asked_again(
    httpserver: HTTPServer, status: int, error: Any, refusal: type[Exception]
) -> None:
    answers(httpserver, {"error": error}, status=status)

    with pytest.raises(refusal):
        check(httpserver)

    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"error": {"code": 402, "message": "no credit"}}, AiKeyWithoutCredit),
        ({"error": {"code": 401, "message": "who?"}}, AiKeyRefused),
        ({"error": {"code": "model_not_found", "message": "what?"}}, AiModelUnknown),
        ({"error": {"code": 502, "message": "upstream"}}, AiProviderUnreachable),
        ({"error": {"code": ["strange"], "message": "upstream"}}, AiProviderUnreachable),
        ({"choices": None}, AiProviderUnreachable),
        ({"choices": []}, AiProviderUnreachable),
        ([], AiProviderUnreachable),
        ("ok", AiProviderUnreachable),
    ],
)
def test_an_error_that_calls_itself_200_is_an_error(
    httpserver: HTTPServer, body: Any, refusal: type[Exception]
) -> None:
    answers(httpserver, body)

    with pytest.raises(refusal):
        check(httpserver)


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_page_of_something_else_is_judged_by_its_status_alone(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request(path_of("openai")).respond_with_data("<html>hi</html>", status=status)

    with pytest.raises(AiModelUnknown if status == 404 else AiProviderUnreachable):
        check(httpserver)


def test_a_redirect_takes_the_key_nowhere(httpserver: HTTPServer) -> None:
    moved = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request(path_of("openai")).respond_with_data("", status=307, headers=moved)
    httpserver.expect_request("/elsewhere").respond_with_json(OK)

    with pytest.raises(AiProviderUnreachable):
        check(httpserver)

    assert [request.path for request, _ in httpserver.log] == [path_of("openai")]


def test_a_provider_that_does_not_answer_in_time_is_unreachable() -> None:
    def slow(_request: Request) -> Response:
        time.sleep(0.6)
        return Response(json.dumps(OK), mimetype="application/json")

    # A server of its own: it still works on its answer when the test is over, and logs it then.
    with HTTPServer(threaded=True) as slow_server:
        slow_server.expect_request(path_of("openai")).respond_with_handler(slow)
        began = time.monotonic()
        with pytest.raises(AiProviderUnreachable):
            check(slow_server, seconds=0.2)
        waited = time.monotonic() - began

    assert waited < 0.6


def test_a_provider_that_is_not_there_is_unreachable() -> None:
    nowhere = ModelKeyCheck(base_url_of=lambda _: "http://127.0.0.1:9/v1", http=HTTP)

    with pytest.raises(AiProviderUnreachable):
        nowhere.check("openai", "m", KEY)


def test_a_providers_words_that_quote_the_key_reach_no_log_and_no_error(
    httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    answers(httpserver, {"error": {**ERROR, "code": "invalid_api_key"}}, status=401)

    with caplog.at_level(logging.DEBUG, logger="dentalist"), pytest.raises(AiKeyRefused) as refused:
        check(httpserver)

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert "canary" not in refused.value.detail
    assert "canary" not in caplog.text
