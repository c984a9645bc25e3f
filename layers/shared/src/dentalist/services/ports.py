"""What the services ask of the outside. Adapters fit these shapes without inheriting from them; tests use fakes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, NoClaim
from dentalist.domain.channel import Channel, ChannelStatus
from dentalist.domain.conversation import Conversation
from dentalist.domain.message import Claim, Draft, Message, Recipient
from dentalist.domain.templates import Template

# ---- sending ---------------------------------------------------------------------------------------------------------


class Settlement(NamedTuple):
    """What became of a claimed message: sent, failed, unknown or throttled (try again at ``retry_at``)."""

    status: str
    external_id: str | None = None
    error: Mapping[str, Any] | None = None
    retry_at: datetime | None = None


class SendGate(Protocol):
    """The rules before a message may leave, and the record of what became of it."""

    def claim(self, conversation_id: UUID, draft: Draft) -> Claim | Message:
        """The row and the lease to send it once, or the rule that refused, raised as a domain error.

        A message instead of a claim: the same request sent it before.
        """

    def settle(self, claim: Claim, settlement: Settlement) -> Message:
        """Record the outcome and give the lease back; applies statuses that came early."""


class MessageSender(Protocol):
    """One business phone number."""

    def send(self, recipient: Recipient, body: Mapping[str, Any], *, reference: UUID) -> str:
        """Send a prepared body and answer the wamid under which Meta knows it."""


class ChatPresence(Protocol):
    """What a contact sees besides messages."""

    def mark_read(self, wamid: str, *, typing: bool = False) -> None:
        """Show the blue ticks, and that somebody is typing."""


class WhatsApp(MessageSender, ChatPresence, Protocol):
    """A business phone number with everything that a conversation needs."""

    def fetch_media(self, media_id: str, *, max_bytes: int, allowed_types: Collection[str] | None = None) -> MediaFile:
        """The bytes behind a media id."""


SenderFor = Callable[[Claim], MessageSender]


class MediaLinks(Protocol):
    """Short-lived links to files of ours."""

    def link(self, storage_path: str) -> str:
        """A signed link that lives for 15 minutes."""


class Channels(Protocol):
    """The linked accounts of one professional."""

    def get(self, channel_id: UUID) -> Channel:
        """The channel, or ChannelNotFound."""

    def mark(
        self, channel_id: UUID, status: ChannelStatus, reason: str, *, message: str, severity: str = "critical"
    ) -> None:
        """Record that a channel can no longer be used, with an alert that says ``message``."""


class Conversations(Protocol):
    """The conversations that somebody may read."""

    def get(self, conversation_id: UUID) -> Conversation:
        """The live conversation (merges are followed), or ConversationNotFound."""

    def recipient_values(self, conversation: Conversation) -> dict[str, str]:
        """What ``{{first_name}}``, ``{{full_name}}`` and ``{{clinic_name}}`` are; an unknown one is left out."""


class ConversationOpener(Protocol):
    """Begins conversations with a number."""

    def open(self, channel_id: UUID, phone: str) -> UUID:
        """The conversation with this number on this channel, found or begun."""


class Templates(Protocol):
    """The templates that somebody may read."""

    def get(self, channel_id: UUID, name: str, language: str) -> Template:
        """The template, or TemplateNotFound."""


# ---- receiving -------------------------------------------------------------------------------------------------------


class Wake(NamedTuple):
    """A conversation that is owed an answer, and when to look."""

    conversation_id: UUID
    delay_seconds: int


class Ingested(NamedTuple):
    """What became of an event; ``media``: its message's file still waits at Meta."""

    outcome: str
    reason: str | None = None
    professional_id: UUID | None = None
    channel_id: UUID | None = None
    conversation_id: UUID | None = None
    message_id: UUID | None = None
    wake: Wake | None = None
    media: bool = False


class Inbox(Protocol):
    """Where events are stored, each in one transaction."""

    def ingest(self, event: Mapping[str, Any], *, debounce_seconds: int) -> Ingested:
        """Store one event (``Event.as_arguments()``); doing it again changes nothing."""


class MediaJob(NamedTuple):
    """An inbound message whose file waits at Meta."""

    message_id: UUID
    professional_id: UUID
    conversation_id: UUID
    channel_id: UUID
    credential_id: UUID
    phone_number_id: str
    type: str
    media_id: str
    media_mime: str | None
    media_sha256: str | None
    media_status: str | None
    media_attempts: int
    created_at: datetime


class MediaFile(NamedTuple):
    """A file's bytes with what Meta said about it."""

    content: bytes
    mime_type: str
    sha256: str | None = None

    def __repr__(self) -> str:
        return f"MediaFile({len(self.content)} bytes, {self.mime_type})"


class MediaRecords(Protocol):
    """The media columns of inbound messages."""

    def find_media(self, message_id: UUID) -> MediaJob | None:
        """The message's media, or None when there is no such message or it has none."""

    def record_media(self, job: MediaJob, status: str, *, storage_path: str | None = None) -> bool:
        """Set the outcome of one more attempt: stored, refused, failed, or pending (it will be tried again).

        False: there is no such message any more.
        """


