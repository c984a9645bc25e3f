"""The processes of the functions: what they see, and what happens when one dies."""

import os
import signal
import sys
import time

import httpx
import psutil
import pytest

from infra.local.processes import is_alive
from tests.integration.stack.toy_stack import ToyStack, eventually

pytestmark = pytest.mark.xdist_group("toys")


def test_every_function_has_a_warm_process_and_its_pid_is_known(toys: ToyStack) -> None:
    pids = toys.pids()

    assert {"worker:echo", "worker:misbehave", "worker:consumer", "worker:tick"} <= set(pids)
    for name in ("worker:echo", "worker:tick"):
        assert "awslambdaric" in psutil.Process(pids[name]).cmdline()
    assert pids["postgres"] == 1  # the names of others are left alone


@pytest.mark.parametrize("name", ["worker:echo", "worker:consumer", "worker:tick"])
def test_a_killed_worker_runs_again_within_five_seconds_under_its_name(toys: ToyStack, name: str) -> None:
    before = toys.pids()[name]
    os.kill(before, signal.SIGKILL)
    started = time.monotonic()
    after = eventually(lambda: pid if (pid := toys.pids().get(name, before)) != before else None, patience=5)

    assert time.monotonic() - started < 5
    assert is_alive(psutil.Process(after))


@pytest.mark.parametrize("module", ["pytest", "aiohttp", "pip", "infra.local", "tick.handler", "consumer", "dentalist"])
def test_a_function_can_import_nothing_but_its_folder_and_its_layers(toys: ToyStack, module: str) -> None:
    assert toys.get("/echo", params={"import": module}).json()["imported"] is False


@pytest.mark.parametrize("module", ["echo.handler", "awslambdaric", "json"])
def test_a_function_can_import_itself_and_its_runtime(toys: ToyStack, module: str) -> None:
    assert toys.get("/echo", params={"import": module}).json() == {"imported": True}


def test_a_function_sees_the_templates_variables_and_lambdas_and_none_of_ours(toys: ToyStack) -> None:
    environment = toys.get("/echo", params={"show": "environment"}).json()

    assert environment["SHARED"] == "yes-from-globals"
    assert environment["JOBS_QUEUE_URL"].endswith("/000000000000/dentalist-toy-jobs")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "dentalist-toy-echo"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["AWS_ENDPOINT_URL"] == toys.config.aws_endpoint_url
    assert not {"HOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"} & set(environment)
    assert str(sys.prefix) not in environment["PYTHONPATH"]


def test_workers_without_http_routes_yield_the_processor(toys: ToyStack) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)

    assert toys.get("/echo", params={"show": "pid"}).json()["priority"] == ours
    for name in ("worker:consumer", "worker:tick"):
        assert os.getpriority(os.PRIO_PROCESS, toys.pids()[name]) > ours


def test_what_a_function_prints_is_in_its_log(toys: ToyStack) -> None:
    toys.get("/misbehave", params={"how": "raise"})
    log = toys.directory / "logs" / "misbehave.log"

    eventually(lambda: "a reason that no client may see" in log.read_text())


def test_a_schedule_can_be_fired_by_hand(toys: ToyStack) -> None:
    response = httpx.post(f"{toys.control_url}/fire/tick", timeout=10)

    assert response.status_code == 200
    assert response.json() == {
        "fired": ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/TickFunctionMonthly"]
    }
    assert toys.results()[0]["source"] == "aws.scheduler"


def test_a_schedule_can_be_fired_for_another_moment(toys: ToyStack) -> None:
    response = httpx.post(f"{toys.control_url}/fire/tick", json={"time": "2026-12-24T00:30:00-03:00"}, timeout=10)
    refused = httpx.post(f"{toys.control_url}/fire/tick", json={"time": "tomorrow"}, timeout=10)

    assert (response.status_code, refused.status_code) == (200, 400)
    assert toys.results()[-1]["time"] == "2026-12-24T03:30:00Z"


def test_firing_a_function_that_fails_says_how(toys: ToyStack) -> None:
    marker = toys.directory / "fail-tick"
    marker.touch()
    try:
        response = httpx.post(f"{toys.control_url}/fire/tick", timeout=10)
    finally:
        marker.unlink()

    assert response.status_code == 502
    assert response.json() == {"errorType": "RuntimeError", "errorMessage": "told to fail"}


@pytest.mark.parametrize("name", ["nobody", "echo"])
def test_only_a_function_with_a_schedule_can_be_fired(toys: ToyStack, name: str) -> None:
    assert httpx.post(f"{toys.control_url}/fire/{name}").status_code == 404


def test_health_names_every_function(toys: ToyStack) -> None:
    response = httpx.get(f"{toys.control_url}/health")

    assert response.status_code == 200
    assert set(response.json()["functions"]) == {"echo", "misbehave", "consumer", "tick"}
