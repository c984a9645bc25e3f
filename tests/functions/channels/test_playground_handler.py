"""The playground by whole events: what the assistant would say, and that nothing comes of it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from channels import handler
from dentalist.domain.hours import Interval
from dentalist.domain.identity import Caller, Role
from dentalist.runtime import wiring, wiring_calendar, wiring_channels
from dentalist.runtime.settings import Settings
from tests.assistant_claims import CLINIC_ROW
from tests.builders import LambdaContext, make_channel, make_event
from tests.fakes import FakeChannels, FakeIdempotency

OPEN = [["00:00", "24:00"]]  # whatever the time of the test


class LookedAtAgenda:
    """Whatever would change something is missing here: asking for it fails the test."""

    def __init__(self) -> None:
        self.looked = 0

    def busy(self, _start: datetime, _end: datetime, *, but: UUID | None = None) -> list[Interval]:
        assert but is None
        self.looked += 1
        return []


class Playground:
    """An owner's channel, whose store answers one question only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.channel = make_channel(professional_id=self.caller.professional_id)
        self.agenda = LookedAtAgenda()
        self.clinic: dict[str, Any] = {
            **CLINIC_ROW,
            "id": str(self.caller.professional_id),
            "opening_hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), OPEN),
        }
        self.credential: dict[str, Any] = {"id": str(uuid4()), "ai_provider": None, "ai_persona": {"name": "Lía"}}
        monkeypatch.setattr(wiring, "idempotency", lambda _: FakeIdempotency())
        monkeypatch.setattr(wiring, "user_channels", lambda _: FakeChannels({self.channel.id: self.channel}))
        monkeypatch.setattr(wiring, "service_db", lambda: self)
        monkeypatch.setattr(wiring, "settings", lambda: Settings({}))
        monkeypatch.setattr(wiring_channels, "authenticate", lambda _: self.caller)
        monkeypatch.setattr(wiring_calendar, "agenda", lambda _: self.agenda)

    def rpc(self, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        assert function == "playground_material", "nothing else may be asked of the store"
        if arguments != {"professional_id": self.caller.professional_id, "channel_id": self.channel.id}:
            return {"outcome": "not_found"}
        channel = {"id": str(self.channel.id), "ai_mode": "auto", "type": "whatsapp"}
        return {"outcome": "found", "professional": self.clinic, "channel": channel, "credential": self.credential}

    def asks(self, body: Any, *, channel_id: UUID | None = None) -> tuple[int, dict[str, Any]]:
        path = f"/api/marketing/channels/{channel_id or self.channel.id}/playground"
        answer = handler.lambda_handler(make_event("POST", path, body), LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

    def says(self, text: str, **settings: Any) -> dict[str, Any]:
        status, body = self.asks({"text": text, **({"settings": settings} if settings else {})})
        assert status == 200, body
        return body


@pytest.fixture
def playground(monkeypatch: pytest.MonkeyPatch) -> Playground:
    return Playground(monkeypatch)


def test_the_owner_reads_what_the_assistant_would_say_and_who_thought_of_it(playground: Playground) -> None:
    told = playground.says("¿dónde queda el consultorio?")

    assert "Siempreviva 742" in told["text"]
    assert "Soy Lía, asistente virtual de Consultorio Prueba" in told["text"]
    assert told["interactive"] is None
    about = {
        name: told[name] for name in ("intent", "provider", "model", "fallback", "worded", "violations", "cost_usd")
    }
    assert about == {
        "intent": "general_inquiry",
        "provider": "rules",
        "model": "rules-es",
        "fallback": True,
        "worded": False,
        "violations": [],
        "cost_usd": 0.0,
    }
    assert 0 < told["confidence"] <= 1
    assert (told["tasks"], told["handoff"]) == ([], None)


def test_free_times_are_shown_with_ids_that_nobody_can_choose(playground: Playground) -> None:
    first, second = (playground.says("quiero un turno para una limpieza") for _ in range(2))

    rows = [row for part in first["interactive"]["action"]["sections"] for row in part["rows"]]
    again = [row for part in second["interactive"]["action"]["sections"] for row in part["rows"]]
    assert rows
    assert {row["id"] for row in rows}.isdisjoint(row["id"] for row in again)
    assert playground.agenda.looked >= 2


def test_an_emergency_would_hand_over(playground: Playground) -> None:
    told = playground.says("tengo la cara hinchada como un globo y 39 de fiebre")

    assert (told["intent"], told["handoff"]) == ("emergency", "emergency")
    assert "107" in told["text"]


def test_what_the_clinic_would_be_asked_for_is_named(playground: Playground) -> None:
    told = playground.says("¿tienen estacionamiento?")

    assert {"kind": "missing_fact", "detail": "el estacionamiento"} in told["tasks"]


def test_a_persona_may_be_tried_before_it_is_kept(playground: Playground) -> None:
    told = playground.says("¿dónde queda?", ai_persona={"name": "Tomás", "tone": "formal"})

    assert "Soy Tomás" in told["text"]
    assert playground.credential["ai_persona"] == {"name": "Lía"}


def test_the_rules_may_be_tried_where_a_model_answers(playground: Playground) -> None:
    playground.credential |= {"ai_provider": "ollama", "ai_model": "llama3.2"}

    assert playground.says("¿dónde queda?", ai_provider="rules")["provider"] == "rules"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 4097},
        {"text": "a\0b"},
        {"text": 7},
        {"text": "hola", "settings": {"ai_provider": "openai"}},
        {"text": "hola", "settings": {"ai_api_key": "sk-other"}},
        {"text": "hola", "settings": {"ai_persona": {"hours": {"mon": [["x", "y"]]}}}},
        {"text": "hola", "send": True},
    ],
)
def test_what_cannot_be_tried_is_refused(playground: Playground, body: Any) -> None:
    status, problem = playground.asks(body)

    assert (status, problem["code"]) == (422, "validation_error")


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_sees_how_the_assistant_is_set(playground: Playground, role: Role) -> None:
    playground.caller = Caller(playground.caller.professional_id, uuid4(), role, "token")

    status, problem = playground.asks({"text": "hola"})

    assert (status, problem["code"]) == (403, "role_not_allowed")


def test_another_professionals_channel_does_not_exist(playground: Playground) -> None:
    assert playground.asks({"text": "hola"}, channel_id=uuid4())[0] == 404
