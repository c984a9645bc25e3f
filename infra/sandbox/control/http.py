"""How the control interface reads and answers: JSON in, JSON out, 422 with the reasons for bad input."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from infra.sandbox.accounts import Account, BusinessAccount
from infra.sandbox.graph.calls import PLATFORM
from infra.sandbox.platform import Platform

Model = TypeVar("Model", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def platform_of(request: web.Request) -> Platform:
    """The platform this server simulates."""
    return request.app[PLATFORM]


def answer(content: Any, status: int = HTTPStatus.OK) -> web.Response:
    """A JSON answer."""
    return web.json_response(content, status=status)


async def parse(request: web.Request, model: type[Model]) -> Model:
    """The body as a model; an empty body is an empty object."""
    return model.model_validate(await body_of(request))


async def body_of(request: web.Request) -> Any:
    """The JSON body."""
    raw = await request.read()
    try:
        return json.loads(raw) if raw.strip() else {}
    except ValueError as exc:
        raise refusal(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {exc}") from exc


def refusal(status: HTTPStatus, detail: str) -> web.HTTPException:
    """An error to raise, as JSON."""
    kinds = {
        HTTPStatus.BAD_REQUEST: web.HTTPBadRequest,
        HTTPStatus.NOT_FOUND: web.HTTPNotFound,
        HTTPStatus.UNPROCESSABLE_ENTITY: web.HTTPUnprocessableEntity,
    }
    return kinds[status](text=json.dumps({"error": detail}), content_type="application/json")


def the_account(platform: Platform, phone_number_id: str) -> Account:
    """A registered number, or 404."""
    account = platform.accounts.numbers.get(phone_number_id)
    if account is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"No account has the phone_number_id {phone_number_id}.")
    return account


def the_waba(platform: Platform, waba_id: str) -> BusinessAccount:
    """A registered WABA, or 404."""
    waba = platform.accounts.wabas.get(waba_id)
    if waba is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"No account has the waba_id {waba_id}.")
    return waba


def limit_of(request: web.Request, default: int = 500) -> int:
    """The ``limit`` of a listing."""
    asked = request.query.get("limit", str(default))
    if not asked.isdecimal() or int(asked) == 0:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "limit must be a positive number.")
    return int(asked)


@web.middleware
async def explain_bad_input(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 422 with one line per problem where a model refused the body."""
    try:
        return await handler(request)
    except ValidationError as exc:
        problems = [
            {"loc": [str(part) for part in problem["loc"]], "msg": problem["msg"]}
            for problem in exc.errors(include_url=False, include_context=False, include_input=False)
        ]
        return answer({"error": "invalid_request", "errors": problems}, HTTPStatus.UNPROCESSABLE_ENTITY)
