"""Accounts and tokens: what the clients of Supabase rely on, against the local server."""

import base64
import json
import time
from uuid import uuid4

import httpx
import psycopg
import pytest
from supabase_auth.errors import AuthApiError

from tests.database.stack import PASSWORD, SupabaseServer


def read_rows(supabase: SupabaseServer, token: str) -> httpx.Response:
    headers = {"apikey": supabase.publishable_key, "Authorization": f"Bearer {token}"}
    return httpx.get(f"{supabase.url}/rest/v1/patients?select=id", headers=headers)


def unsigned_token(role: str) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'sub': str(uuid4()), 'role': role, 'exp': int(time.time()) + 60})}."


def test_somebody_who_signs_up_can_sign_in_by_password(supabase: SupabaseServer) -> None:
    email = f"{uuid4().hex}@example.com"
    signed_up = supabase.client().auth.sign_up({"email": email, "password": PASSWORD}).user
    assert signed_up is not None

    client = supabase.client()
    session = client.auth.sign_in_with_password({"email": email, "password": PASSWORD}).session

    assert session is not None
    user = client.auth.get_user(session.access_token)
    assert user is not None
    assert user.user.id == signed_up.id
    assert read_rows(supabase, session.access_token).status_code == 200


def test_a_session_can_be_refreshed(supabase: SupabaseServer) -> None:
    user_id, _ = supabase.sign_up(email := f"{uuid4().hex}@example.com")
    client = supabase.client()
    client.auth.sign_in_with_password({"email": email, "password": PASSWORD})

    refreshed = client.auth.refresh_session().user

    assert refreshed is not None
    assert refreshed.id == str(user_id)


def test_a_wrong_password_is_refused(supabase: SupabaseServer) -> None:
    supabase.sign_up(email := f"{uuid4().hex}@example.com")

    with pytest.raises(AuthApiError) as refusal:
        supabase.sign_in(email, "another password")

    assert refusal.value.code == "invalid_credentials"


def test_the_service_creates_lists_reads_changes_and_deletes_accounts(supabase: SupabaseServer) -> None:
    admin = supabase.service().auth.admin
    wanted, email = str(uuid4()), f"{uuid4().hex}@example.com"

    created = admin.create_user(
        {"id": wanted, "email": email, "password": PASSWORD, "email_confirm": True, "user_metadata": {"name": "Ana"}}
    ).user
    assert (created.id, created.email, created.user_metadata) == (wanted, email, {"name": "Ana"})
    assert wanted in [user.id for user in admin.list_users()]

    changed = admin.update_user_by_id(
        wanted, {"password": "a different password", "app_metadata": {"plan": "pro"}}
    ).user
    assert changed.app_metadata["plan"] == "pro"
    assert admin.get_user_by_id(wanted).user.user_metadata == {"name": "Ana"}
    supabase.sign_in(email, "a different password")

    admin.delete_user(wanted)
    with pytest.raises(AuthApiError) as gone:
        admin.get_user_by_id(wanted)
    assert gone.value.status == 404


def test_the_same_address_cannot_have_two_accounts(supabase: SupabaseServer) -> None:
    supabase.sign_up(email := f"{uuid4().hex}@example.com")

    with pytest.raises(AuthApiError) as refusal:
        supabase.sign_up(email.upper())

    assert refusal.value.code == "email_exists"


def test_accounts_are_for_the_secret_key_only(supabase: SupabaseServer) -> None:
    _, token = supabase.sign_up()
    for headers in (
        {"apikey": supabase.publishable_key},
        {"apikey": supabase.publishable_key, "Authorization": f"Bearer {token}"},
        {},
    ):
        assert httpx.get(f"{supabase.url}/auth/v1/admin/users", headers=headers).status_code in {401, 403}


def test_what_a_person_says_of_themselves_is_an_object_for_triggers(supabase: SupabaseServer) -> None:
    """And not a JSON string, in which a trigger on auth.users finds no name."""

    email = f"{uuid4().hex}@example.com"
    supabase.client().auth.sign_up({"email": email, "password": PASSWORD, "options": {"data": {"name": "Ana"}}})

    with psycopg.connect(supabase.database_url) as connection:
        found = connection.execute("select raw_user_meta_data ->> 'name' from auth.users where email = %s", [email])
        assert found.fetchone() == ("Ana",)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
def test_an_unsigned_token_is_refused(supabase: SupabaseServer, role: str) -> None:
    assert read_rows(supabase, unsigned_token(role)).status_code == 401


@pytest.mark.parametrize("role", ["postgres", "supabase_admin", "authenticator", "", None])
def test_a_token_of_a_role_that_is_not_the_api_s_is_refused(supabase: SupabaseServer, role: str) -> None:
    assert read_rows(supabase, supabase.mint(role=role)).status_code == 401


def test_an_expired_a_foreign_and_a_broken_token_are_refused(supabase: SupabaseServer) -> None:
    expired = supabase.mint(exp=int(time.time()) - 10)
    foreign = supabase.mint() + "x"
    for token in (expired, foreign, "x.y.z", "garbage"):
        assert read_rows(supabase, token).status_code == 401, token


def test_a_request_without_a_key_is_refused(supabase: SupabaseServer) -> None:
    assert httpx.get(f"{supabase.url}/rest/v1/patients").status_code == 401


def test_a_dashboard_on_another_origin_may_sign_in(supabase: SupabaseServer) -> None:
    asked = {
        "Origin": "http://127.0.0.1:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "apikey,authorization,content-type",
    }
    answer = httpx.options(f"{supabase.url}/auth/v1/token?grant_type=password", headers=asked)

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "http://127.0.0.1:3000"
    assert answer.headers["access-control-allow-headers"] == "apikey,authorization,content-type"
