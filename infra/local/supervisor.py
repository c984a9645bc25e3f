"""The one background process of a stack: starts the parts in order, and starts again what dies.

``python -m infra.local.supervisor`` runs it; ``python -m infra.local`` talks to it over its own HTTP port.
"""

import asyncio
import fcntl
import logging
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from infra.local.files import update_json, write_json
from infra.local.parts import Job, Part, PartError, Service, make_parts
from infra.local.paths import HOST, ROOT, StackPaths
from infra.local.processes import kill_workers, yield_processor
from infra.local.stack import Stack, fingerprint

logger = logging.getLogger("supervisor")

VERSION = fingerprint(ROOT / "infra" / "local")  # as it was when this process started
_WATCH_SECONDS = 0.2
_CHECK_SECONDS = 0.1
_RESTART_DELAYS = (0.0, 0.5, 1.0, 2.0, 4.0)
_STEADY_SECONDS = 30.0  # a part that lived this long starts again at once when it dies
_LOG_TAIL = 15
_ILL_PATIENCE = 3.0  # seconds in which a part that does not answer may still end by itself


class Running:
    """One service and its process."""

    def __init__(self, service: Service, process: "subprocess.Popen[bytes]") -> None:
        self.service = service
        self.process = process
        self.started_at = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, patience: float | None = None) -> None:
        """Ask it to end; end it when it does not."""
        if not self.alive:
            return
        self.process.send_signal(self.service.stop_signal)
        try:
            self.process.wait(self.service.stop_patience if patience is None else patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Keeps the parts of one stack running."""

    def __init__(self, paths: StackPaths, parts_of: Callable[[Stack], Sequence[Part]] = make_parts) -> None:
        self._paths = paths
        self._parts_of = parts_of
        self._stack = Stack(paths, {})
        self._parts: Sequence[Part] = ()
        self._running: dict[str, Running] = {}
        self._restarts: dict[str, int] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._bring_up: asyncio.Task[None] | None = None
        self._healing: dict[str, asyncio.Task[None]] = {}
        self._state = "starting"
        self._error = ""
        self._ready: list[str] = []

    # ---- what `python -m infra.local` asks for

    def status(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "state": self._state,
            "error": self._error,
            "ready": self._ready,
            "settings": self._stack.settings,
            "pids": {name: running.process.pid for name, running in self._running.items() if running.alive},
        }

    async def up(self, settings: dict[str, str]) -> None:
        """Begin to bring everything up with these settings on top of those in force; ``status`` tells how it goes."""
        if self._bring_up is not None:
            await asyncio.wait([self._bring_up])
        self._state, self._error, self._ready = "starting", "", []
        self._stack = Stack(self._paths, {**self._stack.settings, **settings})
        write_json(self._paths.run / "settings.json", self._stack.settings)
        self._parts = self._parts_of(self._stack)
        self._bring_up = asyncio.create_task(self._bring_everything_up())

    async def down(self) -> None:
        """Stop everything, what depends on others first."""
        self._state = "stopping"
        tasks = [*self._healing.values(), *([self._bring_up] if self._bring_up else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        stopped: dict[str, asyncio.Task[None]] = {}
        for part in reversed(self._parts):
            if part.name in self._running:
                stopped[part.name] = asyncio.create_task(self._stop_after(part.name, list(stopped.values())))
        await asyncio.gather(*stopped.values())
        kill_workers(self._paths.tasks)
        update_json(self._paths.stack_file, lambda content: content.update(pids={}))

    # ---- bringing up

    async def _bring_everything_up(self) -> None:
        loop = asyncio.get_running_loop()
        done: dict[str, asyncio.Future[bool]] = {part.name: loop.create_future() for part in self._parts}
        # Every part comes to its own end: one that is being started must not be forgotten because another failed.
        failures = await asyncio.gather(*(self._bring_up_part(part, done) for part in self._parts))
        reasons = [failure for failure in failures if failure is not None]
        if reasons:
            self._state, self._error = "failed", "\n".join(reasons)
            logger.error("the stack is not up: %s", self._error)
        else:
            self._publish()
            self._state = "ready"

    async def _bring_up_part(self, part: Part, done: "dict[str, asyncio.Future[bool]]") -> str | None:
        """Start a part once what it needs is up; returns why it could not be."""
        failure, succeeded = None, False
        if all([await done[name] for name in part.after]):
            try:
                await self._run_or_ensure(part)
                self._ready.append(part.name)
                succeeded = True
            except Exception as error:
                logger.exception("%s did not come up", part.name)
                failure = str(error) or repr(error)
        done[part.name].set_result(succeeded)
        return failure

    async def _run_or_ensure(self, part: Part) -> None:
        if isinstance(part, Job):
            await asyncio.to_thread(part.run)
            return
        async with self._lock(part.name):
            await self._ensure(part)

    async def _ensure(self, service: Service) -> None:
        """Keep a healthy process that follows its settings; otherwise start a new one."""
        running = self._running.get(service.name)
        if running is not None and running.alive:
            healthy = await _is_healthy(service)
            if healthy and running.service.identity == service.identity:
                running.service = service
                return
            logger.info("%s is started anew: %s", service.name, "its settings changed" if healthy else "not healthy")
            await asyncio.to_thread(running.stop, None if healthy else _ILL_PATIENCE)
        await self._start(service)

    async def _start(self, service: Service) -> None:
        logger.info("starting %s", service.name)
        if service.name == "gateway":
            self._publish()  # the gateway adds its workers to what must be there by then
        process = await asyncio.to_thread(service.start)
        yield_processor(process.pid, service.niceness)
        self._running[service.name] = running = Running(service, process)
        self._publish()
        await self._wait_until_healthy(running)
        await asyncio.to_thread(service.when_up)

    async def _wait_until_healthy(self, running: Running) -> None:
        service = running.service
        deadline = time.monotonic() + service.start_patience
        while (reason := await asyncio.to_thread(service.check)) is not None:
            if not running.alive:
                code = running.process.returncode
                raise PartError(f"{service.name} ended with code {code}.\n{self._log_tail(service.name)}")
            if time.monotonic() > deadline:
                raise PartError(f"{service.name} is not healthy: {reason}\n{self._log_tail(service.name)}")
            await asyncio.sleep(_CHECK_SECONDS)

    # ---- keeping up

    async def watch(self) -> None:
        """Start again what has ended."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if self._state != "ready":
                continue
            for name, running in list(self._running.items()):
                if not running.alive and name not in self._healing:
                    logger.warning("%s ended with code %s", name, running.process.returncode)
                    self._healing[name] = asyncio.create_task(self._heal(running))

    async def _heal(self, running: Running) -> None:
        service = running.service
        self._publish()
        lived = time.monotonic() - running.started_at
        attempt = 0 if lived > _STEADY_SECONDS else self._restarts.get(service.name, 0)
        self._restarts[service.name] = min(attempt + 1, len(_RESTART_DELAYS) - 1)
        try:
            await asyncio.sleep(_RESTART_DELAYS[attempt])
            async with self._lock(service.name):
                if not self._running[service.name].alive:  # `make up` may have been faster
                    await self._start(service)
            for part in self._parts:
                if isinstance(part, Job) and service.name in part.again_with:
                    await asyncio.to_thread(part.run)
        except Exception:  # the watch goes on, and tries again
            logger.exception("%s could not be started again", service.name)
            running.started_at = time.monotonic()
        finally:
            del self._healing[service.name]

    async def _stop_after(self, name: str, others: "list[asyncio.Task[None]]") -> None:
        """Stop one part once those that were started after it are gone."""
        if others:
            await asyncio.wait(others)
        await asyncio.to_thread(self._running[name].stop)

    # ---- what others see

    def _publish(self) -> None:
        """Write stack.json; the workers' process ids in it are the gateway's business while it lives."""
        pids = {name: running.process.pid for name, running in self._running.items() if running.alive}

        def change(content: dict[str, Any]) -> None:
            workers = {name: pid for name, pid in content.get("pids", {}).items() if name.startswith("worker:")}
            content.clear()
            content.update(self._stack.description())
            content["pids"] = {**pids, **(workers if "gateway" in pids else {})}

        update_json(self._paths.stack_file, change)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _log_tail(self, name: str) -> str:
        log = self._paths.logs / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join([f"The end of {log}:", *lines[-_LOG_TAIL:]])


async def _is_healthy(service: Service) -> bool:
    try:
        return await asyncio.to_thread(service.check) is None
    except PartError:
        return False


def make_app(supervisor: Supervisor) -> web.Application:
    """``GET /status`` and ``POST /up``."""

    async def status(_: web.Request) -> web.Response:
        return web.json_response(supervisor.status())

    async def up(request: web.Request) -> web.Response:
        await supervisor.up(await request.json())
        return web.json_response(supervisor.status(), status=202)

    app = web.Application()
    app.router.add_get("/status", status)
    app.router.add_post("/up", up)
    return app


def hold_lock(path: Path) -> Any:
    """The lock that exactly one supervisor of a stack holds, or None when another one does."""
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


async def serve(paths: StackPaths) -> None:
    """Run until SIGTERM, then stop every part."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor(paths)
    runner = web.AppRunner(make_app(supervisor), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, Stack(paths, {}).ports["supervisor"]).start()
    watch = asyncio.create_task(supervisor.watch())
    await stop.wait()
    watch.cancel()
    await supervisor.down()
    await runner.cleanup()


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    paths = StackPaths.from_environment()
    lock = hold_lock(paths.run / "supervisor.lock")
    if lock is None:
        raise SystemExit("another supervisor runs this stack")
    with lock:
        asyncio.run(serve(paths))


if __name__ == "__main__":
    main()
