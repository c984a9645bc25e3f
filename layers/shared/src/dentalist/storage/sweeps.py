"""What time does to the store. Each is safe to run at any moment and by several at once."""

from __future__ import annotations

from uuid import UUID

from dentalist.storage.database import Database


class SupabaseSweeps:
    """Sweeps over all professionals; every method raises StoreUnavailable when the store cannot be reached."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def overdue_answers(self, limit: int) -> list[UUID]:
        """Conversations whose answer is overdue and that nobody works on."""
        return self._ids("requeue_overdue", limit)

    def pending_media(self, limit: int) -> list[UUID]:
        """Messages whose file was not fetched yet."""
        return self._ids("pending_media", limit)

    def due_retries(self, limit: int) -> list[UUID]:
        """Conversations with a throttled message whose time has come."""
        return self._ids("due_retries", limit)

    def match_statuses(self, limit: int) -> int:
        """Statuses that passed the settling of their send unseen find their message; how many messages."""
        return int(self._db.rpc("match_statuses", {"limit": limit})["matched"])

    def expire_sends(self) -> int:
        """Sends whose lease died become ``unknown``; how many."""
        return self._count("expire_sends")

    def expire_holds(self) -> int:
        """Delete holds that have run out; how many."""
        return self._count("expire_holds")

    def expire_idempotency(self) -> int:
        """Delete idempotency keys that have run out; how many."""
        return self._count("expire_idempotency")

    def purge_pace(self) -> int:
        """Delete full buckets; how many."""
        return self._count("purge_pace")

    def alert_notices_due(self) -> bool:
        """Whether somebody has to be told of a critical alert now."""
        return bool(self._db.rpc("alert_notices_due", {})["due"])

    def _ids(self, function: str, limit: int) -> list[UUID]:
        return [UUID(text) for text in self._db.rpc(function, {"limit": limit})]

    def _count(self, function: str) -> int:
        return int(self._db.rpc(function, {})["count"])
