"""A professional's model key is used for that professional only, proven with canary keys from the form to the wire.

Everything is real but the store and KMS, which are in memory: the API, the vault, the client of models, and a local
server that stands for every provider and writes down which key it was shown.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from pytest_httpserver import HTTPServer

from channels import handler
from dentalist.domain.answering import AnswerClaim
from dentalist.domain.channel_view import ChannelOverview
from dentalist.domain.clinic import Clinic
from dentalist.domain.identity import Caller, Role
from dentalist.outbound.llm.interpreter import ModelInterpreter
from dentalist.runtime import wiring, wiring_assistant, wiring_channels
from dentalist.runtime.settings import Settings
from dentalist.storage.credentials import Credentials
from tests.builders import LambdaContext, make_channel, make_event
from tests.fakes import FakeChannels
from tests.fakes_answers import World
from tests.fakes_channels import FakeChannelSettings, make_overview

PLATFORM = "sk-canary-of-the-platform"
INTENTS = {"intents": [{"intent": "book_appointment", "confidence": 0.9}], "language": "es"}
ANSWER = {
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(INTENTS)}}]
}


class DataKey(NamedTuple):
    """A data key, in the clear and wrapped."""

    plaintext: bytes
    wrapped: bytes


class FakeKms:
    """Unwraps a data key only in the context that it was wrapped for."""

    def __init__(self) -> None:
        self.wrapped: dict[bytes, tuple[bytes, dict[str, str]]] = {}

    def generate_data_key(self, context: Mapping[str, str]) -> "DataKey":
        made = DataKey(os.urandom(32), os.urandom(16))
        self.wrapped[made.wrapped] = made.plaintext, dict(context)
        return made

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        key, bound_to = self.wrapped[wrapped]
        assert bound_to == context
        return key


class MemoryStore:
    """The two tables that secrets live in."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {"tenant_data_keys": [], "marketing_channel_credentials": []}

    def select(self, table: str, columns: str, **equals: Any) -> list[dict[str, Any]]:
        named = {name: str(value) for name, value in equals.items()}
        found = [row for row in self.tables[table] if all(str(row[name]) == value for name, value in named.items())]
        return [{name: row[name] for name in columns.split(",")} for row in found]

    def insert_if_absent(self, table: str, row: Mapping[str, Any], *, unique: str) -> None:
        names = unique.split(",")
        if not self.select(table, "professional_id", **{name: row[name] for name in names}):
            self.tables[table].append(dict(row))


class Tenant:
    """A professional with one number, who sets it by the API; its credential's row is in the shared store."""

    def __init__(self, store: MemoryStore) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.channel = make_channel(professional_id=self.caller.professional_id)
        self.row: dict[str, Any] = {
            "id": self.channel.credential_id,
            "professional_id": self.caller.professional_id,
            "ai_api_key_encrypted": None,
        }
        store.tables["marketing_channel_credentials"].append(self.row)
        self.settings = _StoredSettings(self.row)
        self.settings.add(make_overview(id=self.channel.id))

    @property
    def id(self) -> UUID:
        return self.caller.professional_id

    def claim(self) -> AnswerClaim:
        """A conversation of this professional that is owed an answer."""
        overview = self.settings.channels[self.channel.id]
        world = World()
        world.credential = {
            "id": str(self.channel.credential_id),
            "ai_persona": {},
            "ai_provider": overview.ai_provider,
            "ai_model": overview.ai_model,
        }
        world.writes("quiero un turno")
        claim = world.claim_answer(30)
        assert isinstance(claim, AnswerClaim)
        conversation = claim.conversation.model_copy(update={"professional_id": self.id})
        return claim.model_copy(update={"conversation": conversation})


