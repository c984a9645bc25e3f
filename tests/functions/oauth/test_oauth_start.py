"""GET /api/marketing/channels/oauth/start, called with whole events of API Gateway."""

from urllib.parse import parse_qs, urlsplit

import pytest

from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.identity import Caller, Role
from tests.builders import NOON
from tests.functions.oauth.oauth_world import World, told


@pytest.mark.parametrize(
    ("channel", "dialog", "client"),
    [
        ("whatsapp", "https://www.facebook.com/v25.0/dialog/oauth", "app"),
        ("instagram", "https://www.instagram.com/oauth/authorize", "instagram-app"),
        ("google_calendar", "https://accounts.example.com/auth", "google-client"),
    ],
)
def test_linking_begins_at_the_dialog_of_its_provider(world: World, channel: str, dialog: str, client: str) -> None:
    answer = world.start(channel)

    assert answer["statusCode"] == 200
    body = told(answer)
    assert set(body) == {"authorization_url", "state", "expires_at"}
    assert body["expires_at"] == (NOON.replace(minute=10)).isoformat().replace("+00:00", "Z")
    url = urlsplit(body["authorization_url"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == dialog
    query = parse_qs(url.query)
    assert query["client_id"] == [client]
    assert query["state"] == [body["state"]]
    assert query["redirect_uri"] == ["https://api.example.com/api/marketing/channels/oauth/callback"]


def test_the_attempt_is_the_callers_for_their_professional(world: World) -> None:
    attempt = world.states.kept[world.begun("whatsapp")].attempt

    assert (attempt.professional_id, attempt.actor_id) == (world.caller.professional_id, world.caller.user_id)


@pytest.mark.parametrize(
    ("variables", "dialog"),
    [
        ({"META_OAUTH_DIALOG_URL": "http://127.0.0.1:9/dialog/oauth"}, "http://127.0.0.1:9/dialog/oauth"),
        (
            {
                "META_OAUTH_DIALOG_URL": "http://127.0.0.1:9/dialog/oauth",
                "INSTAGRAM_OAUTH_DIALOG_URL": "http://127.0.0.1:9/instagram",
            },
            "http://127.0.0.1:9/instagram",
        ),
    ],
)
def test_instagrams_dialog_is_its_own_or_else_metas(world: World, variables: dict[str, str], dialog: str) -> None:
    world.environment |= variables

    assert told(world.start("instagram"))["authorization_url"].startswith(dialog + "?")


@pytest.mark.parametrize("channel", [None, "", "facebook", "WhatsApp"])
def test_no_other_channel_can_be_linked(world: World, channel: str | None) -> None:
    answer = world.start(channel)

    assert (answer["statusCode"], told(answer)["code"]) == (422, "validation_error")
    assert world.states.kept == {}


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_begins(world: World, role: Role) -> None:
    world.caller = Caller(world.caller.professional_id, world.caller.user_id, role, "token")

    answer = world.start("whatsapp")

    assert (answer["statusCode"], told(answer)["code"]) == (403, "role_not_allowed")
    assert world.states.kept == {}


def test_without_the_store_nothing_begins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(world.states, "begin", unavailable)

    answer = world.start("whatsapp")

    assert (answer["statusCode"], told(answer)["code"]) == (503, "store_unavailable")
