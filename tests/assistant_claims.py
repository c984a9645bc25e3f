"""Claimed conversations for what a model is told and may say; valid by default."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from dentalist.domain.answering import AnswerClaim, AnswerMode, Appointment, Offer, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.conversation import Conversation
from dentalist.domain.understanding.intents import Intent, ScoredIntent, Understanding
from dentalist.domain.wording.drafts import Draft
from dentalist.services.answering.hear_burst import Burst, hear

NOW = datetime(2026, 11, 23, 13, 15, tzinfo=UTC)  # Monday 10:15 in Buenos Aires
WEEK = {day: [["09:00", "13:00"], ["15:00", "19:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
CLINIC_ROW = {
    "name": "Consultorio Prueba",
    "country": "AR",
    "timezone": "America/Argentina/Buenos_Aires",
    "opening_hours": {**WEEK, "sat": [], "sun": []},
    "price_list": [
        {"treatment": "Limpieza", "price": 30000, "currency": "ARS", "minutes": 30},
        {"treatment": "Ortodoncia", "currency": "ARS"},
    ],
    "address": "Siempreviva 742",
    "insurances": ["OSDE", "Swiss Medical"],
}


def make_clinic(**columns: Any) -> Clinic:
    return Clinic.from_row({"id": str(uuid4()), **CLINIC_ROW, **columns})


def make_message(body: str | None, *, inbound: bool = True, **columns: Any) -> StoredMessage:
    """A row of the conversation: the contact's, or the assistant's."""
    who = {"direction": "inbound", "sender": "contact"} if inbound else {"direction": "outbound", "sender": "ai"}
    ids = {"id": uuid4(), "conversation_id": uuid4(), "channel_id": uuid4()}
    return StoredMessage.model_validate({**ids, **who, "type": "text", "body": body, "created_at": NOW, **columns})


def make_claim(
    *said: str | StoredMessage,
    clinic: dict[str, Any] | None = None,
    contact: dict[str, Any] | None = None,
    **columns: Any,
) -> AnswerClaim:
    """A conversation in which ``said`` waits for an answer."""
    conversation = Conversation.model_validate(
        {"id": uuid4(), "professional_id": uuid4(), "channel_id": uuid4(), "contact_phone": "+5491155550100"}
        | (contact or {})
    )
    defaults: dict[str, Any] = {
        "lease_id": uuid4(),
        "epoch": 1,
        "human_epoch": 0,
        "mode": AnswerMode.ANSWER,
        "professional": {"id": str(conversation.professional_id), **CLINIC_ROW, **(clinic or {})},
        "channel": {"id": str(conversation.channel_id)},
        "credential": {"id": str(uuid4()), "ai_persona": {}},
        "conversation": conversation,
        "unanswered": [item if isinstance(item, StoredMessage) else make_message(item) for item in said],
    }
    return AnswerClaim(**{**defaults, **columns})


def make_appointment(days: int = 1, *, name: str | None = None) -> Appointment:
    """Booked for 10:15 so many days from now."""
    starts_at = NOW + timedelta(days=days)
    return Appointment(
        id=uuid4(), starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), status="booked", attendee_name=name
    )


def make_offer(days: int = 1) -> Offer:
    starts_at = NOW + timedelta(days=days)
    return Offer(id=uuid4(), starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30))


def make_list(*offers: Offer) -> StoredMessage:
    """The list that showed these offers."""
    rows = [{"id": str(offer.id), "title": "…"} for offer in offers]
    shown = {"type": "interactive", "interactive": {"type": "list", "action": {"sections": [{"rows": rows}]}}}
    return make_message("Estos son los horarios libres.", inbound=False, type="interactive", payload=shown)


def make_draft(text: str, *, opening: str = "", **columns: Any) -> Draft:
    """An answer that a model may word."""
    body = f"{opening}\n{text}" if opening else text
    return Draft(**{"body": body, "plain": body, "opening": opening, "wordable": True, **columns})


def heard(claim: AnswerClaim) -> Burst:
    return hear(claim.unanswered)


def meant(intent: Intent = Intent.GENERAL_INQUIRY, **columns: Any) -> Understanding:
    return Understanding(intents=(ScoredIntent(intent, 0.9),), **columns)
