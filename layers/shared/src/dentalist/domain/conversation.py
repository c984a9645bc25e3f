"""The thread between one channel and one contact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

# https://developers.facebook.com/docs/whatsapp/conversation-types: free text is allowed for 24 hours after the
# contact's last message, strictly.
SERVICE_WINDOW = timedelta(hours=24)


class Conversation(BaseModel):
    """What we know of a thread. The SQL functions decide under lock; this copy is for wording and reading."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    professional_id: UUID
    channel_id: UUID
    contact_phone: str | None = None
    contact_user_id: str | None = None
    contact_name: str | None = None
    name_from_phone_app: bool = False
    contact_username: str | None = None
    patient_id: UUID | None = None
    context: dict[str, Any] = {}
    last_inbound_at: datetime | None = None
    last_message_at: datetime | None = None
    unread_count: int = 0
    ai_enabled: bool = True
    handoff_reason: str | None = None
    handoff_at: datetime | None = None
    handed_back_at: datetime | None = None
    last_human_at: datetime | None = None
    last_ai_at: datetime | None = None
    last_safety_at: datetime | None = None
    epoch: int = 0
    human_epoch: int = 0
    answered_epoch: int = 0
    first_unanswered_at: datetime | None = None
    answer_due_at: datetime | None = None
    merged_into_id: UUID | None = None
    phone_unverified_at: datetime | None = None  # somebody else may have this phone now
    phone_unverified_reason: str | None = None  # wrong_number, not_me or identity_changed
    held_since: datetime | None = None  # by who has the phone now; what was said before was another person's

    @property
    def name_they_gave(self) -> str | None:
        """What the contact may be called: a label of the clinic's address book ("Juan moroso") is not for them."""
        return None if self.name_from_phone_app else self.contact_name

    def is_window_open(self, now: datetime) -> bool:
        """Whether free text may be sent at ``now``; ``gate_claim`` states the same rule."""
        return self.last_inbound_at is not None and now - self.last_inbound_at < SERVICE_WINDOW
