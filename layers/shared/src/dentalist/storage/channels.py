"""The linked numbers and accounts of one professional."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.channel import Channel, ChannelStatus
from dentalist.domain.errors import ChannelNotFound
from dentalist.storage.database import Database

_COLUMNS = ",".join(Channel.model_fields)


class SupabaseChannels:
    """Channels, as whoever asks may read them."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with ``db``; ``mark`` needs the secret key's."""
        self._db = db
        self._professional_id = professional_id

    def get(self, channel_id: UUID) -> Channel:
        """One channel.

        Raises:
            ChannelNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select("marketing_channels", _COLUMNS, id=channel_id, professional_id=self._professional_id)
        if not rows:
            raise ChannelNotFound
        return Channel.model_validate(rows[0])

    def mark(
        self, channel_id: UUID, status: ChannelStatus, reason: str, *, message: str, severity: str = "critical"
    ) -> None:
        """Record that a channel and its credential can no longer be used; audits, and alerts with ``message``.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        self._db.rpc(
            "mark_channel",
            {
                "professional_id": self._professional_id,
                "channel_id": channel_id,
                "status": status.value,
                "reason": reason,
                "message": message,
                "severity": severity,
            },
        )
