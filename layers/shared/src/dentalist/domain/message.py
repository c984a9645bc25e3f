"""One item of a conversation: what is to be sent, who sends it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Author(StrEnum):
    """Who sends; the ``sender`` of the row."""

    AI = "ai"
    PERSON = "professional"
    CAMPAIGN = "campaign"
    SYSTEM = "system"


class Purpose(StrEnum):
    """Why it is sent, which decides the consent it needs; safety and the confirmation of an opt-out need none."""

    CARE = "care"
    MARKETING = "marketing"
    SAFETY = "safety"
    CONSENT_CONFIRMATION = "consent_confirmation"


class MessageStatus(StrEnum):
    """What became of an outbound message; ``unknown`` is sent but never confirmed."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"


class TemplateRef(BaseModel):
    """The approved template that a message is made of."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    language: str
    category: str


@dataclass(frozen=True)
class Recipient:
    """Whom to send to: the exact digits Meta gave, or the user id of a contact without a known number."""

    phone: str | None = field(default=None, repr=False)
    user_id: str | None = field(default=None, repr=False)

    def as_graph(self) -> dict[str, str]:
        """``to`` with a plus sign, or ``recipient`` and no ``to``.

        Source:
            https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
        """
        if self.phone:
            return {"to": self.phone}
        if self.user_id:
            return {"recipient": self.user_id}
        raise ValueError("a recipient needs a phone or a user id")


@dataclass(frozen=True)
class Content:
    """What is to be sent: the body of ``POST /messages`` without recipient and reference.

    ``body`` is the readable line kept with the message. ``storage_path`` names a file of ours; Meta gets a short-lived
    link to it when the message leaves, and the stored payload never holds that link.
    """

    type: str
    payload: Mapping[str, Any] = field(repr=False)
    body: str = field(repr=False)
    template: TemplateRef | None = None
    storage_path: str | None = None

    @classmethod
    def text(cls, body: str, *, preview_url: bool = False) -> Self:
        """Free text, at most 4096 characters."""
        return cls("text", {"type": "text", "text": {"body": body, "preview_url": preview_url}}, body)

    @classmethod
    def interactive(cls, interactive: Mapping[str, Any]) -> Self:
        """Buttons or a list, in Meta's own shape."""
        body = str(interactive.get("body", {}).get("text", ""))
        return cls("interactive", {"type": "interactive", "interactive": dict(interactive)}, body)

    @classmethod
    def media(
        cls,
        kind: str,
        *,
        link: str | None = None,
        storage_path: str | None = None,
        caption: str | None = None,
        filename: str | None = None,
    ) -> Self:
        """An image, document, audio or video, by public link or by its path in our storage."""
        named = {"link": link, "storage_path": storage_path, "caption": caption, "filename": filename}
        media = {key: value for key, value in named.items() if value is not None}
        return cls(kind, {"type": kind, kind: media}, caption or filename or "", storage_path=storage_path)

    @classmethod
    def of_template(cls, template: TemplateRef, components: list[dict[str, Any]], body: str) -> Self:
        """A template with its parameters filled in; ``body`` is how the contact will read it."""
        sent: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
        if components:
            sent["components"] = components
        return cls("template", {"type": "template", "template": sent}, body, template)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """The content of a stored message that waits for another attempt."""
        payload: dict[str, Any] = row["payload"]
        path = payload.get(row["type"], {}).get("storage_path")
        return cls(row["type"], payload, row.get("body") or "", storage_path=path)

    def as_graph(self, link: str | None = None) -> dict[str, Any]:
        """The body for Meta; ``link`` stands for ``storage_path``."""
        graph = dict(self.payload)
        if self.storage_path is not None:
            if link is None:
                raise ValueError("a stored file needs its link")
            media = {key: value for key, value in graph[self.type].items() if key != "storage_path"}
            graph[self.type] = {**media, "link": link}
        return graph


@dataclass(frozen=True)
class Draft:
    """A message that asks the gate whether it may be sent.

    For a person: ``author=PERSON`` and ``actor_id``. For the assistant: ``human_epoch`` and ``answer_epoch`` as they
    were when the answer was claimed, ``answer_part`` (0, 1, …), the answer's ``lease_id``, ``effect`` when the text
    states something committed (a booking), ``not_after``, ``ai_metadata``. ``message_id`` asks for another attempt of a
    row that waits with ``next_attempt_at``. ``request_key`` names the request that asks: the same one, repeated after a
    crash, sends nothing again.
    """

    content: Content
    author: Author
    purpose: Purpose = Purpose.CARE
    actor_id: UUID | None = None
    human_epoch: int | None = None
    answer_epoch: int | None = None
    answer_part: int | None = None
    lease_id: UUID | None = None
    effect: bool = False
    not_after: datetime | None = None
    ai_metadata: Mapping[str, Any] | None = field(default=None, repr=False)
    message_id: UUID | None = None
    request_key: UUID | None = None

    @property
    def is_automatic(self) -> bool:
        """Nobody waits for it: a throttle keeps its row for a later attempt."""
        return self.author is not Author.PERSON


@dataclass(frozen=True)
class Claim:
    """The gate's permission: a stored row and the lease to send it once."""

    message_id: UUID
    conversation_id: UUID
    channel_id: UUID
    credential_id: UUID
    phone_number_id: str
    recipient: Recipient
    attempt: int = 1


class Message(BaseModel):
    """What became of a message: the answer of settling it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    message_id: UUID
    conversation_id: UUID
    status: MessageStatus
    external_id: str | None = None
