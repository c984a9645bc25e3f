"""The stack under test: windows to the outside (infra.demo), the database behind its back, and its processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from infra.demo.outside import PATIENCE, Clinic, Number, Patient, Row, RunningStack, eventually
from infra.local.paths import ROOT, StackPaths
from infra.local.stack import settings_of_caller

# The secret with which the signature vectors of tests/data/meta were made.
APP_SECRET = json.loads((ROOT / "tests/data/meta/signature_vectors.json").read_text())["x_hub_signature_256"][0][
    "app_secret"
]
SETTINGS = {"REPLY_DEBOUNCE_SECONDS": "1", "META_APP_SECRET": APP_SECRET}
# Names a stack that runs already, started with SETTINGS: whoever writes these tests need not wait for one each time.
# (The recorded webhooks happen to a stack once: their tests want one that was just reset.)
RUNNING_STACK_VARIABLE = "STACK_UNDER_TEST"
_COMMAND_SECONDS = 300


class World(RunningStack):
    """Everything a test of the running stack looks at."""

    def __init__(self, paths: StackPaths) -> None:
        super().__init__(paths.stack_file)
        self.paths = paths

    @property
    def ferreyra(self) -> Clinic:
        """Argentina; two numbers."""
        return self.clinics[0]

    @property
    def salgado(self) -> Clinic:
        """Mexico; one number."""
        return self.clinics[1]

    @property
    def vidal(self) -> Clinic:
        """Nothing linked."""
        return self.clinics[2]

    def patient(self, name: str = "Ana Prueba", number: Number | None = None) -> Patient:
        """A new patient of the first number, unless another is named."""
        return self.new_patient(name, number or self.ferreyra.numbers[0])

    # ---- behind the API's back

    def rows(self, query: str, *values: Any) -> list[Row]:
        """What the database holds; a connection of its own each time, for PostgreSQL may just have been killed."""
        with psycopg.connect(self.description["database_url"], autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def conversation(self, patient: Patient) -> Row:
        """The patient's conversation on the number they write to."""
        return self.rows(
            """select * from marketing_conversations
               where channel_id = %s and contact_phone = %s and merged_into_id is null""",
            patient.number.channel_id,
            patient.phone,
        )[0]

    def messages(self, patient: Patient, direction: str | None = None) -> list[Row]:
        """Rows of the patient's conversation, oldest first."""
        found = self.rows(
            """select m.* from marketing_messages m join marketing_conversations c on c.id = m.conversation_id
               where c.channel_id = %s and c.contact_phone = %s order by m.created_at""",
            patient.number.channel_id,
            patient.phone,
        )
        return [row for row in found if direction in (None, row["direction"])]

    def alerts(self, professional: Clinic, entity_id: Any) -> list[Row]:
        return self.rows(
            "select * from marketing_alerts where professional_id = %s and entity_id = %s", professional.id, entity_id
        )

    def audits(self, entity_id: Any) -> list[str]:
        """What was done to an object."""
        found = self.rows("select action from marketing_audit_logs where entity_id = %s order by created_at", entity_id)
        return [row["action"] for row in found]

    def traces(self, *words: str) -> list[tuple[str, str]]:
        """Every table of the store in whose rows one of the words stands, with that word."""
        found = [
            (row["name"], word)
            for word in words
            for row in self.rows(
                """select name from (
                     select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
                     from information_schema.tables
                     where table_schema in ('public', 'app', 'storage') and table_type = 'BASE TABLE') as tables
                   where query_to_xml('select 1 from ' || name || ' as t where strpos(t::text, ' || quote_literal(%s)
                                      || ') > 0 limit 1', false, false, '')::text like '%%<row>%%'""",
                word,
            )
        ]
        return sorted(found)

    def reconnect(self, number: Number) -> None:
        """Undo what a dead token or a ban did to a number."""
        self.rows(
            """with channel as
                 (update marketing_channels set status = 'connected' where id = %s returning credential_id)
               update marketing_channel_credentials set status = 'connected'
               where id in (select credential_id from channel)""",
            number.channel_id,
        )

    # ---- waiting

    def owed(self) -> list[Row]:
        """Conversations that wait for an answer."""
        return self.rows("select id from marketing_conversations where answer_due_at is not null")

    def calm(self, *, patience: float = PATIENCE) -> None:
        """Wait until everything said is stored and nothing is owed."""
        eventually(lambda: self.is_taken_in() and not self.owed(), "everything stored and answered", patience=patience)

    def converse(self, patient: Patient, *texts: str) -> Row:
        """The patient writes, and the answer is there: the message as Meta accepted it."""
        before = len(patient.received())
        patient.writes_at_once(*texts)
        answer = patient.waits_for(before + 1)[-1]
        self.calm()
        return answer

    def fire(self, function: str, *, at: datetime | None = None) -> Row:
        """Run a scheduled function now, or as it would run at that moment; what it answered."""
        told = {"time": at.isoformat()} if at else {}
        url = f"{self.description['control_url']}/fire/{function}"
        answer = httpx.post(url, json=told, timeout=60, trust_env=False)
        answer.raise_for_status()
        returned = answer.json()
        return returned if isinstance(returned, dict) else {}

    def fault(self, action: Mapping[str, Any], *, count: int | None = 1, **match: Any) -> int:
        """How Graph answers the next calls that match."""
        return int(self.sandbox.post("/faults", {"match": match, "action": dict(action), "count": count})["id"])


def text_of(message: Mapping[str, Any]) -> str:
    """What the patient reads."""
    body = message["content"]["body"]
    return str(body if isinstance(body, str) else body["text"])


def offered(message: Mapping[str, Any]) -> list[Row]:
    """The rows of an interactive list."""
    return [row for section in message["content"]["action"]["sections"] for row in section["rows"]]


def kill(pid: int) -> None:
    """End a process as a crash does."""
    os.kill(pid, signal.SIGKILL)


@contextmanager
def running_stack() -> Iterator[World]:
    """A stack of the tests' own, erased at the end; or the one that is named in the environment, which stays."""
    running = os.environ.get(RUNNING_STACK_VARIABLE)
    if running:
        world = World(StackPaths(Path(running)))
        yield world
        world.close()
        return
    with own_stack() as world:
        yield world


@contextmanager
def own_stack() -> Iterator[World]:
    """A stack for nobody else, erased at the end."""
    # Not below pytest's own folder: that one is closed to the user nobody, as whom PostgreSQL runs for root.
    paths = StackPaths(Path(tempfile.mkdtemp(prefix="dentalist-e2e-")))
    paths.directory.chmod(0o711)
    try:
        command(paths, "infra.local", "up")
        world = World(paths)
        yield world
        world.close()
    finally:
        command(paths, "infra.local", "down")
        shutil.rmtree(paths.directory, ignore_errors=True)


def command(paths: StackPaths, module: str, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """One of the project's commands for this stack, free of what the caller's shell may set."""
    caller = settings_of_caller()
    environment = {name: value for name, value in os.environ.items() if name not in caller}
    environment |= {**SETTINGS, "STACK_DIR": str(paths.directory), **settings}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(
            f"{module} {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
    return done