class _StoredSettings(FakeChannelSettings):
    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__()
        self.row = row

    def update(self, channel_id: UUID, changes: Mapping[str, Any], *, actor_id: UUID) -> ChannelOverview:
        if "ai_api_key_encrypted" in changes:
            self.row["ai_api_key_encrypted"] = changes["ai_api_key_encrypted"]
        return super().update(channel_id, changes, actor_id=actor_id)


class MeterOnly:
    """A store that lets everybody ask and counts nothing."""

    def rpc(self, function: str, _: Mapping[str, Any]) -> dict[str, str]:
        return {"admit_model": {"outcome": "admitted"}, "record_model_use": {"outcome": "recorded"}}[function]


class Town:
    """Several professionals on one stack, and the server that is every provider."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> None:
        self.server = httpserver
        self.store = MemoryStore()
        self.current: Tenant | None = None
        for provider in ("openai", "openrouter", "huggingface", "ollama"):
            path = f"/{provider}/v1/chat/completions"
            httpserver.expect_request(path, method="POST").respond_with_json(ANSWER)
        credentials = Credentials(self.store, FakeKms())  # type: ignore[arg-type]
        urls = {
            f"{name.upper()}_BASE_URL": httpserver.url_for(f"/{name}/v1")
            for name in ("openai", "openrouter", "huggingface", "ollama")
        }
        monkeypatch.setattr(wiring, "settings", lambda: Settings({**urls, "OPENAI_API_KEY": PLATFORM}))
        monkeypatch.setattr(wiring, "credentials", lambda: credentials)
        monkeypatch.setattr(wiring, "service_db", MeterOnly)
        monkeypatch.setattr(wiring, "user_channels", self._channels_of)
        monkeypatch.setattr(wiring_channels, "channel_settings", self._settings)
        monkeypatch.setattr(wiring_channels, "authenticate", lambda _: self._now.caller)

    @property
    def _now(self) -> Tenant:
        assert self.current is not None
        return self.current

    def _channels_of(self, caller: Caller) -> FakeChannels:
        assert caller == self._now.caller
        return FakeChannels({self._now.channel.id: self._now.channel})

    def _settings(self, professional_id: UUID) -> FakeChannelSettings:
        assert professional_id == self._now.id
        return self._now.settings

    def tenant(self) -> Tenant:
        return Tenant(self.store)

    def shown(self) -> list[tuple[str, str]]:
        """Provider and key of every request since this was asked last."""
        requests = [request for request, _ in self.server.log]
        self.server.clear_log()
        return [(request.path.split("/")[1], request.headers["Authorization"]) for request in requests]

    def sets(self, tenant: Tenant, **body: Any) -> tuple[int, list[tuple[str, str]]]:
        """A professional sends the form; the status, and what providers were shown."""
        self.current = tenant
        event = make_event("PATCH", f"/api/marketing/channels/{tenant.channel.id}", body)
        status: int = handler.lambda_handler(event, LambdaContext())["statusCode"]
        return status, self.shown()

    def answers(self, tenant: Tenant) -> list[tuple[str, str]]:
        """The assistant reads a message of a professional's patient; what providers were shown."""
        claim = tenant.claim()
        interpreter = wiring_assistant.interpreter(claim, wiring_assistant.model_of_turn(claim))
        if interpreter is not None:
            assert isinstance(interpreter, ModelInterpreter)
            interpreter.interpret(["quiero un turno"], clinic=Clinic.from_row(claim.professional))
        return self.shown()


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Iterator[Town]:
    caches = (wiring_assistant.models_http, wiring_channels._models_http)
    for cached in caches:
        cached.cache_clear()
    yield Town(monkeypatch, httpserver)
    for cached in caches:
        cached.cache_clear()


def key_of(name: str) -> str:
    return f"sk-canary-of-{name}"


