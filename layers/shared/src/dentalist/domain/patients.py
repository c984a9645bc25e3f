"""Who is behind a number: patients, and numbers that somebody else may have now."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class DoubtReason(StrEnum):
    """Why a contact may not be who the clinic takes them for."""

    WRONG_NUMBER = "wrong_number"  # "número equivocado"
    NOT_ME = "not_me"  # "no soy Marta"
    IDENTITY_CHANGED = "identity_changed"  # Meta's word: another number, user id or security code


class LinkedPatient(BaseModel):
    """The patient to whom a conversation belongs since a person said so.

    Attributes:
        whatsapp_opt_in: with what they had decided in the conversation.
        phone_verified: there was a doubt whose number it is, and linking has ended it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    conversation_id: UUID
    patient_id: UUID
    full_name: str
    phone: str | None = None
    is_minor: bool = False
    whatsapp_opt_in: bool = False
    phone_verified: bool = False
