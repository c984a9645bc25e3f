"""How the channels of one professional are set: ``channel_overview`` and ``update_channel``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from dentalist.domain.channel_view import ChannelOverview
from dentalist.domain.errors import ChannelNotFound
from dentalist.storage.database import Database

if TYPE_CHECKING:  # brings cryptography, which a list of channels does not need
    from dentalist.storage.credentials import Credentials


class SupabaseChannelSettings:
    """Read and written with the secret key; the professional, verified, is an argument of every SQL function."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Fix the professional."""
        self._db = db
        self._professional_id = professional_id

    def overview(self) -> list[ChannelOverview]:
        """Every channel with its health, usage and templates; none of its secrets.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.rpc("channel_overview", {"professional_id": self._professional_id})
        return [ChannelOverview.model_validate(row) for row in rows]

    def update(self, channel_id: UUID, changes: Mapping[str, Any], *, actor_id: UUID) -> ChannelOverview:
        """Store changed settings; the audit row says what changed, and of a key only that it did.

        Args:
            channel_id: one of the professional's.
            changes: any of ai_enabled, ai_mode, ai_persona, ai_provider, ai_model, ai_api_key_encrypted (None erases)
                and settings, which are merged.
            actor_id: the person.

        Raises:
            ChannelNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "update_channel",
            {
                "professional_id": self._professional_id,
                "channel_id": channel_id,
                "actor_id": actor_id,
                "changes": dict(changes),
            },
        )
        if answer["outcome"] != "updated":
            raise ChannelNotFound
        return ChannelOverview.model_validate(answer["channel"])


class ProfessionalModelKeys:
    """The keys of one professional for their language models."""

    def __init__(self, credentials: Callable[[], Credentials], professional_id: UUID) -> None:
        """Fix the professional: a key opens and closes for them alone. ``credentials`` are asked for when needed."""
        self._credentials = credentials
        self._professional_id = professional_id

    def kept(self, credential_id: UUID) -> str | None:
        """The key in the clear, or None.

        Raises:
            ChannelDisconnected: the stored key does not open.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        return self._credentials().ai_api_key(self._professional_id, credential_id)

    def seal(self, credential_id: UUID, key: str) -> str:
        """A key as ``ai_api_key_encrypted`` of this credential holds it.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        return self._credentials().seal(self._professional_id, credential_id, "ai_api_key_encrypted", key)
