"""A message that failed is sent once more, as a new one, by the person who decides so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from dentalist.domain.errors import TemplateNotApproved
from dentalist.domain.message import Author, Content, Draft, Message, Purpose
from dentalist.domain.patient_errors import NotRetryable
from dentalist.domain.sent_message import SentMessage
from dentalist.domain.templates import APPROVED, MARKETING
from dentalist.services.ports import Templates
from dentalist.services.sending import Sending


class ReadableMessages(Protocol):
    """The messages that the signed-in person may read."""

    def get(self, message_id: UUID) -> SentMessage:
        """The message, or MessageNotFound."""


@dataclass(frozen=True)
class RetryDesk:
    """What sending once more needs, as the person who does it may read."""

    messages: ReadableMessages
    templates: Templates
    sending: Sending


def retry_message(message_id: UUID, *, actor_id: UUID, desk: RetryDesk) -> Message:
    """Send a failed message once more, as it was, in a row of its own; the assistant stops answering there.

    Doing it again within a day, also on the failed row of an attempt, answers the attempt that has not failed.

    Raises:
        MessageNotFound: the person may see no such message.
        NotRetryable: it has not failed, or is not known to have: an ``unknown`` one may have arrived.
        TemplateNotFound, TemplateNotApproved: what it was made of is gone.
        Whatever ``Sending.send`` raises.
    """
    failed = desk.messages.get(message_id)
    if not failed.may_be_repeated:
        raise NotRetryable
    content, purpose = _as_it_was(failed, desk.templates)
    draft = Draft(content, Author.PERSON, purpose, actor_id=actor_id, request_key=failed.retry_key)
    return desk.sending.send(failed.conversation_id, draft)


def _as_it_was(failed: SentMessage, templates: Templates) -> tuple[Content, Purpose]:
    kept = Content.of_row({"type": failed.type, "payload": failed.payload, "body": failed.body})
    if failed.template is None:
        return kept, failed.purpose or Purpose.CARE
    name, language = failed.template
    template = templates.get(failed.channel_id, name, language)
    if template.status != APPROVED:
        raise TemplateNotApproved
    purpose = Purpose.MARKETING if template.category == MARKETING else Purpose.CARE
    return Content(kept.type, kept.payload, kept.body, template.ref, kept.storage_path), purpose
