"""A gateway over toy functions, one for the whole run."""

from collections.abc import Iterator

import pytest

from tests.integration.stack.toy_stack import ToyStack, toy_stack


@pytest.fixture(scope="session")
def running_toys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToyStack]:
    with toy_stack(tmp_path_factory.mktemp("toys")) as stack:
        yield stack


@pytest.fixture
def toys(running_toys: ToyStack) -> ToyStack:
    """The running toys, their results of earlier tests forgotten."""
    running_toys.results_file.unlink(missing_ok=True)
    return running_toys
