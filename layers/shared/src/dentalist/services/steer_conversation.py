"""A person takes a conversation, gives it back, has read it, or writes down what the contact agreed to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from dentalist.domain.conversation import Conversation
from dentalist.domain.privacy import ConsentNow
from dentalist.services.ports_privacy import ConsentLedger, ReadableConversations, Steering


class Decision(NamedTuple):
    """What a contact decided, as a person of the clinic heard or read it."""

    scope: str
    action: str
    source: str
    wording: str | None = None
    wording_version: str | None = None


class LedgerEntry(NamedTuple):
    """A decision as it stands in the ledger, and what holds since."""

    conversation_id: UUID
    decision: Decision
    actor_id: UUID
    occurred_at: datetime
    now: ConsentNow


def take_over(
    conversation_id: UUID, *, actor_id: UUID, readable: ReadableConversations, steering: Steering
) -> Conversation:
    """A person answers from now on: nothing the assistant wrote before is sent.

    Raises:
        ConversationNotFound: the person may see no such conversation.
        StoreUnavailable: the store cannot be reached.
    """
    conversation = readable.get(conversation_id)
    steering.take_over(conversation.id, actor_id=actor_id)
    return readable.get(conversation.id)


def resume(
    conversation_id: UUID, *, actor_id: UUID, readable: ReadableConversations, steering: Steering
) -> Conversation:
    """The assistant may answer again, also what nobody answered lately (``Policies.late_after_minutes``).

    Raises:
        ConversationNotFound, StoreUnavailable: as ``take_over``.
    """
    conversation = readable.get(conversation_id)
    steering.resume(conversation.id, actor_id=actor_id)
    return readable.get(conversation.id)


def mark_read(conversation_id: UUID, *, readable: ReadableConversations, steering: Steering) -> Conversation:
    """Somebody has seen what the contact wrote.

    Raises:
        ConversationNotFound, StoreUnavailable: as ``take_over``.
    """
    conversation = readable.get(conversation_id)
    steering.mark_read(conversation.id)
    return readable.get(conversation.id)


def record_decision(
    conversation_id: UUID,
    decision: Decision,
    *,
    actor_id: UUID,
    readable: ReadableConversations,
    ledger: ConsentLedger,
) -> LedgerEntry:
    """Write down that a contact gave or withdrew a consent, now and under every identity of theirs.

    Raises:
        ConversationNotFound, StoreUnavailable: as ``take_over``.
    """
    conversation = readable.get(conversation_id)
    occurred_at = datetime.now(UTC)
    consent = ledger.record(
        conversation.id,
        decision.scope,
        decision.action,
        source=decision.source,
        wording=decision.wording,
        wording_version=decision.wording_version,
        actor_id=actor_id,
        occurred_at=occurred_at,
    )
    return LedgerEntry(conversation.id, decision, actor_id, occurred_at, consent)
