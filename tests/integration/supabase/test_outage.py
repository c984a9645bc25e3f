"""When PostgreSQL goes away the API says so, and it is back as soon as PostgreSQL is: nobody restarts it."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from infra.local import postgres
from tests.database.stack import (
    LITE,
    NODE,
    DatabaseServer,
    SupabaseServer,
    free_port,
    health_of,
    launch_supabase,
    start_supabase,
    stop_process,
    wait_healthy,
)

ASKERS = 20  # more than the API has connections


@dataclass
class Stack:
    """A PostgreSQL of this module's own, to be stopped and killed, and the API on it."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    supabase: SupabaseServer

    def end_database(self, name: signal.Signals) -> None:
        stop_process(self.process, name)

    def start_database(self) -> None:
        self.process = postgres.start(self.folder / "outage", self.port, self.folder / "outage.log")

    def count_patients(self) -> httpx.Response:
        headers = {"apikey": self.supabase.secret_key}
        return httpx.get(f"{self.supabase.url}/rest/v1/patients?select=count", headers=headers, timeout=20)

    def sign_in(self, email: str) -> httpx.Response:
        return httpx.post(
            f"{self.supabase.url}/auth/v1/token?grant_type=password",
            headers={"apikey": self.supabase.publishable_key},
            json={"email": email, "password": "correct horse battery"},
            timeout=20,
        )


@pytest.fixture(scope="module")
def stack(postgres_server: DatabaseServer) -> Iterator[Stack]:
    port, folder = free_port(), postgres_server.folder
    process = postgres.start(folder / "outage", port, folder / "outage.log")
    postgres.bootstrap(port)
    server = DatabaseServer(port, folder)
    migrated = server.migrate("postgres")
    assert migrated.returncode == 0, migrated.stderr
    running = Stack(folder, port, process, start_supabase(server, "postgres"))
    yield running
    stop_process(running.supabase.process)
    running.end_database(signal.SIGINT)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGKILL])
def test_the_api_recovers_by_itself_when_postgresql_ended_and_came_back(stack: Stack, name: signal.Signals) -> None:
    _, token = stack.supabase.sign_up(email := f"{name.name.lower()}@example.com")
    assert token
    assert stack.count_patients().status_code == 200

    stack.end_database(name)
    assert stack.count_patients().status_code == 503
    assert health_of(stack.supabase) == 503
    assert stack.sign_in(email).status_code >= 500

    stack.start_database()
    wait_healthy(stack.supabase, timeout=10)
    assert stack.count_patients().json() == [{"count": 0}]
    assert stack.sign_in(email).status_code == 200


def test_requests_under_way_when_postgresql_dies_end_with_503_and_no_connection_is_lost(stack: Stack) -> None:
    enough = threading.Event()
    assert stack.count_patients().status_code == 200

    def keep_asking(_: int) -> list[int]:
        statuses: list[int] = []
        while not (enough.is_set() and statuses[-1] == 200):
            statuses.append(stack.count_patients().status_code)
        return statuses

    with ThreadPoolExecutor(ASKERS) as pool:
        answers = pool.map(keep_asking, range(ASKERS), timeout=40)  # raises what an asker raised: a hanging request
        for _ in range(2):
            time.sleep(0.7)
            stack.end_database(signal.SIGKILL)
            time.sleep(0.7)
            stack.start_database()
        time.sleep(1)
        enough.set()
        seen = {status for statuses in answers for status in statuses}

    assert seen == {200, 503}


def test_an_api_started_before_postgresql_does_not_take_the_schema_for_empty(stack: Stack) -> None:
    """A 404 "no such table" would look permanent to a worker, and its job would be dropped."""
    stack.end_database(signal.SIGINT)
    early = launch_supabase(DatabaseServer(stack.port, stack.folder), "postgres")
    while health_of(early) is None:
        time.sleep(0.05)
    headers = {"apikey": early.secret_key}

    def count_patients() -> int:
        return httpx.get(f"{early.url}/rest/v1/patients?select=count", headers=headers, timeout=20).status_code

    assert count_patients() == 503
    stack.start_database()
    wait_healthy(early)
    assert count_patients() == 200
    stop_process(early.process)


def test_a_transaction_whose_connection_died_is_never_continued_on_another(stack: Stack) -> None:
    """The new connection would be the role postgres, without the visitor's role and claims."""
    script = Path(__file__).with_name("lost_connection.mjs")
    environment = {**os.environ, "LITE": str(LITE), "DATABASE_URL": stack.supabase.database_url}

    done = subprocess.run([NODE, str(script)], env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"continuedAs": None, "refusal": "CONNECTION_CLOSED", "afterwards": [1] * 6}
