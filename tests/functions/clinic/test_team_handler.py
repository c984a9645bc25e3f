"""The team and its alerts, called with whole events of API Gateway."""

import json
import logging
from typing import Any
from uuid import UUID, uuid4

import pytest

from clinic import handler
from dentalist.domain.identity import Caller, Role
from dentalist.domain.team import Account
from dentalist.runtime import wiring, wiring_clinic
from dentalist.runtime.settings import Settings
from tests.builders import LambdaContext, make_event
from tests.fakes import FakeIdempotency
from tests.fakes_clinic import FakeAlerts, FakeClinics, FakeInvitations, FakeTeam, make_alert

MEMBERS = "/api/marketing/members"
EMAIL = "recepcion@example.com"


class World:
    """A professional with nobody in the team yet, and the owner who asks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.team = FakeTeam()
        self.invitations = FakeInvitations(self.team)
        self.alerts = FakeAlerts()
        self.keys = FakeIdempotency()
        clinics = FakeClinics()
        monkeypatch.setattr(wiring, "authenticate", lambda _: self.caller)
        monkeypatch.setattr(wiring, "idempotency", lambda _: self.keys)
        monkeypatch.setattr(wiring, "settings", lambda: Settings({"DASHBOARD_PUBLIC_URL": "https://panel.example.com"}))
        monkeypatch.setattr(wiring_clinic, "team", lambda _: self.team)
        monkeypatch.setattr(wiring_clinic, "clinics", lambda _: clinics)
        monkeypatch.setattr(wiring_clinic, "invitations", lambda: self.invitations)
        monkeypatch.setattr(wiring_clinic, "alerts", lambda _: self.alerts)

    def become(self, role: Role) -> None:
        self.caller = Caller(self.caller.professional_id, self.caller.user_id, role, "token")

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        event = make_event(method, path, body, headers={"authorization": "Bearer token", **headers})
        answer = handler.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else None

    def invite(self, email: str = EMAIL, role: str = "reception", **headers: str) -> tuple[int, Any]:
        return self.ask("POST", MEMBERS, {"email": email, "role": role}, **headers)

    def knows(self, user_id: UUID, email: str = EMAIL) -> UUID:
        self.team.accounts[email] = Account(user_id, confirmed=True)
        return user_id


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


@pytest.mark.parametrize("role", ["owner", "reception", "marketing"])
def test_somebody_is_let_in_with_a_role(world: World, role: str) -> None:
    status, told = world.invite(role=role)

    assert status == 201
    assert (told["email"], told["role"]) == (EMAIL, role)
    assert world.team.members == {UUID(told["user_id"]): Role(role)}
    assert world.team.actors == [world.caller.user_id]
    assert world.invitations.sent[0]["redirect_to"] == "https://panel.example.com"


def test_the_answer_does_not_tell_whether_there_was_an_account(world: World) -> None:
    _, invited = world.invite()
    world.knows(uuid4(), "marketing@example.com")
    _, known = world.invite("marketing@example.com")

    assert invited.keys() == known.keys() == {"user_id", "email", "role", "invited_at"}
    assert len(world.invitations.sent) == 1


def test_an_address_is_read_in_lower_case_without_blanks_around(world: World) -> None:
    assert world.invite(" Recepcion@Example.COM ")[1]["email"] == EMAIL


@pytest.mark.parametrize(
    "body",
    [
        {"email": EMAIL},
        {"email": EMAIL, "role": "admin"},
        {"email": EMAIL, "role": None},
        {"role": "reception"},
        {"email": EMAIL, "role": "reception", "professional_id": str(uuid4())},
        *(
            {"email": email, "role": "reception"}
            for email in (
                "", "recepcion", "@example.com", "a@b", "a b@example.com", "a@example.com, b@example.com", "a@-x.com",
                "a@example..com", ".a@example.com", "a..b@example.com", "a@example.com\nBcc: b@example.com", 3, None,
                "a@ejemplo.c", "x" * 65 + "@example.com", "a@" + "x." * 130 + "com", "<a@example.com>",
            )
        ),
    ],
)  # fmt: skip
def test_whoever_cannot_be_invited_is_refused(world: World, body: dict[str, Any]) -> None:
    status, told = world.ask("POST", MEMBERS, body)

    assert (status, told["code"]) == (422, "validation_error")
    assert (world.team.members, world.invitations.sent) == ({}, [])


@pytest.mark.parametrize("who", ["professional_id", "user_id"])
def test_nobody_invites_themself_nor_the_professional(world: World, who: str) -> None:
    world.knows(getattr(world.caller, who))

    status, told = world.invite()

    assert (status, told["code"]) == (422, "invitation_refused")
    assert world.team.members == {}


def test_the_same_key_invites_once(world: World) -> None:
    first = world.invite(**{"idempotency-key": "k1"})
    again = world.invite(**{"idempotency-key": "k1"})
    other = world.invite("otra@example.com", **{"idempotency-key": "k1"})

    assert first == again
    assert (other[0], other[1]["code"]) == (409, "idempotency_conflict")
    assert len(world.invitations.sent) == 1


def test_too_many_invitations_say_when_there_is_room_again(world: World) -> None:
    world.team.is_full = True
    event = make_event("POST", MEMBERS, {"email": EMAIL, "role": "reception"}, headers={"authorization": "Bearer t"})

    answer = handler.lambda_handler(event, LambdaContext())

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (429, "rate_limited")
    assert answer["headers"]["Retry-After"] == str(3 * 3600)


@pytest.mark.parametrize("role", list(Role))
def test_everybody_of_the_team_sees_who_else_is(world: World, role: Role) -> None:
    world.invite()
    world.become(role)

    status, told = world.ask("GET", MEMBERS)

    assert status == 200
    (item,) = told["items"]
    assert item.keys() == {"user_id", "email", "role", "invited_at", "pending"}
    assert (item["email"], item["role"], item["pending"]) == (EMAIL, "reception", True)


def test_a_revoked_member_is_gone_and_cannot_be_revoked_again(world: World) -> None:
    _, member = world.invite()
    path = f"{MEMBERS}/{member['user_id']}"

    assert world.ask("DELETE", path) == (204, None)
    status, told = world.ask("DELETE", path)

    assert (status, told["code"]) == (404, "member_not_found")
    assert world.ask("GET", MEMBERS)[1] == {"items": []}


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_changes_the_team(world: World, role: Role) -> None:
    _, member = world.invite()
    world.become(role)

    for status, told in (world.invite("otra@example.com"), world.ask("DELETE", f"{MEMBERS}/{member['user_id']}")):
        assert (status, told["code"]) == (403, "role_not_allowed")
    assert len(world.team.members) == 1


@pytest.mark.parametrize("role", list(Role))
def test_everybody_of_the_team_acknowledges_an_alert_and_is_named(world: World, role: Role) -> None:
    world.become(role)
    alert = make_alert()
    world.alerts.alerts[alert.id] = alert

    status, told = world.ask("POST", f"/api/marketing/alerts/{alert.id}/acknowledge")

    assert status == 200
    assert told == json.loads(alert.model_dump_json())
    assert world.alerts.seen_by == [world.caller.user_id]


def test_an_unknown_alert_is_not_found(world: World) -> None:
    status, told = world.ask("POST", f"/api/marketing/alerts/{uuid4()}/acknowledge")

    assert (status, told["code"]) == (404, "alert_not_found")


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", f"{MEMBERS}/me"), ("POST", "/api/marketing/alerts/1/acknowledge")]
)
def test_an_id_that_is_none_is_refused(world: World, method: str, path: str) -> None:
    assert world.ask(method, path)[0] == 422


def test_no_address_reaches_the_log(world: World, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        world.invite()

    assert EMAIL not in caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert EMAIL not in "".join(capsys.readouterr())
