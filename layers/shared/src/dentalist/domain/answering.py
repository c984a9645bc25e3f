"""What a worker is given with the right to answer: the conversation, what is unanswered, and the clinic's own data."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from dentalist.domain.conversation import Conversation


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class AnswerMode(StrEnum):
    """How far an answer may go."""

    ANSWER = "answer"
    TRIAGE = "triage"  # handed over and no person has written: safety text and opt-out only
    OBSERVE = "observe"  # nothing is sent; what was written is classified and consent is kept


class StoredMessage(_Model):
    """A row of ``marketing_messages``."""

    id: UUID
    conversation_id: UUID
    channel_id: UUID
    direction: str
    sender: str
    type: str
    body: str | None = None
    payload: dict[str, Any] = {}
    external_id: str | None = None
    reply_to_external_id: str | None = None
    status: str | None = None
    sent_at: datetime | None = None
    created_at: datetime | None = None
    ai_metadata: dict[str, Any] | None = None
    purpose: str | None = None
    human_epoch: int | None = None
    answer_epoch: int | None = None
    answer_part: int | None = None
    attempt: int = 0
    next_attempt_at: datetime | None = None
    not_after: datetime | None = None
    media_status: str | None = None
    storage_path: str | None = None


class Offer(_Model):
    """A slot that was offered; its id is what a tap returns.

    ``group_id`` joins the slots of a family, one after the other: the contact is shown the first (``group_part`` 0) and
    all are committed with it or none. ``moves_appointment_id``: committing it moves that appointment.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    reason: str | None = None
    attendee_name: str | None = None
    patient_id: UUID | None = None
    group_id: UUID | None = None
    group_part: int = 0
    moves_appointment_id: UUID | None = None
    expires_at: datetime | None = None


class Appointment(_Model):
    """A row of ``appointments``."""

    id: UUID
    patient_id: UUID | None = None
    conversation_id: UUID | None = None
    attendee_name: str | None = None
    starts_at: datetime
    ends_at: datetime
    reason: str | None = None
    status: str
    source: str | None = None
    offer_id: UUID | None = None
    hold_expires_at: datetime | None = None
    confirmed_at: datetime | None = None  # by whom it is for: they come
    created_at: datetime | None = None
    chat_change: str | None = None  # what was last done to it in a chat: booked, moved or cancelled
    chat_changed_at: datetime | None = None


class KnownPatient(_Model):
    """A record of the clinic's that a phone belongs to."""

    id: UUID
    full_name: str
    is_minor: bool = False


class AnswerClaim(_Model):
    """One worker's right to answer one conversation up to ``epoch``."""

    lease_id: UUID
    epoch: int
    human_epoch: int
    rewrites: int = 0
    late: bool = False
    mode: AnswerMode
    professional: dict[str, Any]
    channel: dict[str, Any]
    credential: dict[str, Any]
    conversation: Conversation
    patient: dict[str, Any] | None = None
    unanswered: list[StoredMessage] = []
    history: list[StoredMessage] = []
    open_offers: list[Offer] = []
    appointments: list[Appointment] = []
    changed: list[Appointment] = []  # in this chat since the contact waits, cancelled ones too
    patients: list[KnownPatient] = []  # all whose phone this is
    ai_answers_today: int = 0  # in the last 24 hours, without safety texts and confirmed opt-outs
    first_answer: bool = False
    retry_message: StoredMessage | None = None


class NoClaim(_Model):
    """Nothing to answer now: none is owed (``nothing``), not yet due, or another worker has it (``leased``)."""

    outcome: str
    delay_seconds: int = 0
