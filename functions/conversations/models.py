"""The public contract of what is done with a conversation besides writing in it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from dentalist.domain.conversation import Conversation
from dentalist.domain.privacy import MACHINE_SOURCES, Erasure, ErasureStatus, explain_kept
from dentalist.services.steer_conversation import Decision, LedgerEntry


def _by_hand(source: str) -> str:
    if source in MACHINE_SOURCES:
        raise ValueError("this source is not one that a person records")
    return source


def storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL characters")
    return text


Source = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$"), AfterValidator(_by_hand)]
Wording = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"\S"), AfterValidator(storable)]
Version = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(storable)]


class ConversationState(BaseModel):
    """Who answers, since when, and what nobody has read."""

    conversation_id: UUID
    ai_enabled: bool
    handoff_reason: str | None
    handoff_at: datetime | None
    handed_back_at: datetime | None
    unread_count: int

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """The state of a conversation."""
        shown = conversation.model_dump(include=set(cls.model_fields) - {"conversation_id"})
        return cls(conversation_id=conversation.id, **shown)


class ConsentRequest(BaseModel):
    """What a contact decided, and how it is known: ``in_person``, ``phone``, ``paper``, …"""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    scope: Literal["care", "marketing"]
    action: Literal["granted", "withdrawn"]
    source: Source
    wording: Wording | None = None
    wording_version: Version | None = None

    @property
    def decision(self) -> Decision:
        """The same in the words of the service."""
        return Decision(**self.model_dump())


class ConsentNowAnswer(BaseModel):
    """What the contact may be written to for."""

    care: bool
    marketing: bool


class ConsentEntry(BaseModel):
    """The decision as it stands in the ledger; ``consent`` is what holds since."""

    conversation_id: UUID
    scope: str
    action: str
    source: str
    wording: str | None
    wording_version: str | None
    actor_id: UUID
    occurred_at: datetime
    consent: ConsentNowAnswer

    @classmethod
    def of(cls, entry: LedgerEntry) -> Self:
        """The answer for an entry."""
        return cls(
            conversation_id=entry.conversation_id,
            **entry.decision._asdict(),
            actor_id=entry.actor_id,
            occurred_at=entry.occurred_at,
            consent=ConsentNowAnswer(**entry.now.model_dump()),
        )


class ContactDocument(BaseModel):
    """Everything that is kept of a contact: the rows of each kind as they are, and links to their files."""

    conversation_id: UUID
    exported_at: datetime
    conversations: list[dict[str, Any]]
    identities: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    message_statuses: list[dict[str, Any]]
    consent: list[dict[str, Any]]
    patients: list[dict[str, Any]]
    appointments: list[dict[str, Any]]
    slot_offers: list[dict[str, Any]]
    suggestions: list[dict[str, Any]]
    address_book: list[dict[str, Any]]
    comments: list[dict[str, Any]]
    campaigns: list[dict[str, Any]]
    webhook_events: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    audit: list[dict[str, Any]]
    files: list[dict[str, Any]]
    links_expire_in: int


class StoredDocument(BaseModel):
    """The same where it is too large to be answered: a link to it, and how many seconds the link lives."""

    download_url: Annotated[str, Field(repr=False)]  # opens without a password
    expires_in: int


class KeptRecord(BaseModel):
    """What stays, how much of it, and why; ``until`` where a law names the day."""

    what: str
    count: int
    why: str
    until: datetime | None


class ErasureReceipt(BaseModel):
    """How much of each kind went, and what stays."""

    erased: dict[str, int]
    kept: list[KeptRecord]


class ErasureAnswer(BaseModel):
    """``pending_media`` while files could not be deleted yet: asking again finishes it."""

    request_id: UUID
    status: ErasureStatus
    receipt: ErasureReceipt

    @classmethod
    def of(cls, erasure: Erasure) -> Self:
        """The answer for an erasure."""
        kept = [KeptRecord(**asdict(item)) for item in explain_kept(erasure.receipt.kept)]
        receipt = ErasureReceipt(erased=erasure.receipt.erased, kept=kept)
        return cls(request_id=erasure.request_id, status=erasure.status, receipt=receipt)
