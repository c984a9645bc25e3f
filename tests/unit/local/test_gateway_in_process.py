"""The gateway's own decisions, with a function that is played by the test."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from infra.local.gateway import schedules
from infra.local.gateway.http import HttpApi, Router
from infra.local.gateway.invocations import FunctionError
from infra.local.gateway.schedules import Rate, Scheduled
from infra.local.gateway.servers import make_server
from infra.local.gateway.workers import WorkerPool
from infra.local.model import HttpRoute, Schedule


class PlayedFunction:
    """Stands in for a pool: ``answer`` is what the function does."""

    def __init__(self, answer: Callable[[], Awaitable[bytes]]) -> None:
        self.function = SimpleNamespace(name="played")
        self.events: list[dict[str, Any]] = []
        self._answer = answer

    async def invoke(self, event: bytes) -> bytes:
        self.events.append(json.loads(event))
        return await self._answer()


async def never() -> bytes:
    await asyncio.sleep(60)
    return b"null"


async def fails() -> bytes:
    raise FunctionError("Runtime.ExitError", "died")


async def works() -> bytes:
    return b'{"statusCode": 200}'


def ask(function: PlayedFunction, *, timeout: float = 5.0) -> tuple[int, Any]:
    """One request to an HTTP API whose only route is this function."""

    async def run() -> tuple[int, Any]:
        router = Router([(HttpRoute("GET", "/work"), cast("WorkerPool", function))])
        api = HttpApi(router, None, timeout=timeout)
        server = await asyncio.get_running_loop().create_server(make_server(api.handle), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/work") as answer:
            return answer.status, await answer.text()

    return asyncio.run(run())


def test_an_integration_that_takes_longer_than_the_apis_limit_is_unavailable() -> None:
    status, body = ask(PlayedFunction(never), timeout=0.05)

    assert (status, json.loads(body)) == (503, {"message": "Service Unavailable"})


def test_a_failed_function_is_an_internal_server_error() -> None:
    status, body = ask(PlayedFunction(fails))

    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})


@pytest.mark.parametrize("answer", [works, fails])
def test_a_schedule_fires_again_and_again_even_when_the_function_fails(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Awaitable[bytes]]
) -> None:
    monkeypatch.setattr(schedules, "parse_schedule", lambda *_: Rate(timedelta(milliseconds=10)))
    function = PlayedFunction(answer)

    async def run() -> None:
        schedule = Schedule("Often", "rate(1 minute)", "UTC", "aws.scheduler")
        task = asyncio.create_task(Scheduled(schedule, cast("WorkerPool", function)).run())
        async with asyncio.timeout(5):
            while len(function.events) < 3:
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(run())

    assert {event["source"] for event in function.events} == {"aws.scheduler"}
    assert len({event["id"] for event in function.events}) == len(function.events)
