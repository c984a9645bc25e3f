"""What an assistant needs to know of its channel when there is no conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dentalist.domain.errors import ChannelNotFound
from dentalist.storage.database import Database


class SupabasePlaygrounds:
    """The channels of one professional; read with the secret key."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Fix the professional."""
        self._db = db
        self._professional_id = professional_id

    def material(self, channel_id: UUID) -> Mapping[str, Any]:
        """``professional``, ``channel`` and ``credential``; no token and no key.

        Raises:
            ChannelNotFound: none on which patients write, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        answer: dict[str, Any] = self._db.rpc(
            "playground_material", {"professional_id": self._professional_id, "channel_id": channel_id}
        )
        if answer["outcome"] == "not_found":
            raise ChannelNotFound
        return answer
