"""Lambda's Runtime API, one server per worker as each execution environment has its own.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import asyncio
import json
from typing import Protocol

from aiohttp import web
from aiohttp.web_request import BaseRequest

from infra.local.gateway.invocations import FunctionError, Invocation
from infra.local.gateway.servers import make_server
from infra.local.paths import HOST

_PREFIX = "/2018-06-01/runtime/"
_MAX_ANSWER = 6 * 1024 * 1024
_ACCEPTED = {"status": 202, "text": '{"status": "OK"}', "content_type": "application/json"}


class Environment(Protocol):
    """The execution environment behind a Runtime API."""

    timeout_seconds: int
    function_arn: str

    async def next_invocation(self) -> Invocation:
        """Wait for work; the first call says that the function is initialised."""

    def current(self, request_id: str) -> Invocation | None:
        """The invocation in hand, if it is this one."""

    def end(self, invocation: Invocation) -> None:
        """The function is done with it."""

    def init_failed(self, error: FunctionError) -> None:
        """The function could not be loaded."""


class RuntimeApi:
    """Serves one environment on a port of its own."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen; returns ``host:port``."""
        # A worker that dies while it waits closes its connection, which cancels the waiting request.
        server = make_server(self._handle, handler_cancellation=True)
        self._server = await asyncio.get_running_loop().create_server(server, HOST, 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _handle(self, request: BaseRequest) -> web.Response:
        operation = request.path.removeprefix(_PREFIX)
        if operation == "invocation/next":
            return await self._next()
        body = await request.read()
        if operation == "init/error":
            self._environment.init_failed(_reported_error(body))
            return web.Response(**_ACCEPTED)  # type: ignore[arg-type]
        return self._finish(operation, body)

    async def _next(self) -> web.Response:
        environment = self._environment
        invocation = await environment.next_invocation()
        return web.Response(
            body=invocation.event,
            headers={
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms(environment.timeout_seconds)),
                "Lambda-Runtime-Invoked-Function-Arn": environment.function_arn,
            },
        )

    def _finish(self, operation: str, body: bytes) -> web.Response:
        """``invocation/{request id}/response`` or ``…/error``."""
        _, _, rest = operation.partition("invocation/")
        request_id, _, outcome = rest.partition("/")
        invocation = self._environment.current(request_id)
        if invocation is None or outcome not in {"response", "error"}:
            return web.json_response({"errorType": "InvalidRequestID"}, status=400)
        if outcome == "error":
            invocation.fail(_reported_error(body))
        elif len(body) > _MAX_ANSWER:
            invocation.fail(FunctionError("Function.ResponseSizeTooLarge", f"the answer is over {_MAX_ANSWER} bytes"))
        else:
            invocation.succeed(body)
        self._environment.end(invocation)
        return web.Response(**_ACCEPTED)  # type: ignore[arg-type]


def _reported_error(body: bytes) -> FunctionError:
    try:
        error = json.loads(body)
        return FunctionError(error.get("errorType") or "Runtime.Unknown", error.get("errorMessage") or "")
    except (ValueError, AttributeError):
        return FunctionError("Runtime.Unknown", body.decode(errors="replace"))
