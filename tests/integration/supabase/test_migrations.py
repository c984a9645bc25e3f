"""The command that brings a database up to date."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from infra.local import postgres
from tests.database.stack import DatabaseServer


@pytest.fixture
def empty(postgres_server: DatabaseServer) -> Iterator[str]:
    """A database as hosted Supabase hands it over: no migration has run."""
    name = f"empty_{uuid4().hex[:12]}"
    postgres.bootstrap(postgres_server.port, name)
    yield name
    postgres_server.drop(name)


def fetch(server: DatabaseServer, database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url(database)) as connection:
        return connection.execute(query).fetchall()


def write(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        (folder / f"{name.removeprefix('v')}.sql").write_text(source)
    return folder


def test_files_are_applied_in_order_and_once(postgres_server: DatabaseServer, empty: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        v20260101000001_second="insert into notes values (1)",
        v20260101000000_first="create table notes (n int)",
    )
    assert postgres_server.migrate(empty, tmp_path).returncode == 0
    write(tmp_path, v20260102000000_third="insert into notes values (2)")

    again = postgres_server.migrate(empty, tmp_path)

    assert again.stdout.strip() == "applied 20260102000000_third.sql"
    assert fetch(postgres_server, empty, "select n from notes order by n") == [(1,), (2,)]
    history = fetch(
        postgres_server, empty, "select version, name from supabase_migrations.schema_migrations order by 1"
    )
    assert history == [("20260101000000", "first"), ("20260101000001", "second"), ("20260102000000", "third")]


def test_a_failing_file_is_named_with_its_line_and_leaves_nothing_behind(
    postgres_server: DatabaseServer, empty: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        v20260101000000_good="create table kept (n int);",
        v20260101000001_bad="create table lost (n int);\n\nalter table lost\n  add nonsense notatype;",
        v20260101000002_after="create table never (n int);",
    )

    failed = postgres_server.migrate(empty, tmp_path)

    assert failed.returncode == 1
    assert '20260101000001_bad.sql:4: type "notatype" does not exist (42704)' in failed.stderr
    assert "add nonsense notatype;" in failed.stderr
    tables = fetch(postgres_server, empty, "select relname from pg_class where relname in ('kept', 'lost', 'never')")
    assert tables == [("kept",)]


def test_migrations_run_without_the_rights_of_a_superuser(
    postgres_server: DatabaseServer, empty: str, tmp_path: Path
) -> None:
    write(tmp_path, v20260101000000_forbidden="create role boss superuser")

    failed = postgres_server.migrate(empty, tmp_path)

    assert failed.returncode == 1
    assert "42501" in failed.stderr


def test_a_superuser_is_refused_because_the_cloud_gives_none(
    postgres_server: DatabaseServer, empty: str, tmp_path: Path
) -> None:
    failed = postgres_server.migrate(empty, tmp_path, user=postgres.SUPERUSER)

    assert failed.returncode == 1
    assert "migrations run as the role postgres" in failed.stderr


def test_a_setting_of_one_file_does_not_reach_the_next(
    postgres_server: DatabaseServer, empty: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        v20260101000000_first="set search_path = pg_catalog; set role anon;",
        v20260101000001_second="create table notes as select current_user::text as who",
    )

    assert postgres_server.migrate(empty, tmp_path).returncode == 0
    assert fetch(postgres_server, empty, "select who from public.notes") == [("postgres",)]


@pytest.mark.parametrize("name", ["v2026_short", "vnotes"])
def test_a_file_with_a_wrong_name_is_refused(
    postgres_server: DatabaseServer, empty: str, tmp_path: Path, name: str
) -> None:
    write(tmp_path, **{name: "select 1"})

    failed = postgres_server.migrate(empty, tmp_path)

    assert failed.returncode == 1
    assert "is not named <14 digits>_<name>.sql" in failed.stderr


def test_two_files_of_one_version_are_refused(postgres_server: DatabaseServer, empty: str, tmp_path: Path) -> None:
    write(tmp_path, v20260101000000_one="select 1", v20260101000000_other="select 2")

    failed = postgres_server.migrate(empty, tmp_path)

    assert failed.returncode == 1
    assert "20260101000000_one.sql and 20260101000000_other.sql have the same version" in failed.stderr


def test_a_migration_finds_accounts_and_buckets_and_may_guard_the_objects(
    postgres_server: DatabaseServer, empty: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        v20260101000000_all="""
        create table notes (author uuid references auth.users on delete cascade default auth.uid());
        insert into storage.buckets (id, name) values ('things', 'things');
        create policy things_select_own on storage.objects for select to authenticated
          using (bucket_id = 'things' and (storage.foldername(name))[1] = auth.uid()::text);
        """,
    )

    assert postgres_server.migrate(empty, tmp_path).returncode == 0


def test_new_tables_and_functions_start_open_to_visitors_as_in_the_cloud(
    postgres_server: DatabaseServer, empty: str, tmp_path: Path
) -> None:
    """So that a forgotten revoke shows here, and not in production."""
    write(
        tmp_path,
        v20260101000000_all="""
        create table notes (n int);
        create function answer() returns int language sql as 'select 42';
        """,
    )
    assert postgres_server.migrate(empty, tmp_path).returncode == 0

    granted = """
        select has_table_privilege(role, 'notes', 'insert'), has_function_privilege(role, 'answer()', 'execute')
        from unnest(array['anon', 'authenticated', 'service_role']) as role
    """
    assert fetch(postgres_server, empty, granted) == [(True, True)] * 3


def test_the_roles_are_those_of_hosted_supabase(postgres_server: DatabaseServer) -> None:
    roles = """
        select rolname, rolsuper, rolbypassrls, rolcanlogin from pg_roles
        where rolname in ('postgres', 'anon', 'authenticated', 'service_role', 'authenticator') order by 1
    """

    assert fetch(postgres_server, "postgres", roles) == [
        ("anon", False, False, False),
        ("authenticated", False, False, False),
        ("authenticator", False, False, True),
        ("postgres", False, True, True),
        ("service_role", False, True, False),
    ]
