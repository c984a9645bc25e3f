"""The HTTP API: finds the route of a request, calls its function, answers as API Gateway would."""

import asyncio
import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.web_request import BaseRequest

from infra.local.gateway.cors import CorsPolicy
from infra.local.gateway.http_events import BadAnswerError, make_event, make_response
from infra.local.gateway.invocations import FunctionError, FunctionTimedOutError
from infra.local.gateway.workers import WorkerPool
from infra.local.model import HttpRoute

logger = logging.getLogger(__name__)

INTEGRATION_TIMEOUT = 30.0  # an HTTP API waits no longer, whatever the function's own timeout is
_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class _Pattern:
    method: str
    route_key: str
    regex: re.Pattern[str]
    specificity: tuple[bool, int, bool]
    pool: WorkerPool


class Router:
    """The routes of the template, the most specific first as API Gateway selects them."""

    def __init__(self, routes: Iterable[tuple[HttpRoute, WorkerPool]]) -> None:
        self._exact: dict[tuple[str, str], tuple[str, WorkerPool]] = {}
        patterns = []
        for route, pool in routes:
            if route.path != "$default" and "{" not in route.path and route.method != "ANY":
                self._exact[route.method, route.path] = (route.key, pool)
            else:
                patterns.append(_pattern(route, pool))
        self._patterns = sorted(patterns, key=lambda pattern: pattern.specificity)

    def find(self, method: str, path: str) -> tuple[str, WorkerPool, dict[str, str]] | None:
        """Route key, function and path parameters, or None when there is no such route."""
        exact = self._exact.get((method, path))
        if exact is not None:
            return (*exact, {})
        for pattern in self._patterns:
            if pattern.method not in {"ANY", method}:
                continue
            if match := pattern.regex.fullmatch(path):
                return pattern.route_key, pattern.pool, match.groupdict()
        return None


class HttpApi:
    """Handles every request below the API's URL."""

    def __init__(self, router: Router, cors: CorsPolicy | None, *, timeout: float = INTEGRATION_TIMEOUT) -> None:
        self._router = router
        self._cors = cors
        self._timeout = timeout

    async def handle(self, request: BaseRequest) -> web.Response:
        """Answer one request; never raises for what a client or a function does."""
        if self._cors is not None and self._cors.is_preflight(request.method, request.headers):
            return web.Response(status=204, headers=self._cors.preflight(request.headers))
        response = await self._answer(request)
        if self._cors is not None and "origin" in request.headers:
            _replace_cors_headers(response, self._cors.response(request.headers))
        return response

    async def _answer(self, request: BaseRequest) -> web.Response:
        found = self._router.find(request.method, request.path)
        if found is None:
            return _message(404, "Not Found")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _message(413, "Request Entity Too Large")
        route_key, pool, path_parameters = found
        event = make_event(request, body, route_key=route_key, path_parameters=path_parameters)
        response = await self._invoke(pool, json.dumps(event).encode())
        response.headers["apigw-requestid"] = event["requestContext"]["requestId"]
        return response

    async def _invoke(self, pool: WorkerPool, event: bytes) -> web.Response:
        try:
            async with asyncio.timeout(self._timeout):
                return make_response(await pool.invoke(event))
        except (FunctionTimedOutError, TimeoutError) as error:
            logger.warning("%s did not answer in time: %s", pool.function.name, error)
            return _message(503, "Service Unavailable")
        except (FunctionError, BadAnswerError) as error:
            logger.warning("%s failed: %s", pool.function.name, error)
            return _message(500, "Internal Server Error")


def _pattern(route: HttpRoute, pool: WorkerPool) -> _Pattern:
    if route.path == "$default":
        regex, greedy = ".*", True
    else:
        regex, greedy = _path_regex(route.path), "+}" in route.path
    literal_length = len(_PARAMETER.sub("", route.path)) if route.path != "$default" else 0
    specificity = (greedy, -literal_length, route.method == "ANY")
    return _Pattern(route.method, route.key, re.compile(regex), specificity, pool)


def _path_regex(path: str) -> str:
    regex, end = "", 0
    for match in _PARAMETER.finditer(path):
        name, greedy = match.groups()
        regex += re.escape(path[end : match.start()]) + f"(?P<{name}>{'.+' if greedy else '[^/]+'})"
        end = match.end()
    return regex + re.escape(path[end:])


def _message(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


def _replace_cors_headers(response: web.Response, headers: dict[str, str]) -> None:
    for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
        del response.headers[name]
    response.headers.update(headers)
