"""The client of language models against a server that answers as providers really do."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dentalist.outbound.llm.client import ChatModel
from dentalist.outbound.llm.interpreter import IntentsOfBurst
from dentalist.services.answering.ports_models import ModelUnavailable, Prompt

PROMPT = Prompt("Sort what patients write.", '["quiero un turno"]', 400)
HTTP = ChatModel.http_client()  # one for all, as in a container: making it takes longer than a test
PATH = "/v1/chat/completions"
BOOKING = {"intents": [{"intent": "book_appointment", "confidence": 0.9}], "language": "es"}


def completion(content: Any = None, **changes: Any) -> dict[str, Any]:
    """A whole body as providers send it."""
    message = {"role": "assistant", "content": json.dumps(BOOKING) if content is None else content}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 210, "completion_tokens": 21, "total_tokens": 231}
    body = {"id": "c-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return {**body, **changes}


def choice(message: Any, finish_reason: str = "stop") -> dict[str, Any]:
    return completion(choices=[{"index": 0, "finish_reason": finish_reason, "message": message}])


@pytest.fixture
def model(httpserver: HTTPServer) -> ChatModel:
    return make_model(httpserver)


def make_model(httpserver: HTTPServer, **overrides: Any) -> ChatModel:
    defaults = {"provider": "openai", "model": "gpt-5-mini", "base_url": httpserver.url_for("/v1")}
    return ChatModel(**{**defaults, "api_key": "sk-canary-key", "http": HTTP, "timeout_seconds": 2, **overrides})


def ask(model: ChatModel) -> Any:
    return model.ask(PROMPT, IntentsOfBurst)


def cause_of(model: ChatModel) -> str:
    with pytest.raises(ModelUnavailable) as refused:
        ask(model)
    return refused.value.cause


def sent(httpserver: HTTPServer) -> dict[str, Any]:
    [(request, _)] = httpserver.log
    body: dict[str, Any] = json.loads(request.data)
    return body


# ---- what is asked ---------------------------------------------------------------------------------------------------


def test_the_answer_is_asked_for_in_a_strict_schema(model: ChatModel, httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json(completion())

    reply = ask(model)

    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (210, 21)
    body = sent(httpserver)
    asked = body["response_format"]["json_schema"]
    assert (body["response_format"]["type"], asked["strict"]) == ("json_schema", True)
    schema = asked["schema"]
    scored = schema["$defs"]["_Scored"]
    for part in (schema, scored):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    assert "minimum" not in json.dumps(schema)
    assert len(schema["$defs"]["Intent"]["enum"]) == 8


def test_the_key_goes_to_the_provider_and_what_the_contact_wrote_only_into_the_users_message(
    model: ChatModel, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(PATH, headers={"Authorization": "Bearer sk-canary-key"}).respond_with_json(completion())

    ask(model)

    system, user = sent(httpserver)["messages"]
    assert (system["role"], system["content"]) == ("system", PROMPT.instructions)
    assert (user["role"], user["content"]) == ("user", PROMPT.content)


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("openai", {"store": False, "max_completion_tokens": 400, "reasoning_effort": "low"}),
        (
            "openrouter",
            {"max_tokens": 400, "provider": {"require_parameters": True, "data_collection": "deny", "zdr": True}},
        ),
        ("huggingface", {"max_tokens": 400}),
        ("ollama", {"max_tokens": 400}),
    ],
)
def test_each_provider_is_asked_in_its_own_way_to_keep_nothing(
    httpserver: HTTPServer, provider: str, expected: dict[str, Any]
) -> None:
    httpserver.expect_request(PATH).respond_with_json(completion())
    model = make_model(httpserver, provider=provider)
    ask(model)

    body = sent(httpserver)
    standard = {"model", "messages", "response_format"}
    assert {key: value for key, value in body.items() if key not in standard} == expected


@pytest.mark.parametrize("name", ["gpt-4o-mini", "gpt-5-chat-latest", "gpt-5-pro"])
def test_only_models_that_know_the_word_are_told_to_think_less(httpserver: HTTPServer, name: str) -> None:
    httpserver.expect_request(PATH).respond_with_json(completion())
    model = make_model(httpserver, model=name)
    ask(model)

    assert "reasoning_effort" not in sent(httpserver)


def test_a_local_server_needs_no_key(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, headers={"Authorization": "Bearer ollama"}).respond_with_json(completion())

    model = make_model(httpserver, provider="ollama", api_key=None)
    assert ask(model).answer.intents


def test_a_redirect_takes_the_key_nowhere(model: ChatModel, httpserver: HTTPServer) -> None:
    moved = {"Location": httpserver.url_for("/elsewhere")}
    httpserver.expect_request(PATH).respond_with_data("", status=307, headers=moved)
    httpserver.expect_request("/elsewhere").respond_with_json(completion())

    assert cause_of(model) == "rejected"
    assert [request.path for request, _ in httpserver.log] == [PATH]


# ---- what comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(BOOKING),
        f"```json\n{json.dumps(BOOKING, indent=2)}\n```",
        f"<think>They want {{an}} appointment.</think>{json.dumps(BOOKING)}",
        f"Here you are: {json.dumps(BOOKING)} I hope it helps.",
        '{"thoughts": "first"} ' + json.dumps(BOOKING),
    ],
)
def test_json_is_found_wherever_the_model_put_it(model: ChatModel, httpserver: HTTPServer, content: str) -> None:
    httpserver.expect_request(PATH).respond_with_json(completion(content))

    assert [item.intent.value for item in ask(model).answer.intents] == ["book_appointment"]


def test_an_answer_in_parts_is_read_without_the_thoughts_among_them(model: ChatModel, httpserver: HTTPServer) -> None:
    parts = [{"type": "thinking", "thinking": [{"text": "{}"}]}, {"type": "text", "text": json.dumps(BOOKING)}, "x", 7]
    httpserver.expect_request(PATH).respond_with_json(choice({"role": "assistant", "content": parts}))

    assert ask(model).answer.intents


@pytest.mark.parametrize("arguments", [BOOKING, json.dumps(BOOKING)])
def test_a_tool_call_instead_of_an_answer_is_read_with_arguments_as_text_or_object(
    model: ChatModel, httpserver: HTTPServer, arguments: Any
) -> None:
    call = {"id": "t-1", "type": "function", "function": {"name": "answer", "arguments": arguments}}
    httpserver.expect_request(PATH).respond_with_json(choice({"content": None, "tool_calls": [call]}, "tool_calls"))

    assert ask(model).answer.intents[0].confidence == 0.9


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}, {"prompt_tokens": 0, "completion_tokens": 0}, 7])
def test_missing_usage_is_estimated(model: ChatModel, httpserver: HTTPServer, usage: Any) -> None:
    httpserver.expect_request(PATH).respond_with_json(completion(usage=usage))

    reply = ask(model)

    assert reply.usage.input_tokens == pytest.approx(len(PROMPT.instructions + PROMPT.content) / 4, abs=1)
    assert reply.usage.output_tokens == pytest.approx(len(json.dumps(BOOKING)) / 4, abs=1)


GARBAGE = {
    "no_choices": completion(choices=None),
    "empty_choices": completion(choices=[]),
    "choices_of_another_kind": completion(choices={"0": "x"}),
    "a_choice_that_is_text": completion(choices=["x"]),
    "no_message": choice(None),
    "null_content": choice({"role": "assistant", "content": None}),
    "empty_content": choice({"role": "assistant", "content": "  "}),
    "refusal": choice({"role": "assistant", "content": None, "refusal": "I cannot help with that."}),
    "tool_call_without_arguments": choice({"content": None, "tool_calls": [{"function": None}]}),
    "error_as_reason": choice({"content": json.dumps(BOOKING)}, "error"),
    "filtered": choice({"content": ""}, "content_filter"),
    "a_list": [],
    "a_number": 7,
    "null": None,
    "no_json": completion("I think they want an appointment."),
    "another_json": completion('{"answer": 42}'),
    "only_thoughts": completion(f"<think>{json.dumps(BOOKING)}"),
    "unfinished_json": completion(json.dumps(BOOKING)[:-9]),
    "very_deep_json": completion('{"intents":' * 2000),
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_a_200_without_a_usable_answer_is_garbage(model: ChatModel, httpserver: HTTPServer, body: Any) -> None:
    httpserver.expect_request(PATH).respond_with_json(body)

    assert cause_of(model) == "garbage"


REFUSALS_IN_200 = {
    "of_the_provider": ({"error": {"code": 502, "message": "provider down"}}, "rejected"),
    "as_text": ({"error": "provider down"}, "rejected"),
    "without_a_code": ({"error": {"message": "provider down"}, "choices": []}, "rejected"),
    "of_the_key": ({"error": {"code": 401, "message": "no key sk-canary-key"}}, "unauthorised"),
    "of_the_account": ({"error": {"code": 402}}, "payment"),
    "of_too_many": ({"error": {"code": 429}}, "rate_limited"),
    "of_the_words": ({"error": {"code": 403, "metadata": {"reasons": ["x"], "flagged_input": "y"}}}, "moderated"),
    "in_its_choice": (completion(choices=[{"finish_reason": "error", "error": {"code": 429}}]), "rate_limited"),
}


@pytest.mark.parametrize(("body", "cause"), REFUSALS_IN_200.values(), ids=REFUSALS_IN_200)
def test_a_refusal_that_comes_as_200_is_one(
    model: ChatModel, httpserver: HTTPServer, body: dict[str, Any], cause: str
) -> None:
    httpserver.expect_request(PATH).respond_with_json(body)

    with pytest.raises(ModelUnavailable) as refused:
        ask(model)

    assert (refused.value.cause, refused.value.__cause__) == (cause, None)


def test_an_answer_beside_an_empty_error_is_an_answer(model: ChatModel, httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_json(completion(error=None))

    assert ask(model).answer.intents


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"code": "content_filter", "message": "canary"}),
        (400, {"code": "invalid_prompt", "message": "canary"}),
        (403, {"code": 403, "message": "canary", "metadata": {"reasons": ["violence"], "flagged_input": "canary"}}),
    ],
)
def test_a_text_that_a_provider_will_not_read_is_told_from_a_key_that_it_does_not_take(
    model: ChatModel, httpserver: HTTPServer, status: int, error: dict[str, Any]
) -> None:
    httpserver.expect_request(PATH).respond_with_json({"error": error}, status=status)

    assert cause_of(model) == "moderated"


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
@pytest.mark.parametrize("text", ["<html><body>Bad gateway</body></html>", "", '{"choices": ', "[" * 100_000])
def test_a_200_that_is_no_json_is_garbage(
    model: ChatModel, httpserver: HTTPServer, text: str, content_type: str
) -> None:
    httpserver.expect_request(PATH).respond_with_data(text, content_type=content_type)

    assert cause_of(model) == "garbage"


def test_an_answer_without_end_is_garbage(model: ChatModel, httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_data(b" " * 1_100_000, content_type="application/json")

    assert cause_of(model) == "garbage"


def test_an_answer_that_ran_into_the_limit_of_tokens_is_truncated(model: ChatModel, httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_json(choice({"content": json.dumps(BOOKING)[:20]}, "length"))

    assert cause_of(model) == "truncated"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, "rejected"),
        (401, "unauthorised"),
        (402, "payment"),
        (403, "unauthorised"),
        (404, "rejected"),
        (408, "timeout"),
        (422, "rejected"),
        (429, "rate_limited"),
        (500, "rejected"),
        (502, "rejected"),
        (503, "rejected"),
    ],
)
@pytest.mark.parametrize("body", [{"error": {"code": 1, "message": "canary of the request"}}, {"error": "x"}, None])
def test_an_error_of_the_provider_is_named_once_and_never_retried(
    model: ChatModel, httpserver: HTTPServer, status: int, cause: str, body: Any
) -> None:
    httpserver.expect_request(PATH).respond_with_json(body, status=status)

    with pytest.raises(ModelUnavailable) as refused:
        ask(model)

    assert refused.value.cause == cause
    assert refused.value.__cause__ is None, "the provider's words may quote the patient's"
    assert len(httpserver.log) == 1


@pytest.fixture
def slow_server() -> Iterator[HTTPServer]:
    """One of its own: it still works on its answer when the test is over, and logs it then."""
    with HTTPServer(threaded=True) as server:
        yield server


def test_a_silent_provider_is_not_waited_for(slow_server: HTTPServer) -> None:
    def slow(_: Request) -> Response:
        time.sleep(1.5)
        return Response(json.dumps(completion()), content_type="application/json")

    slow_server.expect_request(PATH).respond_with_handler(slow)
    started = time.monotonic()
    model = make_model(slow_server, timeout_seconds=0.4)
    assert cause_of(model) == "timeout"
    assert time.monotonic() - started < 1.2


def test_a_provider_that_sends_a_blank_now_and_then_is_not_waited_for_either(slow_server: HTTPServer) -> None:
    def dripping(_: Request) -> Response:
        def drops() -> Iterator[bytes]:
            for _ in range(30):
                time.sleep(0.1)
                yield b" "

        return Response(drops(), content_type="application/json")

    slow_server.expect_request(PATH).respond_with_handler(dripping)
    started = time.monotonic()
    model = make_model(slow_server, timeout_seconds=0.4)
    assert cause_of(model) == "timeout"
    assert time.monotonic() - started < 1.2


def test_a_provider_that_begins_to_answer_and_stalls_has_no_more_time(slow_server: HTTPServer) -> None:
    def stalling(_: Request) -> Response:
        def drops() -> Iterator[bytes]:
            time.sleep(0.4)
            yield b" "
            time.sleep(1.0)
            yield json.dumps(completion()).encode()

        return Response(drops(), content_type="application/json")

    slow_server.expect_request(PATH).respond_with_handler(stalling)
    started = time.monotonic()
    model = make_model(slow_server, timeout_seconds=0.5)
    assert cause_of(model) == "timeout"
    assert time.monotonic() - started < 0.8, "each read would have had half a second of its own"


def test_a_question_that_was_not_waited_for_is_paid_all_the_same(slow_server: HTTPServer) -> None:
    slow_server.expect_request(PATH).respond_with_handler(lambda _: time.sleep(0.5) or Response("{}"))

    with pytest.raises(ModelUnavailable) as refused:
        ask(make_model(slow_server, timeout_seconds=0.2))

    paid = refused.value.usage
    assert paid.input_tokens == pytest.approx(len(PROMPT.instructions + PROMPT.content) / 4, abs=1)
    assert paid.output_tokens == 0


def test_a_provider_that_is_not_there_is_unreachable() -> None:
    model = ChatModel(
        provider="openai", model="m", base_url="http://127.0.0.1:9/v1", api_key="k", http=HTTP, timeout_seconds=1
    )
    assert cause_of(model) == "unreachable"
