"""What the owner sets on a linked number: templates with Meta's verdict, and a language model on a key of their own."""

import json
from collections.abc import Callable, Iterator

import pytest

from infra.demo.outside import Row, eventually
from infra.sandbox.journal import fingerprint
from tests.integration.e2e.support.linking import (
    CHANNELS,
    AccountOwner,
    Professional,
    new_owner,
    professional,
    refusal,
)
from tests.integration.e2e.support.world import World, text_of

pytestmark = pytest.mark.xdist_group("stack")

TEMPLATES = "/api/marketing/templates"
REJECTED = "urgent_notice"
FEATURES = {"appointment_reminders", "appointment_confirmations", "reschedules", "reopening", "urgent_notice"}
KEY, NO_KEY = "sk-canary-de-este-consultorio", "sk-canary-que-no-abre"
MODEL = "gpt-de-prueba"


@pytest.fixture(scope="module")
def owner(world: World) -> AccountOwner:
    """Whose number it is."""
    return new_owner(world)


@pytest.fixture(scope="module")
def clinic(world: World, owner: AccountOwner) -> Iterator[Professional]:
    """A professional with a linked number."""
    with professional(world, "Consultorio Curioso") as linked:
        linked.link("whatsapp", owner)
        yield linked


# ---- templates


@pytest.fixture
def undecided(world: World) -> Iterator[None]:
    """Meta takes its time to look at a template."""
    before = world.sandbox.call("GET", "/settings")["templates"]
    world.sandbox.call("PATCH", "/settings", {"templates": {"approve_after_seconds": None}})
    yield
    world.sandbox.call("PATCH", "/settings", {"templates": before})


def features_of(clinic: Professional, owner: AccountOwner) -> dict[str, Row]:
    return {feature["name"]: feature for feature in clinic.channel_of(owner)["features"]}


@pytest.mark.usefixtures("undecided")
def test_the_standard_templates_are_submitted_with_one_call_and_what_needs_them_follows_metas_verdict(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    channel_id = clinic.channel_of(owner)["id"]
    proposed = clinic.dashboard.call("GET", f"{TEMPLATES}?channel_id={channel_id}").json()["proposed"]
    before = features_of(clinic, owner)
    submitted = clinic.dashboard.post(TEMPLATES, {"channel_id": channel_id, "standard": True})
    waiting = features_of(clinic, owner)

    assert len(proposed) == 5
    assert set(before) == FEATURES
    assert {(feature["enabled"], "todavía no enviaste" in feature["reason"]) for feature in before.values()} == {
        (False, True)
    }
    assert submitted.status_code == 201, submitted.text
    assert {item["outcome"] for item in submitted.json()["items"]} == {"submitted"}
    assert {(feature["enabled"], "está revisando" in feature["reason"]) for feature in waiting.values()} == {
        (False, True)
    }

    (waba_id,) = owner.wabas
    for template in proposed:
        verdict = {"event": "APPROVED"}
        if template["name"] == REJECTED:
            verdict = {"event": "REJECTED", "reason": "PROMOTIONAL"}
        named = {"waba_id": waba_id, "name": template["name"], "language": template["language"]}
        world.sandbox.post("/templates/status", {**named, **verdict})

    def is_decided() -> bool:
        found = features_of(clinic, owner)
        return sum(feature["enabled"] for feature in found.values()) == 4 and "promoción" in found[REJECTED]["reason"]

    eventually(is_decided, "Meta's verdicts on the templates")
    listed = clinic.dashboard.call("GET", f"{TEMPLATES}?channel_id={channel_id}").json()["items"]
    statuses = {item["name"]: item["status"] for item in listed}
    (rejected,) = [item for item in listed if item["name"] == REJECTED]

    assert sorted(statuses.values()) == [*["APPROVED"] * 4, "REJECTED"]
    assert rejected["rejection_reason"] == "PROMOTIONAL"
    assert "promoción" in rejected["rejection_text"]
    assert rejected["rejection_text"] in features_of(clinic, owner)[REJECTED]["reason"]

    again = clinic.dashboard.post(TEMPLATES, {"channel_id": channel_id, "standard": ["appointment_reminder"]})
    assert [item["outcome"] for item in again.json()["items"]] == ["already_there"]


# ---- a model of one's own


@pytest.fixture
def shown_keys(world: World) -> Iterator[Callable[[], list[str]]]:
    """The keys that the provider was shown, the way its log names them; one key opens nothing there."""
    before = world.sandbox.call("GET", "/llm")["asked"]
    world.sandbox.post("/llm", {"behaviour": "unauthorised", "key": NO_KEY})

    def names() -> list[str]:
        requests: list[Row] = world.sandbox.call("GET", "/llm/requests")["requests"]
        return [request["key"] for request in requests if request["id"] > before]

    yield names
    world.sandbox.call("DELETE", "/llm")


def test_a_key_of_ones_own_is_tried_kept_unseen_and_used_for_its_owners_patients_alone(
    world: World, clinic: Professional, owner: AccountOwner, shown_keys: Callable[[], list[str]]
) -> None:
    channel = clinic.channel_of(owner)
    path, model = f"{CHANNELS}/{channel['id']}", {"ai_provider": "openai", "ai_model": MODEL}
    refused = clinic.dashboard.call("PATCH", path, {**model, "ai_api_key": NO_KEY})
    assert clinic.channel_of(owner) == channel, "a key that opens nothing changes nothing"
    set_so = clinic.dashboard.call("PATCH", path, {**model, "ai_api_key": KEY})

    assert refusal(refused) == (422, "ai_key_refused")
    assert set_so.status_code == 200, set_so.text
    assert (set_so.json()["has_own_key"], set_so.json()["ai_notice"]) == (True, None)
    assert "sk-canary" not in refused.text + set_so.text + json.dumps(clinic.dashboard.channels())
    assert shown_keys() == [fingerprint(NO_KEY), fingerprint(KEY)], "each was tried once"

    other_owner = new_owner(world)
    with professional(world, "Consultorio Sin Clave") as other:
        other.link("whatsapp", other_owner)
        clinic.answers_on(*owner.numbers)
        shown = len(shown_keys())
        other.answers_on(*other_owner.numbers)

        assert set(shown_keys()[2:]) == {fingerprint(KEY)}
        assert shown > 2
        assert len(shown_keys()) == shown, "nobody else's patient is answered with it"

    assert clinic.dashboard.call("PATCH", path, {"ai_api_key": None}).json()["has_own_key"] is False
    clinic.answers_on(*owner.numbers)
    assert len(shown_keys()) == shown


def test_an_assistant_that_is_switched_off_is_silent_and_comes_back(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    path = f"{CHANNELS}/{clinic.channel_of(owner)['id']}"
    clinic.dashboard.call("PATCH", path, {"ai_enabled": False}).raise_for_status()
    patient = world.patient("Ana Prueba", clinic.number(owner.numbers[0]))
    patient.writes("Hola")
    eventually(lambda: world.messages(patient, "inbound"), "the message stored")
    world.calm()
    assert patient.received() == []

    clinic.dashboard.call("PATCH", path, {"ai_enabled": True, "ai_persona": {"name": "Noa"}}).raise_for_status()
    assert "Noa" in text_of(world.converse(patient, "Hola, ¿con quién hablo?"))
