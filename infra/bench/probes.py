"""Processes that run a function, or a floor, as the stack's gateway would, so that their own cost can be read."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.bench.gateway import FLOORS
from infra.bench.stack import NotMeasured
from infra.local.dependencies import base_interpreter
from infra.local.gateway.workers import Launcher
from infra.local.model import Function

_PROBE = Path(__file__).with_name("probe.py")
_START_PATIENCE = 60.0


def floor_of(function: Function, floor: str) -> Function:
    """The floor in place of the function: with the same layers, variables and search path."""
    return replace(function, name="floors", code=FLOORS, handler=f"floors.{floor}.lambda_handler")


def start_once(launcher: Launcher, function: Function) -> dict[str, float]:
    """Milliseconds of importing the function in a fresh process: wall and processor.

    Raises:
        NotMeasured: it cannot be imported.
    """
    done = subprocess.run(
        _command("start", function),
        **_surroundings(launcher, function),
        capture_output=True,
        check=False,
        timeout=_START_PATIENCE,
    )
    if done.returncode != 0:
        raise NotMeasured(f"{function.handler} cannot be imported:\n{done.stderr[-2000:]}")
    took: dict[str, float] = json.loads(done.stdout)
    return took


class Working:
    """A process with a warm handler."""

    def __init__(self, process: "subprocess.Popen[str]", handler: str) -> None:
        self._process = process
        self._handler = handler

    def cpu_ms(self, events: list[dict[str, Any]]) -> float:
        """Processor milliseconds per event.

        Raises:
            NotMeasured: the handler failed, or refused an event.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise NotMeasured("the probe has no pipes")
        self._process.stdin.write(json.dumps(events) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise NotMeasured(f"{self._handler} ended with {self._process.wait(_START_PATIENCE)}")
        told = json.loads(line)
        if told["refused"]:
            raise NotMeasured(f"{self._handler} refused {told['refused']} of {len(events)} events")
        return float(told["cpu_ms"]) / len(events)


@contextmanager
def working(launcher: Launcher, function: Function) -> Iterator[Working]:
    """A process with the function's handler, ended with the block."""
    process = subprocess.Popen(
        _command("work", function),
        **_surroundings(launcher, function),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Working(process, function.handler)
    finally:
        process.kill()
        process.wait(_START_PATIENCE)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _command(what: str, function: Function) -> list[str]:
    module = function.handler.rpartition(".")[0]
    return [base_interpreter(), "-S", "-s", "-P", str(_PROBE), what, module]


def _surroundings(launcher: Launcher, function: Function) -> dict[str, Any]:
    """The environment of a worker, in which bytecode is written at the first start and found at the others."""
    return {
        "env": launcher.environment(function, runtime_api=""),
        "cwd": launcher.task_root(function),
        "text": True,
    }
