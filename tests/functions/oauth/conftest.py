"""What the tests of this function share."""

import pytest

from tests.functions.oauth.oauth_world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A professional with nothing linked, who is signed in."""
    return World(monkeypatch)
