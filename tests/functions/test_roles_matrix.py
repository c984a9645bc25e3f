"""Who may do what: every route that takes a bearer × everybody who may send one, against one table.

The routes are those of the functions themselves, and of the template. A new one fails here until it has a line. Tokens
and memberships are checked by the real code; behind it stands a store that is always away, so whoever is let through
ends at the next step, and whoever is not learns it before anything is read for them.
"""

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
import yaml

from dentalist.domain.errors import StoreUnavailable
from dentalist.runtime import wiring
from dentalist.runtime.http_api import HttpApi
from dentalist.runtime.identity import Authenticator
from dentalist.storage.database import Database
from tests.builders import LambdaContext, make_event

PROJECT = Path(__file__).parents[2]
FUNCTIONS = PROJECT / "functions"
JWT_SECRET = "a secret that is at least thirty-two bytes long"
ID = str(uuid4())

OWNER = frozenset({"professional", "owner"})
RECEPTION = OWNER | {"reception"}
MARKETING = OWNER | {"marketing"}
TEAM = RECEPTION | MARKETING
# Not of the team, or not any more: the tenant does not exist for them.
STRANGERS = frozenset({"stranger", "revoked"})
PERSONAS = sorted(TEAM | STRANGERS)


@dataclass(frozen=True)
class Line:
    """Who may use a route, and a request that is valid, so that nothing but the role can be wrong with it."""

    allowed: frozenset[str]
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)


EXPECTED: dict[tuple[str, str], Line] = {
    ("POST", "/api/marketing/whatsapp/send"): Line(
        RECEPTION, {"conversation_id": ID, "type": "text", "text": {"body": "Hola"}}
    ),
    ("POST", "/api/marketing/messages/{message_id}/retry"): Line(RECEPTION),
    ("GET", "/api/marketing/channels/oauth/start"): Line(OWNER, query={"channel": "whatsapp"}),
    ("POST", "/api/marketing/channels/oauth/callback"): Line(OWNER, {"state": "s" * 43, "code": "code"}),
    ("GET", "/api/marketing/channels"): Line(TEAM),
    ("PATCH", "/api/marketing/channels/{channel_id}"): Line(OWNER, {"ai_enabled": False}),
    ("DELETE", "/api/marketing/channels/{channel_id}"): Line(OWNER),
    ("POST", "/api/marketing/channels/{channel_id}/refresh"): Line(OWNER),
    ("POST", "/api/marketing/channels/{channel_id}/test"): Line(OWNER),
    ("POST", "/api/marketing/channels/{channel_id}/playground"): Line(OWNER, {"text": "hola"}),
    ("GET", "/api/marketing/templates"): Line(TEAM, query={"channel_id": ID}),
    ("POST", "/api/marketing/templates"): Line(OWNER, {"channel_id": ID, "standard": True}),
    ("POST", "/api/marketing/templates/sync"): Line(MARKETING, {"channel_id": ID}),
    ("GET", "/api/marketing/clinic"): Line(TEAM),
    ("PATCH", "/api/marketing/clinic"): Line(OWNER, {"phone": None}),
    ("GET", "/api/marketing/members"): Line(TEAM),
    ("POST", "/api/marketing/members"): Line(OWNER, {"email": "r@example.com", "role": "reception"}),
    ("DELETE", "/api/marketing/members/{user_id}"): Line(OWNER),
    ("POST", "/api/marketing/alerts/{alert_id}/acknowledge"): Line(TEAM),
    ("POST", "/api/marketing/conversations/{conversation_id}/takeover"): Line(RECEPTION),
    ("POST", "/api/marketing/conversations/{conversation_id}/resume"): Line(RECEPTION),
    ("POST", "/api/marketing/conversations/{conversation_id}/read"): Line(RECEPTION),
    ("POST", "/api/marketing/conversations/{conversation_id}/consent"): Line(
        RECEPTION, {"scope": "marketing", "action": "granted", "source": "in_person", "wording": "Acepta novedades."}
    ),
    ("POST", "/api/marketing/conversations/{conversation_id}/patient"): Line(RECEPTION, {"full_name": "Ana Prueba"}),
    ("POST", "/api/marketing/conversations/{conversation_id}/appointments"): Line(
        RECEPTION, {"starts_at": "2026-11-23T12:00:00Z"}
    ),
    ("POST", "/api/marketing/conversations/{conversation_id}/suggestion"): Line(RECEPTION, {"action": "send"}),
    ("GET", "/api/marketing/conversations/{conversation_id}/export"): Line(OWNER),
    ("POST", "/api/marketing/conversations/{conversation_id}/erase"): Line(OWNER),
}
# A provider's redirect brings a state and no bearer.
WITHOUT_BEARER = {("GET", "/api/marketing/channels/oauth/callback")}


