"""A linked WhatsApp number or Instagram account, and the credential behind it without its secrets."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class ChannelStatus(StrEnum):
    """Where a channel stands between linked and unlinked."""

    PENDING = "pending"
    CONNECTED = "connected"
    REAUTH_REQUIRED = "reauth_required"
    RESTRICTED = "restricted"
    DISCONNECTED = "disconnected"


class Channel(BaseModel):
    """One linked number or account."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    professional_id: UUID
    credential_id: UUID
    type: str
    status: ChannelStatus
    ai_enabled: bool = True
    ai_mode: str = "auto"
    display_name: str | None = None
    display_phone_number: str | None = None
    settings: dict[str, Any] = {}
