"""What looking after accounts is made of, and with which settings."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from dentalist.outbound.meta.business import WhatsAppBusinessClient
from dentalist.outbound.own_webhook import OwnWebhook
from dentalist.runtime import wiring, wiring_accounts, wiring_care
from dentalist.runtime.settings import SettingMissing, Settings
from tests.builders import NOON
from tests.fakes_accounts import FakeAccountBook

ENVIRON = {
    "SUPABASE_URL": "https://store.example.com",
    "SUPABASE_SECRET_KEY": "secret-key",
    "WHATSAPP_API_BASE_URL": "https://graph.example.com",
    "INSTAGRAM_API_BASE_URL": "https://instagram.example.com",
    "META_APP_ID": "app",
    "META_APP_SECRET": "app-secret",
    "WEBHOOK_PUBLIC_URL": "https://api.example.com",
}
CACHED = (
    wiring_accounts._graph,
    wiring.service_db,
    wiring_accounts.facebook_login,
    wiring_accounts.instagram_login,
    wiring_accounts.google_login,
    wiring_care._http,
)


@pytest.fixture(autouse=True)
def container(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAccountBook]:
    """Every test is a new container, with a store in memory and no client at Google."""
    book = FakeAccountBook()
    monkeypatch.setattr(wiring, "settings", lambda: Settings(ENVIRON))
    monkeypatch.setattr(wiring, "credentials", lambda: None)
    monkeypatch.setattr(wiring_accounts, "accounts", book.of)
    monkeypatch.setattr(wiring_accounts, "live_accounts", lambda: book)
    for function in CACHED:
        function.cache_clear()
    yield book
    for function in CACHED:
        function.cache_clear()


def test_the_accounts_are_the_professionals(container: FakeAccountBook) -> None:
    row = container.add(uuid4())

    assert wiring_care.care(row.professional_id).accounts.get(row.channel_id) == row.as_linked()
    assert wiring_care.live_accounts().to_look_after(limit=10) == [row.as_linked()]


def test_a_stage_without_google_looks_after_everything_else() -> None:
    providers = wiring_care.care(uuid4()).providers

    assert isinstance(providers.business_for("token"), WhatsAppBusinessClient)
    with pytest.raises(SettingMissing, match="GOOGLE"):
        providers.google.refresh("refresh-token")


def test_the_life_of_a_new_instagram_token_begins_at_the_moment_a_run_stands_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = {"access_token": "new-token", "token_type": "bearer", "expires_in": 5_184_000}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    monkeypatch.setattr(wiring_accounts, "_providers_http", lambda: httpx.Client(transport=transport))
    moment = NOON + timedelta(days=400)

    grant = wiring_care.care_at(moment)(uuid4()).providers.instagram.refresh("old-token")

    assert grant.expires_at == moment + timedelta(days=60)


def test_test_events_go_to_the_public_address_with_the_apps_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    monkeypatch.setattr(wiring_care, "_http", lambda: httpx.Client(transport=httpx.MockTransport(answer)))
    bench = wiring_care.test_bench(uuid4())

    assert isinstance(bench.events, OwnWebhook)
    assert bench.events.send(FakeAccountBook().add(uuid4()).as_linked(), "nonce")
    assert asked[0].url.host == "api.example.com"