class Route(NamedTuple):
    """One address of a function."""

    function: str
    method: str
    path: str

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.path


def routes_with_bearer() -> list[Route]:
    """Of every function's own resolvers; by their source, because importing a worker needs its environment."""
    names = sorted(path.parent.name for path in FUNCTIONS.glob("*/handler.py") if "= http_api(" in path.read_text())
    return sorted({route for name in names for route in _routes_of(name)})


def _routes_of(name: str) -> Iterator[Route]:
    module = importlib.import_module(f"{name}.handler")
    for resolver in vars(module).values():
        if isinstance(resolver, HttpApi) and resolver._authenticate is not None:
            for route in (*resolver._static_routes, *resolver._dynamic_routes):
                found = Route(name, str(route.method), route.path.replace("<", "{").replace(">", "}"))
                if found.key not in WITHOUT_BEARER:
                    yield found


def routes_of_the_template() -> set[tuple[str, str]]:
    """What API Gateway lets through to the functions below /api/marketing."""

    class Loader(yaml.SafeLoader):
        """CloudFormation's own tags mean nothing here."""

    Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)
    template = yaml.load((PROJECT / "template.yaml").read_text(), Loader)  # noqa: S506 - a SafeLoader
    events = [
        event["Properties"]
        for resource in template["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    return {(event["Method"], event["Path"]) for event in events if event["Path"].startswith("/api/marketing/")}


ROUTES = routes_with_bearer()


class TeamDatabase(Database):
    """Holds who is of the team, read as the person who asks; everything else is away."""

    def __init__(self, professional_id: UUID, members: dict[UUID, tuple[str, str | None]]) -> None:
        self._professional_id = professional_id
        self._members = members

    def signed_in(self, token: str) -> Database:  # noqa: ARG002 - as the store has it
        return self

    def select(self, table: str, columns: str, **equals: UUID | str | None) -> list[dict[str, Any]]:
        if table == "professionals":
            return [{"marketing_enabled": True}] if equals == {"id": self._professional_id} else []
        assert (table, columns) == ("professional_members", "role")
        return [
            {"role": role}
            for user_id, (role, revoked_at) in self._members.items()
            if equals == {"professional_id": self._professional_id, "user_id": user_id, "revoked_at": revoked_at}
        ]


class Gate:
    """Sends requests of everybody to every function."""

    def __init__(self) -> None:
        self.professional_id = uuid4()
        self.people = {name: uuid4() for name in PERSONAS} | {"professional": self.professional_id}
        self.members: dict[UUID, tuple[str, str | None]] = {
            self.people[role]: (role, None) for role in ("owner", "reception", "marketing")
        }
        self.members[self.people["revoked"]] = ("owner", "2026-11-01T00:00:00+00:00")

    @property
    def database(self) -> TeamDatabase:
        return TeamDatabase(self.professional_id, self.members)

    def ask(self, route: Route, persona: str | None) -> tuple[int, str | None]:
        """The status, and the code of the problem where it is one."""
        line = EXPECTED.get(route.key, Line(frozenset()))
        path = route.path
        for name in ("channel_id", "conversation_id", "message_id", "user_id", "alert_id"):
            path = path.replace(f"{{{name}}}", ID)
        event = make_event(route.method, path, line.body, headers=self._headers(persona))
        event["queryStringParameters"] = line.query or None
        event["rawQueryString"] = "&".join(f"{name}={value}" for name, value in line.query.items())
        handler = importlib.import_module(f"{route.function}.handler")
        answer = handler.lambda_handler(event, LambdaContext())
        told = json.loads(answer["body"]) if answer.get("body") else {}
        return answer["statusCode"], told.get("code")

    def _headers(self, persona: str | None) -> dict[str, str]:
        if persona is None:
            return {}
        claims = {"sub": str(self.people[persona]), "aud": "authenticated", "exp": 4_102_444_800}
        return {
            "authorization": f"Bearer {jwt.encode(claims, JWT_SECRET, algorithm='HS256')}",
            "x-professional-id": str(self.professional_id),
        }


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    checks = Authenticator(supabase_url="http://store.invalid", jwt_secret=JWT_SECRET, db=gate.database)

    def away(*_args: Any, **_named: Any) -> Any:
        raise StoreUnavailable

    def unreachable(*_args: Any, **_named: Any) -> Any:
        raise httpx.ConnectError("nothing is reached from here")

    monkeypatch.setattr(wiring, "authenticator", lambda: checks)
    monkeypatch.setattr(Database, "run", away)
    monkeypatch.setattr(httpx.Client, "send", unreachable)
    for name, value in {
        "SUPABASE_URL": "http://store.invalid",
        "SUPABASE_SECRET_KEY": "secret",
        "SUPABASE_PUBLISHABLE_KEY": "publishable",
        "SUPABASE_JWT_SECRET": JWT_SECRET,
        "DASHBOARD_PUBLIC_URL": "https://panel.example.com",
        "WEBHOOK_PUBLIC_URL": "https://api.example.com",
    }.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield gate
    forget_clients()


def forget_clients() -> None:
    """What was made from this environment must not serve another test, nor the other way round."""
    for name in [path.stem for path in (PROJECT / "layers/shared/src/dentalist/runtime").glob("wiring*.py")]:
        for value in vars(importlib.import_module(f"dentalist.runtime.{name}")).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


# ---- the table is whole


def test_every_route_that_takes_a_bearer_has_a_line() -> None:
    missing = sorted({route.key for route in ROUTES} - EXPECTED.keys())

    assert missing == [], "say in EXPECTED who may use these routes"


def test_every_line_is_a_route_of_the_template_and_the_other_way_round() -> None:
    assert sorted(EXPECTED.keys() | WITHOUT_BEARER) == sorted(routes_of_the_template())


def test_a_route_that_nobody_wrote_a_line_for_would_be_found() -> None:
    assert {route.function for route in ROUTES} >= {"send_message", "clinic", "channels", "oauth", "templates"}


# ---- and it holds


def cases(personas: frozenset[str] | None, *, allowed: bool) -> list[Any]:
    """Everybody who is allowed, or is not, at every route."""
    return [
        pytest.param(route, persona, id=f"{route.method} {route.path} {persona}")
        for route in ROUTES
        for persona in sorted(personas if personas is not None else TEAM)
        if (persona in EXPECTED.get(route.key, Line(frozenset())).allowed) is allowed
    ]


@pytest.mark.parametrize(("route", "persona"), cases(TEAM, allowed=True))
def test_who_may_is_let_through(gate: Gate, route: Route, persona: str) -> None:
    status, code = gate.ask(route, persona)

    assert status not in {401, 403}, code
    assert code not in {"professional_not_found", "validation_error"}


@pytest.mark.parametrize(("route", "persona"), cases(TEAM, allowed=False))
def test_who_may_not_is_told_that_it_is_their_role(gate: Gate, route: Route, persona: str) -> None:
    assert gate.ask(route, persona) == (403, "role_not_allowed")


@pytest.mark.parametrize(("route", "persona"), cases(STRANGERS, allowed=False))
def test_the_tenant_does_not_exist_for_strangers_and_the_revoked(gate: Gate, route: Route, persona: str) -> None:
    assert gate.ask(route, persona) == (404, "professional_not_found")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_nobody_asks_without_a_bearer(gate: Gate, route: Route) -> None:
    assert gate.ask(route, None) == (401, "unauthenticated")
