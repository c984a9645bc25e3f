"""A clinic, its contacts and what they do, valid by default, so that a test names only what matters to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[dict[str, Any]]
Connect = Callable[[], Connection]
Row = dict[str, Any]
Result = TypeVar("Result")

PHONE = "+5491155550100"
DAY = timedelta(days=1)
TABLES = (
    "appointments",
    "channel_pace",
    "marketing_alerts",
    "marketing_audit_logs",
    "marketing_channel_credentials",
    "marketing_channels",
    "marketing_consent_events",
    "marketing_contact_identities",
    "marketing_conversations",
    "marketing_messages",
    "marketing_slot_offers",
    "patients",
)


@dataclass(frozen=True)
class Clinic:
    """A professional with one linked WhatsApp number."""

    professional_id: UUID
    channel_id: UUID
    credential_id: UUID
    phone_number_id: str


def utc_now() -> datetime:
    return datetime.now(UTC)


def insert(db: Connection, table: str, **values: Any) -> Row:
    """Insert one row and answer it whole."""
    plain = {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in values.items()}
    statement = sql.SQL("insert into {} ({}) values ({}) returning *").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, plain)),
        sql.SQL(", ").join(sql.Placeholder() * len(plain)),
    )
    row = db.execute(statement, list(plain.values())).fetchone()
    assert row is not None
    return row


def update(db: Connection, table: str, row_id: UUID, **values: Any) -> None:
    """Change one row behind the functions' back, to bring about what a test needs."""
    plain = [Jsonb(value) if isinstance(value, dict | list) else value for value in values.values()]
    columns = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
    statement = sql.SQL("update {} set {} where id = %s").format(sql.Identifier(table), columns)
    assert db.execute(statement, [*plain, row_id]).rowcount == 1


def find(db: Connection, table: str, row_id: UUID | str) -> Row:
    """One row by its id."""
    row = db.execute(sql.SQL("select * from {} where id = %s").format(sql.Identifier(table)), [row_id]).fetchone()
    assert row is not None
    return row


def rows(db: Connection, table: str, **equals: Any) -> list[Row]:
    """The rows whose columns equal these values, oldest first."""
    conditions = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in equals] or [sql.SQL("true")]
    statement = sql.SQL("select * from {} where {} order by created_at").format(
        sql.Identifier(table), sql.SQL(" and ").join(conditions)
    )
    return db.execute(statement, list(equals.values())).fetchall()


def snapshot(db: Connection) -> dict[str, list[str]]:
    """Every row of every table that a send could touch, as text: what a refusal must leave as it was."""
    taken = {}
    for table in TABLES:
        statement = sql.SQL("select row::text as text from {} as row order by 1").format(sql.Identifier(table))
        taken[table] = [row["text"] for row in db.execute(statement).fetchall()]
    return taken


def rpc(db: Connection, function: str, **arguments: Any) -> Any:
    """Call a SQL function as the API would: one transaction, as the service role."""
    values = {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in arguments.items()}
    named = sql.SQL(", ").join(sql.SQL("p_{} => {}").format(sql.SQL(name), sql.Placeholder(name)) for name in values)
    statement = sql.SQL("select public.{}({}) as answer").format(sql.Identifier(function), named)
    with db.transaction():
        db.execute("set local role service_role")
        row = db.execute(statement, values).fetchone()
    assert row is not None
    return row["answer"]


def race(connect: Connect, jobs: Sequence[Callable[[Connection], Result]]) -> list[Result]:
    """Run every job at the same moment, each on a connection of its own; their results in order."""
    connections = [connect() for _ in jobs]
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[Connection], Result], connection: Connection) -> Result:
        start.wait(10)
        return job(connection)

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs, connections))


# ---- who there is ----------------------------------------------------------------------------------------------------


def make_clinic(db: Connection, *, throughput_per_second: int = 80, **professional: Any) -> Clinic:
    """A professional with marketing enabled and a connected number."""
    professional_id, phone_number_id = uuid4(), str(uuid4().int)[:15]
    insert(db, "auth.users", id=professional_id, email=f"{professional_id}@example.com")
    defaults = {
        "name": "Consultorio",
        "email": "consultorio@example.com",
        "timezone": "America/Argentina/Buenos_Aires",
        "marketing_enabled": True,
    }
    insert(db, "professionals", id=professional_id, **{**defaults, **professional})
    credential = insert(
        db,
        "marketing_channel_credentials",
        professional_id=professional_id,
        channel="whatsapp",
        phone_number_id=phone_number_id,
        external_business_id=str(uuid4().int)[:15],
        status="connected",
    )
    channel = insert(
        db,
        "marketing_channels",
        professional_id=professional_id,
        credential_id=credential["id"],
        type="whatsapp",
        status="connected",
        throughput_per_second=throughput_per_second,
    )
    return Clinic(professional_id, channel["id"], credential["id"], phone_number_id)


