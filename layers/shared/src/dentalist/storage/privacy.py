"""What is stored about contacts and about people who linked accounts: steered, exported, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.privacy import ConsentNow, DataDeletion, Erasure, MetaUserRequest
from dentalist.storage.database import Database


class _OfProfessional:
    """Writes with the secret key, for the verified professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def _ask(self, function: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._db.rpc(function, {"professional_id": self._professional_id, **arguments})
        if answer["outcome"] == "not_found":
            raise ConversationNotFound
        return answer


class SupabaseSteering(_OfProfessional):
    """Who answers; every method raises ConversationNotFound or StoreUnavailable."""

    def take_over(self, conversation_id: UUID, *, actor_id: UUID) -> None:
        """A person answers from now on; audited."""
        self._ask("take_over", conversation_id=conversation_id, actor_id=actor_id)

    def resume(self, conversation_id: UUID, *, actor_id: UUID) -> None:
        """The assistant may answer again; audited. What it owes since is due at once, and the sweeper wakes for it."""
        self._ask("resume_ai", conversation_id=conversation_id, actor_id=actor_id)

    def mark_read(self, conversation_id: UUID) -> None:
        """Nothing is unread any more."""
        self._ask("mark_read", conversation_id=conversation_id)


class SupabaseConsentLedger(_OfProfessional):
    """The ledger of what contacts agreed to, as people of the clinic write into it."""

    def record(
        self,
        conversation_id: UUID,
        scope: str,
        action: str,
        *,
        source: str,
        wording: str | None,
        wording_version: str | None,
        actor_id: UUID,
        occurred_at: datetime,
    ) -> ConsentNow:
        """Write one decision under every identity of the contact, and answer what holds now; audited.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: not known whether it was written; writing it again is harmless.
        """
        answer = self._ask(
            "record_consent",
            conversation_id=conversation_id,
            scope=scope,
            action=action,
            source=source,
            wording=wording,
            wording_version=wording_version,
            actor_id=actor_id,
            occurred_at=occurred_at,
        )
        return ConsentNow.model_validate(answer)


class SupabaseContactRecords(_OfProfessional):
    """Everything about a contact, read as one document or erased in one transaction."""

    def export(self, conversation_id: UUID, *, actor_id: UUID) -> dict[str, Any]:
        """All rows about a conversation's contact, by kind; audited.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: the store cannot be reached.
        """
        document: dict[str, Any] = self._ask("export_contact", conversation_id=conversation_id, actor_id=actor_id)[
            "document"
        ]
        return document

    def erase(self, conversation_id: UUID, *, actor_id: UUID) -> Erasure | None:
        """Forget a conversation's contact; None while a message to them is leaving. Doing it again changes nothing.

        Raises:
            ConversationNotFound: the professional has no such conversation, and erased none.
            StoreUnavailable: not known whether it was done.
        """
        answer = self._ask("erase_contact", conversation_id=conversation_id, actor_id=actor_id)
        return None if answer["outcome"] == "busy" else Erasure.model_validate(answer)

    def find_erasure(self, conversation_id: UUID) -> Erasure | None:
        """The erasure that this conversation ended with, or None.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        try:
            return Erasure.model_validate(self._ask("find_erasure", conversation_id=conversation_id))
        except ConversationNotFound:
            return None

    def finish_erasure(self, request_id: UUID, removed: Sequence[str]) -> Erasure:
        """Note that these files are gone; with the last one the request is completed.

        Raises:
            StoreUnavailable: not noted; deleting them again is harmless.
        """
        return Erasure.model_validate(self._ask("finish_erasure", request_id=request_id, removed=list(removed)))


class SupabaseMetaUsers:
    """People who linked accounts through Meta, whichever professional's they are."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def deauthorize(self, request: MetaUserRequest, *, sentences: Mapping[str, str]) -> int:
        """Drop the tokens of every live account of a person; how many had one. The owners are told, and it is audited.

        Raises:
            StoreUnavailable: not known whether it was done; doing it again is harmless.
        """
        answer = self._db.rpc("deauthorize_meta_user", {**_named(request), "sentences": dict(sentences)})
        return int(answer["channels"])

    def forget(self, request: MetaUserRequest) -> str:
        """Disconnect the accounts of a person and erase what Meta told about them; the code of the request.

        Raises:
            StoreUnavailable: as ``deauthorize``.
        """
        return str(self._db.rpc("forget_meta_user", _named(request))["confirmation_code"])

    def find_deletion(self, code: str) -> DataDeletion | None:
        """What became of a request to delete data, or None when there is no such code.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc("find_data_deletion", {"code": code})
        return DataDeletion.model_validate(answer) if answer else None


def _named(request: MetaUserRequest) -> dict[str, Any]:
    return {"user_id": request.user_id, "issued_at": request.issued_at}
