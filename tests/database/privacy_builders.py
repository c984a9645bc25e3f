"""A contact who left a trace of every kind, and a search of the whole database for them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from tests.database.inbound_builders import (
    Office,
    comment,
    echo,
    edit,
    ingest,
    make_instagram,
    make_office,
    make_second_number,
    message,
    new_identity,
    on_instagram,
    reaction,
    record_consent,
    status,
    unknown,
    voice_note,
)
from tests.database.outbound_builders import (
    Connection,
    Row,
    claim,
    insert,
    make_patient,
    rpc,
    settle,
    text_of_person,
    update,
    utc_now,
)

DIGITS = "5491160607070"
PHONE = f"+{DIGITS}"
CANONICAL = "+541160607070"
BSUID = "AR.77008800990011223344"
NAME = "Zulema Quiroga"
WORDS = "tengo alergia a la penicilina"
WAMID_MARK = base64.b64encode(DIGITS.encode()).decode()[:16]
# Everything by which the contact could be found again.
TRACES = (DIGITS, CANONICAL.removeprefix("+"), BSUID, "Zulema", "Quiroga", "penicilina", WAMID_MARK)
WHO: dict[str, Any] = {"phone": PHONE, "user_id": BSUID, "name": NAME}
INSTAGRAM_ID = "880000000000201"
SLOT = {"starts_at": utc_now() + timedelta(days=3), "ends_at": utc_now() + timedelta(days=3, minutes=30)}


def wamid_of_contact() -> str:
    """As Meta makes them: the contact's number lies in it."""
    return f"wamid.HBgN{base64.b64encode(DIGITS.encode() + uuid4().bytes).decode()}"


def found_in(db: Connection, traces: tuple[str, ...] = TRACES) -> dict[str, list[str]]:
    """Every row of every table of ours that holds one of these, by table."""
    tables = "select schemaname, tablename from pg_tables where schemaname in ('public', 'app') order by 1, 2"
    found: dict[str, list[str]] = {}
    for table in db.execute(tables).fetchall():
        name = sql.Identifier(table["schemaname"], table["tablename"])
        statement = sql.SQL("select to_jsonb(each_row)::text as text from {} as each_row").format(name)
        texts = [row["text"] for row in db.execute(statement).fetchall()]
        hits = [text for text in texts if any(trace in text for trace in traces)]
        if hits:
            found[table["tablename"]] = hits
    return found


@dataclass(frozen=True)
class Known:
    """The contact at one clinic."""

    office: Office
    second: Office
    instagram_id: UUID
    conversation: UUID
    patient: UUID


def make_known(db: Connection) -> Known:
    """A clinic with two numbers and Instagram, which the contact wrote to in every way, and what came of it."""
    office = make_office(db)
    second = make_second_number(db, office) if not _is_taken(db) else office
    instagram = make_instagram(db, office, account_id=str(uuid4().int)[:17])
    patient = make_patient(db, office.clinic, full_name=NAME, phone=PHONE, whatsapp_opt_in=True)
    conversation = _write(db, office)
    if second is not office:
        assert ingest(db, message(second, WORDS, external_id=wamid_of_contact(), **WHO))["outcome"] == "stored"
    _talk(db, office, conversation)
    _plan(db, office, conversation)
    _park(db, office)
    _leave_records(db, office, conversation, patient)
    return Known(office, second, instagram, conversation, patient)


def _is_taken(db: Connection) -> bool:
    query = "select from marketing_channel_credentials where phone_number_id = '310000000000077'"
    return db.execute(query).rowcount > 0


def _write(db: Connection, office: Office) -> UUID:
    """First by number alone, then by user id alone, then as both: two conversations become one."""
    first = ingest(db, message(office, WORDS, external_id=wamid_of_contact(), phone=PHONE, user_id=None, name=NAME))
    other = ingest(db, message(office, WORDS, external_id=wamid_of_contact(), phone=None, user_id=BSUID, name=NAME))
    assert first["conversation_id"] != other["conversation_id"]
    both = ingest(db, voice_note(office, external_id=wamid_of_contact(), **WHO))
    path = f"{office.id}/inbound/{both['message_id']}.ogg"
    update(db, "marketing_messages", both["message_id"], media_status="stored", storage_path=path)
    return UUID(both["conversation_id"])


def _talk(db: Connection, office: Office, conversation: UUID) -> None:
    original = wamid_of_contact()
    ingest(db, message(office, WORDS, external_id=original, **WHO))
    ingest(db, edit(office, original, f"{WORDS}, creo", external_id=wamid_of_contact(), **WHO))
    ingest(db, reaction(office, original, external_id=wamid_of_contact(), **WHO))
    ingest(db, new_identity(office, "security_code", external_id=wamid_of_contact(), **WHO))
    sent = claim(db, office.clinic, conversation, text_of_person(body=f"Hola {NAME}"))
    assert sent["outcome"] == "granted", sent
    settle(db, office.clinic, sent["message_id"], external_id=wamid_of_contact())
    ingest(db, status(office, wamid_of_contact(), "delivered", reference=sent["message_id"], phone=PHONE))
    ingest(db, status(office, wamid_of_contact(), "delivered", phone=PHONE, user_id=BSUID))  # of another app's message
    document = {"type": "document", "document": {"storage_path": f"{office.id}/outbound/radiografia.pdf"}}
    sent = claim(db, office.clinic, conversation, text_of_person(type="document", payload=document))
    settle(db, office.clinic, sent["message_id"])
    ingest(db, echo(office, f"Hola {NAME}, te escribo yo", external_id=wamid_of_contact(), phone=PHONE))
    record_consent(db, office, conversation, "marketing", "granted", wording=f"Sí, soy {NAME}")


