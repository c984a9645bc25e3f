"""The answers that idempotency keys got, for one professional."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dentalist.domain.errors import IdempotencyConflict, IdempotencyInProgress
from dentalist.services.ports import KeptAnswer
from dentalist.storage.database import Database


class SupabaseIdempotency:
    """Writes with the secret key, for the verified professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Keep both."""
        self._db = db
        self._professional_id = professional_id

    def claim(self, route: str, key: str, request_hash: str, *, lease_seconds: int) -> UUID | KeptAnswer:
        """The lease to run this request, or the answer it got.

        Raises:
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: the first request has not ended.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._ask("claim", route, key, request_hash=request_hash, lease_seconds=lease_seconds)
        match answer["outcome"]:
            case "fresh":
                return UUID(answer["lease_id"])
            case "replay":
                return KeptAnswer(answer["status"], answer["body"])
            case "in_progress":
                raise IdempotencyInProgress
            case "conflict":
                raise IdempotencyConflict
            case outcome:
                raise ValueError(f"claim_idempotency answered {outcome!r}")

    def finish(self, route: str, key: str, lease_id: UUID, answer: KeptAnswer) -> None:
        """Keep the answer, unless the lease is no longer ours.

        Raises:
            StoreUnavailable: not kept.
        """
        self._ask("finish", route, key, lease_id=lease_id, status=answer.status, body=answer.body)

    def release(self, route: str, key: str, lease_id: UUID) -> None:
        """Forget the request, so that it may be made again.

        Raises:
            StoreUnavailable: not recorded; the lease ends by itself.
        """
        self._ask("release", route, key, lease_id=lease_id)

    def _ask(self, step: str, route: str, key: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._db.rpc(
            f"{step}_idempotency",
            {"professional_id": self._professional_id, "route": route, "key": key, **arguments},
        )
        return answer
