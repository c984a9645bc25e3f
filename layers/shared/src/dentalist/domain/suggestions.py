"""An answer of the assistant that waits for a person: they send it, change it, or throw it away."""

from __future__ import annotations

import re
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
from dentalist.domain.wording.buttons import MAX_BUTTON_BODY

_NOON = 12


class SuggestionNotFound(NotFound):
    detail = "No suggested answer waits in this conversation."


class SuggestionOutdated(DomainError):
    """What it answers or states is no longer so: the contact wrote again, somebody answered, or the time was taken."""

    detail = "This suggested answer is outdated; nothing was sent."


class SuggestionTooLong(DomainError):
    detail = f"Above times or buttons there is room for {MAX_BUTTON_BODY} characters."


class SuggestionUnclear(DomainError):
    """Whether the person still wants what the assistant wrote as done cannot be told from their own words."""

    detail = "The answer books, moves or cancels: keep its day and time in your words, or discard it and write anew."


class ChangeVerb(StrEnum):
    """What is done to the agenda when the suggestion is sent."""

    BOOK = "book"  # the target is an offer; a move too, which its offer says
    CANCEL = "cancel"
    CONFIRM = "confirm"


class AgendaChange(BaseModel):
    """A change that the text states as done. It is done when the text is sent, and not before.

    ``expected`` are the rows as the text tells of them, in order; ``attendee_name`` is who comes. ``said`` are days of
    the month and times by the clinic's clock ("24", "17:30"), as the text says them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    verb: ChangeVerb
    target: UUID
    outcome: str
    attendee_name: str | None = Field(default=None, repr=False)
    expected: tuple[Appointment, ...] = ()
    said: tuple[str, ...] = ()

    def is_stated_in(self, text: str) -> bool:
        """Whether a person's own words still say when: "el 24 a las 5 y media" does not, "el 24 a las 17.30" does."""
        return all(re.search(_spelled(moment), text) for moment in self.said)

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
        """What to send; ``body``: the words of the person instead. A list or buttons stay below them.

        Raises:
            SuggestionUnclear: the words do not say when that is which sending them would change in the agenda.
            SuggestionTooLong: Meta takes no such words above a list or buttons.
        """
        kept = Content(self.type, self.payload, self.body)
        if body is None or body == self.body:
            return kept
        if not all(change.is_stated_in(body) for change in self.changes):
            raise SuggestionUnclear
        if self.type != "interactive":
            return Content.text(body)
        if len(body) > MAX_BUTTON_BODY:
            raise SuggestionTooLong
        interactive: Mapping[str, Any] = self.payload["interactive"]
        return replace(Content.interactive({**interactive, "body": {"text": body}}), body=body)

    def metadata(self, body: str | None = None) -> dict[str, Any]:
        """``ai_metadata`` of the message it becomes. Sent as it was, its question is remembered; changed, it is not the
        assistant's any more."""
        told = {"suggestion_id": str(self.id)}
        if body is None or body == self.body:
            return {**self.ai_metadata, **told}
        return {**told, "edited": True}


def _spelled(moment: str) -> str:
    """A day or a time as people write it: "09:00", "9.00", "9 hs"; "17:30", "5:30"."""
    hour, _, minutes = moment.partition(":")
    number = int(hour)
    if not minutes:
        return rf"(?<!\d)0?{number}(?!\d)"
    hours = f"(?:{number}|{number - _NOON})" if number > _NOON else str(number)
    rest = rf"(?:\s*[:.h]\s*{minutes}){'?' if minutes == '00' else ''}"
    return rf"(?<!\d)0?{hours}{rest}(?!\d|\s*[:.h]\s*\d)"


def _as_told(row: Appointment) -> tuple[datetime, datetime, str | None, str | None]:
    return row.starts_at, row.ends_at, row.attendee_name, row.reason
