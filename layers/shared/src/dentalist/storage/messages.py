"""Messages as somebody may see them."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.errors import MessageNotFound
from dentalist.domain.sent_message import SentMessage
from dentalist.storage.database import Database

_COLUMNS = ",".join(SentMessage.model_fields)


class SupabaseMessages:
    """The messages of one professional, as whoever asks may read them."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with a person's ``db``, so that row level security decides."""
        self._db = db
        self._professional_id = professional_id

    def get(self, message_id: UUID) -> SentMessage:
        """One message.

        Raises:
            MessageNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select("marketing_messages", _COLUMNS, id=message_id, professional_id=self._professional_id)
        if not rows:
            raise MessageNotFound
        return SentMessage.model_validate(rows[0])
