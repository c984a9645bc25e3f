"""The supervisor over small parts of its own: order, health, restarts, and nothing left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from infra.local.files import read_json
from infra.local.parts import Job, Part, Service, http_check, spawn
from infra.local.paths import HOST, StackPaths
from infra.local.processes import is_alive
from infra.local.stack import Stack, prepare_state
from infra.local.supervisor import Supervisor
from tests.integration.stack.toy_stack import free_ports

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Parts:
    """Two services, the second on top of the first, and a job in between."""

    def __init__(self, paths: StackPaths) -> None:
        self.paths = paths
        self.store_port, self.front_port = free_ports(2)
        self.events: list[str] = []
        self.front_identity = ""
        self.store_code = SERVER

    def __call__(self, stack: Stack) -> Sequence[Part]:
        store = self._service(stack, "store", self.store_port, self.store_code)
        front = self._service(stack, "front", self.front_port, SERVER)
        return (
            store,
            Job("fill", lambda: self.events.append("fill"), after=("store",), again_with=("store",)),
            replace(front, after=("fill",), identity=self.front_identity),
        )

    def _service(self, stack: Stack, name: str, port: int, code: str) -> Service:
        def start() -> "subprocess.Popen[bytes]":
            self.events.append(name)
            return spawn(stack, name, (sys.executable, "-c", code, str(port)), {})

        return Service(name, start=start, check=http_check(f"http://{HOST}:{port}/"), start_patience=20)

    def pids(self) -> dict[str, int]:
        pids: dict[str, int] = read_json(self.paths.stack_file)["pids"]
        return pids


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    paths = StackPaths(tmp_path / "stack")
    paths.create()
    prepare_state(paths)
    return Parts(paths)


@asynccontextmanager
async def supervised(parts: Parts) -> AsyncIterator[Supervisor]:
    """A supervisor that watches, and takes everything down at the end."""
    supervisor = Supervisor(parts.paths, parts)
    watch = asyncio.create_task(supervisor.watch())
    try:
        yield supervisor
    finally:
        watch.cancel()
        await supervisor.down()


async def bring_up(supervisor: Supervisor, **settings: str) -> str:
    """Bring it up and return the state it comes to."""
    await supervisor.up(settings)
    await until(lambda: supervisor.status()["state"] != "starting")
    return str(supervisor.status()["state"])


async def until(check: Callable[[], bool], patience: float = 20.0) -> None:
    deadline = time.monotonic() + patience
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        await test()

    asyncio.run(body())


def test_parts_start_in_the_order_of_what_they_need(parts: Parts) -> None:
    async def test() -> None:
        async with supervised(parts) as supervisor:
            assert await bring_up(supervisor) == "ready"
            assert parts.events == ["store", "fill", "front"]
            assert set(parts.pids()) == {"store", "front"}

    run(test)


def test_up_on_a_healthy_stack_keeps_every_process_and_runs_the_jobs_again(parts: Parts) -> None:
    async def test() -> None:
        async with supervised(parts) as supervisor:
            await bring_up(supervisor)
            before = parts.pids()
            await bring_up(supervisor)

            assert parts.pids() == before
            assert parts.events == ["store", "fill", "front", "fill"]

    run(test)


def test_a_killed_part_runs_again_within_five_seconds_and_what_it_lost_is_made_again(parts: Parts) -> None:
    async def test() -> None:
        async with supervised(parts) as supervisor:
            await bring_up(supervisor)
            before = parts.pids()
            os.kill(before["store"], signal.SIGKILL)
            await until(lambda: parts.pids().get("store") not in {None, before["store"]}, patience=5)
            await until(lambda: parts.events.count("fill") == 2)

            assert is_alive(psutil.Process(parts.pids()["store"]))
            assert parts.pids()["front"] == before["front"]

    run(test)


def test_a_part_that_is_killed_again_and_again_comes_back_every_time(parts: Parts) -> None:
    async def test() -> None:
        seen: set[int | None] = {None}
        async with supervised(parts) as supervisor:
            await bring_up(supervisor)
            for _ in range(3):
                before = parts.pids()["front"]
                seen.add(before)
                os.kill(before, signal.SIGKILL)
                await until(lambda: parts.pids().get("front") not in seen, patience=5)

    run(test)


def test_a_change_of_settings_starts_only_the_part_anew_that_follows_them(parts: Parts) -> None:
    async def test() -> None:
        async with supervised(parts) as supervisor:
            await bring_up(supervisor)
            before = parts.pids()
            parts.front_identity = "other settings"
            await bring_up(supervisor)

            assert parts.pids()["store"] == before["store"]
            assert parts.pids()["front"] != before["front"]

    run(test)


def test_settings_are_kept_until_the_stack_is_taken_down(parts: Parts) -> None:
    async def test() -> None:
        async with supervised(parts) as supervisor:
            await bring_up(supervisor, REPLY_DEBOUNCE_SECONDS="0")
            await bring_up(supervisor, META_GRAPH_VERSION="v26.0")

            assert supervisor.status()["settings"] == {"REPLY_DEBOUNCE_SECONDS": "0", "META_GRAPH_VERSION": "v26.0"}

    run(test)


def test_a_part_that_hangs_is_replaced_by_up(parts: Parts) -> None:
    async def test() -> None:
        async with supervised(parts) as supervisor:
            await bring_up(supervisor)
            hanging = psutil.Process(parts.pids()["store"])
            hanging.suspend()
            assert await bring_up(supervisor) == "ready"

            assert parts.pids()["store"] != hanging.pid
            assert not is_alive(hanging)

    run(test)


def test_a_part_that_cannot_start_is_named_with_its_last_words_and_can_be_repaired(parts: Parts) -> None:
    async def test() -> None:
        async with supervised(parts) as supervisor:
            parts.store_code = "raise SystemExit('no space left')"
            assert await bring_up(supervisor) == "failed"
            assert "store ended with code 1" in supervisor.status()["error"]
            assert "no space left" in supervisor.status()["error"]
            assert parts.events == ["store"]

            parts.store_code = SERVER
            assert await bring_up(supervisor) == "ready"

    run(test)


def test_down_leaves_no_process_and_no_pid(parts: Parts) -> None:
    processes: list[psutil.Process] = []

    async def test() -> None:
        async with supervised(parts) as supervisor:
            await bring_up(supervisor)
            processes.extend(psutil.Process(pid) for pid in parts.pids().values())

    run(test)

    assert len(processes) == 2
    assert not [process for process in processes if is_alive(process)]
    assert parts.pids() == {}
