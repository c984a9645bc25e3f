"""Who may do what to which row: every table × verb × person, on PostgreSQL itself and through PostgREST.

What is expected stands in tables.py. The catalog decides which tables there are: a new one fails here until it is
guarded and listed.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from tests.database import tables
from tests.database.people import PERSONAS, Connection, World, insert, make_world
from tests.database.stack import SupabaseServer

SIGNED_OUT_OR_IN = [persona for persona in PERSONAS if persona != "service_role"]
WRITES = ["insert", "update", "delete"]
EVERY_TABLE = sorted(tables.ALL)
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def world(supabase: SupabaseServer) -> World:
    return make_world(supabase)


@pytest.fixture(scope="module")
def http(world: World) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{world.supabase.url}/rest/v1") as client:
        yield client


def tenant_column(table: str) -> str:
    return "id" if table == "professionals" else "professional_id"


def write(connection: Connection, verb: str, table: str, tenant: UUID) -> int:
    """Try to write to one tenant's rows; returns how many were touched."""
    name, column = sql.Identifier(table), sql.Identifier(tenant_column(table))
    if verb == "insert":
        insert(connection, table, tables.row_of(table, tenant))
        return 1
    if verb == "update":
        statement = sql.SQL("update public.{} set {} = {} where {} = %s").format(name, column, column, column)
    else:
        statement = sql.SQL("delete from public.{} where {} = %s").format(name, column)
    return connection.execute(statement, [tenant]).rowcount


def tenants_in(rows: list[dict[str, Any]], table: str) -> set[str]:
    return {str(row[tenant_column(table)]) for row in rows}


# ---- on PostgreSQL itself ----


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("table", EVERY_TABLE)
def test_everybody_sees_the_own_tenant_s_rows_and_no_others(world: World, table: str, persona: str) -> None:
    query = sql.SQL("select {} from public.{}").format(sql.Identifier(tenant_column(table)), sql.Identifier(table))
    with world.acting_as(persona) as connection:
        try:
            seen = tenants_in(connection.execute(query).fetchall(), table)
        except InsufficientPrivilege:
            seen = set()

    assert seen == world.tenants_read_by(persona, table)


@pytest.mark.parametrize("persona", SIGNED_OUT_OR_IN)
@pytest.mark.parametrize("verb", WRITES)
@pytest.mark.parametrize("table", EVERY_TABLE)
def test_nobody_but_the_service_writes(world: World, table: str, verb: str, persona: str) -> None:
    with world.acting_as(persona) as connection:
        if table in tables.HOST and verb != "insert":
            # The host application may have granted it; without a policy of ours no row is in reach.
            try:
                assert write(connection, verb, table, world.own_tenant(persona)) == 0
            except InsufficientPrivilege:
                return
        else:
            with pytest.raises(InsufficientPrivilege):
                write(connection, verb, table, world.own_tenant(persona))


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("table", EVERY_TABLE)
def test_the_service_writes_everything_but_the_past(world: World, table: str, verb: str) -> None:
    """That it inserts is shown by the rows these tests stand on."""
    with world.acting_as("service_role") as connection:
        if table == "marketing_audit_logs":
            with pytest.raises(InsufficientPrivilege):
                write(connection, verb, table, world.a)
        else:
            assert write(connection, verb, table, world.a) >= 1


# ---- through PostgREST, with real tokens ----


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("table", EVERY_TABLE)
def test_the_api_shows_the_own_tenant_s_rows_and_no_others(
    world: World, http: httpx.Client, table: str, persona: str
) -> None:
    answer = http.get(f"/{table}", params={"select": tenant_column(table)}, headers=world.headers(persona))

    expected = world.tenants_read_by(persona, table)
    if answer.status_code in REFUSED:
        assert answer.json()["code"] == "42501"
        assert expected == set()
    else:
        assert answer.status_code == 200, answer.text
        assert tenants_in(answer.json(), table) == expected


@pytest.mark.parametrize("persona", SIGNED_OUT_OR_IN)
@pytest.mark.parametrize("verb", WRITES)
@pytest.mark.parametrize("table", EVERY_TABLE)
def test_the_api_lets_nobody_write(world: World, http: httpx.Client, table: str, verb: str, persona: str) -> None:
    tenant, headers = world.own_tenant(persona), world.headers(persona)
    own_rows = {tenant_column(table): f"eq.{tenant}"}
    counted = headers | {"Prefer": "count=exact,return=minimal"}
    match verb:
        case "insert":
            answer = http.post(f"/{table}", json=tables.row_of(table, tenant), headers=headers)
        case "update":
            answer = http.patch(f"/{table}", params=own_rows, json={tenant_column(table): str(tenant)}, headers=counted)
        case _:
            answer = http.delete(f"/{table}", params=own_rows, headers=counted)

    if table in tables.HOST and verb != "insert" and answer.is_success:
        assert answer.headers["content-range"].endswith("/0")
    else:
        assert answer.status_code in REFUSED, answer.text
        assert answer.json()["code"] == "42501"


def test_the_rows_are_still_there_after_everybody_tried(world: World, http: httpx.Client) -> None:
    for table in EVERY_TABLE:
        answer = http.get(f"/{table}", params={"select": tenant_column(table)}, headers=world.headers("service_role"))
        assert tenants_in(answer.json(), table) == {str(world.a), str(world.b)}, table


# ---- secrets ----


def test_asking_for_an_encrypted_column_is_an_error_even_for_the_owner(world: World, http: httpx.Client) -> None:
    for question in (
        {"select": "*"},
        {"select": "access_token_encrypted"},
        {"select": "id,refresh_token_encrypted"},
        {"select": "id", "ai_api_key_encrypted": "not.is.null"},
        {"select": "id", "order": "access_token_encrypted"},
    ):
        answer = http.get("/marketing_channel_credentials", params=question, headers=world.headers("owner_a"))
        assert (answer.status_code, answer.json()["code"]) == (403, "42501"), question


def test_an_encrypted_column_is_not_reached_from_another_table(world: World, http: httpx.Client) -> None:
    for question in ("id,marketing_channel_credentials(access_token_encrypted)", "id,marketing_channel_credentials(*)"):
        answer = http.get("/marketing_channels", params={"select": question}, headers=world.headers("owner_a"))
        assert (answer.status_code, answer.json()["code"]) == (403, "42501"), question


def test_a_member_made_owner_of_nothing_reads_no_credentials(world: World, http: httpx.Client) -> None:
    question = {"select": "id,channel,status,ai_persona"}
    for persona in ("reception_a", "marketing_a", "revoked_a"):
        answer = http.get("/marketing_channel_credentials", params=question, headers=world.headers(persona))
        assert answer.json() == [], persona


def test_a_revoked_member_loses_sight_with_the_next_request(world: World, http: httpx.Client) -> None:
    headers, question = world.headers("marketing_a"), {"select": "id"}
    user_id = world.accounts["marketing_a"].id
    with psycopg.connect(world.supabase.database_url, autocommit=True) as connection:
        assert len(http.get("/patients", params=question, headers=headers).json()) == 1
        connection.execute("update professional_members set revoked_at = now() where user_id = %s", [user_id])
        try:
            assert http.get("/patients", params=question, headers=headers).json() == []
        finally:
            connection.execute("update professional_members set revoked_at = null where user_id = %s", [user_id])
