"""A sandbox and an application behind it, both real and on free ports, for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.sandbox.config import Config
from tests.integration.sandbox.world import (
    APP_ID,
    APP_SECRET,
    FERREYRA,
    FERREYRA_2,
    GOOGLE_CLIENT_ID,
    GOOGLE_CLIENT_SECRET,
    INSTAGRAM_APP_ID,
    INSTAGRAM_APP_SECRET,
    RIOS,
    VERIFY_TOKEN,
    Application,
    Sandbox,
    serving,
)


@pytest.fixture
def application() -> Iterator[Application]:
    """An application that answers."""
    app = Application()
    with serving(app):
        yield app


@pytest.fixture
def make_sandbox(tmp_path: Path, application: Application) -> Iterator[Callable[[], Sandbox]]:
    """Start a sandbox on the same state folder, as often as a test asks; all are stopped at its end."""
    started: list[Sandbox] = []

    def make() -> Sandbox:
        config = Config(
            port=0,
            state_dir=tmp_path / "sandbox",
            webhook_url=application.url,
            app_id=APP_ID,
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
            graph_version="v25.0",
            instagram_app_id=INSTAGRAM_APP_ID,
            instagram_app_secret=INSTAGRAM_APP_SECRET,
            google_client_id=GOOGLE_CLIENT_ID,
            google_client_secret=GOOGLE_CLIENT_SECRET,
        )
        started.append(Sandbox(config))
        return started[-1]

    yield make
    for sandbox in started:
        if not sandbox.http.is_closed:
            sandbox.stop()


@pytest.fixture
def sandbox(make_sandbox: Callable[[], Sandbox]) -> Sandbox:
    """A sandbox with two clinics, the first with two numbers."""
    made = make_sandbox()
    for account in (FERREYRA, FERREYRA_2, RIOS):
        made.control("POST", "/accounts", account, expect=201)
    return made
