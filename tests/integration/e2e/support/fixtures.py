"""Fixtures for every folder whose tests need the running stack; its ``conftest.py`` imports them."""

import sys
from collections.abc import Callable, Iterator

import pytest

from tests.integration.e2e.support.world import World, running_stack


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """The stack under test."""
    with running_stack() as running:
        # Meta's pair limit allows 45 messages at once; the tests' own pace is not what is tested.
        running.sandbox.call("PATCH", "/settings", {"limits": {"enforce": False}})
        yield running


@pytest.fixture(autouse=True)
def fault_free(world: World) -> Iterator[None]:
    """Whatever a test arranged at Meta ends with it."""
    yield
    world.sandbox.call("DELETE", "/faults")
    world.sandbox.call("PATCH", "/settings", {"statuses": {"order": "in_order", "copies": 1, "before_answer": False}})


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Writes a line that whoever runs the tests sees, also when they pass."""

    def write(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return write