def make_conversation(db: Connection, clinic: Clinic, *, wrote: bool = True, **overrides: Any) -> UUID:
    """A contact who wrote a minute ago: the window is open, care is consented to, one answer is owed.

    With ``wrote=False`` a contact who never wrote.
    """
    a_minute_ago = utc_now() - timedelta(minutes=1)
    owed = {"epoch": 1, "last_inbound_at": a_minute_ago, "first_unanswered_at": a_minute_ago, "unread_count": 1}
    defaults = {"contact_phone": PHONE, **(owed if wrote else {})}
    conversation = insert(
        db,
        "marketing_conversations",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        **{**defaults, **overrides},
    )
    for kind, value in (("phone", conversation["contact_phone"]), ("user_id", conversation["contact_user_id"])):
        if value is not None:
            canonical = db.execute("select app.canonical_phone(%s) as key", [value]).fetchone()
            assert canonical is not None
            insert(
                db,
                "marketing_contact_identities",
                professional_id=clinic.professional_id,
                channel_id=clinic.channel_id,
                conversation_id=conversation["id"],
                kind=kind,
                value=canonical["key"] if kind == "phone" else value,
            )
    if wrote:
        make_inbound(db, clinic, conversation["id"], at=conversation["last_inbound_at"])
    return UUID(str(conversation["id"]))


def make_inbound(
    db: Connection, clinic: Clinic, conversation_id: UUID, *, at: datetime | None = None, **overrides: Any
) -> Row:
    """One ordinary message of the contact."""
    defaults = {"body": "Hola", "external_id": f"wamid.{uuid4().hex}"}
    return insert(
        db,
        "marketing_messages",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        channel_id=clinic.channel_id,
        direction="inbound",
        sender="contact",
        status="received",
        sent_at=at or utc_now(),
        created_at=at or utc_now(),
        **{**defaults, **overrides},
    )


def write_on(db: Connection, clinic: Clinic, conversation_id: UUID, **overrides: Any) -> None:
    """The contact writes again: one more answer is owed."""
    conversation = find(db, "marketing_conversations", conversation_id)
    epoch, now = conversation["epoch"] + 1, utc_now()
    make_inbound(db, clinic, conversation_id, at=now, owed_epoch=epoch)
    owed = {"first_unanswered_at": conversation["first_unanswered_at"] or now, "answer_due_at": now}
    changes = {"epoch": epoch, "last_inbound_at": now, **owed, **overrides}
    update(db, "marketing_conversations", conversation_id, **changes)


def make_template(db: Connection, clinic: Clinic, **overrides: Any) -> Row:
    """An approved template that reminds of an appointment."""
    defaults = {"name": "recordatorio", "language": "es_AR", "category": "UTILITY", "status": "APPROVED"}
    return insert(
        db,
        "marketing_templates",
        professional_id=clinic.professional_id,
        channel_id=clinic.channel_id,
        **{**defaults, **overrides},
    )


def make_patient(db: Connection, clinic: Clinic, **overrides: Any) -> UUID:
    """A patient of the clinic; ``whatsapp_opt_in=True`` is consent to care and marketing."""
    defaults = {"full_name": "Ana Prueba", "phone": PHONE}
    patient = insert(db, "patients", professional_id=clinic.professional_id, **{**defaults, **overrides})
    return UUID(str(patient["id"]))


# ---- what they ask of the gate ---------------------------------------------------------------------------------------


def text_of_person(**overrides: Any) -> Row:
    """Free text that a member of the clinic writes."""
    defaults = {
        "author": "professional",
        "actor_id": str(uuid4()),
        "type": "text",
        "body": "Hola, te escribe la clínica",
        "payload": {"type": "text", "text": {"body": "Hola, te escribe la clínica"}},
        "purpose": "care",
        "send_lease_seconds": 15,
    }
    return {**defaults, **overrides}


def answer_of_ai(**overrides: Any) -> Row:
    """The first part of the assistant's answer to the first burst of messages."""
    answer = {"author": "ai", "actor_id": None, "human_epoch": 0, "answer_epoch": 1, "answer_part": 0}
    return text_of_person(**{**answer, **overrides})


def template_message(author: str = "system", **overrides: Any) -> Row:
    """A template, as a reminder sends it."""
    payload = {"type": "template", "template": {"name": "recordatorio", "language": {"code": "es_AR"}}}
    template = {"name": "recordatorio", "language": "es_AR", "category": "UTILITY"}
    message = {"author": author, "type": "template", "payload": payload, "template": template, "body": "Recordatorio"}
    return text_of_person(**{**message, **overrides})


def claim(db: Connection, clinic: Clinic, conversation_id: UUID, message: Row) -> Row:
    """Ask the gate."""
    answer: Row = rpc(
        db,
        "gate_claim",
        professional_id=clinic.professional_id,
        conversation_id=conversation_id,
        message=message,
    )
    return answer


def settle(db: Connection, clinic: Clinic, message_id: str, status: str = "sent", **result: Any) -> Row:
    """Tell what became of a granted message."""
    if status == "sent":
        result.setdefault("external_id", f"wamid.{uuid4().hex}")
    answer: Row = rpc(
        db,
        "settle_send",
        professional_id=clinic.professional_id,
        message_id=message_id,
        result={"status": status, **result},
    )
    return answer


def send(db: Connection, clinic: Clinic, conversation_id: UUID, message: Row) -> Row:
    """Claim and settle as sent; the claim's answer."""
    granted = claim(db, clinic, conversation_id, message)
    assert granted["outcome"] == "granted", granted
    settle(db, clinic, granted["message_id"])
    return granted
