"""The processes of one function: each under Lambda's runtime client, started again when it dies."""

import asyncio
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.local.dependencies import base_interpreter, layer_paths
from infra.local.gateway.invocations import FunctionError, FunctionTimedOutError, Invocation
from infra.local.gateway.runtime_api import RuntimeApi
from infra.local.model import Function
from infra.local.processes import yield_processor

logger = logging.getLogger(__name__)

# A burst is mostly over before another process would have started; only what still waits then asks for one.
SCALE_UP_AFTER = 0.05
_FIRST_RETRY, _LAST_RETRY = 0.5, 4.0  # seconds between attempts to start a function that cannot be loaded
_HOPELESS_STARTS = 2  # one may have been killed; two in a row are the function's own fault
_BACKGROUND_NICENESS = 19
_GRACE = 3.0  # seconds that running invocations get to end when the gateway stops


@dataclass(frozen=True, slots=True)
class Launcher:
    """What every worker is started with, besides its function."""

    tasks: Path
    logs: Path
    aws_environment: Mapping[str, str]  # credentials, region and endpoints

    def task_root(self, function: Function) -> Path:
        """A folder that holds the function's package and nothing else, as /var/task does."""
        root = self.tasks / function.name
        root.mkdir(parents=True, exist_ok=True)
        link = root / function.name
        if not link.is_symlink() or link.readlink() != function.code:
            link.unlink(missing_ok=True)
            link.symlink_to(function.code, target_is_directory=True)
        return root

    def environment(self, function: Function, runtime_api: str) -> dict[str, str]:
        """The template's variables and Lambda's own; nothing of ours is inherited."""
        root = self.task_root(function)
        lambdas_own = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join(str(path) for path in (root, *layer_paths(function))),
            "PYTHONUNBUFFERED": "1",
            "LAMBDA_TASK_ROOT": str(root),
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "_HANDLER": function.handler,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": function.full_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.full_name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        }
        return {**lambdas_own, **self.aws_environment, **function.environment}


