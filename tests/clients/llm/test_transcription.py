"""The client of speech models against a server that answers as providers do."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dentalist.outbound.llm.client import ChatModel
from dentalist.outbound.llm.transcription import SPEECH_MODELS, SpeechClient
from dentalist.services.answering.ports_models import ModelUnavailable, Usage
from dentalist.services.answering.ports_voice import Written

HTTP = ChatModel.http_client()
PATH = "/v1/audio/transcriptions"
RECORDING = b"OggS\x00\x02 a recording"
WORDS = {"text": "quiero un turno", "usage": {"type": "tokens", "input_tokens": 61, "output_tokens": 9}}


def make_client(server: HTTPServer, **overrides: Any) -> SpeechClient:
    defaults = {"provider": "openai", "base_url": server.url_for("/v1"), "api_key": "sk-canary-key", "http": HTTP}
    return SpeechClient(**{**defaults, **overrides})


def write_down(server: HTTPServer, *, seconds: float = 2, mime_type: str = "audio/ogg") -> Written:
    return make_client(server).write_down(RECORDING, mime_type=mime_type, seconds=seconds)


def cause_of(server: HTTPServer, *, seconds: float = 2) -> str:
    with pytest.raises(ModelUnavailable) as refused:
        write_down(server, seconds=seconds)
    return refused.value.cause


@pytest.fixture
def slow_server() -> Iterator[HTTPServer]:
    """A server of its own: an answer that nobody waits for must not reach the next test's."""
    with HTTPServer() as server:
        yield server


def test_a_recording_is_sent_with_its_name_and_the_model_and_comes_back_as_words(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json(WORDS)

    assert write_down(httpserver) == Written("quiero un turno", Usage(61, 9))

    [(request, _)] = httpserver.log
    assert request.headers["Authorization"] == "Bearer sk-canary-key"
    assert request.form.to_dict() == {"model": SPEECH_MODELS["openai"], "response_format": "json"}
    file = request.files["file"]
    assert (file.filename, file.mimetype, file.read()) == ("voice.ogg", "audio/ogg", RECORDING)


@pytest.mark.parametrize(("mime_type", "name"), [("audio/mpeg", "voice.mp3"), ("audio/mp4", "voice.m4a")])
def test_the_files_name_tells_its_format(httpserver: HTTPServer, mime_type: str, name: str) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json(WORDS)

    write_down(httpserver, mime_type=mime_type)

    assert httpserver.log[0][0].files["file"].filename == name


@pytest.mark.parametrize(
    "usage", [None, {"type": "duration", "seconds": 6}, {"input_tokens": "9"}, {"input_tokens": -1, "output_tokens": 1}]
)
def test_a_provider_that_does_not_count_tokens_is_counted_by_the_caller(httpserver: HTTPServer, usage: Any) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_json({"text": "hola", "usage": usage})

    assert write_down(httpserver) == Written("hola", Usage())


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, "rejected"),
        (401, "unauthorised"),
        (402, "payment"),
        (403, "unauthorised"),
        (404, "rejected"),
        (429, "rate_limited"),
        (500, "rejected"),
    ],
)
def test_a_refusal_is_named_and_nothing_is_asked_twice(httpserver: HTTPServer, status: int, cause: str) -> None:
    httpserver.expect_request(PATH).respond_with_json({"error": {"message": "no"}}, status=status)

    assert cause_of(httpserver) == cause
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "quiero un turno", '{"text": null}', '{"text": 7}', '{"error": {"message": "no"}}', "<"]
)
def test_an_answer_without_words_is_garbage(httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request(PATH).respond_with_data(body, content_type="application/json")

    assert cause_of(httpserver) == "garbage"


def test_an_endless_answer_is_garbage(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_json({"text": "turno " * 50_000})

    assert cause_of(httpserver) == "garbage"


def test_who_takes_too_long_is_not_waited_for(slow_server: HTTPServer) -> None:
    def late(_request: Request) -> Response:
        time.sleep(0.6)
        return Response("{}")

    slow_server.expect_request(PATH).respond_with_handler(late)

    assert cause_of(slow_server, seconds=0.2) == "timeout"


def test_who_sends_a_blank_now_and_then_is_not_waited_for_either(slow_server: HTTPServer) -> None:
    def dripping(_request: Request) -> Response:
        return Response((time.sleep(0.1) or b" " for _ in range(8)), content_type="application/json")

    slow_server.expect_request(PATH).respond_with_handler(dripping)

    assert cause_of(slow_server, seconds=0.3) == "timeout"


def test_who_stalls_in_the_middle_has_no_more_time(slow_server: HTTPServer) -> None:
    def stalling(_request: Request) -> Response:
        return Response((time.sleep(pause) or b" " for pause in (0.3, 0.9)), content_type="application/json")

    slow_server.expect_request(PATH).respond_with_handler(stalling)
    started = time.monotonic()

    assert cause_of(slow_server, seconds=0.4) == "timeout"
    assert time.monotonic() - started < 0.65


def test_nobody_at_the_other_end_is_unreachable(httpserver: HTTPServer) -> None:
    client = make_client(httpserver, base_url="http://127.0.0.1:1/v1")

    with pytest.raises(ModelUnavailable) as refused:
        client.write_down(RECORDING, mime_type="audio/ogg", seconds=2)

    assert refused.value.cause == "unreachable"


def test_a_failure_does_not_carry_what_was_said(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_data('{"text": "me llamo Canario"', content_type="application/json")

    with pytest.raises(ModelUnavailable) as refused:
        write_down(httpserver)

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert "Canario" not in repr(Written("me llamo Canario"))
