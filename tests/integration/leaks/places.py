"""Everything that a running stack keeps or says: the database, logs with metrics, queues, objects and files."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from infra.local import aws

Content = tuple[str, bytes]
# Only this exists on a local stack alone, and holds in the clear what the seed puts in place.
_SEEDED = "local_stack"
_PEEKS_EVERY = 0.05


def in_database(db: "psycopg.Connection[Any]") -> Iterator[Content]:
    """Every row of every table of every schema, as text; bytes come out as hex."""
    tables = db.execute(
        """select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.relkind in ('r', 'p', 'm') and n.nspname not in ('information_schema', %s)
             and n.nspname !~ '^pg_' order by 1, 2""",
        [_SEEDED],
    ).fetchall()
    for schema, table in tables:
        rows = db.execute(sql.SQL("select t::text from {} t").format(sql.Identifier(schema, table))).fetchall()
        yield f"{schema}.{table}", "\n".join(text for (text,) in rows).encode()


def in_statistics(db: "psycopg.Connection[Any]") -> Iterator[Content]:
    """What the planner remembers of values, and the statements that run."""
    for view in ("pg_stats", "pg_stat_activity"):
        rows = db.execute(sql.SQL("select t::text from {} t").format(sql.Identifier(view))).fetchall()
        told = [text for (text,) in rows if _SEEDED not in text]
        yield view, "\n".join(told).encode()


def in_files(name: str, folder: Path) -> Iterator[Content]:
    """Every file below a folder."""
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError, IsADirectoryError):  # some are put away while they are listed
            yield f"{name} {path.relative_to(folder)}", path.read_bytes()


def in_objects(endpoint_url: str) -> Iterator[Content]:
    """Every object of every bucket, with what is noted about it."""
    s3 = aws.client("s3", endpoint_url)
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for listed in page.get("Contents", []):
                found = s3.get_object(Bucket=bucket["Name"], Key=listed["Key"])
                noted = json.dumps([listed["Key"], found["Metadata"]]).encode()
                yield f"s3 {bucket['Name']} {listed['Key']}", noted + found["Body"].read()


def in_queues(endpoint_url: str) -> Iterator[Content]:
    """Every message of every queue, those in flight and dead letters included. Nothing is received by looking."""
    answer = httpx.get(f"{endpoint_url}/_ministack/sqs/messages", timeout=10, trust_env=False)
    answer.raise_for_status()
    yield "queues", answer.content


@contextmanager
def watched(endpoint_url: str) -> Iterator[Callable[[], list[Content]]]:
    """Look at the queues again and again, for messages do not stay; gives what was seen so far."""
    over = threading.Event()
    seen: set[bytes] = set()

    def look() -> None:
        while not over.wait(_PEEKS_EVERY):
            with suppress(httpx.HTTPError):  # while it is busy: it is asked again at once
                seen.update(_messages(next(in_queues(endpoint_url))[1]))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield lambda: [("a queue", message) for message in tuple(seen)]
    finally:
        over.set()
        looking.join()


def _messages(content: bytes) -> Iterator[bytes]:
    """The texts of an answer, so that a message that is seen often is kept once."""
    waiting = [json.loads(content)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
        elif isinstance(value, str):
            yield value.encode()
