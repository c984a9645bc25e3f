"""The generator is open-loop: a slow server changes when answers come, never when requests leave."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from infra.bench.load import NO_ANSWER, Hit, Shot, Volley, fire, instants, run_apart


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self._sleepers.append((self.now + seconds, awake))
        await awake.wait()

    async def run(self, work: Awaitable[list[Hit]]) -> list[Hit]:
        """Do the work, moving the time on whenever everybody sleeps."""
        task = asyncio.ensure_future(work)
        while not task.done():
            for _ in range(20):  # everybody who can go on does
                await asyncio.sleep(0)
            if self._sleepers and not task.done():
                self._sleepers.sort(key=lambda sleeper: sleeper[0])
                due, awake = self._sleepers.pop(0)
                self.now = max(self.now, due)
                awake.set()
        return task.result()


Send = Callable[[Shot], Awaitable[tuple[int, str]]]


def shots(*offsets: float, url: str = "http://nowhere") -> list[Shot]:
    return [Shot(at, url, f"body {number}", {}) for number, at in enumerate(offsets)]


def carry_out(plan: list[Shot], make_send: Callable[[Clock], Send], *, start: float = 100.0) -> list[Hit]:
    clock = Clock()
    return asyncio.run(clock.run(fire(plan, make_send(clock), start=start, clock=clock, sleep=clock.sleep)))


def test_the_instants_are_evenly_spaced() -> None:
    assert instants(4, 1.5) == [0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_requests_leave_at_their_instants_while_earlier_ones_are_still_unanswered() -> None:
    left: list[float] = []

    def make_send(clock: Clock) -> Send:
        async def send(_: Shot) -> tuple[int, str]:
            left.append(clock())
            await clock.sleep(60)
            return 200, ""

        return send

    hits = carry_out(shots(0, 1, 2), make_send)
    assert left == [100, 101, 102]
    assert [hit.latency_ms for hit in hits] == [60_000, 60_000, 60_000]


def test_a_request_that_leaves_late_is_as_slow_as_its_instant_says() -> None:
    def make_send(clock: Clock) -> Send:
        async def send(_: Shot) -> tuple[int, str]:
            clock.now += 5  # a generator that is held up, too
            return 200, ""

        return send

    hits = carry_out(shots(0, 1, 2), make_send)
    assert [hit.late_ms for hit in hits] == [0, 4000, 8000]
    assert [hit.latency_ms for hit in hits] == [5000, 9000, 13_000]


def test_a_plan_that_begins_in_the_past_leaves_at_once_and_counts_what_it_waited() -> None:
    def make_send(_: Clock) -> Send:
        async def send(_: Shot) -> tuple[int, str]:
            return 200, ""

        return send

    hits = carry_out(shots(0), make_send, start=97.0)
    assert [(hit.late_ms, hit.latency_ms) for hit in hits] == [(3000, 3000)]


def test_a_request_without_an_answer_is_a_hit_of_no_status_and_stops_nothing() -> None:
    def make_send(_: Clock) -> Send:
        async def send(shot: Shot) -> tuple[int, str]:
            if shot.body == "body 0":
                raise aiohttp.ServerDisconnectedError
            return 503, "not now"

        return send

    hits = carry_out(shots(0, 1), make_send)
    assert [(hit.status, hit.answer) for hit in hits] == [(NO_ANSWER, "ServerDisconnectedError"), (503, "not now")]
    assert Volley(0.0, tuple(hits)).refused == 2


def test_from_a_process_of_its_own_every_body_arrives_as_planned_and_is_answered() -> None:
    received: list[tuple[str, str | None]] = []

    async def take(request: web.Request) -> web.Response:
        received.append((await request.text(), request.headers.get("x-signed")))
        return web.Response(status=201 if len(received) == 1 else 500, text="here")

    async def exchange() -> Volley:
        app = web.Application()
        app.router.add_post("/hook", take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        plan = [
            Shot(0.0, f"http://{host}:{port}/hook", "¿Hola? 😊", {"x-signed": "yes"}),
            Shot(0.05, f"http://{host}:{port}/hook", "Chau", {}),
        ]
        try:
            return await asyncio.to_thread(run_apart, plan)
        finally:
            await runner.cleanup()

    volley = asyncio.run(exchange())
    assert received == [("¿Hola? 😊", "yes"), ("Chau", None)]
    assert [(hit.at, hit.status, hit.answer) for hit in volley.hits] == [(0.0, 201, ""), (0.05, 500, "here")]
    assert volley.refused == 1


def test_a_generator_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="UnicodeEncodeError"):
        run_apart([Shot(0.0, "http://127.0.0.1:1", "\ud800", {})])
