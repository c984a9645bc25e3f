"""An answer of the assistant that waits for a person: they send it, change it, or throw it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from dentalist.domain.answering import Appointment
from dentalist.domain.errors import DomainError, NotFound
from dentalist.domain.message import Content


class SuggestionNotFound(NotFound):
    detail = "No suggested answer waits in this conversation."


class SuggestionOutdated(DomainError):
    """What it answers or states is no longer so: the contact wrote again, somebody answered, or the time was taken."""

    detail = "This suggested answer is outdated; nothing was sent."


class ChangeVerb(StrEnum):
    """What is done to the agenda when the suggestion is sent."""

    BOOK = "book"  # the target is an offer; a move too, which its offer says
    CANCEL = "cancel"
    CONFIRM = "confirm"


class AgendaChange(BaseModel):
    """A change that the text states as done. It is done when the text is sent, and not before.

    ``expected`` are the rows as the text tells of them, in order; ``attendee_name`` is who comes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    verb: ChangeVerb
    target: UUID
    outcome: str
    attendee_name: str | None = Field(default=None, repr=False)
    expected: tuple[Appointment, ...] = ()

    def is_told_right(self, done: tuple[Appointment, ...]) -> bool:
        """Whether the rows are what the text says of them: when, for whom, what for."""
        return [_as_told(row) for row in done] == [_as_told(row) for row in self.expected]


class Suggestion(BaseModel):
    """A row of ``marketing_suggestions`` that waits."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    conversation_id: UUID
    type: str
    body: str = Field(repr=False)
    payload: dict[str, Any] = Field(repr=False)
    changes: tuple[AgendaChange, ...] = ()
    ai_metadata: dict[str, Any] = {}
    created_at: datetime

    def content(self, body: str | None = None) -> Content:
        """What to send; ``body``: the words of the person instead. A list or buttons stay below them."""
        kept = Content(self.type, self.payload, self.body)
        if body is None or body == self.body:
            return kept
        if self.type != "interactive":
            return Content.text(body)
        interactive: Mapping[str, Any] = self.payload["interactive"]
        return replace(Content.interactive({**interactive, "body": {"text": body}}), body=body)

    def metadata(self, body: str | None = None) -> dict[str, Any]:
        """``ai_metadata`` of the message it becomes. Sent as it was, its question is remembered; changed, it is not the
        assistant's any more."""
        told = {"suggestion_id": str(self.id)}
        if body is None or body == self.body:
            return {**self.ai_metadata, **told}
        return {**told, "edited": True}


def _as_told(row: Appointment) -> tuple[datetime, datetime, str | None, str | None]:
    return row.starts_at, row.ends_at, row.attendee_name, row.reason
