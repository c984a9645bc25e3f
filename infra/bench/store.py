"""The SQL functions on the hot paths, straight on PostgreSQL, over a table that already holds many messages."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from dentalist.inbound.events import Contact, MessageReceived
from infra.bench.figures import Figure, Spread
from infra.bench.options import Sizes
from infra.bench.results import Part
from infra.bench.stack import BenchStack, NotMeasured

_MESSAGES_PER_CONVERSATION = 20
_DEBOUNCE_SECONDS = 4
_SEND_LEASE_SECONDS = 20
_AREA = "+54934"  # where nobody of another part lives

Connection = psycopg.Connection[tuple[Any, ...]]

_CONVERSATIONS: LiteralString = """
with made as (
  insert into marketing_conversations
    (professional_id, channel_id, contact_phone, contact_name, epoch, answered_epoch, last_inbound_at, last_message_at)
  select %(professional)s, %(channel)s, %(area)s || lpad(n::text, 8, '0'), 'Paciente ' || n, 10, 10, now(), now()
  from generate_series(1, %(count)s) n
  returning id, professional_id, channel_id, contact_phone
)
insert into marketing_contact_identities (professional_id, channel_id, conversation_id, kind, value)
select professional_id, channel_id, id, 'phone', app.canonical_phone(contact_phone) from made
"""
_MESSAGES: LiteralString = """
insert into marketing_messages
  (professional_id, conversation_id, channel_id, direction, sender, status, body, payload, external_id, sent_at,
   created_at)
select professional_id, id, channel_id,
       case n %% 2 when 0 then 'inbound' else 'outbound' end, case n %% 2 when 0 then 'contact' else 'ai' end,
       case n %% 2 when 0 then 'received' else 'read' end,
       'Hola, quería sacar un turno para limpieza', '{"type": "text", "text": {"body": "Hola"}}',
       'wamid.filled-' || id || '-' || n, now() - n * interval '1 hour', now() - n * interval '1 hour'
from marketing_conversations, generate_series(1, %(each)s) n
where contact_phone like %(area)s || '%%' and channel_id = %(channel)s
"""


def measure(stack: BenchStack, sizes: Sizes) -> Part:
    """One connection, one call after the other, each in its own transaction as PostgREST makes it."""
    conversations = max(1, sizes.stored_messages // _MESSAGES_PER_CONVERSATION)
    print(f"store: filling {sizes.stored_messages} messages, then {sizes.store_calls} calls of each …", flush=True)
    professional = stack.description["professionals"][0]
    number = professional["whatsapp"][0]
    who = {"professional": professional["id"], "channel": number["channel_id"], "area": _AREA}
    with stack.database() as database:
        database.execute(_CONVERSATIONS, {**who, "count": conversations})
        database.execute(_MESSAGES, {**who, "each": _MESSAGES_PER_CONVERSATION})
        # Contacts that have been written to before are many; the statistics must know it.
        database.execute("analyze")
        # The pace of one number is not what is timed here.
        database.execute(
            "update marketing_channels set throughput_per_second = 1000 where id = %(channel)s",
            {"channel": who["channel"]},
        )
        spent = _time_calls(database, UUID(professional["id"]), number, conversations, sizes.store_calls)
    figures = [
        Figure(f"{name}, {key}", getattr(spread, key))
        for name, spread in ((name, Spread.of(samples)) for name, samples in spent.items())
        for key in ("p50", "p99")
    ]
    details = {name: asdict(Spread.of(samples)) for name, samples in spent.items()}
    return Part(f"SQL functions over {sizes.stored_messages} messages", figures, details)


def _time_calls(
    database: Connection, professional_id: UUID, number: dict[str, Any], conversations: int, calls: int
) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {"ingest_event": [], "the same again": [], "gate_claim": [], "settle_send": []}
    for call in range(calls):
        event = _event(number, f"{_AREA}{1 + call % conversations:08d}")
        with _timed(spent["ingest_event"]):
            ingested = _rpc(database, _INGEST, event=event)
        _expect(ingested, "stored")
        with _timed(spent["the same again"]):
            _expect(_rpc(database, _INGEST, event=event), "duplicate")
        draft = {"professional_id": professional_id, "conversation_id": UUID(ingested["conversation_id"])}
        with _timed(spent["gate_claim"]):
            claim = _rpc(database, _CLAIM, **draft, message=_message())
        _expect(claim, "granted")
        result = {"status": "sent", "external_id": f"wamid.{uuid4().hex}"}
        with _timed(spent["settle_send"]):
            _rpc(
                database, _SETTLE, professional_id=professional_id, message_id=UUID(claim["message_id"]), result=result
            )
    return spent


_INGEST: LiteralString = "select public.ingest_event(p_event => %(event)s, p_debounce_seconds => 4)"
_CLAIM: LiteralString = """
select public.gate_claim(
  p_professional_id => %(professional_id)s, p_conversation_id => %(conversation_id)s, p_message => %(message)s)
"""
_SETTLE: LiteralString = """
select public.settle_send(
  p_professional_id => %(professional_id)s, p_message_id => %(message_id)s, p_result => %(result)s)
"""


@contextmanager
def _timed(samples: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    samples.append((time.perf_counter() - started) * 1000)


def _rpc(database: Connection, statement: LiteralString, **arguments: Any) -> dict[str, Any]:
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in arguments.items()}
    row = database.execute(statement, values).fetchone()
    if row is None:
        raise NotMeasured("a SQL function answered nothing")
    answer: dict[str, Any] = row[0]
    return answer


def _expect(answer: dict[str, Any], outcome: str) -> None:
    if answer["outcome"] != outcome:
        raise NotMeasured(f"expected {outcome}, and got {answer}")


def _event(number: dict[str, Any], phone: str) -> dict[str, Any]:
    """A text of a contact, written now, as the inbox worker hands it over."""
    body = "Hola, quería sacar un turno para limpieza"
    now = datetime.now(UTC)
    event = MessageReceived(
        object="whatsapp_business_account",
        field="messages",
        channel_type="whatsapp",
        waba_id=number["business_account_id"],
        phone_number_id=number["phone_number_id"],
        received_at=now,
        correlation_id=uuid4().hex,
        raw={"type": "text", "text": {"body": body}},
        contact=Contact(phone=phone, name="Ana Belén Sosa"),
        external_id=f"wamid.{uuid4().hex}",
        sent_at=now,
        type="text",
        body=body,
        payload={"type": "text", "text": {"body": body}},
    )
    return event.as_arguments()


def _message() -> dict[str, Any]:
    """Free text that a person of the clinic writes."""
    body = "Hola, te escribe la clínica"
    return {
        "author": "professional",
        "actor_id": str(uuid4()),
        "type": "text",
        "body": body,
        "payload": {"type": "text", "text": {"body": body}},
        "purpose": "care",
        "send_lease_seconds": _SEND_LEASE_SECONDS,
    }
