"""What steering conversations, exporting and forgetting contacts, and Meta's callbacks ask of the outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dentalist.domain.conversation import Conversation
from dentalist.domain.privacy import ConsentNow, DataDeletion, Erasure, MetaUserRequest


class ReadableConversations(Protocol):
    """The conversations that the signed-in person may read."""

    def get(self, conversation_id: UUID) -> Conversation:
        """The live conversation (merges are followed), or ConversationNotFound."""


class Steering(Protocol):
    """Who answers in the conversations of one professional."""

    def take_over(self, conversation_id: UUID, *, actor_id: UUID) -> None:
        """A person answers from now on."""

    def resume(self, conversation_id: UUID, *, actor_id: UUID) -> None:
        """The assistant may answer again."""

    def mark_read(self, conversation_id: UUID) -> None:
        """Nothing is unread any more."""


class ConsentLedger(Protocol):
    """What the contacts of one professional agreed to."""

    def record(
        self,
        conversation_id: UUID,
        scope: str,
        action: str,
        *,
        source: str,
        wording: str | None,
        wording_version: str | None,
        actor_id: UUID,
        occurred_at: datetime,
    ) -> ConsentNow:
        """Write one decision, and answer what holds now."""


class ContactRecords(Protocol):
    """Everything that is stored about the contacts of one professional."""

    def export(self, conversation_id: UUID, *, actor_id: UUID) -> dict[str, Any]:
        """All rows about a conversation's contact, by kind; audited."""

    def erase(self, conversation_id: UUID, *, actor_id: UUID) -> Erasure | None:
        """Forget a conversation's contact, at once and once; None while a message to them is leaving."""

    def find_erasure(self, conversation_id: UUID) -> Erasure | None:
        """The erasure that this conversation ended with."""

    def finish_erasure(self, request_id: UUID, removed: Sequence[str]) -> Erasure:
        """Note that these files are gone."""


class ContactFiles(Protocol):
    """The files of one professional in the bucket."""

    def links(self, paths: Collection[str]) -> Mapping[str, str]:
        """Signed links that live for 15 minutes, of those that exist."""

    def store(self, storage_path: str, content: bytes, *, content_type: str) -> None:
        """Write a file; one of the same path is replaced."""

    def remove(self, paths: Sequence[str]) -> None:
        """Delete files; one that is not there is gone already."""


class MetaUsers(Protocol):
    """The accounts that a person linked through Meta, at whatever professional."""

    def deauthorize(self, request: MetaUserRequest, *, sentences: Mapping[str, str]) -> int:
        """Drop their tokens; how many accounts had one. ``sentences``: what is told, by type of channel."""

    def forget(self, request: MetaUserRequest) -> str:
        """Erase what we hold of them; the code under which they can look it up."""

    def find_deletion(self, code: str) -> DataDeletion | None:
        """What became of a request."""
