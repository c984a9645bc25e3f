"""A sandbox whose language models misbehave, and an assistant in memory that asks them over the wire."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.sandbox.config import Config
from tests.integration.sandbox.world import APP_SECRET, Sandbox


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox; nothing of it is used but its models."""
    folder: Path = tmp_path_factory.mktemp("sandbox")
    environment = {"META_APP_SECRET": APP_SECRET, "SANDBOX_STATE_DIR": str(folder)}
    sandbox = Sandbox(Config.from_environment(environment))
    yield sandbox
    sandbox.stop()