def _plan(db: Connection, office: Office, conversation: UUID) -> None:
    slots = [{**{key: at.isoformat() for key, at in SLOT.items()}, "reason": WORDS, "attendee_name": NAME}]
    arguments = {"professional_id": office.id, "conversation_id": conversation}
    offers = rpc(db, "create_offers", slots=slots, ttl_seconds=600, **arguments)["offers"]
    booked = rpc(db, "commit_slot", offer_id=UUID(offers[0]["id"]), attendee_name=NAME, source="assistant", **arguments)
    assert booked["outcome"] == "booked"
    later = {key: (at + timedelta(days=1)).isoformat() for key, at in SLOT.items()}
    offers = rpc(db, "create_offers", slots=[{**later, "attendee_name": NAME}], ttl_seconds=600, **arguments)["offers"]
    assert rpc(db, "hold_slot", offer_id=UUID(offers[0]["id"]), **arguments)["outcome"] == "held"
    body = f"Hola {NAME}: {WORDS}"
    payload = {"type": "text", "text": {"body": body}}
    draft = {"professional_id": office.id, "conversation_id": conversation, "answer_epoch": 1, "type": "text"}
    insert(db, "marketing_suggestions", body=body, payload=payload, **draft)


def _park(db: Connection, office: Office) -> None:
    ingest(db, unknown(office, "malformed", raw={"from": DIGITS, "said": WORDS}))
    ingest(db, unknown(office, "malformed", raw={"user": BSUID, "profile": NAME}))
    ingest(db, unknown(office, "malformed", raw={"id": wamid_of_contact()}))
    # As it came while the number was not linked.
    payload = {"contact_phone": PHONE, "body": WORDS}
    insert(
        db,
        "marketing_webhook_events",
        reason="unknown_tenant",
        phone_number_id=office.clinic.phone_number_id,
        waba_id=office.waba_id,
        payload=payload,
    )


def _leave_records(db: Connection, office: Office, conversation: UUID, patient: UUID) -> None:
    update(
        db, "marketing_conversations", conversation, context={"last_topic": WORDS}, contact_username="zulema.Quiroga"
    )
    rpc(
        db,
        "raise_task",
        professional_id=office.id,
        conversation_id=conversation,
        kind="missing_fact",
        message="Un paciente preguntó un dato que falta.",
    )
    insert(
        db,
        "idempotency_keys",
        professional_id=office.id,
        route="POST /api/marketing/whatsapp/send",
        key=str(uuid4()),
        request_hash="hash",
        lease_id=uuid4(),
        lease_until=utc_now(),
        response_status=201,
        response_body={"wamid": wamid_of_contact(), "conversation_id": str(conversation), "status": "sent"},
    )
    listed = {"professional_id": office.id, "channel_id": office.channel_id, "changed_at": utc_now()}
    insert(db, "phone_app_contacts", phone=CANONICAL, name=NAME, **listed)
    campaign = insert(db, "marketing_campaigns", professional_id=office.id, channel_type="whatsapp", name="Limpieza")
    other = insert(db, "marketing_campaigns", professional_id=office.id, channel_type="whatsapp", name="Control")
    waiting = {"professional_id": office.id, "patient_id": patient}
    insert(db, "marketing_campaign_recipients", campaign_id=campaign["id"], **waiting)
    error = {"code": 131026, "details": f"{DIGITS} is not a WhatsApp user"}
    insert(db, "marketing_campaign_recipients", campaign_id=other["id"], status="failed", error=error, **waiting)


def make_instagram_contact(db: Connection, office: Office, account_id: str) -> UUID:
    """Somebody who wrote on Instagram and commented; answers the conversation."""
    written = on_instagram(message(office, WORDS, external_id=f"mid.{uuid4().hex}"), account_id)
    about = {**comment(office, external_id=uuid4().hex, body=WORDS), "account_id": account_id}
    stored = ingest(db, {**written, "contact_name": NAME})
    assert ingest(db, {**about, "contact_user_id": INSTAGRAM_ID, "contact_username": NAME})["outcome"] == "stored"
    return UUID(stored["conversation_id"])


# ---- what is done with them ------------------------------------------------------------------------------------------


def erase(db: Connection, office: Office, conversation: UUID) -> Row:
    answer: Row = rpc(db, "erase_contact", professional_id=office.id, conversation_id=conversation, actor_id=uuid4())
    return answer


def finish(db: Connection, office: Office, request_id: str, *removed: str) -> Row:
    statement = "select public.finish_erasure(%s, %s, %s::text[]) as answer"
    row = db.execute(statement, [office.id, request_id, list(removed)]).fetchone()
    assert row is not None
    answer: Row = row["answer"]
    return answer


def export(db: Connection, office: Office, conversation: UUID) -> Row:
    answer: Row = rpc(db, "export_contact", professional_id=office.id, conversation_id=conversation, actor_id=uuid4())
    return answer