class MediaStore(MediaLinks, Protocol):
    """The private bucket."""

    def store(self, storage_path: str, content: bytes, *, content_type: str) -> None:
        """Write a file; an existing one of the same path is replaced."""

    def remove(self, paths: Sequence[str]) -> None:
        """Delete files; one that is not there is gone already."""


# ---- answering -------------------------------------------------------------------------------------------------------


class Answers(Protocol):
    """Who answers what: leases on conversations."""

    def claim(self, conversation_id: UUID, *, lease_seconds: int, history: int) -> AnswerClaim | NoClaim:
        """The right to answer, or why there is nothing to do now."""

    def finish(
        self,
        conversation_id: UUID,
        lease_id: UUID,
        epoch: int,
        classifications: Mapping[str, Mapping[str, Any]],
        *,
        unanswered: bool,
    ) -> NoClaim:
        """Nothing more is to be sent for ``epoch``; outcome ``finished``, ``owed`` (with a delay) or ``lost``."""

    def release(self, conversation_id: UUID, lease_id: UUID, *, delay_seconds: int) -> None:
        """Give the lease back after a failure that will pass; the answer stays owed."""


class Handover(Protocol):
    """People and the assistant pass a conversation to each other."""

    def hand_over(
        self,
        conversation_id: UUID,
        reason: str,
        *,
        actor_id: UUID | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        """The assistant asks for a person.

        ``details``: ``summary`` for the thread; of a data request its ``message`` and ``due_on``.
        """


class Tasks(Protocol):
    """What the assistant asks of a person without leaving the conversation."""

    def raise_task(self, conversation_id: UUID, kind: str, message: str) -> None:
        """Ask once; an open task of the same kind is enough."""


class Consent(Protocol):
    """The ledger of what contacts agreed to."""

    def record(
        self,
        conversation_id: UUID,
        scope: str,
        action: str,
        *,
        source: str,
        wording: str | None = None,
        wording_version: str | None = None,
        actor_id: UUID | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """Write one decision of a contact: scope care or marketing, action granted or withdrawn."""


# ---- sweeping --------------------------------------------------------------------------------------------------------


class Sweeps(Protocol):
    """What time does to the store. Each is safe to run at any moment and by several at once."""

    def overdue_answers(self, limit: int) -> list[UUID]:
        """Conversations whose answer is overdue and that nobody works on."""

    def pending_media(self, limit: int) -> list[UUID]:
        """Messages whose file was not fetched yet."""

    def due_retries(self, limit: int) -> list[UUID]:
        """Conversations with a throttled message whose time has come."""

    def match_statuses(self, limit: int) -> int:
        """Statuses that passed the settling of their send unseen find their message; how many messages."""

    def expire_sends(self) -> int:
        """Sends whose lease died become ``unknown``; how many."""

    def expire_holds(self) -> int:
        """Delete holds that have run out; how many."""

    def expire_idempotency(self) -> int:
        """Delete idempotency keys that have run out; how many."""

    def purge_pace(self) -> int:
        """Delete full buckets; how many."""

    def alert_notices_due(self) -> bool:
        """Whether somebody has to be told of a critical alert now."""


class WakeUps(Protocol):
    """The queue of conversations to answer."""

    def send_wake_up(self, conversation_id: UUID, *, delay_seconds: int, correlation_id: str) -> None:
        """Ask for a conversation to be looked at; lost or doubled, it is harmless."""


class MediaJobs(Protocol):
    """The queue of files to fetch."""

    def send_media_job(self, message_id: UUID, *, correlation_id: str) -> None:
        """Ask for a message's file to be fetched."""


# ---- keys ------------------------------------------------------------------------------------------------------------


class WrappedKey(Protocol):
    """A data key and its wrapped form."""

    @property
    def plaintext(self) -> bytes:
        """The key."""

    @property
    def wrapped(self) -> bytes:
        """What is stored."""


class Keys(Protocol):
    """The key service that wraps data keys; the context must be the same for both."""

    def generate_data_key(self, context: Mapping[str, str]) -> WrappedKey:
        """A new 256-bit key."""

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The key inside."""


# ---- asking twice ----------------------------------------------------------------------------------------------------


class KeptAnswer(NamedTuple):
    """The answer that a key got."""

    status: int
    body: Any


class IdempotencyStore(Protocol):
    """What is kept of the requests of one professional."""

    def claim(self, route: str, key: str, request_hash: str, *, lease_seconds: int) -> UUID | KeptAnswer:
        """The lease to run this request, or the answer it got.

        Raises:
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: the first request has not ended.
        """

    def finish(self, route: str, key: str, lease_id: UUID, answer: KeptAnswer) -> None:
        """Keep the answer."""

    def release(self, route: str, key: str, lease_id: UUID) -> None:
        """Forget the request, so that it may be made again."""