class Worker:
    """One execution environment: a process and the Runtime API it talks to."""

    def __init__(self, pool: "WorkerPool") -> None:
        self._pool = pool
        self._api = RuntimeApi(self)
        self._process: asyncio.subprocess.Process | None = None
        self._assignment: asyncio.Future[Invocation] | None = None
        self._in_hand: Invocation | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.function_arn = pool.function.arn
        self.timeout_seconds = pool.function.timeout_seconds
        self.ready = False
        self.init_error: FunctionError | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def busy(self) -> bool:
        return self._in_hand is not None

    async def run(self, launcher: Launcher, on_started: Callable[[], None]) -> None:
        """Start the process and wait until it has ended, however it ends."""
        function = self._pool.function
        address = await self._api.start()
        with (launcher.logs / f"{function.name}.log").open("ab") as log:
            # Without site-packages (-S) and without the current folder (-P): only PYTHONPATH is importable.
            self._process = await asyncio.create_subprocess_exec(
                *(base_interpreter(), "-S", "-s", "-P", "-m", "awslambdaric", function.handler),
                cwd=launcher.task_root(function),
                env=launcher.environment(function, address),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if self._pool.background:
            yield_processor(self._process.pid, _BACKGROUND_NICENESS)
        on_started()
        code = await self._process.wait()
        self._api.close()
        self._ended(code)

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)

    def assign(self, invocation: Invocation) -> None:
        """Hand work to a worker that waits for it."""
        if self._assignment is None:
            raise RuntimeError("the worker does not wait for work")
        self._assignment.set_result(invocation)

    async def next_invocation(self) -> Invocation:
        self.ready = True
        self._assignment = asyncio.get_running_loop().create_future()
        self._pool.worker_waits(self)
        try:
            invocation = await self._assignment
        except asyncio.CancelledError:
            self._pool.worker_left(self)
            if self._assignment.done() and not self._assignment.cancelled():
                # Assigned, but never handed over: another worker can have it.
                self._pool.put_back(self._assignment.result())
            raise
        self._in_hand = invocation
        self._timer = asyncio.get_running_loop().call_later(self.timeout_seconds, self._time_out, invocation)
        return invocation

    def current(self, request_id: str) -> Invocation | None:
        matches = self._in_hand is not None and self._in_hand.request_id == request_id
        return self._in_hand if matches else None

    def end(self, invocation: Invocation) -> None:
        if self._in_hand is invocation:
            self._in_hand = None
            self._stop_timer()

    def init_failed(self, error: FunctionError) -> None:
        self.init_error = error

    def _time_out(self, invocation: Invocation) -> None:
        invocation.fail(FunctionTimedOutError(invocation.request_id, self.timeout_seconds))
        self.kill()

    def _ended(self, code: int) -> None:
        self._stop_timer()
        self._pool.worker_left(self)
        if self._in_hand is not None:
            reason = f"RequestId: {self._in_hand.request_id} Error: Runtime exited with code {code}"
            self._in_hand.fail(FunctionError("Runtime.ExitError", reason))
            self._in_hand = None
        if not self.ready and self.init_error is None:
            self.init_error = FunctionError("Runtime.ExitError", f"Runtime exited with code {code} while it started")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class WorkerPool:
    """The workers of one function: one is always warm, more are started while invocations wait."""

    def __init__(
        self,
        function: Function,
        launcher: Launcher,
        *,
        maximum: int,
        background: bool,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Args:
            function: whose workers these are.
            launcher: how they are started.
            maximum: how many there may be.
            background: they yield the processor to the workers that answer HTTP requests, with which they share
                none in the cloud.
            on_change: called when a process was started or has ended.
        """
        self.function = function
        self.background = background
        self.init_error: FunctionError | None = None
        self._launcher = launcher
        self._maximum = maximum
        self._on_change = on_change
        self._waiting: deque[Invocation] = deque()
        self._idle: list[Worker] = []  # the most recently used last, and used first
        self._slots: dict[int, Worker] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._scale_timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._failed_starts = 0

    @property
    def ready(self) -> bool:
        return any(worker.ready for worker in self._slots.values())

    @property
    def cannot_start(self) -> bool:
        return self._failed_starts >= _HOPELESS_STARTS and not self.ready

    def pids(self) -> dict[int, int]:
        """Process ids by slot, from 1."""
        return {slot: worker.pid for slot, worker in sorted(self._slots.items()) if worker.pid is not None}

    def start(self) -> None:
        """Start the warm worker."""
        self._add_slot()

    async def stop(self) -> None:
        """Let running invocations end for a moment, then end the processes."""
        self._stopping = True
        for _ in range(int(_GRACE / 0.05)):
            if not any(worker.busy for worker in self._slots.values()):
                break
            await asyncio.sleep(0.05)
        while self._waiting:
            self._waiting.popleft().fail(FunctionError("Gateway.Stopped", "the gateway stops"))
        for worker in self._slots.values():
            worker.kill()
        _, resting = await asyncio.wait(self._keepers, timeout=1) if self._keepers else ((), ())
        for keeper in resting:  # between two attempts to start
            keeper.cancel()

    async def invoke(self, event: bytes) -> bytes:
        """Run the function on one event and return its answer, JSON as it was given.

        Raises:
            FunctionError: it raised, died, could not be loaded or (FunctionTimedOutError) took too long.
        """
        invocation = Invocation(event, asyncio.get_running_loop().create_future())
        self._dispatch(invocation)
        return await invocation.result

    def worker_waits(self, worker: Worker) -> None:
        self.init_error, self._failed_starts = None, 0
        while self._waiting:
            invocation = self._waiting.popleft()
            if not invocation.result.done():
                worker.assign(invocation)
                return
        self._idle.append(worker)

    def worker_left(self, worker: Worker) -> None:
        if worker in self._idle:
            self._idle.remove(worker)

    def put_back(self, invocation: Invocation) -> None:
        """An invocation that no function has seen yet keeps its place at the front."""
        if self._idle:
            self._idle.pop().assign(invocation)
        else:
            self._waiting.appendleft(invocation)

    def _dispatch(self, invocation: Invocation) -> None:
        if self._idle:
            self._idle.pop().assign(invocation)
            return
        self._waiting.append(invocation)
        self._watch_the_line()

    def _watch_the_line(self) -> None:
        can_grow = len(self._keepers) < self._maximum and self.init_error is None and not self._stopping
        if can_grow and self._scale_timer is None:
            self._scale_timer = asyncio.get_running_loop().call_later(SCALE_UP_AFTER, self._scale_up)

    def _scale_up(self) -> None:
        self._scale_timer = None
        starting = sum(not worker.ready for worker in self._slots.values())
        for _ in range(min(len(self._waiting) - starting, self._maximum - len(self._keepers))):
            self._add_slot()
        if self._waiting:
            self._watch_the_line()

    def _add_slot(self) -> None:
        slot = len(self._keepers) + 1
        self._slots[slot] = Worker(self)
        self._keepers.append(asyncio.get_running_loop().create_task(self._keep_running(slot)))

    async def _keep_running(self, slot: int) -> None:
        """Start the slot's worker again whenever it has ended: at once, unless the function cannot be loaded."""
        delay = _FIRST_RETRY
        while not self._stopping:
            worker = self._slots[slot] = Worker(self)
            await worker.run(self._launcher, self._on_change)
            del self._slots[slot]
            self._on_change()
            if worker.ready:
                delay = _FIRST_RETRY
            elif worker.init_error is not None and not self._stopping:
                self._could_not_start(worker.init_error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, _LAST_RETRY)

    def _could_not_start(self, error: FunctionError) -> None:
        self._failed_starts += 1
        if str(error) != str(self.init_error):
            logger.error("%s could not be started: %s", self.function.name, error)
        if self.ready:
            return
        self.init_error = error
        while self._waiting:  # nobody is left who could take them
            self._waiting.popleft().fail(error)
