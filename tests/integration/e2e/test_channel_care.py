"""What can go wrong with a linked account: each cause has its own name, status, sentence and alert, and heals again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.demo.outside import Patient, Row, eventually
from tests.integration.e2e.support.linking import (
    CHANNELS,
    AccountOwner,
    Professional,
    new_owner,
    professional,
    refusal,
)
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

SEND = "/api/marketing/whatsapp/send"
MESSAGING, INSTAGRAM_MESSAGES = "whatsapp_business_messaging", "instagram_business_manage_messages"
REAUTH, PENDING, RESTRICTED = "reauth_required", "pending", "restricted"


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong at a provider, and how it is told."""

    channel: str
    change: dict[str, Any]
    undone: dict[str, Any]
    cause: str
    link: str  # the first of the chain that does not hold
    status: str
    says: str  # a word of the sentence that is this cause's alone

    def happens(self, owner: AccountOwner, change: dict[str, Any]) -> None:
        ways: dict[str, Callable[..., None]] = {
            "whatsapp": owner.change,
            "instagram": owner.change_instagram,
            "google_calendar": owner.change_google,
        }
        ways[self.channel](**change)


def of_token(state: str, says: str, channel: str = "whatsapp", cause: str | None = None) -> Trouble:
    return Trouble(
        channel, {"token_state": state}, {"token_state": "valid"}, cause or f"token_{state}", "token", REAUTH, says
    )


TROUBLES = {
    "expired": of_token("expired", "Venció el permiso"),
    "password changed": of_token("password_changed", "contraseña de Facebook", cause="password_changed"),
    "app removed": of_token("app_removed", "quitó el acceso", cause="app_removed"),
    "checkpoint": of_token("checkpoint", "verificación de seguridad", cause="checkpoint"),
    "scope missing": Trouble(
        "whatsapp",
        {"revoked_scopes": [MESSAGING]},
        {"revoked_scopes": []},
        "scope_missing",
        "scopes",
        REAUTH,
        "Falta uno de los permisos",
    ),
    "not registered": Trouble(
        "whatsapp", {"registered": False}, {"registered": True}, "not_registered", "number", PENDING, "registrado"
    ),
    "restricted": Trouble(
        "whatsapp", {"status": "RESTRICTED"}, {"status": "CONNECTED"}, "restricted", "number", RESTRICTED, "restringió"
    ),
    "permission": Trouble(
        "whatsapp", {"waba_access": False}, {"waba_access": True}, "permission", "number", REAUTH, "ya no tiene acceso"
    ),
    "not subscribed": Trouble(
        "whatsapp",
        {"subscribed": False},
        {"subscribed": True},
        "not_subscribed",
        "webhook",
        PENDING,
        "Dejaron de llegarnos",
    ),
    "Instagram: password changed": of_token(
        "password_changed", "contraseña de Instagram", "instagram", "password_changed"
    ),
    "Instagram: no longer professional": Trouble(
        "instagram",
        {"account_type": "PERSONAL"},
        {"account_type": "BUSINESS"},
        "not_registered",
        "account",
        PENDING,
        "cuenta profesional",
    ),
    "Google: not shared": Trouble(
        "google_calendar", {"shared": False}, {"shared": True}, "permission", "calendar", REAUTH, "ya no puede verlo"
    ),
}


Linked = tuple[Professional, AccountOwner, str]  # who linked an account, whose it is, and its channel


@pytest.fixture(scope="module")
def accounts(world: World) -> Iterator[dict[str, Linked]]:
    """For each trouble an account that works."""
    with professional(world, "Consultorio con Cuentas") as clinic:
        linked = {}
        for name, trouble in TROUBLES.items():
            owner = new_owner(world)
            assert clinic.link(trouble.channel, owner).told == {"connected": trouble.channel}
            of_kind = clinic.linked(trouble.channel)
            key = owner.numbers[0] if trouble.channel == "whatsapp" else owner.instagram
            (channel,) = [
                channel
                for channel in of_kind
                if trouble.channel == "google_calendar"
                or key in (channel["phone_number_id"], channel["external_business_id"])
            ]
            linked[name] = clinic, owner, channel["id"]
        yield linked


@pytest.fixture(scope="module")
def broken(world: World, accounts: dict[str, Linked]) -> dict[str, Linked]:
    """All troubles at once, and the daily look after them. Meta does not let webhooks be asked for again."""
    for name, (_, owner, _) in accounts.items():
        TROUBLES[name].happens(owner, TROUBLES[name].change)
    fault = world.fault({"kind": "error", "code": 200}, route="subscribed_apps", method="POST", count=None)
    world.fire("token_refresh")
    world.sandbox.call("DELETE", f"/faults/{fault}")
    return accounts


@pytest.mark.parametrize("name", TROUBLES)
def test_each_cause_is_found_told_and_healed(world: World, broken: dict[str, Linked], name: str) -> None:
    trouble, (clinic, owner, channel_id) = TROUBLES[name], broken[name]
    found = clinic.dashboard.channel(channel_id)
    (alert,) = [alert for alert in clinic.alerts(channel_id) if alert["kind"] == "channel_dead"]
    test = clinic.test(channel_id)
    names = [check["name"] for check in test["checks"]]
    first = next(check for check in test["checks"] if not check["ok"])

    assert (found["status"], found["status_reason"]) == (trouble.status, trouble.cause)
    assert trouble.says in found["health"]
    assert alert["message"] == found["health"]
    assert alert["severity"] == ("warning" if trouble.channel == "google_calendar" else "critical")
    assert (test["ok"], test["cause"], test["detail"]) == (False, trouble.cause, found["health"])
    assert (first["name"], first["code"]) == (trouble.link, trouble.cause)
    assert {check["code"] for check in test["checks"][names.index(trouble.link) + 1 :]} <= {"not_run"}

    trouble.happens(owner, trouble.undone)
    healed = clinic.test(channel_id)
    after = clinic.dashboard.channel(channel_id)

    assert (healed["ok"], healed["cause"]) == (True, None), healed
    assert (after["status"], after["status_reason"]) == ("connected", None)
    assert "funciona" in after["health"]
    assert [alert for alert in clinic.alerts(channel_id) if alert["kind"] == "channel_dead"] == []


