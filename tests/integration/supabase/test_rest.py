"""PostgREST's answers, of the local server: values, errors and grants as the cloud has them."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.database.stack import DatabaseServer, SupabaseServer, start_supabase, stop_process

PROBES = """
create table public.probes (
  id integer primary key,
  amount numeric check (amount > 0),
  happened_at timestamptz,
  secret text,
  exclude using btree (id with =)
);
create table public.hidden (id integer primary key);
revoke all on public.probes, public.hidden from anon, authenticated;
grant select (id, amount, happened_at) on public.probes to authenticated;
create function public.fail(code text) returns void language plpgsql as $$
begin
  raise exception 'it failed' using errcode = code, detail = 'the detail';
end
$$;
create function public.nap() returns integer language sql as 'select 1 from pg_sleep(0.3)';
create function public.time_limit() returns text language sql as $$select current_setting('statement_timeout')$$;
create function public.service_only() returns integer language sql as 'select 1';
revoke execute on function public.service_only() from public, anon, authenticated;
insert into public.probes values (1, 12.50, '2026-11-22 10:54:24.5+00', 'x');
"""


@pytest.fixture(scope="module")
def probed(database_server: DatabaseServer) -> Iterator[SupabaseServer]:
    name = database_server.clone()
    with psycopg.connect(database_server.url(name), autocommit=True) as connection:
        connection.execute(PROBES)
    server = start_supabase(database_server, name)
    yield server
    stop_process(server.process)


def call(server: SupabaseServer, path: str, *, key: str | None = None, token: str | None = None) -> httpx.Response:
    headers = {"apikey": key or server.secret_key}
    if token:
        headers |= {"apikey": server.publishable_key, "Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.url}/rest/v1/{path}", headers=headers, timeout=15)


def rpc(server: SupabaseServer, name: str, arguments: dict[str, str], token: str | None = None) -> httpx.Response:
    headers = {"apikey": server.secret_key}
    if token:
        headers = {"apikey": server.publishable_key, "Authorization": f"Bearer {token}"}
    return httpx.post(f"{server.url}/rest/v1/rpc/{name}", headers=headers, json=arguments, timeout=15)


def test_instants_are_iso_8601_and_numerics_are_numbers(probed: SupabaseServer) -> None:
    rows = call(probed, "probes?select=amount,happened_at").json()

    assert rows == [{"amount": 12.5, "happened_at": "2026-11-22T10:54:24.5+00:00"}]


@pytest.mark.parametrize(
    ("sqlstate", "status"),
    [
        ("P0001", 400),
        ("22023", 400),
        ("23502", 400),
        ("23503", 409),
        ("23505", 409),
        ("23514", 400),
        ("23P01", 400),
        ("28000", 403),
        ("40001", 500),
        ("40P01", 500),
        ("42501", 403),
        ("53300", 503),
        ("55P03", 500),
        ("57014", 500),
        ("XX000", 500),
    ],
)
def test_an_sqlstate_arrives_with_the_status_of_postgrest(probed: SupabaseServer, sqlstate: str, status: int) -> None:
    answer = rpc(probed, "fail", {"code": sqlstate})

    assert answer.status_code == status
    expected = {"code": sqlstate, "message": "it failed", "details": "the detail"}
    assert {name: answer.json()[name] for name in expected} == expected


def test_a_violated_check_names_its_sqlstate(probed: SupabaseServer) -> None:
    row = {"id": 2, "amount": -1}
    answer = httpx.post(f"{probed.url}/rest/v1/probes", headers={"apikey": probed.secret_key}, json=row)

    assert (answer.status_code, answer.json()["code"]) == (400, "23514")


def test_a_statement_of_the_api_ends_after_eight_seconds(probed: SupabaseServer) -> None:
    assert rpc(probed, "time_limit", {}).json() == "8s"


def test_revokes_and_column_grants_of_a_migration_hold(probed: SupabaseServer) -> None:
    token = probed.sign_up()[1]
    # The first request of a process is the one at which lite would hand out its own grants.
    for answer in (
        call(probed, "hidden", token=token),
        call(probed, "probes", token=token),
        call(probed, "probes?select=id&secret=eq.x", token=token),
        call(probed, "hidden", key=probed.publishable_key),
        rpc(probed, "service_only", {}, token=token),
    ):
        assert answer.status_code in {401, 403}, answer.text
        assert answer.json()["code"] == "42501"
    assert call(probed, "probes?select=id", token=token).json() == [{"id": 1}]
    assert rpc(probed, "service_only", {}).json() == 1


def test_only_the_schema_public_is_reached(probed: SupabaseServer) -> None:
    for schema in ("auth", "app", "storage", "supabase_migrations"):
        headers = {"apikey": probed.secret_key, "Accept-Profile": schema}
        answer = httpx.get(f"{probed.url}/rest/v1/users", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106"), schema


def test_requests_at_the_same_time_share_a_pool_of_connections(probed: SupabaseServer) -> None:
    """With the single connection that `?max=20` gives, thirty naps would last nine seconds."""
    started = time.monotonic()
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: rpc(probed, "nap", {}).status_code, range(30)))

    assert set(answers) == {200}
    assert time.monotonic() - started < 5
    with psycopg.connect(probed.database_url) as connection:
        used = connection.execute("select count(*) from pg_stat_activity where datname = current_database()").fetchone()
    assert used is not None
    assert 2 < used[0] <= 20
