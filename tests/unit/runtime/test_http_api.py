"""The HTTP edge: every answer has the correlation id, every error is a problem document."""

import json
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from pydantic import BaseModel, Field

from dentalist.domain.errors import ConversationNotFound, RateLimited, Unauthenticated
from dentalist.domain.identity import Caller, Role
from dentalist.runtime.http_api import HttpApi, http_api
from dentalist.runtime.idempotency import Idempotent
from tests.builders import LambdaContext, make_event
from tests.fakes import FakeIdempotency

PATH = "/api/things"
TOKEN = {"authorization": "Bearer token"}


class Thing(BaseModel):
    """A request or an answer."""

    count: Annotated[int, Field(ge=1)] = 1
    name: Annotated[str, Field(max_length=5)] = "ok"


class World:
    """An API with one route that does what the test says."""

    def __init__(self) -> None:
        self.calls: list[Thing] = []
        self.outcome: Any = None
        self.keys = FakeIdempotency()
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.app = http_api(authenticate=self._authenticate)
        self._add_routes(self.app)

    def _authenticate(self, event: Any) -> Caller:
        if "authorization" not in event.headers:
            raise Unauthenticated
        return self.caller

    def _add_routes(self, app: HttpApi) -> None:
        @app.post(PATH, middlewares=[Idempotent(lambda _: self.keys)])
        def post_thing(request: Thing) -> tuple[Thing, int]:
            self.calls.append(request)
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return Thing(count=len(self.calls)), 201

        @app.get(PATH + "/<thing_id>")
        def get_thing(thing_id: UUID) -> Thing:
            assert thing_id
            return Thing()

        @app.get("/api/broken")
        def get_broken() -> Thing:
            return {"count": "not a number"}  # type: ignore[return-value]

    def ask(
        self, method: str = "POST", path: str = PATH, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        given = TOKEN if headers is None else headers
        return self.app.resolve(make_event(method, path, body, headers=given), LambdaContext())  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    return World()


def problem_in(answer: dict[str, Any]) -> dict[str, Any]:
    """The problem document of an answer, checked for what every one must have."""
    document: dict[str, Any] = json.loads(answer["body"])
    content_type = {key.lower(): value for key, value in answer["headers"].items()}["content-type"]
    assert content_type == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "correlation_id"} <= set(document)
    assert document["status"] == answer["statusCode"]
    assert document["correlation_id"] == answer["headers"]["x-correlation-id"] == "request-1"
    return document


def test_a_good_answer_carries_the_correlation_id(world: World) -> None:
    answer = world.ask(body={"count": 2})

    assert answer["statusCode"] == 201
    assert answer["headers"]["x-correlation-id"] == "request-1"


def test_a_domain_error_leaves_as_its_problem(world: World) -> None:
    world.outcome = ConversationNotFound()

    assert problem_in(world.ask(body={}))["code"] == "conversation_not_found"


def test_a_limit_carries_retry_after(world: World) -> None:
    world.outcome = RateLimited()

    answer = world.ask(body={})

    assert answer["headers"]["Retry-After"] == "6"
    assert problem_in(answer)["code"] == "rate_limited"


def test_a_stranger_is_not_told_what_a_valid_request_looks_like(world: World) -> None:
    answer = world.ask(body="{not json", headers={})

    assert answer["statusCode"] == 401
    assert answer["headers"]["WWW-Authenticate"] == "Bearer"
    assert problem_in(answer)["code"] == "unauthenticated"


def test_an_invalid_request_is_told_where_and_never_quoted(world: World) -> None:
    answer = world.ask(body={"count": 0, "name": "Lucía Pérez"})

    document = problem_in(answer)
    assert document["code"] == "validation_error"
    assert [error["loc"] for error in document["errors"]] == [["body", "count"], ["body", "name"]]
    assert "Luc" not in answer["body"]
    assert world.calls == []


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        "null",
        "[]",
        '"text"',
        "7",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"count": 1e999}',
        '{"name": "\\ud800"}',
    ],
    ids=lambda body: body[:12],
)
def test_a_body_that_is_no_such_json_is_invalid_and_never_a_server_error(world: World, body: str) -> None:
    answer = world.ask(body=body)

    assert answer["statusCode"] == 422
    assert problem_in(answer)["code"] == "validation_error"


def test_a_body_that_is_not_base64_is_invalid(world: World) -> None:
    event = make_event("POST", PATH, "!!!", headers=TOKEN)
    event["isBase64Encoded"] = True

    assert problem_in(world.app.resolve(event, LambdaContext()))["code"] == "validation_error"  # type: ignore[arg-type]


