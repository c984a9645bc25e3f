"""Events as the inbox worker hands them to the store, valid by default: a test names only what matters to it.

They are made by the typed events themselves, so a key that one side renames fails here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from dentalist.inbound.events import (
    AccountChanged,
    CommentReceived,
    Contact,
    EchoSeen,
    IdentityChanged,
    MediaRef,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PreferenceChanged,
    ReactionChanged,
    StatusChanged,
    Unintelligible,
)
from tests.database.outbound_builders import Clinic, Connection, Row, insert, make_clinic, rows, rpc, utc_now

PHONE = "+5493415550204"
BSUID = "AR.13491208655302741918"
DEBOUNCE = 4


class Office(NamedTuple):
    """A clinic as Meta addresses it."""

    clinic: Clinic
    waba_id: str

    @property
    def id(self) -> UUID:
        return self.clinic.professional_id

    @property
    def channel_id(self) -> UUID:
        return self.clinic.channel_id


def make_office(db: Connection, **professional: Any) -> Office:
    """A professional with a connected number, and the account that number is on."""
    clinic = make_clinic(db, **professional)
    credential = rows(db, "marketing_channel_credentials", id=clinic.credential_id)[0]
    return Office(clinic, credential["external_business_id"])


def make_second_number(db: Connection, office: Office, **channel: Any) -> Office:
    """Another number on the clinic's account."""
    linked = {"professional_id": office.id, "status": "connected"}
    number = {"channel": "whatsapp", "external_business_id": office.waba_id, "phone_number_id": "310000000000077"}
    credential = insert(db, "marketing_channel_credentials", **linked, **number)
    row = insert(db, "marketing_channels", credential_id=credential["id"], type="whatsapp", **linked, **channel)
    return Office(Clinic(office.id, row["id"], credential["id"], number["phone_number_id"]), office.waba_id)


def make_instagram(db: Connection, office: Office, account_id: str = "17841400000000001") -> UUID:
    """The clinic's Instagram account; answers its channel."""
    linked = {"professional_id": office.id, "status": "connected"}
    credential = insert(
        db, "marketing_channel_credentials", channel="instagram", external_business_id=account_id, **linked
    )
    channel = insert(db, "marketing_channels", credential_id=credential["id"], type="instagram", **linked)
    return UUID(str(channel["id"]))


def wamid() -> str:
    return f"wamid.{uuid4().hex}"


# ---- events ----------------------------------------------------------------------------------------------------------


def _origin(office: Office, field: str = "messages") -> Row:
    return {
        "object": "whatsapp_business_account",
        "field": field,
        "channel_type": "whatsapp",
        "waba_id": office.waba_id,
        "phone_number_id": office.clinic.phone_number_id,
        "received_at": utc_now(),
        "correlation_id": uuid4().hex,
        "raw": {"id": "as Meta sent it"},
    }


def _contact(phone: str | None = PHONE, user_id: str | None = None, name: str | None = "Óscar Núñez") -> Contact:
    return Contact(phone=phone, user_id=user_id, name=name)


def _event(model: type[Any], office: Office, fields: Row, **overrides: Any) -> Row:
    """The arguments of one event; ``phone``, ``user_id`` and ``name`` are the contact's."""
    who = {key: overrides.pop(key) for key in ("phone", "user_id", "name") if key in overrides}
    contact = {"contact": _contact(**who)} if "contact" in model.model_fields else {}
    arguments: Row = model(**{**_origin(office), **contact, **fields, **overrides}).as_arguments()
    return arguments


def message(office: Office, body: str = "Hola, ¿tienen turno?", **overrides: Any) -> Row:
    """A text of a contact, written now."""
    fields = {
        "external_id": wamid(),
        "sent_at": utc_now(),
        "type": "text",
        "body": body,
        "payload": {"type": "text", "text": {"body": body}},
    }
    return _event(MessageReceived, office, fields, **overrides)


def voice_note(office: Office, **overrides: Any) -> Row:
    media = MediaRef(id="1803459827345981", mime="audio/ogg; codecs=opus", sha256="qk3=", voice=True)
    return message(office, "🎤 Mensaje de voz", **{"type": "audio", "media": media, **overrides})


def echo(office: Office, body: str = "Hola, te escribe Ana de la clínica", **overrides: Any) -> Row:
    """An answer that a person wrote in the phone app."""
    fields = {
        "external_id": wamid(),
        "sent_at": utc_now(),
        "type": "text",
        "body": body,
        "payload": {"type": "text", "text": {"body": body}},
    }
    return _event(EchoSeen, office, fields, **{"name": None, **overrides})


def reaction(office: Office, target: str, **overrides: Any) -> Row:
    fields = {"external_id": wamid(), "sent_at": utc_now(), "target_external_id": target, "emoji": "👍"}
    return _event(ReactionChanged, office, fields, **overrides)


