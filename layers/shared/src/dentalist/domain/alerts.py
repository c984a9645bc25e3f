"""What the professional's people are told, until one of them has seen to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Alert(BaseModel):
    """A row of ``marketing_alerts``."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    kind: str
    severity: str
    message: str
    entity_type: str | None
    entity_id: UUID | None
    created_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