def test_another_content_type_is_refused(world: World) -> None:
    answer = world.ask(body="a=b", headers={**TOKEN, "content-type": "text/csv"})

    assert answer["statusCode"] == 415
    assert problem_in(answer)["code"] == "unsupported_media_type"


def test_an_unknown_address_is_not_found(world: World) -> None:
    answer = world.ask("GET", "/api/nothing")

    assert answer["statusCode"] == 404
    assert problem_in(answer)["code"] == "not_found"


def test_a_known_address_names_the_methods_it_takes(world: World) -> None:
    answer = world.ask("DELETE", f"{PATH}/{uuid4()}")

    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "GET"
    assert problem_in(answer)["code"] == "method_not_allowed"


def test_a_path_that_is_no_id_is_invalid(world: World) -> None:
    assert problem_in(world.ask("GET", f"{PATH}/7"))["code"] == "validation_error"


def test_an_unexpected_error_tells_nothing_and_is_logged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr("dentalist.runtime.http_api.logger.exception", lambda line, **_: logged.append(line))
    world.outcome = KeyError("secret detail")

    answer = world.ask(body={})

    assert answer["statusCode"] == 500
    assert problem_in(answer)["code"] == "internal_error"
    assert "secret" not in answer["body"]
    assert logged == ["unexpected error"]


def test_a_handler_that_breaks_its_own_contract_is_our_error(world: World) -> None:
    answer = world.ask("GET", "/api/broken")

    assert answer["statusCode"] == 500
    assert problem_in(answer)["code"] == "internal_error"


def test_a_service_error_of_the_router_is_a_problem_too(world: World) -> None:
    world.outcome = ServiceError(409, "whatever")

    assert problem_in(world.ask(body={}))["code"] == "conflict"


def test_an_event_without_request_context_is_answered(world: World) -> None:
    answer = world.app.resolve({}, LambdaContext())  # type: ignore[arg-type]

    assert answer["statusCode"] == 401
    assert answer["headers"]["x-correlation-id"] == "-"


# ---- Idempotency-Key

KEY = {**TOKEN, "idempotency-key": "k1"}


def test_without_a_key_every_request_runs(world: World) -> None:
    world.ask(body={})
    world.ask(body={})

    assert len(world.calls) == 2


def test_the_same_key_and_body_get_the_first_answer_again(world: World) -> None:
    first = world.ask(body={"count": 3, "name": "a"}, headers=KEY)
    again = world.ask(body='{"name":"a",   "count":3}', headers=KEY)

    assert len(world.calls) == 1
    assert (again["statusCode"], json.loads(again["body"])) == (first["statusCode"], json.loads(first["body"]))
    assert again["headers"]["x-correlation-id"]


def test_the_same_key_and_another_body_is_a_conflict(world: World) -> None:
    world.ask(body={"count": 1}, headers=KEY)

    answer = world.ask(body={"count": 2}, headers=KEY)

    assert problem_in(answer)["code"] == "idempotency_conflict"
    assert len(world.calls) == 1


def test_a_refusal_is_kept_like_any_answer(world: World) -> None:
    world.outcome = ConversationNotFound()
    world.ask(body={}, headers=KEY)
    world.outcome = None

    answer = world.ask(body={}, headers=KEY)

    assert problem_in(answer)["code"] == "conversation_not_found"
    assert len(world.calls) == 1


@pytest.mark.parametrize("outcome", [RateLimited(), KeyError("bug")], ids=["429", "500"])
def test_an_answer_that_may_change_is_not_kept(world: World, outcome: Exception) -> None:
    world.outcome = outcome
    world.ask(body={}, headers=KEY)
    world.outcome = None

    assert world.ask(body={}, headers=KEY)["statusCode"] == 201


def test_while_the_first_request_runs_the_second_is_told_so(world: World) -> None:
    world.ask(body={"count": 2}, headers=KEY)
    (route, key), (request_hash, lease, _) = next(iter(world.keys.kept.items()))
    world.keys.kept[route, key] = (request_hash, lease, None)

    answer = world.ask(body={"count": 2}, headers=KEY)

    assert route == f"POST {PATH}"
    assert problem_in(answer)["code"] == "idempotency_in_progress"
    assert len(world.calls) == 1


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_impossible_length_is_invalid(world: World, key: str) -> None:
    answer = world.ask(body={}, headers={**TOKEN, "idempotency-key": key})

    assert problem_in(answer)["code"] == "validation_error"
    assert world.calls == []