def test_every_request_to_a_provider_carries_the_key_of_whom_it_is_for(town: Town) -> None:
    ana, bruno, clara = town.tenant(), town.tenant(), town.tenant()

    for name, tenant in {"ana": ana, "bruno": bruno}.items():
        expected = [("openrouter", f"Bearer {key_of(name)}")]
        sent = town.sets(tenant, ai_provider="openrouter", ai_model="vendor/model", ai_api_key=key_of(name))
        assert sent == (200, expected), "the check"

    for _ in range(2):  # in turns, so that nothing kept from one container call serves the next
        assert town.answers(ana) == [("openrouter", f"Bearer {key_of('ana')}")]
        assert town.answers(bruno) == [("openrouter", f"Bearer {key_of('bruno')}")]
        assert town.answers(clara) == [("openai", f"Bearer {PLATFORM}")]


def test_another_model_is_tried_with_the_key_of_its_own_professional(town: Town) -> None:
    ana, bruno = town.tenant(), town.tenant()
    for name, tenant in {"ana": ana, "bruno": bruno}.items():
        town.sets(tenant, ai_provider="openai", ai_model="gpt-5-mini", ai_api_key=key_of(name))

    assert town.sets(bruno, ai_model="gpt-5") == (200, [("openai", f"Bearer {key_of('bruno')}")])
    assert town.sets(ana, ai_model="gpt-5") == (200, [("openai", f"Bearer {key_of('ana')}")])


def test_a_key_goes_to_no_other_provider_than_the_one_it_was_entered_for(town: Town) -> None:
    ana = town.tenant()
    town.sets(ana, ai_provider="openai", ai_model="gpt-5-mini", ai_api_key=key_of("ana"))

    assert town.sets(ana, ai_provider="huggingface", ai_model="org/model") == (422, [])
    assert town.sets(ana, ai_provider="ollama", ai_model="llama3.2") == (200, [("ollama", "Bearer ollama")])
    assert town.answers(ana) == [("ollama", "Bearer ollama")]
    assert town.sets(ana, ai_provider="openai", ai_model="gpt-5-mini") == (422, []), "it was forgotten"


def test_the_platforms_key_serves_nobody_who_chose_a_provider(town: Town) -> None:
    ana = town.tenant()
    town.sets(ana, ai_provider="openai", ai_model="gpt-5-mini", ai_api_key=key_of("ana"))

    assert town.sets(ana, ai_api_key=None) == (200, [])
    assert town.answers(ana) == [], "the rules answer"
    assert town.sets(ana, ai_provider=None) == (200, [])
    assert town.answers(ana) == [("openai", f"Bearer {PLATFORM}")]


def test_a_sealed_key_that_is_copied_to_another_professional_opens_nowhere(town: Town) -> None:
    ana, bruno = town.tenant(), town.tenant()
    for name, tenant in {"ana": ana, "bruno": bruno}.items():
        town.sets(tenant, ai_provider="openai", ai_model="gpt-5-mini", ai_api_key=key_of(name))

    bruno.row["ai_api_key_encrypted"] = ana.row["ai_api_key_encrypted"]

    assert town.answers(bruno) == [], "the rules answer"
    assert town.sets(bruno, ai_model="gpt-5") == (422, [])
    assert town.answers(ana) == [("openai", f"Bearer {key_of('ana')}")]


def test_no_key_is_stored_in_the_clear(town: Town) -> None:
    ana = town.tenant()
    town.sets(ana, ai_provider="openai", ai_model="gpt-5-mini", ai_api_key=key_of("ana"))

    assert ana.row["ai_api_key_encrypted"].startswith("v1.1.")
    assert "canary" not in json.dumps([town.store.tables, ana.settings.written], default=str)


@pytest.mark.parametrize("name", ["base_url", "ai_base_url", "ai_api_base", "url"])
def test_nobody_can_name_the_address_that_a_key_is_sent_to(town: Town, name: str) -> None:
    chosen = {"ai_provider": "openai", "ai_model": "m", "ai_api_key": key_of("ana")}

    assert town.sets(town.tenant(), **chosen, **{name: town.server.url_for("/elsewhere")}) == (422, [])
