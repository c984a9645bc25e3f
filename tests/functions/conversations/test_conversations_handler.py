"""/api/marketing/conversations/{id}/…, called with whole events of API Gateway."""

import io
import json
import logging
from typing import Any
from uuid import uuid4

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from conversations import handler
from dentalist.domain.errors import FeatureDisabled
from dentalist.domain.identity import Caller, Role
from dentalist.runtime import wiring_privacy
from tests.builders import NOON, PHONE, LambdaContext, make_conversation, make_event
from tests.fakes import FakeIdempotency
from tests.fakes_privacy import FakeDesk, FakeFiles, FakeRecords

CONSENT = {"scope": "marketing", "action": "granted", "source": "paper"}
STEPS = ["takeover", "resume", "read", "consent"]


class World:
    """One conversation, and somebody who asks for something."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.desk = FakeDesk(make_conversation(unread_count=3, handoff_at=NOON))
        self.records = FakeRecords({"messages": [], "conversations": [{"contact_phone": PHONE}]})
        self.files = FakeFiles()
        self.keys = FakeIdempotency()
        self.is_enabled = True
        for name, fake in {
            "idempotency": self.keys,
            "readable": self.desk,
            "steering": self.desk,
            "consent_ledger": self.desk,
            "contact_records": self.records,
            "contact_files": self.files,
        }.items():
            monkeypatch.setattr(wiring_privacy, name, lambda _, fake=fake: fake)
        monkeypatch.setattr(wiring_privacy, "authenticate", self._authenticate)

    def _authenticate(self, _event: APIGatewayProxyEventV2, *, even_if_disabled: bool) -> Caller:
        if not (self.is_enabled or even_if_disabled):
            raise FeatureDisabled
        return self.caller

    def ask(self, method: str, step: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        path = f"/api/marketing/conversations/{self.desk.conversation.id}/{step}"
        event = make_event(method, path, body, headers={"authorization": "Bearer token", **headers})
        answer = handler.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

    def post(self, step: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        return self.ask("POST", step, CONSENT if step == "consent" and body is None else body, **headers)

    def act_as(self, role: Role) -> None:
        self.caller = Caller(self.caller.professional_id, self.caller.user_id, role, "token")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_a_takeover_answers_the_state_that_follows(world: World) -> None:
    status, told = world.post("takeover")

    assert status == 200
    assert told == {
        "conversation_id": str(world.desk.conversation.id),
        "ai_enabled": False,
        "handoff_reason": "human_takeover",
        "handoff_at": "2026-11-22T15:00:00Z",
        "handed_back_at": None,
        "unread_count": 3,
    }
    assert world.desk.done == [("take_over", world.caller.user_id)]


def test_a_conversation_is_given_back(world: World) -> None:
    world.post("takeover")

    status, told = world.post("resume")

    assert (status, told["ai_enabled"], told["handoff_reason"]) == (200, True, None)


def test_a_conversation_is_read(world: World) -> None:
    status, told = world.post("read")

    assert (status, told["unread_count"]) == (200, 0)


def test_a_consent_is_answered_as_it_stands_in_the_ledger(world: World) -> None:
    asked = {**CONSENT, "wording": "Acepto recibir novedades", "wording_version": "2026-11"}

    status, told = world.post("consent", asked)

    assert status == 200
    assert {key: told[key] for key in asked} == asked
    assert (told["actor_id"], told["consent"]) == (str(world.caller.user_id), {"care": True, "marketing": True})
    ((_, recorded),) = world.desk.done
    assert recorded["actor_id"] == world.caller.user_id


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "everything"},
        {"action": "maybe"},
        {"source": None},
        {"source": "chat"},
        {"source": "suppression"},
        {"source": "user_preferences"},
        {"source": "host_app"},
        {"source": "En persona"},
        {"wording": ""},
        {"wording": "a\0b"},
        {"wording": "x" * 4097},
        {"patient_id": "1"},
    ],
)
def test_a_consent_that_no_person_could_have_recorded_is_refused(world: World, change: dict[str, Any]) -> None:
    status, told = world.post("consent", {**CONSENT, **change})

    assert (status, told["code"]) == (422, "validation_error")
    assert world.desk.done == []


@pytest.mark.parametrize("step", STEPS)
def test_reception_steers_conversations_and_marketing_does_not(world: World, step: str) -> None:
    world.act_as(Role.MARKETING)
    assert world.post(step)[0] == 403
    assert world.desk.done == []

    world.act_as(Role.RECEPTION)
    assert world.post(step)[0] == 200


@pytest.mark.parametrize(("method", "step"), [("GET", "export"), ("POST", "erase")])
@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_exports_and_erases(world: World, method: str, step: str, role: Role) -> None:
    world.act_as(role)

    status, told = world.ask(method, step)

    assert (status, told["code"]) == (403, "role_not_allowed")
    assert world.records.log == []


def test_a_right_of_the_contact_s_does_not_depend_on_the_subscription(world: World) -> None:
    world.is_enabled = False

    assert [world.post(step)[0] for step in STEPS] == [403] * 4
    assert world.ask("GET", "export")[0] == 200
    assert world.post("erase")[0] == 202


@pytest.mark.parametrize(
    ("method", "step"), [*(("POST", step) for step in STEPS), ("GET", "export"), ("POST", "erase")]
)
def test_a_conversation_that_the_caller_may_not_see_does_not_exist(world: World, method: str, step: str) -> None:
    world.desk.gone = True

    status, told = world.ask(method, step, CONSENT if step == "consent" else None)

    assert (status, told["code"]) == (404, "conversation_not_found")
    assert (world.desk.done, world.records.log) == ([], [])


def test_the_same_key_acts_once(world: World) -> None:
    first = world.post("takeover", **{"idempotency-key": "k"})
    again = world.post("takeover", **{"idempotency-key": "k"})

    assert again == first
    assert len(world.desk.done) == 1


def test_an_export_is_the_document(world: World) -> None:
    status, told = world.ask("GET", "export")

    assert status == 200
    assert told["conversations"] == [{"contact_phone": PHONE}]
    assert told["conversation_id"] == str(world.desk.conversation.id)


def test_a_large_export_is_a_link(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.records.document = {"messages": [], "conversations": ["x" * (4 * 1024 * 1024 + 1)]}

    status, told = world.ask("GET", "export")

    assert status == 200
    assert set(told) == {"download_url", "expires_in"}
    assert f"{world.caller.professional_id}/exports/" in told["download_url"]


def test_an_erasure_answers_its_receipt_with_what_stays_and_why(world: World) -> None:
    status, told = world.post("erase")

    assert (status, told["status"]) == (202, "completed")
    assert told["receipt"]["erased"] == {"messages": 2}
    assert [(item["what"], item["count"], item["until"]) for item in told["receipt"]["kept"]] == [
        ("patients", 1, None),
        ("audit", 3, None),
    ]
    assert "historia clínica" in told["receipt"]["kept"][0]["why"]


def test_erasing_again_with_the_same_key_goes_on_with_the_files_that_were_left(world: World) -> None:
    path = f"{world.caller.professional_id}/inbound/1.jpg"
    world.records.paths, world.files.away = (path,), True
    first = world.post("erase", **{"idempotency-key": "k"})
    world.desk.gone, world.files.away = True, False

    again = world.post("erase", **{"idempotency-key": "k"})

    assert (first[0], first[1]["status"]) == (202, "pending_media")
    assert (again[0], again[1]["status"]) == (202, "completed")
    assert again[1]["request_id"] == first[1]["request_id"]


def test_nobody_s_number_is_in_the_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    monkeypatch.setattr(handler.logger.registered_handler, "stream", lines)
    monkeypatch.setattr(logging.getLogger("dentalist"), "handlers", [handler.logger.registered_handler])

    world.ask("GET", "export")
    world.post("consent", {**CONSENT, "wording": f"Soy {PHONE}"})
    world.post("erase")

    assert "contact erased" in lines.getvalue()
    assert PHONE not in lines.getvalue()
    assert "Lucía" not in lines.getvalue()
