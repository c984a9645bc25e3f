"""The team of a clinic: who is let in works for it in their role, until the very request after they are let go."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import pytest

from tests.integration.e2e.support.linking import (
    CHANNELS,
    START,
    Professional,
    new_owner,
    professional,
    refusal,
)
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

MEMBERS = "/api/marketing/members"
OWNERS_ALONE = {"ai_persona", "ai_provider", "has_own_key", "token_expires_at", "scopes"}


@pytest.fixture(scope="module")
def clinic(world: World) -> Iterator[Professional]:
    """A clinic with a number."""
    with professional(world, "Clínica con Equipo") as owning:
        owning.link("whatsapp", new_owner(world))
        yield owning


@pytest.fixture
def colleague(world: World) -> Iterator[Professional]:
    """Somebody with an account and a clinic of their own."""
    with professional(world, "Consultorio de al Lado") as other:
        yield other


def test_a_member_works_for_the_clinic_they_name_in_their_role_until_they_are_let_go(
    clinic: Professional, colleague: Professional
) -> None:
    for_the_clinic = {"x_professional_id": clinic.id}
    ask = colleague.dashboard.call
    assert refusal(ask("GET", CHANNELS, None, **for_the_clinic))[0] == 404

    invited = clinic.dashboard.post(MEMBERS, {"email": colleague.email, "role": "reception"})
    seen = ask("GET", CHANNELS, None, **for_the_clinic)
    listed = clinic.dashboard.call("GET", MEMBERS).json()["items"]

    assert invited.status_code == 201, invited.text
    assert [(member["user_id"], member["role"]) for member in listed] == [(colleague.id, "reception")]
    assert [item["id"] for item in seen.json()["items"]] == [item["id"] for item in clinic.linked()]
    assert OWNERS_ALONE & set(seen.json()["items"][0]) == set()
    assert colleague.dashboard.channels() == [], "without naming the clinic it is their own"
    assert {row["professional_id"] for row in colleague.dashboard.select("marketing_channels")} == {clinic.id}
    assert colleague.dashboard.select("marketing_channel_credentials", "id") == []
    for_owners = [
        ask("GET", f"{START}?channel=whatsapp", None, **for_the_clinic),
        ask("POST", MEMBERS, {"email": "otra@example.com", "role": "owner"}, **for_the_clinic),
        ask("DELETE", f"{CHANNELS}/{clinic.linked()[0]['id']}", None, **for_the_clinic),
    ]
    assert [refusal(answer) for answer in for_owners] == [(403, "role_not_allowed")] * 3

    assert clinic.dashboard.call("DELETE", f"{MEMBERS}/{colleague.id}").status_code == 204
    assert refusal(ask("GET", CHANNELS, None, **for_the_clinic))[0] == 404
    assert colleague.dashboard.select("marketing_channels") == []
    assert clinic.dashboard.call("GET", MEMBERS).json()["items"] == []


def test_somebody_without_an_account_gets_a_mail_whose_link_lets_them_in(world: World, clinic: Professional) -> None:
    email = f"{uuid4().hex[:12]}@example.com"
    invited = clinic.dashboard.post(MEMBERS, {"email": email, "role": "marketing"})
    (mail,) = world.sandbox.call("GET", "/mails", to=email)["mails"]
    link = re.search(r'href="([^"]+)"', mail["html"])
    assert link is not None
    landing = httpx.get(unescape(link[1]), timeout=20, trust_env=False).headers["location"]
    session = parse_qs(landing.partition("#")[2])
    answer = httpx.get(
        f"{world.api_url}{CHANNELS}",
        headers={"Authorization": f"Bearer {session['access_token'][0]}", "X-Professional-Id": clinic.id},
        timeout=20,
    )

    assert invited.status_code == 201, invited.text
    assert clinic.clinic.name in mail["subject"]
    assert landing.startswith(world.description["dashboard_url"])
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == 1
    (member,) = [m for m in clinic.dashboard.call("GET", MEMBERS).json()["items"] if m["email"] == email]
    assert (member["role"], member["user_id"]) == ("marketing", invited.json()["user_id"])
