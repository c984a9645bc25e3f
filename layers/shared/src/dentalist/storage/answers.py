"""Who answers: leases on conversations, handing over, and the ledger of consent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, NoClaim
from dentalist.domain.errors import ConversationNotFound
from dentalist.services.ports_handover import DraftedAnswer
from dentalist.storage.database import Database


class SupabaseAnswers:
    """One worker at a time answers a conversation."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def claim(self, conversation_id: UUID, *, lease_seconds: int, history: int) -> AnswerClaim | NoClaim:
        """The right to answer with everything an answer needs, or why there is nothing to do now.

        Args:
            conversation_id: merges are followed.
            lease_seconds: longer than answering may take.
            history: how many earlier messages to read.

        Raises:
            StoreUnavailable: not known whether the lease is ours; it ends by itself.
        """
        answer = self._db.rpc(
            "claim_answer",
            {"conversation_id": conversation_id, "lease_seconds": lease_seconds, "history": history},
        )
        if answer["outcome"] == "claimed":
            return AnswerClaim.model_validate(answer)
        return _no_claim(answer)

    def finish(
        self,
        conversation_id: UUID,
        lease_id: UUID,
        epoch: int,
        classifications: Mapping[str, Mapping[str, Any]],
        *,
        unanswered: bool,
    ) -> NoClaim:
        """Nothing more is to be sent for ``epoch``.

        Args:
            conversation_id: as claimed.
            lease_id: of the claim.
            epoch: of the claim.
            classifications: by message id, merged into ``ai_metadata`` of the inbound rows.
            unanswered: leave it in the list "sin responder".

        Returns:
            ``owed`` with a delay when the contact wrote on meanwhile, ``lost`` when the lease was somebody else's.

        Raises:
            StoreUnavailable: not recorded; the answer stays owed.
        """
        answer = self._db.rpc(
            "finish_answer",
            {
                "conversation_id": conversation_id,
                "lease_id": lease_id,
                "epoch": epoch,
                "classifications": {key: dict(value) for key, value in classifications.items()},
                "unanswered": unanswered,
            },
        )
        return _no_claim(answer)

    def keep_suggestion(self, conversation_id: UUID, lease_id: UUID, drafted: DraftedAnswer) -> str:
        """Keep an answer for a person to decide on, in place of an earlier one.

        Returns:
            ``kept``, or why not: ``outdated`` (the contact wrote on), ``outdated_human`` (a person acted), ``lost``
            (the lease was somebody else's).

        Raises:
            StoreUnavailable: not known whether it was kept; the answer stays owed.
        """
        content = drafted.content
        answer = self._db.rpc(
            "keep_suggestion",
            {
                "conversation_id": conversation_id,
                "lease_id": lease_id,
                "epoch": drafted.epoch,
                "human_epoch": drafted.human_epoch,
                "suggestion": {
                    "type": content.type,
                    "body": content.body,
                    "payload": dict(content.payload),
                    "changes": [change.model_dump(mode="json") for change in drafted.changes],
                    "ai_metadata": dict(drafted.ai_metadata),
                },
            },
        )
        return str(answer["outcome"])

    def release(self, conversation_id: UUID, lease_id: UUID, *, delay_seconds: int) -> None:
        """Give the lease back after a failure that will pass; the answer stays owed.

        Raises:
            StoreUnavailable: not recorded; the lease ends by itself.
        """
        self._db.rpc(
            "release_answer",
            {"conversation_id": conversation_id, "lease_id": lease_id, "delay_seconds": delay_seconds},
        )


class SupabaseHandover:
    """People and the assistant pass a conversation to each other, for the verified professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def hand_over(
        self,
        conversation_id: UUID,
        reason: str,
        *,
        actor_id: UUID | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        """The assistant stops and asks for a person: audit and alert.

        Args:
            conversation_id: merges are followed.
            reason: why.
            actor_id: None is the assistant.
            details: ``summary``, kept as a system row of the thread when this hands over; of a data request its
                ``message``, the alert's sentence, and ``due_on``.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "hand_over",
            {
                "professional_id": self._professional_id,
                "conversation_id": conversation_id,
                "reason": reason,
                "actor_id": actor_id,
                "details": dict(details or {}),
            },
        )
        _refuse_unknown(answer)


class SupabaseConsent:
    """The ledger of what the professional's contacts agreed to."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def record(
        self,
        conversation_id: UUID,
        scope: str,
        action: str,
        *,
        source: str,
        wording: str | None = None,
        wording_version: str | None = None,
        actor_id: UUID | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """Write one decision of a contact.

        Args:
            conversation_id: where it was made.
            scope: care or marketing.
            action: granted or withdrawn.
            source: where from, for example ``chat`` or ``dashboard``.
            wording: the exact text that was agreed to, or with which it was withdrawn.
            wording_version: of our own text.
            actor_id: the person who recorded it; None is the contact themself.
            occurred_at: when it was made; None is now.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "record_consent",
            {
                "professional_id": self._professional_id,
                "conversation_id": conversation_id,
                "scope": scope,
                "action": action,
                "source": source,
                "wording": wording,
                "wording_version": wording_version,
                "actor_id": actor_id,
                "occurred_at": occurred_at,
            },
        )
        _refuse_unknown(answer)


def _refuse_unknown(answer: dict[str, Any] | None) -> None:
    if answer and answer.get("outcome") == "not_found":
        raise ConversationNotFound


def _no_claim(answer: dict[str, Any]) -> NoClaim:
    return NoClaim(outcome=answer["outcome"], delay_seconds=answer.get("delay_seconds") or 0)
