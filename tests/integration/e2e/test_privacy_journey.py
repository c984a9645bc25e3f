"""Whoever wants out gets out: people who linked accounts, through Meta; patients, through the clinic."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from dentalist.domain.phones import canonical_phone
from infra.demo.outside import Patient, Row, equals, eventually
from tests.integration.e2e.support.linking import AccountOwner, Professional, new_owner, professional, refusal
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

CONVERSATIONS = "/api/marketing/conversations"
SECRETS = ("access_token_encrypted", "refresh_token_encrypted", "registration_pin_encrypted")


@pytest.fixture
def owner(world: World) -> AccountOwner:
    """Whose accounts they are."""
    return new_owner(world)


@pytest.fixture
def clinic(world: World, owner: AccountOwner) -> Iterator[Professional]:
    """A professional with a number and an Instagram account."""
    with professional(world, "Consultorio Discreto") as linked:
        linked.link("whatsapp", owner)
        linked.link("instagram", owner)
        yield linked


# ---- somebody leaves at Meta


def asks_meta(
    world: World, owner: AccountOwner, what: str, *, through: str = "people", signature: str = "valid"
) -> Row:
    """Meta calls us back, with the person's id for our app; what we answered."""
    who = owner.user_id if through == "people" else owner.instagram
    url = f"{world.api_url}/api/meta/{what}"
    called: Row = world.sandbox.post(f"/{through}/{who}/{what}", {"url": url, "signature": signature})["answer"]
    return called


@pytest.mark.parametrize("through", ["people", "instagram"])
def test_who_removes_the_app_takes_the_tokens_of_what_they_linked_with_them(
    world: World, clinic: Professional, owner: AccountOwner, through: str
) -> None:
    kinds = ("whatsapp", "instagram") if through == "people" else ("instagram", "whatsapp")
    answer = asks_meta(world, owner, "deauthorize", through=through)
    gone, other = (clinic.linked(kind)[0] for kind in kinds)
    credential = clinic.credential(gone["id"])

    assert answer["status"] == 200
    assert (gone["status"], gone["status_reason"]) == ("reauth_required", "app_removed")
    assert [credential[secret] for secret in SECRETS] == [None, None, None]
    assert "channel.deauthorized" in world.audits(gone["id"])
    assert [alert["severity"] for alert in clinic.alerts(gone["id"])] == ["critical"]
    assert (other["status"], clinic.credential(other["id"])["access_token_encrypted"] is None) == ("connected", False)


def test_a_forged_callback_changes_nothing(world: World, clinic: Professional, owner: AccountOwner) -> None:
    before = [clinic.credential(channel["id"]) for channel in clinic.dashboard.channels()]
    answers = [asks_meta(world, owner, what, signature="wrong")["status"] for what in ("deauthorize", "data-deletion")]

    assert answers == [401, 401]
    assert [clinic.credential(channel["id"]) for channel in clinic.dashboard.channels()] == before


def test_who_wants_their_data_deleted_gets_a_page_that_says_when_it_was(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    (channel,) = clinic.linked()
    answer = asks_meta(world, owner, "data-deletion")
    told = answer["body"]
    page = world.get(urlsplit(told["url"]).path, headers={"accept": "text/html"})
    state = world.get(urlsplit(told["url"]).path, headers={"accept": "application/json"}).json()
    unknown = world.get("/api/meta/data-deletion/" + "0" * 32, headers={"accept": "text/html"})

    assert told["url"].endswith(told["confirmation_code"])
    assert (page.status_code, unknown.status_code) == (200, 404)
    assert told["confirmation_code"] in page.text
    assert (state["status"], state["confirmation_code"]) == ("completed", told["confirmation_code"])
    assert clinic.dashboard.channel(channel["id"])["status"] == "disconnected"
    assert world.traces(*owner.numbers, *owner.wabas, owner.user_id) == []
    assert clinic.linked("instagram")[0]["status"] == "connected", "linked by another login"


# ---- a patient leaves the clinic


def consent_of(clinic: Professional, conversation: Row, scope: str, action: str) -> Row:
    """Record a decision; what holds since."""
    wanted = {"scope": scope, "action": action, "source": "in_person"}
    answer = clinic.dashboard.post(f"{CONVERSATIONS}/{conversation['id']}/consent", wanted)
    assert answer.status_code == httpx.codes.OK, answer.text
    consent: Row = answer.json()["consent"]
    return consent


def ledger_of(clinic: Professional, patient: Patient) -> list[tuple[str, str, str]]:
    rows = clinic.dashboard.select(
        "marketing_consent_events", contact_value=equals(canonical_phone(patient.phone)), order="occurred_at"
    )
    return [(row["scope"], row["action"], row["source"]) for row in rows]


def test_a_contact_who_is_erased_begins_anew_but_what_they_did_not_want_is_remembered(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    (patient,) = clinic.answers_on(*owner.numbers)
    conversation = world.conversation(patient)
    assert consent_of(clinic, conversation, "marketing", "granted") == {"care": True, "marketing": True}
    signature = f"Zenobia{uuid4().hex[:8]}"
    patient.writes(f"BAJA, no quiero recibir más publicidad. Firma: {signature}")
    eventually(lambda: ("marketing", "withdrawn", "chat") in ledger_of(clinic, patient), "the withdrawal noted")
    world.calm()
    path = f"{CONVERSATIONS}/{conversation['id']}"

    export = clinic.dashboard.call("GET", f"{path}/export")
    assert export.status_code == httpx.codes.OK, export.text
    for word in (signature, patient.digits):
        assert word in export.text
        assert world.traces(word), "it can be found while it is there"
    assert len(export.json()["messages"]) == len(world.messages(patient))

    world.settle()
    erased = clinic.dashboard.post(f"{path}/erase", {})
    again = clinic.dashboard.post(f"{path}/erase", {})

    assert (erased.status_code, erased.json()["status"]) == (202, "completed")
    assert erased.json()["receipt"]["erased"]["messages"] >= 3
    assert {kept["what"] for kept in erased.json()["receipt"]["kept"]} >= {"suppressions"}
    assert again.json()["request_id"] == erased.json()["request_id"]
    assert world.traces(patient.digits, canonical_phone(patient.phone), signature) == []
    assert refusal(clinic.dashboard.call("GET", f"{path}/export"))[0] == 404

    clinic.recognises(world.converse(patient, "¿Dónde están?"))
    anew = world.conversation(patient)

    assert anew["id"] != conversation["id"]
    assert [row["direction"] for row in world.messages(patient)] == ["inbound", "outbound"]
    assert ("marketing", "withdrawn", "suppression") in ledger_of(clinic, patient)
    assert consent_of(clinic, anew, "care", "granted") == {"care": True, "marketing": False}


def test_export_and_erasure_are_there_also_while_the_feature_is_off(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    (patient,) = clinic.answers_on(*owner.numbers)
    path = f"{CONVERSATIONS}/{world.conversation(patient)['id']}"
    world.settle()
    world.rows("update professionals set marketing_enabled = false where id = %s", clinic.id)

    assert refusal(clinic.dashboard.post(f"{path}/takeover", {})) == (403, "feature_disabled")
    assert clinic.dashboard.call("GET", f"{path}/export").status_code == httpx.codes.OK
    assert clinic.dashboard.post(f"{path}/erase", {}).status_code == httpx.codes.ACCEPTED
