"""Invitations as Supabase Auth has them: an account without a password, and a link by mail with which one is chosen."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import psycopg
import pytest
from pytest_httpserver import HTTPServer
from supabase_auth.errors import AuthApiError

from tests.database.stack import DatabaseServer, SupabaseServer, start_supabase, stop_process

DASHBOARD = "http://127.0.0.1:3000/panel/?lang=es"
PASSWORD = "una clave bien larga"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[HTTPServer]:
    server = HTTPServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def inviting(database_server: DatabaseServer, mailbox: HTTPServer) -> Iterator[SupabaseServer]:
    """A Supabase that knows where a person reads their mail."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SANDBOX_URL", mailbox.url_for("/"))
        server = start_supabase(database_server, database_server.clone())
    yield server
    stop_process(server.process)


@pytest.fixture(autouse=True)
def empty_mailbox(mailbox: HTTPServer) -> None:
    mailbox.clear()
    mailbox.expect_request("/control/mails", method="POST").respond_with_json({}, status=201)


def invite(supabase: SupabaseServer, email: str, **data: Any) -> httpx.Response:
    return httpx.post(
        f"{supabase.url}/auth/v1/invite",
        params={"redirect_to": DASHBOARD},
        headers={"apikey": supabase.secret_key, "Authorization": f"Bearer {supabase.secret_key}"},
        json={"email": email, "data": data},
    )


def mails(mailbox: HTTPServer) -> list[dict[str, str]]:
    return [json.loads(request.data) for request, _ in mailbox.log]


def link_in(mail: dict[str, str]) -> str:
    found = re.search(r'href="([^"]+)"', mail["html"])
    assert found is not None
    return unescape(found[1])


def follow(link: str) -> dict[str, str]:
    """What a browser finds behind the # of the address that it is sent to."""
    answer = httpx.get(link)
    assert answer.status_code == 303
    where, _, fragment = answer.headers["location"].partition("#")
    assert where == DASHBOARD
    return {name: values[0] for name, values in parse_qs(fragment).items()}


def account(supabase: SupabaseServer, email: str) -> dict[str, Any]:
    found = [user for user in supabase.service().auth.admin.list_users() if user.email == email]
    assert len(found) == 1
    return found[0].model_dump()


def test_an_invited_person_follows_the_link_chooses_a_password_and_signs_in(
    inviting: SupabaseServer, mailbox: HTTPServer
) -> None:
    email = f"{uuid4().hex}@example.com"

    invited = invite(inviting, email.upper(), clinic_name="Sonrisas & Cía")

    assert invited.status_code == 200
    assert invited.json()["email"] == email
    before = account(inviting, email)
    assert (before["email_confirmed_at"], before["last_sign_in_at"]) == (None, None)
    (mail,) = mails(mailbox)
    assert (mail["to"], mail["subject"]) == (email, "Te invitaron al equipo de Sonrisas & Cía")
    assert urlsplit(link_in(mail)).path == "/auth/v1/verify"

    session = follow(link_in(mail))
    assert session["type"] == "invite"
    headers = {"apikey": inviting.publishable_key, "Authorization": f"Bearer {session['access_token']}"}
    chosen = httpx.put(f"{inviting.url}/auth/v1/user", headers=headers, json={"password": PASSWORD})

    assert chosen.status_code == 200, chosen.text
    assert inviting.sign_in(email, PASSWORD)
    after = account(inviting, email)
    assert after["id"] == invited.json()["id"]
    assert after["last_sign_in_at"] is not None


def test_nobody_signs_in_before_the_link_was_followed(inviting: SupabaseServer) -> None:
    invite(inviting, email := f"{uuid4().hex}@example.com")

    with pytest.raises(AuthApiError) as refusal:
        inviting.sign_in(email, PASSWORD)

    assert refusal.value.code == "invalid_credentials"


def test_a_link_works_once_and_an_invented_one_never(inviting: SupabaseServer, mailbox: HTTPServer) -> None:
    invite(inviting, f"{uuid4().hex}@example.com")
    link = link_in(mails(mailbox)[0])
    follow(link)

    for dead in (link, re.sub(r"token=[0-9a-f]+", "token=" + "0" * 56, link)):
        assert follow(dead)["error"] == "access_denied"


def test_the_code_behind_the_link_also_works_for_a_client_that_verifies_it_itself(
    inviting: SupabaseServer, mailbox: HTTPServer
) -> None:
    invited = invite(inviting, f"{uuid4().hex}@example.com").json()
    token = parse_qs(urlsplit(link_in(mails(mailbox)[0])).query)["token"][0]

    session = inviting.client().auth.verify_otp({"token_hash": token, "type": "invite"})

    assert session.user is not None
    assert session.user.id == invited["id"]


def test_who_never_followed_an_invitation_is_sent_another_and_the_first_link_dies(
    inviting: SupabaseServer, mailbox: HTTPServer
) -> None:
    email = f"{uuid4().hex}@example.com"
    first, second = invite(inviting, email), invite(inviting, email)

    assert first.json()["id"] == second.json()["id"]
    old, new = (link_in(mail) for mail in mails(mailbox))
    assert follow(old)["error"] == "access_denied"
    assert follow(new)["type"] == "invite"


def test_somebody_with_an_account_is_not_invited(inviting: SupabaseServer, mailbox: HTTPServer) -> None:
    inviting.sign_up(email := f"{uuid4().hex}@example.com")

    answer = invite(inviting, email)

    assert (answer.status_code, answer.json()["error_code"]) == (422, "email_exists")
    assert mails(mailbox) == []


def test_a_link_leads_nowhere_but_to_us(inviting: SupabaseServer, mailbox: HTTPServer) -> None:
    invite(inviting, f"{uuid4().hex}@example.com")
    link = link_in(mails(mailbox)[0]).replace(DASHBOARD.split("/")[2].replace(":", "%3A"), "evil.example.com")
    assert "evil.example.com" in link

    assert httpx.get(link).headers["location"].startswith("http://localhost:3000#")


def test_only_the_secret_key_invites(inviting: SupabaseServer, mailbox: HTTPServer) -> None:
    _, token = inviting.sign_up()
    email = f"{uuid4().hex}@example.com"
    for headers in (
        {},
        {"apikey": inviting.publishable_key},
        {"apikey": inviting.publishable_key, "Authorization": f"Bearer {token}"},
    ):
        answer = httpx.post(f"{inviting.url}/auth/v1/invite", headers=headers, json={"email": email})
        assert answer.status_code in {401, 403}
    assert mails(mailbox) == []


def test_an_invitation_does_not_fail_because_its_mail_cannot_be_delivered(
    inviting: SupabaseServer, mailbox: HTTPServer
) -> None:
    mailbox.clear()
    mailbox.expect_request("/control/mails").respond_with_data("no", status=500)

    answer = invite(inviting, email := f"{uuid4().hex}@example.com")

    assert answer.status_code == 200
    assert account(inviting, email)["invited_at"] is not None


def test_without_a_mailbox_the_account_is_made_all_the_same(supabase: SupabaseServer) -> None:
    answer = invite(supabase, email := f"{uuid4().hex}@example.com")

    assert answer.status_code == 200
    with psycopg.connect(supabase.database_url) as connection:
        row = connection.execute("select encrypted_password from auth.users where email = %s", [email]).fetchone()
    assert row == (None,)
