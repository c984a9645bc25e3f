"""The people of the policy tests: two clinics, the team of one of them, and what belongs to each."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.database import tables
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]

PERSONAS = ("anon", "owner_a", "owner_b", "reception_a", "marketing_a", "revoked_a", "service_role")
TEAM_OF_A = ("owner_a", "reception_a", "marketing_a")


class Account(NamedTuple):
    id: UUID
    token: str


@dataclass(frozen=True)
class World:
    """Two tenants with one row in every table (A's members on top), over a running Supabase."""

    supabase: SupabaseServer
    accounts: dict[str, Account]

    @property
    def a(self) -> UUID:
        return self.accounts["owner_a"].id

    @property
    def b(self) -> UUID:
        return self.accounts["owner_b"].id

    def tenants_read_by(self, persona: str, table: str) -> set[str]:
        """Whose rows of a table this person sees: the rule of the contract, in one place."""
        if persona == "service_role":
            return {str(self.a), str(self.b)}
        if persona == "owner_b" and table not in tables.NOBODY:
            return {str(self.b)}
        readers_of_a = TEAM_OF_A if table in tables.TEAM else ("owner_a",) if table in tables.OWNER_ONLY else ()
        return {str(self.a)} if persona in readers_of_a else set()

    def own_tenant(self, persona: str) -> UUID:
        """The tenant for whom this person would write."""
        return self.b if persona == "owner_b" else self.a

    def headers(self, persona: str) -> dict[str, str]:
        if persona == "service_role":
            return {"apikey": self.supabase.secret_key}
        headers = {"apikey": self.supabase.publishable_key}
        if persona != "anon":
            headers["Authorization"] = f"Bearer {self.accounts[persona].token}"
        return headers

    @contextmanager
    def acting_as(self, persona: str) -> Iterator[Connection]:
        """A connection that PostgreSQL takes for this person, as behind PostgREST; nothing it does stays."""
        with psycopg.connect(self.supabase.database_url, row_factory=dict_row) as connection:
            become(connection, persona, self.accounts[persona].id if persona in self.accounts else None)
            yield connection
            connection.rollback()


def become(connection: Connection, persona: str, user_id: UUID | None = None) -> None:
    """Take a role and its claims for the rest of the transaction."""
    role = persona if persona in {"anon", "service_role"} else "authenticated"
    claims = {"role": role, **({"sub": str(user_id)} if user_id else {})}
    connection.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))


def insert(connection: Connection, table: str, row: tables.Row) -> None:
    values = [Jsonb(value) if isinstance(value, dict | list) else value for value in row.values()]
    statement = sql.SQL("insert into public.{} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    connection.execute(statement, values)


def make_world(supabase: SupabaseServer) -> World:
    """Sign everybody up and give both tenants a row in every table, written as the service role writes."""
    accounts = {persona: Account(*supabase.sign_up()) for persona in PERSONAS if persona.endswith(("_a", "_b"))}
    world = World(supabase, accounts)
    with psycopg.connect(supabase.database_url, row_factory=dict_row) as connection:
        become(connection, "service_role")
        for tenant in (world.a, world.b):
            for table in tables.IN_ORDER:
                insert(connection, table, tables.row_of(table, tenant))
        for persona, role, revoked in (
            ("reception_a", "reception", False),
            ("marketing_a", "marketing", False),
            ("revoked_a", "marketing", True),
        ):
            member = {"professional_id": world.a, "user_id": accounts[persona].id, "role": role}
            insert(connection, "professional_members", {**member, "revoked_at": "2026-11-01" if revoked else None})
    return world
