"""Conversations: read as somebody may see them, begun with the secret key."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.conversation import Conversation
from dentalist.domain.errors import ChannelNotFound, ConversationNotFound
from dentalist.storage.database import Database

_COLUMNS = ",".join(Conversation.model_fields)
_LONGEST_TRAIL = 10


class SupabaseConversations:
    """The conversations of one professional, as whoever asks may read them."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with ``db``: a person's, so that row level security decides, or the secret key's."""
        self._db = db
        self._professional_id = professional_id

    def get(self, conversation_id: UUID) -> Conversation:
        """The conversation; where it was merged into another, that one.

        Raises:
            ConversationNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        sought: UUID | None = conversation_id
        for _ in range(_LONGEST_TRAIL):
            rows = self._db.select(
                "marketing_conversations", _COLUMNS, id=sought, professional_id=self._professional_id
            )
            if not rows:
                break
            conversation = Conversation.model_validate(rows[0])
            if conversation.merged_into_id is None:
                return conversation
            sought = conversation.merged_into_id
        raise ConversationNotFound

    def recipient_values(self, conversation: Conversation) -> dict[str, str]:
        """What the personal variables of a template are for this contact; an unknown one is left out.

        The patient's record knows the name better than the profile that a contact chose.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        professionals = self._db.select("professionals", "name", id=self._professional_id)
        values = {"clinic_name": professionals[0]["name"]} if professionals else {}
        full_name = self._patient_name(conversation) or (conversation.name_they_gave or "").strip()
        if full_name:
            values |= {"full_name": full_name, "first_name": full_name.split()[0]}
        return values

    def _patient_name(self, conversation: Conversation) -> str | None:
        if conversation.patient_id is None:
            return None
        rows = self._db.select(
            "patients", "full_name", id=conversation.patient_id, professional_id=self._professional_id
        )
        return str(rows[0]["full_name"]).strip() if rows else None


class SupabaseConversationOpener:
    """Finds or begins a conversation with a number, for the verified professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def open(self, channel_id: UUID, phone: str) -> UUID:
        """The conversation with this number on this channel. A known contact keeps the digits Meta gave.

        Raises:
            ChannelNotFound: none, or another professional's, or no WhatsApp number.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "open_conversation",
            {"professional_id": self._professional_id, "channel_id": channel_id, "phone": phone},
        )
        if answer["outcome"] == "not_found":
            raise ChannelNotFound
        return UUID(answer["conversation_id"])