def edit(office: Office, target: str, body: str, **overrides: Any) -> Row:
    fields = {
        "external_id": wamid(),
        "sent_at": utc_now(),
        "target_external_id": target,
        "type": "text",
        "body": body,
        "payload": {"type": "edit"},
    }
    return _event(MessageEdited, office, fields, **overrides)


def revoke(office: Office, target: str, **overrides: Any) -> Row:
    fields = {"external_id": wamid(), "sent_at": utc_now(), "target_external_id": target}
    return _event(MessageRevoked, office, fields, **overrides)


def status(office: Office, external_id: str, word: str, at: datetime | None = None, **overrides: Any) -> Row:
    fields = {"external_id": external_id, "status": word, "occurred_at": at or utc_now()}
    return _event(StatusChanged, office, fields, **{"phone": None, "name": None, **overrides})


def failure(office: Office, external_id: str, code: int, at: datetime | None = None, **overrides: Any) -> Row:
    errors = [{"code": code, "title": "No", "message": "No", "error_data": {"details": "because"}}]
    return status(office, external_id, "failed", at, errors=errors, error_code=code, **overrides)


def preference(office: Office, value: str, at: datetime | None = None, **overrides: Any) -> Row:
    fields = {"field": "user_preferences", "category": "marketing_messages", "value": value}
    return _event(PreferenceChanged, office, {**fields, "occurred_at": at or utc_now()}, **overrides)


def new_identity(office: Office, change: str, **overrides: Any) -> Row:
    fields = {"external_id": wamid(), "change": change, "body": "Cambió su número", "occurred_at": utc_now()}
    return _event(IdentityChanged, office, fields, **{"name": None, **overrides})


def account(office: Office, field: str, value: Row, at: datetime | None = None, **overrides: Any) -> Row:
    """Something about the whole account: it names no number of its own."""
    told = value.get("event") or value.get("decision")
    fields = {"field": field, "phone_number_id": None, "event": told, "value": value, "raw": value}
    return _event(AccountChanged, office, {**fields, "occurred_at": at or utc_now()}, **overrides)


def on_instagram(event: Row, account_id: str = "17841400000000001") -> Row:
    """The same event, had it happened on Instagram."""
    nowhere = {"waba_id": None, "phone_number_id": None, "display_phone_number": None}
    there = {"object": "instagram", "field": "messaging", "channel_type": "instagram", "account_id": account_id}
    contact = {"contact_phone": None, "contact_user_id": "880000000000201"}
    return {**event, **nowhere, **there, **contact}


def comment(office: Office, **overrides: Any) -> Row:
    fields = {"external_id": "17865799348089039", "body": "¡Qué lindo!", "occurred_at": utc_now(), "media_id": "1789"}
    return on_instagram(_event(CommentReceived, office, fields, **overrides))


def unknown(office: Office, reason: str, **overrides: Any) -> Row:
    return _event(Unintelligible, office, {"reason": reason, "raw": {"shape": "strange"}}, **overrides)


# ---- what is done with them ------------------------------------------------------------------------------------------


def ingest(db: Connection, event: Row, debounce: int = DEBOUNCE) -> Row:
    """One delivery of one event."""
    answer: Row = rpc(db, "ingest_event", event=event, debounce_seconds=debounce)
    return answer


def write(db: Connection, office: Office, body: str = "Hola", **overrides: Any) -> UUID:
    """A contact writes; answers the conversation."""
    stored = ingest(db, message(office, body, **overrides))
    assert stored["outcome"] == "stored", stored
    return UUID(stored["conversation_id"])


def claim_answer(db: Connection, conversation: UUID, *, lease_seconds: int = 60, history: int = 20) -> Row:
    answer: Row = rpc(db, "claim_answer", conversation_id=conversation, lease_seconds=lease_seconds, history=history)
    return answer


def finish_answer(db: Connection, conversation: UUID, claim: Row, **arguments: Any) -> Row:
    answer: Row = rpc(
        db,
        "finish_answer",
        conversation_id=conversation,
        lease_id=UUID(claim["lease_id"]),
        epoch=claim["epoch"],
        **arguments,
    )
    return answer


def make_due(db: Connection, conversation: UUID) -> None:
    """The quiet time is over."""
    statement = "update marketing_conversations set answer_due_at = now() - interval '1 second' where id = %s"
    assert db.execute(statement, [conversation]).rowcount == 1


def consent(db: Connection, conversation: UUID) -> tuple[bool, bool]:
    """Whether the contact may be written to: for care, for marketing."""
    found = db.execute("select * from app.consent_state(%s)", [conversation]).fetchone()
    assert found is not None
    return found["care"], found["marketing"]


def record_consent(
    db: Connection, office: Office, conversation: UUID, scope: str, action: str, **arguments: Any
) -> Row:
    """A decision of the contact, by default one made in the chat now."""
    answer: Row = rpc(
        db,
        "record_consent",
        professional_id=office.id,
        conversation_id=conversation,
        scope=scope,
        action=action,
        **{"source": "chat", **arguments},
    )
    return answer


def minutes_ago(minutes: float) -> datetime:
    return utc_now() - timedelta(minutes=minutes)
