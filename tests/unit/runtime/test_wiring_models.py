"""Which language model understands for whom, and what making it costs."""

import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pytest_httpserver import HTTPServer

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.errors import ChannelDisconnected, StoreUnavailable
from dentalist.outbound.llm.client import ChatModel
from dentalist.outbound.llm.interpreter import ModelInterpreter
from dentalist.runtime import wiring, wiring_assistant
from dentalist.runtime.settings import Settings
from dentalist.services.answering.ports_models import Interpreter, ModelUnavailable
from tests.fakes_answers import World


class FakeCredentials:
    """The model keys of professionals."""

    def __init__(self) -> None:
        self.keys: dict[tuple[UUID, UUID], str] = {}
        self.failure: Exception | None = None
        self.asked: list[tuple[UUID, UUID]] = []

    def ai_api_key(self, professional_id: UUID, credential_id: UUID) -> str | None:
        self.asked.append((professional_id, credential_id))
        if self.failure is not None:
            raise self.failure
        return self.keys.get((professional_id, credential_id))


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> FakeCredentials:
    fake = FakeCredentials()
    monkeypatch.setattr(wiring, "credentials", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def _own_connections() -> Iterator[None]:
    wiring_assistant.models_http.cache_clear()
    yield
    wiring_assistant.models_http.cache_clear()


def configure(monkeypatch: pytest.MonkeyPatch, url: str = "http://127.0.0.1:9", **environment: str) -> None:
    providers = ("OPENAI", "OPENROUTER", "HUGGINGFACE", "OLLAMA")
    urls = {f"{name}_BASE_URL": f"{url}/{name.lower()}/v1/" for name in providers}
    monkeypatch.setattr(wiring, "settings", lambda: Settings({**urls, **environment}))
    monkeypatch.setattr(wiring, "service_db", lambda: None)
    monkeypatch.setattr(wiring_assistant, "SupabaseModelMeter", FakeMeter)


def claim_of(**credential: Any) -> AnswerClaim:
    world = World()
    world.credential |= credential
    world.writes("hola")
    claim = world.claim_answer(30)
    assert isinstance(claim, AnswerClaim)
    return claim


class FakeMeter:
    """Lets everybody ask."""

    def __init__(self, *_: Any, owns_key: bool) -> None:
        self.owns_key = owns_key

    def admit(self, _: str) -> str | None:
        return None

    def record(self, *_: Any, **__: Any) -> None:
        pass


def interpreter_of(claim: AnswerClaim) -> Interpreter | None:
    return wiring_assistant.interpreter(claim, wiring_assistant.model_of_turn(claim))


def own_key(credentials: FakeCredentials, claim: AnswerClaim, key: str) -> None:
    credentials.keys[claim.conversation.professional_id, UUID(claim.credential["id"])] = key


def asks(httpserver: HTTPServer, claim: AnswerClaim) -> tuple[str, str]:
    """The path and the key with which the model of this conversation is asked."""
    httpserver.clear_log()
    interpreter = interpreter_of(claim)
    assert isinstance(interpreter, ModelInterpreter)
    httpserver.expect_request("/").respond_with_json({})
    with pytest.raises(Exception, match="rejected"):
        interpreter.interpret(["hola"], clinic=_clinic(claim))
    [(request, _)] = httpserver.log
    return request.path, request.headers["Authorization"]


def _clinic(claim: AnswerClaim) -> Any:
    from dentalist.domain.clinic import Clinic  # noqa: PLC0415

    return Clinic.from_row(claim.professional)


def test_without_any_key_no_model_is_asked_and_no_key_is_read(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials
) -> None:
    configure(monkeypatch)

    assert interpreter_of(claim_of()) is None
    assert credentials.asked == []


def test_a_professional_who_wants_the_rules_gets_the_rules(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials
) -> None:
    configure(monkeypatch, OPENAI_API_KEY="platform")

    assert interpreter_of(claim_of(ai_provider="rules")) is None


def test_the_platforms_key_serves_who_has_none(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials, httpserver: HTTPServer
) -> None:
    configure(monkeypatch, httpserver.url_for(""), OPENAI_API_KEY="platform")

    assert asks(httpserver, claim_of()) == ("/openai/v1/chat/completions", "Bearer platform")


def test_a_professionals_own_key_is_used_for_them_alone(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials, httpserver: HTTPServer
) -> None:
    configure(monkeypatch, httpserver.url_for(""), OPENAI_API_KEY="platform")
    chosen = {"ai_provider": "openrouter", "ai_model": "vendor/model"}
    ana, bruno, clara = claim_of(**chosen), claim_of(**chosen), claim_of(**chosen)
    own_key(credentials, ana, "key-of-ana")
    own_key(credentials, bruno, "key-of-bruno")

    assert asks(httpserver, ana) == ("/openrouter/v1/chat/completions", "Bearer key-of-ana")
    assert asks(httpserver, bruno) == ("/openrouter/v1/chat/completions", "Bearer key-of-bruno")
    assert interpreter_of(clara) is None, "neither another's key nor the platform's"
    assert asks(httpserver, claim_of()) == ("/openai/v1/chat/completions", "Bearer platform")


def test_where_a_model_is_reached_is_the_environments_alone(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials, httpserver: HTTPServer
) -> None:
    configure(monkeypatch, httpserver.url_for(""))
    claim = claim_of(ai_provider="openai", ai_model="m", base_url="http://evil.example.com", ai_base_url="http://evil")
    own_key(credentials, claim, "own")

    assert asks(httpserver, claim)[0] == "/openai/v1/chat/completions"


def test_a_local_model_needs_no_key(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials, httpserver: HTTPServer
) -> None:
    configure(monkeypatch, httpserver.url_for(""))

    assert asks(httpserver, claim_of(ai_provider="ollama", ai_model="llama3.2")) == (
        "/ollama/v1/chat/completions",
        "Bearer ollama",
    )


def test_a_key_that_does_not_open_leaves_the_rules(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials
) -> None:
    configure(monkeypatch)
    credentials.failure = ChannelDisconnected()

    assert interpreter_of(claim_of(ai_provider="openai", ai_model="m")) is None


def test_a_key_service_that_is_away_is_an_outage(monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials) -> None:
    configure(monkeypatch)
    credentials.failure = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        interpreter_of(claim_of(ai_provider="openai", ai_model="m"))


def test_connections_to_models_are_made_once_per_container(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials
) -> None:
    configure(monkeypatch, OPENAI_API_KEY="platform")
    made = []
    make = ChatModel.http_client
    monkeypatch.setattr(ChatModel, "http_client", staticmethod(lambda: made.append(1) or make()))

    for _ in range(3):
        interpreter_of(claim_of())

    assert len(made) == 1


def test_the_models_library_is_not_loaded_where_the_rules_answer(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials
) -> None:
    configure(monkeypatch)
    for name in [name for name in sys.modules if name.startswith("dentalist.outbound.llm")]:
        monkeypatch.delitem(sys.modules, name)

    assert interpreter_of(claim_of()) is None
    assert not [name for name in sys.modules if name.startswith("dentalist.outbound.llm")]


def test_the_model_of_a_turn_is_made_once_for_all_its_questions(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials
) -> None:
    configure(monkeypatch)
    claim = claim_of(ai_provider="openai", ai_model="m")
    own_key(credentials, claim, "own")
    model = wiring_assistant.model_of_turn(claim)

    assert wiring_assistant.interpreter(claim, model) is not None
    assert wiring_assistant.wordsmith(model) is not None
    assert len(credentials.asked) == 1


@pytest.mark.parametrize(("provider", "owns_key"), [(None, False), ("openai", True)])
def test_the_failures_of_a_key_are_its_owners(
    monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials, provider: str | None, owns_key: bool
) -> None:
    configure(monkeypatch, OPENAI_API_KEY="platform")
    claim = claim_of(ai_provider=provider, ai_model="m")
    own_key(credentials, claim, "own")

    chosen = wiring_assistant.chosen_model(claim)

    assert chosen is not None
    assert chosen.owns_key is owns_key
    assert "own" not in repr(chosen)
    assert "platform" not in repr(chosen)


def test_the_time_of_models_begins_with_the_turn(monkeypatch: pytest.MonkeyPatch, credentials: FakeCredentials) -> None:
    configure(monkeypatch, OPENAI_API_KEY="platform")
    now = [100.0]
    claim = claim_of()
    model = wiring_assistant.model_of_turn(claim, clock=lambda: now[0])
    now[0] += wiring_assistant.MODEL_SECONDS

    interpreter = wiring_assistant.interpreter(claim, model)

    assert interpreter is not None
    with pytest.raises(ModelUnavailable, match="no_time"):
        interpreter.interpret(["hola"], clinic=_clinic(claim))
