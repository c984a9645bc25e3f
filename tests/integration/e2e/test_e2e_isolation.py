"""One clinic's data is nobody else's: with a real token, across every table, and from a browser on another origin."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from infra.demo.outside import Dashboard, equals
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

READABLE = (
    "patients",
    "appointments",
    "marketing_channels",
    "marketing_campaigns",
    "marketing_campaign_assets",
    "marketing_campaign_recipients",
    "marketing_conversations",
    "marketing_messages",
    "marketing_comments",
    "marketing_alerts",
    "marketing_templates",
    "marketing_consent_events",
    "professional_members",
    "marketing_audit_logs",
)
HIDDEN = ("marketing_webhook_events", "message_status_events", "tenant_data_keys", "idempotency_keys", "channel_pace")
SEND = "/api/marketing/whatsapp/send"


@pytest.fixture(scope="module")
def spoken(world: World) -> World:
    """Both clinics have had a patient, so that there is something to see."""
    for clinic, prefix in ((world.ferreyra, "54911"), (world.salgado, "52155")):
        world.converse(world.new_patient("Paciente", clinic.numbers[0], prefix=prefix), "Hola, quiero un turno")
    return world


@pytest.fixture(scope="module")
def bruno(spoken: World) -> Iterator[Dashboard]:
    """The second professional, signed in."""
    dashboard = spoken.sign_in(spoken.salgado)
    yield dashboard
    dashboard.close()


@pytest.mark.parametrize("table", READABLE)
def test_a_professional_sees_rows_of_their_own_alone(spoken: World, bruno: Dashboard, table: str) -> None:
    owners = {row["professional_id"] for row in bruno.select(table, "professional_id")}

    assert owners <= {spoken.salgado.id}
    assert bruno.select(table, "professional_id", professional_id=equals(spoken.ferreyra.id)) == []


@pytest.mark.parametrize("table", ["marketing_conversations", "marketing_messages", "marketing_channels"])
def test_they_do_see_their_own(bruno: Dashboard, table: str) -> None:
    assert bruno.select(table, "id")


def test_a_professional_sees_themselves_alone(spoken: World, bruno: Dashboard) -> None:
    assert [row["id"] for row in bruno.select("professionals", "id")] == [spoken.salgado.id]


@pytest.mark.parametrize("table", HIDDEN)
def test_what_is_nobodys_to_read_shows_nothing(bruno: Dashboard, table: str) -> None:
    try:
        assert bruno.select(table) == []
    except AssertionError as refused:
        assert " 403 " in str(refused) or " 401 " in str(refused)


def test_asking_for_encrypted_columns_is_an_error(bruno: Dashboard) -> None:
    assert bruno.select("marketing_channel_credentials", "phone_number_id")
    with pytest.raises(AssertionError, match="403"):
        bruno.select("marketing_channel_credentials", "access_token_encrypted")


def test_a_professional_with_nothing_linked_sees_no_conversation(spoken: World) -> None:
    carla = spoken.sign_in(spoken.vidal)
    assert carla.select("marketing_conversations") == carla.select("marketing_messages") == []
    carla.close()


def test_without_a_token_there_is_nothing_to_see(spoken: World) -> None:
    answer = httpx.get(
        f"{spoken.description['supabase_url']}/rest/v1/marketing_messages",
        headers={"apikey": spoken.description["supabase_publishable_key"]},
        timeout=20,
    )
    assert answer.status_code in {401, 403} or answer.json() == []


def test_logs_hold_no_phone_no_name_and_no_word_of_a_patient(spoken: World) -> None:
    patient = spoken.patient("Zenobia Quintanilla")
    spoken.converse(patient, "Palabrasecreta: ¿cuánto sale una limpieza?")
    logs = {
        name: (spoken.paths.logs / f"{name}.log").read_text(errors="replace")
        for name in ("webhook_whatsapp", "inbox_worker", "reply_worker", "send_message", "sweeper", "gateway")
    }

    for secret in (patient.digits, "Zenobia", "Palabrasecreta", patient.number.access_token):
        assert [name for name, log in logs.items() if secret in log] == []
    assert "turn done" in logs["reply_worker"]


# ---- from the dashboard's browser


def preflight(world: World, origin: str) -> httpx.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key",
    }
    return httpx.options(f"{world.api_url}{SEND}", headers=headers, timeout=20)


def test_the_dashboards_preflight_is_allowed(world: World) -> None:
    url = urlsplit(world.description["dashboard_url"])
    origin = f"{url.scheme}://{url.netloc}"
    answer = preflight(world, origin)

    assert answer.status_code in {200, 204}
    assert answer.headers["access-control-allow-origin"] == origin
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key", "x-professional-id"))


def test_another_sites_preflight_is_not(world: World) -> None:
    assert "access-control-allow-origin" not in preflight(world, "https://evil.example").headers
