"""Suggested answers: read and decided on, for the verified professional."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.suggestions import Suggestion
from dentalist.storage.database import Database

_COLUMNS = ",".join(Suggestion.model_fields)


class SupabaseSuggestions:
    """The answers of one professional that wait for a person."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def find_waiting(self, conversation_id: UUID) -> Suggestion | None:
        """The one that waits in a live conversation.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select(
            "marketing_suggestions",
            _COLUMNS,
            conversation_id=conversation_id,
            professional_id=self._professional_id,
        )
        return Suggestion.model_validate(rows[0]) if rows else None

    def discard(self, suggestion_id: UUID, *, actor_id: UUID) -> bool:
        """A person does not want it; audited. False when it no longer waits.

        Raises:
            StoreUnavailable: not known whether it still waits.
        """
        return self._decide(suggestion_id, "discarded", actor_id)

    def withdraw(self, suggestion_id: UUID) -> None:
        """What it says is no longer so.

        Raises:
            StoreUnavailable: not known whether it still waits.
        """
        self._decide(suggestion_id, "withdrawn", None)

    def _decide(self, suggestion_id: UUID, status: str, actor_id: UUID | None) -> bool:
        answer = self._db.rpc(
            "decide_suggestion",
            {
                "professional_id": self._professional_id,
                "suggestion_id": suggestion_id,
                "status": status,
                "actor_id": actor_id,
            },
        )
        return bool(answer["outcome"] == status)
