"""What a filter or an argument says reaches the database as it was written, in the local server as in the cloud."""

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.database.stack import DatabaseServer, SupabaseServer, start_supabase, stop_process

PROBES = """
create table public.labels (code text primary key, count integer);
insert into public.labels values ('+5491155550201', 1), ('17841400000000001', 2), ('0042', 3), ('plain', 4);
create function public.kind_of(value jsonb) returns text language sql as 'select jsonb_typeof(value)';
"""


@pytest.fixture(scope="module")
def server(database_server: DatabaseServer) -> Iterator[SupabaseServer]:
    name = database_server.clone()
    with psycopg.connect(database_server.url(name), autocommit=True) as connection:
        connection.execute(PROBES)
    started = start_supabase(database_server, name)
    yield started
    stop_process(started.process)


def codes(server: SupabaseServer, **filters: str) -> list[str]:
    answer = httpx.get(
        f"{server.url}/rest/v1/labels",
        params={"select": "code", "order": "count", **filters},
        headers={"apikey": server.secret_key},
        timeout=15,
    )
    assert answer.status_code == 200, answer.text
    return [row["code"] for row in answer.json()]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"code": "eq.+5491155550201"}, ["+5491155550201"]),
        ({"code": "eq.17841400000000001"}, ["17841400000000001"]),
        ({"code": "eq.0042"}, ["0042"]),
        ({"code": 'eq."0042"'}, ["0042"]),
        ({"code": "eq.plain"}, ["plain"]),
        ({"code": "not.eq.0042", "count": "lt.4"}, ["+5491155550201", "17841400000000001"]),
        ({"code": "in.(+5491155550201,0042)"}, ["+5491155550201", "0042"]),
        ({"or": "(code.eq.+5491155550201,count.eq.4)"}, ["+5491155550201", "plain"]),
        ({"count": "gte.3"}, ["0042", "plain"]),
    ],
)
def test_a_filter_looks_for_exactly_what_it_says(
    server: SupabaseServer, filters: dict[str, str], found: list[str]
) -> None:
    assert codes(server, **filters) == found


@pytest.mark.parametrize(
    ("value", "kind"), [({"a": {"b": [1]}}, "object"), ([1, "x"], "array"), (7, "number"), ("text", "string")]
)
def test_a_json_argument_arrives_as_what_it_is(server: SupabaseServer, value: Any, kind: str) -> None:
    answer = httpx.post(
        f"{server.url}/rest/v1/rpc/kind_of",
        json={"value": value},
        headers={"apikey": server.secret_key},
        timeout=15,
    )

    assert answer.json() == kind
