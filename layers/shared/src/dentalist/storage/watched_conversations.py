"""Conversations that wait for a person, of all professionals."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.services.ports_handover import Resumed, WaitingConversation
from dentalist.storage.database import Database


class SupabaseWatchedConversations:
    """Every method is safe to run at any moment and raises StoreUnavailable when the store cannot be reached."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def resume_idle(self, limit: int) -> list[Resumed]:
        """Give back those that people have left alone for as long as their clinic decided."""
        answer = self._db.rpc("resume_idle", {"limit": limit})
        return [Resumed(UUID(item["conversation_id"]), bool(item["owes"])) for item in answer]

    def waiting(self, limit: int, *, after: WaitingConversation | None) -> list[WaitingConversation]:
        """A page of those of which a reminder has not been given, longest waiting first; ``after``: the last one of
        the page before."""
        page: dict[str, Any] = {"limit": limit}
        if after is not None:
            page |= {"after_since": after.since, "after_id": after.conversation_id}
        return [_waiting(item) for item in self._db.rpc("waiting_conversations", page)]

    def remind(self, waiting: WaitingConversation, *, of_window: bool) -> bool:
        """Tell the clinic's people once; False when it was told before, or somebody has written meanwhile."""
        answer = self._db.rpc(
            "remind_of_waiting",
            {"conversation_id": waiting.conversation_id, "since": waiting.since, "of_window": of_window},
        )
        return bool(answer["outcome"] == "reminded")

    def unheard(self, limit: int) -> list[UUID]:
        """Conversations with messages that nobody looked at for what cannot wait."""
        return [UUID(text) for text in self._db.rpc("unheard_conversations", {"limit": limit})]


def _waiting(item: dict[str, Any]) -> WaitingConversation:
    return WaitingConversation(
        conversation_id=UUID(item["conversation_id"]),
        professional=item["professional"],
        reason=item["reason"],
        since=datetime.fromisoformat(item["since"]),
        last_inbound_at=_instant(item["last_inbound_at"]),
        told_at=_instant(item["told_at"]),
        told_of_window_at=_instant(item["told_of_window_at"]),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
