"""Rules that every table and function keeps, read from PostgreSQL's catalog: a new one breaks them by existing."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.database import tables
from tests.database.people import Connection

# What a visitor may execute: pure helpers, and the two functions that policies stand on. Nothing here writes.
OPEN_FUNCTIONS = frozenset(
    {
        "app.canonical_phone",
        "app.is_timezone",
        "app.message_rank",
        "app.my_owned_professionals",
        "app.my_professionals",
    }
)
# Functions of the project; those of extensions and triggers (which nobody can call) left out.
FUNCTIONS = """
select n.nspname || '.' || p.proname as name, p.oid, p.prosecdef as definer, p.provolatile as volatility,
       coalesce(p.proconfig, '{}') as settings,
       has_function_privilege('anon', p.oid, 'execute') as open_to_anon,
       has_function_privilege('authenticated', p.oid, 'execute') as open_to_authenticated
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'app')
  and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
  and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
"""


def names(connection: Connection, query: str, **parameters: Any) -> list[str]:
    """The column `name` of a query that looks for offenders."""
    return sorted(row["name"] for row in connection.execute(query, parameters).fetchall())


def test_the_suite_knows_every_table(db: Connection) -> None:
    in_catalog = names(
        db, "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
    )

    assert sorted(set(in_catalog) - tables.ALL) == [], "say in tests/database/tables.py who may read these tables"
    assert sorted(tables.ALL - set(in_catalog)) == [], "tests/database/tables.py names tables that do not exist"
    assert sorted(set(in_catalog) - set(tables.IN_ORDER)) == [], "tests/database/tables.py has no row of these tables"


def test_the_suite_says_clearly_that_it_does_not_know_a_table() -> None:
    with pytest.raises(tables.UnknownTableError, match=r"marketing_novelties: add it to TEAM, OWNER_ONLY or NOBODY"):
        tables.row_of("marketing_novelties", UUID(int=1))


def test_every_table_has_row_level_security(db: Connection) -> None:
    open_tables = names(
        db,
        """
        select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity
        """,
    )

    assert open_tables == []


def test_every_policy_says_for_whom_it_is(db: Connection) -> None:
    """`to public` would include visitors, and a policy for anon has no use here."""
    for_visitors = names(
        db,
        """
        select polrelid::regclass || '.' || polname as name from pg_policy
        where polrelid in (select oid from pg_class where relnamespace::regnamespace::text in ('public', 'storage'))
          and polroles && array[0, 'anon'::regrole::oid]
        """,
    )

    assert for_visitors == []


def test_no_policy_lets_a_signed_in_user_write(db: Connection) -> None:
    writing = names(
        db,
        """
        select polrelid::regclass || '.' || polname as name from pg_policy
        where polcmd <> 'r' and 'authenticated'::regrole::oid = any (polroles)
        """,
    )

    assert writing == []


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_visitors_and_users_hold_no_right_to_write_on_our_tables(db: Connection, role: str) -> None:
    granted = names(
        db,
        """
        select relname || ' ' || privilege as name
        from pg_class, unnest(array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and relname <> all (%(host)s)
          and (has_table_privilege(%(role)s, oid, privilege)
               or privilege in ('insert', 'update', 'references')
                  and has_any_column_privilege(%(role)s, oid, privilege))
        """,
        role=role,
        host=list(tables.HOST),
    )

    assert granted == []


def test_visitors_may_not_even_ask_for_our_tables(db: Connection) -> None:
    granted = names(
        db,
        """
        select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and relname <> all (%(host)s)
          and has_any_column_privilege('anon', oid, 'select')
        """,
        host=list(tables.HOST),
    )

    assert granted == []


def test_users_may_ask_for_the_tables_of_the_contract_only(db: Connection) -> None:
    granted = names(
        db,
        """
        select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
          and has_any_column_privilege('authenticated', oid, 'select')
        """,
    )

    assert granted == sorted(tables.TEAM | tables.OWNER_ONLY)


def test_nobody_signed_in_may_ask_for_a_secret_column(db: Connection) -> None:
    readable = names(
        db,
        """
        select relname || '.' || attname as name
        from pg_attribute join pg_class on pg_class.oid = attrelid, unnest(array['anon', 'authenticated']) as role
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
          and attnum > 0 and not attisdropped
          and attname ~ '(_encrypted|wrapped_key|_hash)$' and attname <> 'approved_hash'
          and has_column_privilege(role, attrelid, attnum, 'select')
        """,
    )

    assert readable == []


def test_the_owner_may_ask_for_every_other_column_of_the_credentials(db: Connection) -> None:
    columns = """
        select attname as name from pg_attribute
        where attrelid = 'public.marketing_channel_credentials'::regclass and attnum > 0 and not attisdropped and {}
    """
    granted = names(db, columns.format("has_column_privilege('authenticated', attrelid, attnum, 'select')"))

    assert granted == names(db, columns.format("attname !~ '_encrypted$'"))


def test_a_view_shows_what_its_reader_may_see(db: Connection) -> None:
    """And not what its owner may, whom no policy binds."""
    definers = names(
        db,
        """
        select relname as name from pg_class
        where relnamespace = 'public'::regnamespace
          and (relkind = 'm' or relkind = 'v' and not coalesce(reloptions @> '{security_invoker=true}', false))
        """,
    )

    assert definers == []


def test_no_function_that_writes_is_open_to_visitors_or_users(db: Connection) -> None:
    """Only a volatile function can write. PostgreSQL opens every new one to everybody, and the API would offer it."""
    writers = names(
        db,
        f"select name from ({FUNCTIONS}) as f where volatility = 'v' and (open_to_anon or open_to_authenticated)",  # noqa: S608 - no input
    )

    assert writers == []


def test_only_the_named_helpers_are_open_to_visitors_or_users(db: Connection) -> None:
    reachable = names(db, f"select distinct name from ({FUNCTIONS}) as f where open_to_anon or open_to_authenticated")  # noqa: S608 - no input

    assert sorted(set(reachable) - OPEN_FUNCTIONS) == []


def test_the_service_may_execute_every_function_of_the_api(db: Connection) -> None:
    closed = names(
        db,
        f"""
        select name from ({FUNCTIONS}) as f
        where name like 'public.%%' and not has_function_privilege('service_role', oid, 'execute')
        """,  # noqa: S608 - no input
    )

    assert closed == []


def test_a_function_that_acts_as_its_owner_has_an_empty_search_path(db: Connection) -> None:
    """Else a caller could put a table of the same name in front of ours."""
    loose = names(
        db,
        """
        select n.nspname || '.' || p.proname as name
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('public', 'app') and p.prosecdef
          and not coalesce(p.proconfig, '{}') @> array['search_path=""']
        """,
    )

    assert loose == []


def test_every_table_names_its_professional(db: Connection) -> None:
    without = names(
        db,
        """
        select relname as name from pg_class c
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'professionals'
          and not exists (select from pg_attribute where attrelid = c.oid and attname = 'professional_id'
                          and atttypid = 'uuid'::regtype
                          and (attnotnull or c.relname = any (%(open)s)))
        """,
        open=["marketing_webhook_events", "marketing_data_requests", "model_circuits"],
    )

    # An event of an unknown number is kept before anybody knows whose it is, and whoever asks Meta to delete their data
    # may have linked accounts of several professionals, or of none. The platform's own key for models, whose failures
    # are noted, is nobody's. These tables alone may leave it open.
    assert without == []


def test_every_table_has_an_index_that_begins_with_the_professional(db: Connection) -> None:
    """The policies ask for it in every query of the dashboard."""
    without = names(
        db,
        """
        select relname as name from pg_class c
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'professionals'
          and not exists (
            select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
            where i.indrelid = c.oid and i.indpred is null and i.indisvalid and a.attname = 'professional_id')
        """,
    )

    assert without == []


def test_a_row_cannot_reference_another_professional_s_row(db: Connection) -> None:
    """Every foreign key between tables of tenants carries the professional, on both sides."""
    crossing = names(
        db,
        """
        select f.conrelid::regclass || '.' || f.conname as name
        from pg_constraint f
        where f.contype = 'f' and f.connamespace = 'public'::regnamespace
          and f.confrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
          and f.confrelid <> 'public.professionals'::regclass
          and not exists (
            select from unnest(f.conkey, f.confkey) as pair (own, referenced)
            join pg_attribute o on o.attrelid = f.conrelid and o.attnum = pair.own
            join pg_attribute r on r.attrelid = f.confrelid and r.attnum = pair.referenced
            where o.attname = 'professional_id' and r.attname = 'professional_id')
        """,
    )

    assert crossing == []


def test_a_row_of_another_professional_is_refused_as_a_reference(db: Connection) -> None:
    """What the rule before this one is for, seen once at work."""
    ana, bruno = UUID(int=1), UUID(int=2)
    for tenant in (ana, bruno):
        db.execute("insert into auth.users (id, email) values (%s, %s)", [tenant, f"{tenant}@example.com"])
        db.execute(
            "insert into professionals (id, name, email, timezone) values (%s, 'Clínica', 'a@example.com', 'UTC')",
            [tenant],
        )
    patient = "insert into patients (professional_id, full_name) values (%s, 'Paz') returning id"
    of_bruno = db.execute(patient, [bruno]).fetchone()
    assert of_bruno is not None

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.execute(
            """
            insert into appointments (professional_id, patient_id, starts_at, ends_at)
            values (%s, %s, now(), now() + interval '30 minutes')
            """,
            [ana, of_bruno["id"]],
        )


def test_a_column_that_references_is_indexed(db: Connection) -> None:
    """Deleting or updating what is referenced would read the whole table otherwise."""
    without = names(
        db,
        """
        select f.conrelid::regclass || ' (' || string_agg(a.attname, ', ') || ')' as name
        from pg_constraint f
        cross join lateral unnest(f.conkey) as key (attnum)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = key.attnum and a.attname <> 'professional_id'
        where f.contype = 'f' and f.connamespace = 'public'::regnamespace
          and not exists (
            select from pg_index i
            join pg_attribute lead on lead.attrelid = i.indrelid and lead.attnum = any ((i.indkey::int2[])[0:1])
            where i.indrelid = f.conrelid and lead.attname = a.attname)
        group by f.oid, f.conrelid
        """,
    )

    assert without == []