def test_no_two_causes_have_the_same_sentence() -> None:
    assert len({trouble.says for trouble in TROUBLES.values()}) == len(TROUBLES)
    assert len({trouble.cause for trouble in TROUBLES.values()}) == 9


# ---- one account


@pytest.fixture
def owner(world: World) -> AccountOwner:
    """Whose accounts they are."""
    return new_owner(world)


@pytest.fixture
def clinic(world: World, owner: AccountOwner) -> Iterator[Professional]:
    """A professional with a number that works."""
    with professional(world, "Consultorio Sano") as linked:
        linked.link("whatsapp", owner)
        yield linked


@pytest.mark.parametrize("kind", ["whatsapp", "instagram"])
def test_the_test_of_a_healthy_account_ends_with_a_signed_event_that_came_in(
    world: World, clinic: Professional, owner: AccountOwner, kind: str
) -> None:
    if kind != "whatsapp":
        clinic.link(kind, owner)
    (channel,) = clinic.linked(kind)
    told = clinic.test(channel["id"])
    number_or_account = "number" if kind == "whatsapp" else "account"

    assert (told["ok"], told["cause"]) == (True, None)
    assert [check["name"] for check in told["checks"]] == [
        "token",
        "scopes",
        number_or_account,
        "webhook",
        "test_event",
    ]
    assert {check["code"] for check in told["checks"]} == {"ok"}
    assert clinic.dashboard.channel(channel["id"])["tested_at"]


def test_webhooks_that_were_cut_off_are_asked_for_again_the_same_day(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    (channel,) = clinic.linked()
    owner.change(subscribed=False)
    looked = world.fire("token_refresh")
    (alert,) = clinic.alerts(channel["id"])

    assert looked["repaired"] == 1
    assert owner.account()["subscribed"] is True
    assert (alert["kind"], alert["severity"]) == ("webhook_repaired", "warning")
    clinic.answers_on(*owner.numbers)


def test_renewing_by_hand_gives_a_token_that_ends_a_new_one_and_says_of_others_why_not(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    (forever,) = clinic.linked()
    other = new_owner(world)
    clinic.link("whatsapp", other, lifetime="3600")
    ends = clinic.channel_of(other)
    renewed = clinic.dashboard.post(f"{CHANNELS}/{ends['id']}/refresh", {}).json()
    refused = clinic.dashboard.post(f"{CHANNELS}/{forever['id']}/refresh", {}).json()

    assert (renewed["refreshed"], renewed["reason"]) == (True, None)
    assert renewed["channel"]["token_expires_at"] > ends["token_expires_at"]
    assert (refused["refreshed"], refused["reason"]) == (False, "never_expires")
    assert refused["detail"]
    clinic.answers_on(*other.numbers)


# ---- a token that dies while messages are sent


def sends_to(world: World, patient: Patient) -> list[Row]:
    """Attempts to write to a patient, whatever Meta answered."""
    return world.sandbox.calls(route="messages", to=patient.digits, message_type="text")


def test_a_token_that_dies_stops_its_number_at_once_instead_of_failing_message_after_message(
    world: World, clinic: Professional, owner: AccountOwner
) -> None:
    waiting, speaking = clinic.answers_on(owner.numbers[0], owner.numbers[0])
    busy = {"kind": "error", "code": 130429, "http_status": 429}
    fault = world.fault(busy, to=waiting.digits, message_type="text", count=None)
    waiting.writes("¿Dónde están?")
    eventually(lambda: world.messages(waiting, "outbound")[-1]["next_attempt_at"], "a message that waits its turn")
    owner.change(token_state="app_removed")

    speaking.writes("¿Dónde están?")
    eventually(lambda: clinic.channel_of(owner)["status"] == "reauth_required", "the channel marked", patience=10)
    (alert,) = clinic.alerts(clinic.channel_of(owner)["id"])
    assert (clinic.channel_of(owner)["status_reason"], alert["severity"]) == ("app_removed", "critical")

    calls = len(sends_to(world, speaking)), len(sends_to(world, waiting))
    request = {"conversation_id": str(world.conversation(speaking)["id"]), "type": "text", "text": {"body": "Hola"}}
    assert refusal(clinic.dashboard.post(SEND, request)) == (409, "channel_disconnected")
    world.sandbox.call("DELETE", f"/faults/{fault}")
    its_turn_comes(world, waiting)
    eventually(lambda: world.messages(waiting, "outbound")[-1]["status"] == "failed", "the waiting message given up")

    assert world.messages(waiting, "outbound")[-1]["error"]["code"] == "channel_disconnected"
    assert (len(sends_to(world, speaking)), len(sends_to(world, waiting))) == calls


def its_turn_comes(world: World, patient: Patient) -> None:
    """The message that waits is due now, and the sweeper wakes somebody for it."""
    message = world.messages(patient, "outbound")[-1]
    assert (message["status"], message["next_attempt_at"] is None) == ("sending", False)
    world.rows(
        "update marketing_messages set next_attempt_at = now() - interval '1 minute' where id = %s", message["id"]
    )
    world.fire("sweeper")
