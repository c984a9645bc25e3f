"""The clinic, its team and its alerts over the real store: who is revoked is out at the next request."""

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row
from pytest_httpserver import HTTPServer
from supabase_auth.errors import AuthApiError

from clinic import handler
from tests.builders import LambdaContext, make_event
from tests.database.outbound_builders import find, insert, rows
from tests.database.stack import DatabaseServer, SupabaseServer, start_supabase, stop_process
from tests.integration.storage.containers import container

Connection = psycopg.Connection[dict[str, Any]]
CLINIC, MEMBERS = "/api/marketing/clinic", "/api/marketing/members"
DASHBOARD = "http://127.0.0.1:3000/"
PASSWORD = "una clave bien larga"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[HTTPServer]:
    server = HTTPServer()
    server.start()
    server.expect_request("/control/mails", method="POST").respond_with_json({}, status=201)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def inviting(database_server: DatabaseServer, mailbox: HTTPServer) -> Iterator[SupabaseServer]:
    """A Supabase whose mail can be read."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SANDBOX_URL", mailbox.url_for("/"))
        server = start_supabase(database_server, database_server.clone())
    yield server
    stop_process(server.process)


class Practice:
    """A professional who signed up, and requests of whoever has a token."""

    def __init__(self, supabase: SupabaseServer, db: Connection, mailbox: HTTPServer) -> None:
        self.supabase, self.db, self.mailbox = supabase, db, mailbox
        self.email = address()
        self.professional_id, self.token = supabase.sign_up(self.email)
        insert(
            db,
            "professionals",
            id=self.professional_id,
            name="Clínica Sonrisas",
            email="ana@example.com",
            timezone="America/Argentina/Buenos_Aires",
            marketing_enabled=True,
        )

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        sent = {
            "authorization": f"Bearer {token or self.token}",
            "x-professional-id": str(self.professional_id),
            **headers,
        }
        answer = handler.lambda_handler(make_event(method, path, body, headers=sent), LambdaContext())
        return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else None

    def invite(self, email: str, role: str = "reception", **headers: str) -> dict[str, Any]:
        status, told = self.ask("POST", MEMBERS, {"email": email, "role": role}, **headers)
        assert status == 201, told
        member: dict[str, Any] = told
        return member

    def members(self) -> dict[str, tuple[str, bool]]:
        status, told = self.ask("GET", MEMBERS)
        assert status == 200
        return {item["email"]: (item["role"], item["pending"]) for item in told["items"]}

    def links_to(self, email: str) -> list[str]:
        mails = [json.loads(request.data) for request, _ in self.mailbox.log]
        return [
            unescape(found[1])
            for mail in mails
            if mail["to"] == email and (found := re.search(r'href="([^"]+)"', mail["html"]))
        ]


@pytest.fixture
def make_practice(inviting: SupabaseServer, mailbox: HTTPServer) -> Iterator[Callable[[], Practice]]:
    with (
        container(inviting, DASHBOARD_PUBLIC_URL=DASHBOARD),
        psycopg.connect(inviting.database_url, autocommit=True, row_factory=dict_row) as db,
    ):
        yield lambda: Practice(inviting, db, mailbox)


@pytest.fixture
def practice(make_practice: Callable[[], Practice]) -> Practice:
    return make_practice()


def address() -> str:
    return f"{uuid4().hex}@example.com"


def reads(supabase: SupabaseServer, token: str, table: str, **filters: str) -> list[dict[str, Any]]:
    """What PostgREST shows this person."""
    headers = {"apikey": supabase.publishable_key, "Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{supabase.url}/rest/v1/{table}", params={"select": "*", **filters}, headers=headers)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def test_an_invited_person_chooses_a_password_works_for_the_clinic_and_is_out_once_revoked(practice: Practice) -> None:
    email = address()
    member = practice.invite(email)
    assert practice.members() == {email: ("reception", True)}

    (link,) = practice.links_to(email)
    landed = httpx.get(link).headers["location"]
    assert landed.startswith(DASHBOARD)
    session = parse_qs(landed.partition("#")[2])["access_token"][0]
    headers = {"apikey": practice.supabase.publishable_key, "Authorization": f"Bearer {session}"}
    chosen = httpx.put(f"{practice.supabase.url}/auth/v1/user", headers=headers, json={"password": PASSWORD})
    assert chosen.status_code == 200
    token = practice.supabase.sign_in(email, PASSWORD)

    assert practice.members() == {email: ("reception", False)}
    assert practice.ask("GET", CLINIC, token=token)[1]["name"] == "Clínica Sonrisas"
    assert practice.ask("PATCH", CLINIC, {"phone": None}, token=token)[1]["code"] == "role_not_allowed"
    mine = {"id": f"eq.{practice.professional_id}"}
    assert len(reads(practice.supabase, token, "professionals", **mine)) == 1

    assert practice.ask("DELETE", f"{MEMBERS}/{member['user_id']}") == (204, None)

    status, told = practice.ask("GET", CLINIC, token=token)
    assert (status, told["code"]) == (404, "professional_not_found")
    assert reads(practice.supabase, token, "professionals", **mine) == []
    assert practice.members() == {}
    trail = rows(practice.db, "marketing_audit_logs", professional_id=practice.professional_id)
    assert [(row["action"], row["actor_id"], row["payload"].get("user_id")) for row in trail] == [
        ("member.invited", practice.professional_id, None),
        ("member.added", practice.professional_id, member["user_id"]),
        ("member.revoked", practice.professional_id, member["user_id"]),
    ]
    assert email not in str(trail)

    practice.invite(email, "marketing")
    assert practice.ask("GET", CLINIC, token=token)[0] == 200


def test_somebody_with_an_account_works_at_once_and_gets_no_mail(practice: Practice) -> None:
    email = address()
    user_id, token = practice.supabase.sign_up(email)

    member = practice.invite(email.upper(), "owner")

    assert member["user_id"] == str(user_id)
    assert practice.links_to(email) == []
    assert practice.ask("PATCH", CLINIC, {"buffer_minutes": 15}, token=token)[0] == 200
    (audit,) = rows(practice.db, "marketing_audit_logs", action="clinic.updated", actor_id=user_id)
    assert audit["payload"] == {"before": {"buffer_minutes": None}, "after": {"buffer_minutes": 15}}
    # an owner of the team neither promotes themself nor invites the professional
    own = practice.ask("POST", MEMBERS, {"email": email, "role": "owner"}, token=token)
    theirs = practice.ask("POST", MEMBERS, {"email": practice.email, "role": "marketing"}, token=token)
    assert [(status, told["code"]) for status, told in (own, theirs)] == [(422, "invitation_refused")] * 2
    status, told = practice.ask("DELETE", f"{MEMBERS}/{practice.professional_id}", token=token)
    assert (status, told["code"]) == (404, "member_not_found")


def test_an_invitation_that_nobody_followed_is_sent_again_but_not_for_the_same_key(practice: Practice) -> None:
    email = address()

    first = practice.invite(email, **{"idempotency-key": "one"})
    assert practice.invite(email, **{"idempotency-key": "one"}) == first
    assert len(practice.links_to(email)) == 1

    assert practice.invite(email, "marketing")["user_id"] == first["user_id"]
    assert len(practice.links_to(email)) == 2
    assert practice.members() == {email: ("marketing", True)}


def test_who_registered_with_somebody_elses_address_does_not_get_into_their_clinics(practice: Practice) -> None:
    email, known_to_the_squatter = address(), "la clave del impostor"
    users = httpx.Client(
        base_url=f"{practice.supabase.url}/auth/v1/admin/users", headers={"apikey": practice.supabase.secret_key}
    )
    users.post("", json={"email": email, "password": known_to_the_squatter}).raise_for_status()

    practice.invite(email)
    (link,) = practice.links_to(email)
    assert "access_token=" in httpx.get(link).headers["location"], "the owner of the address follows the link"

    with pytest.raises(AuthApiError) as refusal:
        practice.supabase.sign_in(email, known_to_the_squatter)
    assert refusal.value.code == "invalid_credentials"


def test_a_clinic_s_team_is_nobody_else_s(make_practice: Callable[[], Practice]) -> None:
    ana, bruno = make_practice(), make_practice()
    member = ana.invite(address())

    assert bruno.members() == {}
    assert bruno.ask("DELETE", f"{MEMBERS}/{member['user_id']}")[0] == 404
    assert bruno.ask("GET", MEMBERS, token=ana.token)[1]["code"] == "professional_not_found"
    assert len(ana.members()) == 1


def test_what_the_owner_changes_is_stored_as_the_host_application_keeps_it(practice: Practice) -> None:
    hours = {"mon": [["09:00", "13:00"]], "tue": [], "wed": [], "thu": [], "fri": [], "sat": [], "sun": []}
    prices = [{"treatment": "Limpieza", "price": 25000.5, "currency": "ARS", "minutes": 45}]
    changes = {
        "opening_hours": hours,
        "price_list": prices,
        "closures": [{"from": "2027-01-04", "to": "2027-01-15", "reason": "vacaciones"}],
        "holiday_country": "AR",
        "open_holidays": ["2027-12-25"],
        "insurances": ["OSDE"],
        "phone": "+541155550100",
    }

    status, told = practice.ask("PATCH", CLINIC, changes)

    assert status == 200, told
    assert {name: told[name] for name in changes} == changes
    row = find(practice.db, "professionals", practice.professional_id)
    assert {name: row[name] for name in changes} == changes
    assert practice.ask("PATCH", CLINIC, changes)[0] == 200
    assert len(rows(practice.db, "marketing_audit_logs", professional_id=practice.professional_id)) == 1
    assert practice.ask("GET", CLINIC)[1] == told


def test_an_alert_is_seen_to_once_by_whoever_is_first(make_practice: Callable[[], Practice]) -> None:
    practice, other = make_practice(), make_practice()
    user_id, token = practice.supabase.sign_up(email := address())
    practice.invite(email, "reception")
    alert = insert(
        practice.db,
        "marketing_alerts",
        professional_id=practice.professional_id,
        kind="handoff",
        severity="warning",
        message="Mirá.",
    )
    path = f"/api/marketing/alerts/{alert['id']}/acknowledge"

    assert other.ask("POST", path)[1]["code"] == "alert_not_found"
    status, told = practice.ask("POST", path, token=token)
    again = practice.ask("POST", path)

    assert (status, UUID(told["acknowledged_by"])) == (200, user_id)
    assert again == (200, told)
    assert reads(practice.supabase, token, "marketing_alerts", id=f"eq.{alert['id']}")[0]["acknowledged_at"]
