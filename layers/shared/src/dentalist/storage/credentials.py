"""The secrets of linked channels, decrypted only into memory. Read at every use, so that a disconnect acts at once."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected
from dentalist.services.ports import Keys
from dentalist.storage.database import Database
from dentalist.storage.vault import Place, Purpose, Vault

_TABLE = "marketing_channel_credentials"
_TOKEN = "access_token_encrypted"  # noqa: S105 - a column
_MODEL_KEY = "ai_api_key_encrypted"
PURPOSE_OF_CHANNEL: dict[str, Purpose] = {"whatsapp": "meta", "instagram": "meta", "google_calendar": "google"}
_USABLE = {ChannelStatus.CONNECTED.value, ChannelStatus.PENDING.value, ChannelStatus.RESTRICTED.value}
_OPENABLE = _USABLE | {ChannelStatus.REAUTH_REQUIRED.value}


class Credentials:
    """Tokens and model keys of any professional; each is only opened for the one it belongs to."""

    def __init__(self, db: Database, keys: Keys) -> None:
        """Read with the secret key's ``db``."""
        self._db = db
        self.vault = Vault(db, keys)

    def access_token(self, professional_id: UUID, credential_id: UUID, *, even_if_dead: bool = False) -> str:
        """The token of a linked account; ``even_if_dead`` also one that is known to work no longer.

        Raises:
            ChannelDisconnected: there is no such credential, it holds no token any more, or the token is known dead.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        row = self._row(professional_id, credential_id, f"channel,status,{_TOKEN}")
        if row is None or not row[_TOKEN]:
            raise ChannelDisconnected
        if row["status"] not in (_OPENABLE if even_if_dead else _USABLE):
            raise ChannelDisconnected
        return self.open(professional_id, credential_id, _TOKEN, str(row[_TOKEN]), channel=str(row["channel"]))

    def ai_api_key(self, professional_id: UUID, credential_id: UUID) -> str | None:
        """The professional's own key for their language model, or None.

        Raises:
            ChannelDisconnected: the stored key does not open.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        row = self._row(professional_id, credential_id, _MODEL_KEY)
        if row is None or not row[_MODEL_KEY]:
            return None
        return self.open(professional_id, credential_id, _MODEL_KEY, str(row[_MODEL_KEY]))

    def seal_access_token(self, professional_id: UUID, credential_id: UUID, *, channel: str, token: str) -> str:
        """A token as the column ``access_token_encrypted`` of this credential holds it.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        return self.seal(professional_id, credential_id, _TOKEN, token, channel=channel)

    def seal(
        self, professional_id: UUID, credential_id: UUID, column: str, secret: str, *, channel: str | None = None
    ) -> str:
        """A secret as this column of a credential holds it.

        Args:
            professional_id: whose.
            credential_id: of which row; it need not exist yet.
            column: one that ends in ``_encrypted``.
            secret: in the clear.
            channel: the kind of account; a key for a language model belongs to none.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        place = Place(professional_id, _TABLE, credential_id, column)
        return self.vault.seal(_purpose_of(column, channel), place, secret)

    def open(
        self, professional_id: UUID, credential_id: UUID, column: str, sealed: str, *, channel: str | None = None
    ) -> str:
        """The secret that this column of a credential was found to hold.

        Raises:
            SecretUnreadable: altered, moved here from elsewhere, or its data key is gone.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        place = Place(professional_id, _TABLE, credential_id, column)
        return self.vault.open(_purpose_of(column, channel), place, sealed)

    def _row(self, professional_id: UUID, credential_id: UUID, columns: str) -> dict[str, str | None] | None:
        rows = self._db.select(_TABLE, columns, id=credential_id, professional_id=professional_id)
        return rows[0] if rows else None


def _purpose_of(column: str, channel: str | None) -> Purpose:
    if column == _MODEL_KEY:
        return "llm"
    if channel is None:
        raise ValueError("an account's secret belongs to a kind of channel")
    return PURPOSE_OF_CHANNEL[channel]
