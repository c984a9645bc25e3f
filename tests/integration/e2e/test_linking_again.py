"""Linking an account again renews its access and loses nothing; failing to do so loses nothing either."""

from collections.abc import Callable, Iterator

import pytest

from infra.demo.outside import Patient, eventually
from tests.integration.e2e.support.browser import Landing
from tests.integration.e2e.support.linking import AccountOwner, Professional, new_owner, professional
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def owner(world: World) -> AccountOwner:
    """Whose number it is."""
    return new_owner(world)


@pytest.fixture
def clinic(world: World, owner: AccountOwner) -> Iterator[Professional]:
    """A professional with a linked number."""
    with professional(world, "Consultorio Vinculado") as linked:
        assert linked.link("whatsapp", owner).told == {"connected": "whatsapp"}
        yield linked


def marks(world: World, patient: Patient) -> list[str]:
    """The tokens this patient was written to with, in order."""
    return [call["token"] for call in world.sandbox.calls(route="messages", to=patient.digits, message_type="text")]


def a_minute_passes(world: World, patient: Patient) -> None:
    """The sweeper finds what the patient is owed: it leaves half a minute to whoever may be answering already."""
    conversation_id = world.conversation(patient)["id"]
    world.rows(
        "update marketing_conversations set answer_due_at = answer_due_at - interval '1 minute' where id = %s",
        conversation_id,
    )
    world.fire("sweeper")


def test_after_a_changed_password_linking_again_goes_on_in_the_same_conversation(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    (patient,) = clinic.answers_on(*owner.numbers)
    (before,) = clinic.linked()
    conversation = world.conversation(patient)
    owner.change(token_state="password_changed")
    patient.writes("¿Dónde están?")
    eventually(lambda: clinic.channel_of(owner)["status"] == "reauth_required", "the dead token noticed")
    assert clinic.channel_of(owner)["status_reason"] == "password_changed"
    assert clinic.alerts(before["id"])
    assert len(patient.received()) == 1

    assert clinic.link("whatsapp", owner).told == {"connected": "whatsapp"}
    (after,) = clinic.linked()
    a_minute_passes(world, patient)

    assert (after["id"], after["status"], after["status_reason"]) == (before["id"], "connected", None)
    assert clinic.alerts(before["id"]) == []
    clinic.recognises(patient.waits_for(2)[1])
    world.calm()
    assert world.conversation(patient)["id"] == conversation["id"]
    old, new = owner.tokens()
    assert marks(world, patient)[0] == old
    assert marks(world, patient)[-1] == new


def test_linking_again_keeps_how_the_assistant_was_set(world: World, clinic: Professional, owner: AccountOwner) -> None:
    (channel,) = clinic.linked()
    set_so = {"ai_persona": {"name": "Noa", "tone": "formal"}, "ai_mode": "suggest"}
    answer = clinic.dashboard.call("PATCH", f"/api/marketing/channels/{channel['id']}", set_so)
    assert answer.status_code == 200, answer.text
    clinic.link("whatsapp", owner)
    (after,) = clinic.linked()

    assert {name: after[name] for name in set_so} == set_so


def denied(_world: World, clinic: Professional, owner: AccountOwner) -> Landing:
    return clinic.link("whatsapp", owner, button="deny")


def without_a_permission(_world: World, clinic: Professional, owner: AccountOwner) -> Landing:
    return clinic.link("whatsapp", owner, without=["whatsapp_business_messaging"])


def with_a_number_that_cannot_be_read(world: World, clinic: Professional, owner: AccountOwner) -> Landing:
    world.fault({"kind": "http", "status": 500, "body": "{}"}, route="phone_numbers", count=None)
    return clinic.link("whatsapp", owner)


def while_webhooks_are_refused(world: World, clinic: Professional, owner: AccountOwner) -> Landing:
    world.fault({"kind": "error", "code": 200}, route="subscribed_apps", method="POST")
    return clinic.link("whatsapp", owner)


@pytest.mark.parametrize(
    "attempt", [denied, without_a_permission, with_a_number_that_cannot_be_read, while_webhooks_are_refused]
)
def test_an_attempt_to_link_again_that_fails_leaves_the_old_token_working(
    world: World, clinic: Professional, owner: AccountOwner, attempt: Callable[..., Landing]
) -> None:
    (channel,) = clinic.linked()
    old = owner.tokens()
    stored = clinic.credential(channel["id"])
    landing = attempt(world, clinic, owner)
    world.sandbox.call("DELETE", "/faults")

    assert set(landing.told) == {"error", "channel"}
    assert clinic.credential(channel["id"]) == stored
    assert owner.account()["subscribed"] is True

    (patient,) = clinic.answers_on(*owner.numbers)

    assert marks(world, patient) == old
