"""The secrets of linked channels, decrypted only into memory. Read at every use, so that a disconnect acts at once."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected
from dentalist.services.ports import Keys
from dentalist.storage.database import Database
from dentalist.storage.vault import Place, Purpose, Vault

_TABLE = "marketing_channel_credentials"
_PURPOSE_OF_CHANNEL: dict[str, Purpose] = {"whatsapp": "meta", "instagram": "meta", "google_calendar": "google"}
_USABLE = {ChannelStatus.CONNECTED.value, ChannelStatus.PENDING.value, ChannelStatus.RESTRICTED.value}


class Credentials:
    """Tokens and model keys of any professional; each is only opened for the one it belongs to."""

    def __init__(self, db: Database, keys: Keys) -> None:
        """Read with the secret key's ``db``."""
        self._db = db
        self._vault = Vault(db, keys)

    def access_token(self, professional_id: UUID, credential_id: UUID) -> str:
        """The token of a linked account.

        Raises:
            ChannelDisconnected: there is no such credential, it holds no token any more, or the token is known dead.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        row = self._row(professional_id, credential_id, "channel,status,access_token_encrypted")
        if row is None or row["status"] not in _USABLE or not row["access_token_encrypted"]:
            raise ChannelDisconnected
        place = Place(professional_id, _TABLE, credential_id, "access_token_encrypted")
        return self._vault.open(_PURPOSE_OF_CHANNEL[str(row["channel"])], place, str(row["access_token_encrypted"]))

    def ai_api_key(self, professional_id: UUID, credential_id: UUID) -> str | None:
        """The professional's own key for their language model, or None.

        Raises:
            ChannelDisconnected: the stored key does not open.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        row = self._row(professional_id, credential_id, "ai_api_key_encrypted")
        if row is None or not row["ai_api_key_encrypted"]:
            return None
        place = Place(professional_id, _TABLE, credential_id, "ai_api_key_encrypted")
        return self._vault.open("llm", place, str(row["ai_api_key_encrypted"]))

    def seal_access_token(self, professional_id: UUID, credential_id: UUID, *, channel: str, token: str) -> str:
        """A token as the column ``access_token_encrypted`` of this credential holds it.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        place = Place(professional_id, _TABLE, credential_id, "access_token_encrypted")
        return self._vault.seal(_PURPOSE_OF_CHANNEL[channel], place, token)

    def _row(self, professional_id: UUID, credential_id: UUID, columns: str) -> dict[str, str | None] | None:
        rows = self._db.select(_TABLE, columns, id=credential_id, professional_id=professional_id)
        return rows[0] if rows else None
