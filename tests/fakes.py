"""The outside world in memory, for tests of services and handlers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from dentalist.domain.channel import Channel, ChannelStatus
from dentalist.domain.conversation import Conversation
from dentalist.domain.errors import (
    ChannelNotFound,
    ConversationNotFound,
    IdempotencyConflict,
    IdempotencyInProgress,
    TemplateNotFound,
)
from dentalist.domain.message import Claim, Draft, Message, MessageStatus, Recipient
from dentalist.domain.sending_errors import MediaNotFound
from dentalist.domain.templates import Template
from dentalist.services.ports import KeptAnswer, Settlement
from tests.builders import PHONE, WAMID, make_claim

_STATUS_OF = {"sent": "sent", "failed": "failed", "unknown": "unknown", "throttled": "sending"}


@dataclass
class FakeSendGate:
    """Grants every claim, unless told to refuse; remembers what was asked and settled."""

    refusal: Exception | None = None
    sent_before: Message | None = None
    attempt: int = 1
    recipient: Recipient = field(default_factory=lambda: Recipient(phone=PHONE))
    settle_failures: list[Exception] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    settled: list[tuple[Claim, Settlement]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def claim(self, conversation_id: UUID, draft: Draft) -> Claim | Message:
        self.log.append("claim")
        if self.refusal is not None:
            raise self.refusal
        if self.sent_before is not None:
            return self.sent_before
        self.drafts.append(draft)
        return make_claim(conversation_id=conversation_id, attempt=self.attempt, recipient=self.recipient)

    def settle(self, claim: Claim, settlement: Settlement) -> Message:
        self.log.append(f"settle {settlement.status}")
        if self.settle_failures:
            raise self.settle_failures.pop(0)
        self.settled.append((claim, settlement))
        return Message(
            message_id=claim.message_id,
            conversation_id=claim.conversation_id,
            status=MessageStatus(_STATUS_OF[settlement.status]),
            external_id=settlement.external_id,
        )


class Attempt(NamedTuple):
    """One message that reached the fake of Meta."""

    recipient: Recipient
    body: dict[str, Any]
    reference: UUID


@dataclass
class FakeWhatsApp:
    """A number that accepts everything, unless its next answer is an error."""

    next_answer: str | Exception = WAMID
    attempts: list[Attempt] = field(default_factory=list)

    def send(self, recipient: Recipient, body: Mapping[str, Any], *, reference: UUID) -> str:
        self.attempts.append(Attempt(recipient, dict(body), reference))
        if isinstance(self.next_answer, Exception):
            raise self.next_answer
        return self.next_answer


@dataclass
class FakeChannels:
    """Channels in memory."""

    known: dict[UUID, Channel] = field(default_factory=dict)
    marked: list[tuple[UUID, ChannelStatus, str]] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    mark_failure: Exception | None = None

    def get(self, channel_id: UUID) -> Channel:
        if channel_id not in self.known:
            raise ChannelNotFound
        return self.known[channel_id]

    def mark(
        self, channel_id: UUID, status: ChannelStatus, reason: str, *, message: str, severity: str = "critical"
    ) -> None:
        if self.mark_failure is not None:
            raise self.mark_failure
        self.marked.append((channel_id, status, reason))
        self.told.append((severity, message))


@dataclass
class FakeConversations:
    """Conversations in memory, with what a template may say of their contacts."""

    known: dict[UUID, Conversation] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def get(self, conversation_id: UUID) -> Conversation:
        if conversation_id not in self.known:
            raise ConversationNotFound
        return self.known[conversation_id]

    def recipient_values(self, _conversation: Conversation) -> dict[str, str]:
        return self.values


@dataclass
class FakeTemplates:
    """Templates in memory."""

    known: list[Template] = field(default_factory=list)

    def get(self, channel_id: UUID, name: str, language: str) -> Template:
        for template in self.known:
            if (template.channel_id, template.name, template.language) == (channel_id, name, language):
                return template
        raise TemplateNotFound


@dataclass
class FakeOpener:
    """Begins the given conversation whatever the number."""

    conversation_id: UUID = field(default_factory=uuid4)
    opened: list[tuple[UUID, str]] = field(default_factory=list)

    def open(self, channel_id: UUID, phone: str) -> UUID:
        self.opened.append((channel_id, phone))
        return self.conversation_id


@dataclass
class FakeLinks:
    """Links to files that exist."""

    known: set[str] = field(default_factory=set)

    def link(self, storage_path: str) -> str:
        if storage_path not in self.known:
            raise MediaNotFound
        return f"https://files.example.com/{storage_path}?token=short-lived"


@dataclass
class FakeIdempotency:
    """Idempotency keys of one professional in memory."""

    kept: dict[tuple[str, str], tuple[str, UUID, KeptAnswer | None]] = field(default_factory=dict)

    def claim(self, route: str, key: str, request_hash: str, *, lease_seconds: int) -> UUID | KeptAnswer:
        assert lease_seconds > 30, "a lease must outlive the longest request"
        known = self.kept.get((route, key))
        if known is None:
            lease = uuid4()
            self.kept[route, key] = (request_hash, lease, None)
            return lease
        known_hash, _, answer = known
        if known_hash != request_hash:
            raise IdempotencyConflict
        if answer is None:
            raise IdempotencyInProgress
        return answer

    def finish(self, route: str, key: str, lease_id: UUID, answer: KeptAnswer) -> None:
        known_hash, lease, _ = self.kept[route, key]
        assert lease == lease_id
        self.kept[route, key] = (known_hash, lease, answer)

    def forget(self) -> None:
        """Every lease ran out before its answer was noted."""
        self.kept.clear()

    def release(self, route: str, key: str, lease_id: UUID) -> None:
        assert self.kept.pop((route, key))[1] == lease_id
