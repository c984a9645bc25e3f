"""``make demo`` as somebody types it: on a stack of its own, which is gone afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.demo.outside import RunningStack
from infra.local.paths import ROOT, StackPaths
from infra.local.processes import processes_of
from infra.local.stack import settings_of_caller

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(240)]

PATIENCE = 200


@pytest.fixture(scope="module")
def paths() -> Iterator[StackPaths]:
    """Where the demo's stack lives; what is still running at the end is a failure, and is stopped."""
    found = StackPaths(Path(tempfile.mkdtemp(prefix="dentalist-demo-")))
    found.directory.chmod(0o711)  # PostgreSQL does not run as root
    yield found
    leftovers = processes_of(found)
    subprocess.run(
        [sys.executable, "-m", "infra.local", "reset"],
        cwd=ROOT,
        env=environment(found),
        check=True,
        capture_output=True,
    )
    shutil.rmtree(found.directory)
    assert leftovers == []


def environment(paths: StackPaths, **variables: str) -> dict[str, str]:
    caller = settings_of_caller()
    kept = {name: value for name, value in os.environ.items() if name not in caller and name != "DEMO_EXIT"}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "STACK_DIR": str(paths.directory), **variables}


def start_demo(paths: StackPaths, *, from_background: bool = False, **variables: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "infra.demo"]
    if from_background:  # what a shell does to a command behind which it wrote "&"
        command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(paths, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_with_demo_exit_the_story_is_told_everything_is_stopped_and_the_code_is_zero(paths: StackPaths) -> None:
    started = time.monotonic()
    demo = start_demo(paths, DEMO_EXIT="1")
    told, _ = demo.communicate(timeout=PATIENCE)

    assert demo.returncode == 0, told
    assert "comprobaciones se cumplieron" in told
    assert f"/#{RunningStack(paths.stack_file).clinics[0].numbers[0].phone_number_id}" in told
    assert processes_of(paths) == []
    assert time.monotonic() - started < PATIENCE


def test_it_stays_open_until_ctrl_c_and_then_leaves_nothing_running(paths: StackPaths) -> None:
    demo = start_demo(paths, from_background=True)
    assert demo.stdout is not None
    told = []
    for line in demo.stdout:
        told.append(line)
        if "Ctrl-C" in line:
            break
    api_url = RunningStack(paths.stack_file).api_url
    while_open = httpx.get(f"{api_url}/api/health", timeout=20)
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)

    assert while_open.json()["status"] == "ok"
    assert demo.returncode == 0, "".join(told)
    assert processes_of(paths) == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{api_url}/api/health", timeout=5)
