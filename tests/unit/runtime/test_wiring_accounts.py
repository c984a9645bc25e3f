"""Which settings stand behind each provider; a setting of one is never needed by another."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from dentalist.domain.accounts import ChannelType, OAuthAttempt
from dentalist.outbound.google.login import GoogleLoginClient
from dentalist.outbound.meta.business import WhatsAppBusinessClient
from dentalist.outbound.meta.facebook_login import FacebookLoginClient
from dentalist.outbound.meta.instagram_login import InstagramLoginClient
from dentalist.runtime import wiring, wiring_accounts
from dentalist.runtime.settings import SettingMissing, Settings
from dentalist.services.accounts.begin_linking import Dialog
from tests.fakes_accounts import FakeAccountBook, FakeBusinesses, FakeFacebookLogin, FakeGoogleLogin, FakeInstagramLogin

META = {
    "WHATSAPP_API_BASE_URL": "https://graph.example.com",
    "META_APP_ID": "app",
    "META_APP_SECRET": "secret",
}
INSTAGRAM = {
    "INSTAGRAM_API_BASE_URL": "https://instagram.example.com",
    "META_APP_ID": "app",
    "META_APP_SECRET": "secret",
}
GOOGLE = {
    "GOOGLE_API_BASE_URL": "https://google.example.com",
    "GOOGLE_OAUTH_BASE_URL": "https://oauth.example.com",
    "GOOGLE_CLIENT_ID": "client",
    "GOOGLE_CLIENT_SECRET": "secret",
    "GOOGLE_OAUTH_DIALOG_URL": "https://accounts.example.com",
}
CACHED = ("facebook_login", "instagram_login", "google_login")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Every test is a new container."""
    for function in (*(getattr(wiring_accounts, name) for name in CACHED), wiring_accounts._graph):
        function.cache_clear()
    yield
    for function in (*(getattr(wiring_accounts, name) for name in CACHED), wiring_accounts._graph):
        function.cache_clear()


def with_settings(monkeypatch: pytest.MonkeyPatch, **environ: str) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: Settings(environ))


@pytest.mark.parametrize(
    ("environ", "name", "client"),
    [
        (META, "facebook_login", FacebookLoginClient),
        (INSTAGRAM, "instagram_login", InstagramLoginClient),
        (GOOGLE, "google_login", GoogleLoginClient),
    ],
)
def test_a_provider_needs_its_own_settings_only_and_is_made_once(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], name: str, client: type[object]
) -> None:
    with_settings(monkeypatch, **environ)
    made = getattr(wiring_accounts, name)

    assert isinstance(made(), client)
    assert made() is made()


@pytest.mark.parametrize("name", CACHED)
def test_a_provider_without_its_settings_names_the_one_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with_settings(monkeypatch)

    with pytest.raises(SettingMissing):
        getattr(wiring_accounts, name)()


def test_a_token_makes_a_client_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(monkeypatch, **META)

    first, second = wiring_accounts.business_for("token-1"), wiring_accounts.business_for("token-2")

    assert isinstance(first, WhatsAppBusinessClient)
    assert first is not second


def test_each_dialog_is_its_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    with_settings(monkeypatch, **META, **GOOGLE, META_LOGIN_CONFIG_ID="7", INSTAGRAM_APP_ID="instagram-app")

    assert {channel: wiring_accounts.dialog(channel) for channel in ChannelType} == {
        ChannelType.WHATSAPP: Dialog("https://www.facebook.com/v25.0/dialog/oauth", "app", "7"),
        ChannelType.INSTAGRAM: Dialog("https://www.instagram.com/oauth/authorize", "instagram-app"),
        ChannelType.GOOGLE_CALENDAR: Dialog("https://accounts.example.com", "client"),
    }


@pytest.mark.parametrize("channel", ChannelType)
def test_an_attempt_is_ended_by_its_own_provider(monkeypatch: pytest.MonkeyPatch, channel: ChannelType) -> None:
    with_settings(monkeypatch, **META)
    asked: list[ChannelType] = []

    class Stop(Exception):
        pass

    def stopping(fake: object, of: ChannelType) -> object:
        def exchange(*_: object, **__: object) -> None:
            asked.append(of)
            raise Stop

        fake.exchange = exchange  # type: ignore[attr-defined]
        return fake

    fakes = {
        "facebook_login": stopping(FakeFacebookLogin(), ChannelType.WHATSAPP),
        "instagram_login": stopping(FakeInstagramLogin(), ChannelType.INSTAGRAM),
        "google_login": stopping(FakeGoogleLogin(), ChannelType.GOOGLE_CALENDAR),
    }
    for name in CACHED:
        monkeypatch.setattr(wiring_accounts, name, lambda name=name: fakes[name])
    monkeypatch.setattr(wiring_accounts, "accounts", FakeAccountBook().of)
    monkeypatch.setattr(wiring_accounts, "business_for", FakeBusinesses().business_for)
    attempt = OAuthAttempt(uuid4(), uuid4(), channel, uuid4(), "https://api.example.com/callback", "verifier")

    with pytest.raises(Stop):
        wiring_accounts.linker(attempt, "code", None)

    assert asked == [channel]
