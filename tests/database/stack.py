"""A PostgreSQL and a Supabase for tests, both real, both thrown away afterwards.

The fixtures are made here, so that any folder of tests can offer them: its ``conftest.py`` imports the ones it wants.
One server per test process; the migrations run once, into a template, and every test works in a clone (15 ms).
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from supabase import Client, create_client
from supabase.lib.client_options import SyncClientOptions

from infra.local import postgres

PROJECT = Path(__file__).parents[2]
LITE = PROJECT / "infra/local/supabase"
MIGRATIONS = PROJECT / "supabase/migrations"
NODE = shutil.which("node") or "node"
TEMPLATE = "template_migrated"
PASSWORD = "correct horse battery"


def free_port() -> int:
    """A TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class DatabaseServer:
    """A running PostgreSQL; its databases come and go with the tests."""

    port: int
    folder: Path

    def url(self, database: str) -> str:
        return postgres.database_url(self.port, database)

    def clone(self, template: str = TEMPLATE) -> str:
        """A new database with everything the template has; returns its name."""
        name = f"clone_{uuid4().hex[:12]}"
        with psycopg.connect(postgres.database_url(self.port, user=postgres.SUPERUSER), autocommit=True) as connection:
            statement = "create database {} template {} owner postgres"
            connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        with psycopg.connect(postgres.database_url(self.port, user=postgres.SUPERUSER), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def migrate(
        self, database: str, migrations: Path = MIGRATIONS, *, user: str = "postgres"
    ) -> "subprocess.CompletedProcess[str]":
        """Run the project's own migration command against a database."""
        url = postgres.database_url(self.port, database, user=user)
        environment = {**os.environ, "DATABASE_URL": url, "MIGRATIONS_DIR": str(migrations)}
        command = [NODE, str(LITE / "migrate.mjs")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@dataclass(frozen=True)
class SupabaseServer:
    """Supabase's HTTP API over one database, with the keys a project has."""

    url: str
    database_url: str
    publishable_key: str
    secret_key: str
    jwt_secret: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def client(self, access_token: str | None = None) -> Client:
        """A client as the dashboard has one: the publishable key, and the session of a person when a token is given."""
        headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
        return create_client(self.url, self.publishable_key, SyncClientOptions(headers=headers))

    def service(self) -> Client:
        """A client with the secret key, as the functions have one."""
        return create_client(self.url, self.secret_key)

    def sign_up(self, email: str | None = None) -> tuple[UUID, str]:
        """A new confirmed account and a real access token of it."""
        address = email or f"{uuid4().hex}@example.com"
        attributes = {"email": address, "password": PASSWORD, "email_confirm": True}
        user = self.service().auth.admin.create_user(attributes).user
        return UUID(user.id), self.sign_in(address)

    def sign_in(self, email: str, password: str = PASSWORD) -> str:
        """The access token of a sign-in by password."""
        session = self.client().auth.sign_in_with_password({"email": email, "password": password}).session
        assert session is not None
        return session.access_token

    def mint(self, user_id: UUID | None = None, role: str = "authenticated", **claims: Any) -> str:
        """A token signed with the project's secret; any claim can be overridden."""
        now = int(time.time())
        standard = {"sub": str(user_id or uuid4()), "role": role, "aud": "authenticated", "iat": now, "exp": now + 3600}
        return jwt.encode({**standard, **claims}, self.jwt_secret, algorithm="HS256")


def start_supabase(server: DatabaseServer, database: str) -> SupabaseServer:
    """Start the Supabase server over a migrated database and wait until it is healthy."""
    supabase = launch_supabase(server, database)
    wait_healthy(supabase)
    return supabase


def launch_supabase(server: DatabaseServer, database: str) -> SupabaseServer:
    """Start the Supabase server, healthy or not."""
    port, storage = free_port(), server.folder / "storage" / database
    supabase = {
        "SUPABASE_JWT_SECRET": f"local-jwt-secret-{uuid4().hex}",
        "SUPABASE_PUBLISHABLE_KEY": f"sb_publishable_{uuid4().hex}",
        "SUPABASE_SECRET_KEY": f"sb_secret_{uuid4().hex}",
    }
    environment = {
        **os.environ,
        **supabase,
        "DATABASE_URL": server.url(database),
        "MIGRATIONS_DIR": str(MIGRATIONS),
        "SUPABASE_PORT": str(port),
        "STORAGE_DIR": str(storage),
    }
    log = server.folder / f"supabase-{database}.log"
    with log.open("ab") as output:
        command = [NODE, str(LITE / "serve.mjs")]
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    return SupabaseServer(
        url=f"http://127.0.0.1:{port}",
        database_url=server.url(database),
        publishable_key=supabase["SUPABASE_PUBLISHABLE_KEY"],
        secret_key=supabase["SUPABASE_SECRET_KEY"],
        jwt_secret=supabase["SUPABASE_JWT_SECRET"],
        process=process,
        log=log,
    )


def wait_healthy(supabase: SupabaseServer, timeout: float = 30) -> None:
    """Return once the server and its database answer."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and supabase.process.poll() is None:
        if health_of(supabase) == httpx.codes.OK:
            return
        time.sleep(0.03)
    raise RuntimeError(f"Supabase is not healthy on {supabase.url}:\n{supabase.log.read_text()[-2000:]}")


def health_of(supabase: SupabaseServer) -> int | None:
    """The status of its health check; None while nobody listens."""
    try:
        return httpx.get(f"{supabase.url}/health", timeout=5).status_code
    except httpx.TransportError:
        return None


def stop_process(process: "subprocess.Popen[bytes]", name: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(name)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    """An empty PostgreSQL with hosted Supabase's roles. A crash may lose its data, which makes it fast."""
    # Not below pytest's own folder: that one is closed to the user nobody, as whom the server runs for root.
    folder = Path(tempfile.mkdtemp(prefix="dentalist-database-"))
    folder.chmod(0o711)
    port = free_port()
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
    process = postgres.start(folder / "data", port, folder / "postgres.log", settings=quick)
    try:
        yield DatabaseServer(port, folder)
    finally:
        stop_process(process, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_server(postgres_server: DatabaseServer) -> DatabaseServer:
    """The server, with a template database that has seen every migration."""
    if not (LITE / "node_modules").is_dir():
        raise RuntimeError(f"the Supabase server is not installed: run `npm ci` in {LITE}")
    postgres.bootstrap(postgres_server.port, TEMPLATE)
    migrated = postgres_server.migrate(TEMPLATE)
    assert migrated.returncode == 0, migrated.stderr
    return postgres_server


@pytest.fixture
def database_url(database_server: DatabaseServer) -> Iterator[str]:
    """A migrated, empty database of this test's own; connects as postgres, which row level security does not bind."""
    name = database_server.clone()
    yield database_server.url(name)
    database_server.drop(name)


@pytest.fixture
def connect(database_url: str) -> Iterator[Callable[[], "psycopg.Connection[dict[str, Any]]"]]:
    """Opens any number of connections to the test's database, each committing by itself; rows are dicts."""
    opened: list[psycopg.Connection[dict[str, Any]]] = []

    def open_connection() -> "psycopg.Connection[dict[str, Any]]":
        opened.append(psycopg.connect(database_url, autocommit=True, row_factory=dict_row))
        return opened[-1]

    yield open_connection
    for connection in opened:
        connection.close()


@pytest.fixture
def db(connect: Callable[[], "psycopg.Connection[dict[str, Any]]"]) -> "psycopg.Connection[dict[str, Any]]":
    """One connection to the test's database."""
    return connect()


@pytest.fixture(scope="session")
def supabase(database_server: DatabaseServer) -> Iterator[SupabaseServer]:
    """A Supabase server over a database of its own, shared by the tests of a process."""
    server = start_supabase(database_server, database_server.clone())
    yield server
    stop_process(server.process)
