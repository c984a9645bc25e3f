"""Finding and ending the processes of a stack, also those whose parent is gone."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from infra.local.paths import StackPaths

# Every part is started with it; a worker's environment is Lambda's alone, so its task folder tells whose it is.
STACK_VARIABLE = "DENTALIST_STACK_DIR"
SUPERVISOR_MODULE = "infra.local.supervisor"
_TASK_VARIABLE = "LAMBDA_TASK_ROOT"


def yield_processor(pid: int, niceness: int) -> None:
    """Lower a process's priority below ours by so much; ``os.nice`` for another process."""
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)


def kill_workers(tasks: Path) -> None:
    """End every function process whose task folder is below ``tasks``."""
    send(list(_with_environment(_TASK_VARIABLE, lambda value: Path(value).parent == tasks)), signal.SIGKILL)


def processes_of(paths: StackPaths) -> list[psutil.Process]:
    """Every process that belongs to the stack, without the caller."""
    parts = _with_environment(STACK_VARIABLE, lambda value: value == str(paths.directory))
    workers = _with_environment(_TASK_VARIABLE, lambda value: Path(value).parent == paths.tasks)
    return [*parts, *workers]


def supervisors_of(paths: StackPaths) -> list[psutil.Process]:
    """The stack's supervisor; more than one only while one takes over from another."""
    supervisors = []
    for process in processes_of(paths):
        with suppress(psutil.Error):
            if SUPERVISOR_MODULE in process.cmdline():
                supervisors.append(process)
    return supervisors


def send(processes: list[psutil.Process], number: int) -> None:
    """Send a signal to those that are still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def wait_until_gone(processes: list[psutil.Process], patience: float) -> list[psutil.Process]:
    """The processes that are still there after at most ``patience`` seconds."""
    deadline = time.monotonic() + patience
    alive = [process for process in processes if is_alive(process)]
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = [process for process in alive if is_alive(process)]
    return alive


def is_alive(process: psutil.Process) -> bool:
    """Running, and not merely waiting for its parent to notice its end."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _with_environment(variable: str, matches: Callable[[str], bool]) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with suppress(psutil.Error, OSError):  # gone meanwhile, or somebody else's
            value = process.environ().get(variable)
            if value is not None and matches(value) and is_alive(process):
                yield process
