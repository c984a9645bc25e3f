"""The self-tests of one professional's channels: which test event is expected, and whether it came."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dentalist.domain.errors import ChannelNotFound
from dentalist.storage.database import Database


class SupabaseChannelTests:
    """Test events that are expected; what comes in is stored with all other events."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read and write with the secret key's ``db``, for this professional only."""
        self._db = db
        self._professional_id = professional_id

    def begin(self, channel_id: UUID, nonce: str) -> None:
        """Expect a test event with this nonce; an earlier one's no longer counts.

        Raises:
            ChannelNotFound: none, another professional's, or taken off.
            StoreUnavailable: the store cannot be reached.
        """
        if self._ask("begin_channel_test", channel_id, nonce)["outcome"] == "not_found":
            raise ChannelNotFound

    def received(self, channel_id: UUID, nonce: str) -> bool:
        """Whether it has come.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return bool(self._ask("channel_test_received", channel_id, nonce))

    def _ask(self, function: str, channel_id: UUID, nonce: str) -> Any:
        arguments = {"professional_id": self._professional_id, "channel_id": channel_id, "nonce": nonce}
        return self._db.rpc(function, arguments)
