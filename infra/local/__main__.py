"""The local stack from the command line: ``python -m infra.local up | down | reset | status``."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from infra.local import postgres
from infra.local.files import lock_of, locked, read_json, update_json
from infra.local.parts import base_environment
from infra.local.paths import HOST, ROOT, StackPaths
from infra.local.processes import STACK_VARIABLE, SUPERVISOR_MODULE, processes_of, send, supervisors_of, wait_until_gone
from infra.local.stack import prepare_state, settings_of_caller
from infra.local.supervisor import VERSION, hold_lock

UP_PATIENCE = 300.0
_STOP_PATIENCE = 40.0
_POLL_SECONDS = 0.1


class StackError(Exception):
    """The stack is not as asked; the message is for whoever typed the command."""


def up(paths: StackPaths) -> dict[str, Any]:
    """Bring the stack up, or heal it, and return what stack.json says.

    Raises:
        StackError: a part cannot run.
    """
    paths.create()
    settings = settings_of_caller()
    with locked(paths.run / "command"):
        if not _supervisor_answers(paths, version=VERSION):
            # A stack that was damaged rather than taken down keeps the settings it was started with.
            settings = {**read_json(paths.run / "settings.json"), **settings}
            _stop_supervisor(paths)
            _sweep(paths)
            prepare_state(paths)
            _start_supervisor(paths)
        _call(paths, "POST", "/up", settings)
        _wait_until_ready(paths)
    return read_json(paths.stack_file)


def down(paths: StackPaths) -> None:
    """Stop the stack and leave no process of it behind.

    Raises:
        StackError: something could not be stopped.
    """
    if not paths.directory.exists():
        return
    paths.create()
    with locked(paths.run / "command"):
        _stop_supervisor(paths)
        _sweep(paths)
        (paths.run / "settings.json").unlink(missing_ok=True)
        if paths.stack_file.exists():
            update_json(paths.stack_file, lambda stack: stack.update(pids={}))


def reset(paths: StackPaths) -> None:
    """Stop the stack and erase its data, ports and secrets; what was installed stays."""
    down(paths)
    for folder in (paths.data, paths.logs, paths.run, paths.tasks):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (paths.stack_file, paths.state_file):
        file.unlink(missing_ok=True)
        lock_of(file).unlink(missing_ok=True)


def status(paths: StackPaths) -> dict[str, Any]:
    """What the supervisor says, or that there is none."""
    if not _supervisor_answers(paths):
        return {"state": "down"}
    return _call(paths, "GET", "/status")


def _supervisor_answers(paths: StackPaths, version: str | None = None) -> bool:
    """Whether this stack has a supervisor that is in its senses, and runs this version of the code."""
    if not paths.run.exists():
        return False
    lock = hold_lock(paths.run / "supervisor.lock")
    if lock is not None:
        lock.close()
        return False
    try:
        answer = _call(paths, "GET", "/status", patience=5.0)
    except OSError:
        return False
    return version in {None, answer["version"]}


def _start_supervisor(paths: StackPaths) -> None:
    with (paths.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", SUPERVISOR_MODULE],
            cwd=ROOT,
            env={
                **base_environment(),
                "STACK_DIR": str(paths.directory),
                STACK_VARIABLE: str(paths.directory),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    for _ in _until(30.0):
        if process.poll() is not None:
            raise StackError(f"the supervisor ended; see {paths.logs / 'supervisor.log'}")
        with contextlib.suppress(OSError):
            _call(paths, "GET", "/status")
            return
    raise StackError(f"the supervisor does not answer; see {paths.logs / 'supervisor.log'}")


def _stop_supervisor(paths: StackPaths) -> None:
    supervisors = supervisors_of(paths)
    send(supervisors, signal.SIGTERM)
    send(wait_until_gone(supervisors, _STOP_PATIENCE), signal.SIGKILL)


def _sweep(paths: StackPaths) -> None:
    """End what a supervisor that was killed, or hangs, left behind: in an orderly way, so that queues are saved."""
    leftovers = processes_of(paths)
    send(leftovers, signal.SIGTERM)
    send(wait_until_gone(leftovers, 10.0), signal.SIGKILL)
    if wait_until_gone(leftovers, 5.0):
        raise StackError("processes of this stack do not end; `ps` shows them by their folder")
    postgres.stop(paths.data / "postgres")


def _wait_until_ready(paths: StackPaths) -> None:
    announced: set[str] = set()
    for _ in _until(UP_PATIENCE):
        progress = _call(paths, "GET", "/status")
        for name in progress["ready"]:
            if name not in announced:
                announced.add(name)
                print(f"  {name}", flush=True)
        if progress["state"] == "ready":
            return
        if progress["state"] == "failed":
            raise StackError(progress["error"])
    raise StackError(f"the stack was not up after {UP_PATIENCE:.0f} seconds; see {paths.logs}")


def _call(
    paths: StackPaths, method: str, path: str, body: dict[str, Any] | None = None, *, patience: float = 60.0
) -> dict[str, Any]:
    port = read_json(paths.state_file)["ports"]["supervisor"]
    request = urllib.request.Request(
        f"http://{HOST}:{port}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=patience) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


def _until(seconds: float) -> Iterator[None]:
    """Yield now and then until the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(_POLL_SECONDS)


def _show(stack: dict[str, Any], paths: StackPaths) -> None:
    print(f"The stack is up; everything about it is in {paths.stack_file}")
    for name in ("dashboard_url", "sandbox_url", "api_url", "supabase_url", "database_url"):
        print(f"  {name.removesuffix('_url'):<10}{stack[name]}")


def main(command: str) -> int:
    paths = StackPaths.from_environment()
    try:
        if command == "up":
            _show(up(paths), paths)
        elif command == "down":
            down(paths)
            print("The stack is down.")
        elif command == "reset":
            reset(paths)
            print("The stack is down and its data erased.")
        elif command == "status":
            print(json.dumps(status(paths), indent=2))
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (StackError, OSError) as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
