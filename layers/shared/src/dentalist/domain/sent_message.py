"""A stored message as it is needed to send it once more."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from dentalist.domain.message import MessageStatus, Purpose


class SentMessage(BaseModel):
    """A row of ``marketing_messages`` with what was sent."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    professional_id: UUID
    conversation_id: UUID
    channel_id: UUID
    direction: str
    status: str | None = None
    type: str
    body: str | None = None
    payload: dict[str, Any] = {}
    purpose: Purpose | None = None
    request_key: UUID | None = None

    @property
    def may_be_repeated(self) -> bool:
        """Only what has definitely failed: an ``unknown`` one may have arrived."""
        return self.direction == "outbound" and self.status == MessageStatus.FAILED.value

    @property
    def retry_key(self) -> UUID:
        """Names every attempt to send this message: while one of them has not failed, another sends nothing."""
        return self.request_key or uuid5(self.professional_id, f"retry:{self.id}")

    @property
    def template(self) -> tuple[str, str] | None:
        """Name and language of the template that it is made of."""
        told = self.payload.get("template")
        return (told["name"], told["language"]["code"]) if self.type == "template" and told else None
