"""What the assistant asks of the clinic's people."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.errors import ConversationNotFound
from dentalist.storage.database import Database


class SupabaseTasks:
    """Tasks of one professional, stored as alerts."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def raise_task(self, conversation_id: UUID, kind: str, message: str) -> None:
        """Ask once; an open task of the same kind in the conversation is enough.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "raise_task",
            {
                "professional_id": self._professional_id,
                "conversation_id": conversation_id,
                "kind": kind,
                "message": message,
            },
        )
        if answer["outcome"] == "not_found":
            raise ConversationNotFound
