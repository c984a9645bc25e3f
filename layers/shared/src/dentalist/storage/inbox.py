"""Where events end up, each in one transaction, and what became of the files that came with messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.services.ports import Ingested, MediaJob, Wake
from dentalist.storage.database import Database

_MEDIA_COLUMNS = (
    "id,professional_id,conversation_id,channel_id,type,media_id,media_mime,media_sha256,media_status,"
    "media_attempts,created_at"
)


class SupabaseInbox:
    """Stores events of any professional: which one, the number or account says."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def ingest(self, event: Mapping[str, Any], *, debounce_seconds: int) -> Ingested:
        """Store one event (``Event.as_arguments()``); doing it again changes nothing.

        Raises:
            StoreUnavailable: not known whether it was stored; store it again.
            StoreRefused: the event itself is what the store cannot take.
        """
        answer = self._db.rpc("ingest_event", {"event": dict(event), "debounce_seconds": debounce_seconds})
        wake = answer.get("wake")
        return Ingested(
            outcome=answer["outcome"],
            reason=answer.get("reason"),
            professional_id=_uuid(answer.get("professional_id")),
            channel_id=_uuid(answer.get("channel_id")),
            conversation_id=_uuid(answer.get("conversation_id")),
            message_id=_uuid(answer.get("message_id")),
            wake=Wake(UUID(wake["conversation_id"]), wake["delay_seconds"]) if wake else None,
            media=bool(answer.get("media")),
        )


class SupabaseMediaRecords:
    """The media columns of inbound messages."""

    def __init__(self, db: Database) -> None:
        """Read and write with the secret key's ``db``."""
        self._db = db

    def find_media(self, message_id: UUID) -> MediaJob | None:
        """The message's file at Meta, or None when there is no such message or it has none.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select("marketing_messages", _MEDIA_COLUMNS, id=message_id)
        if not rows or not rows[0]["media_id"]:
            return None
        row = rows[0]
        credential = self._credential_of(UUID(row["channel_id"]))
        return MediaJob(
            message_id=UUID(row["id"]),
            professional_id=UUID(row["professional_id"]),
            conversation_id=UUID(row["conversation_id"]),
            channel_id=UUID(row["channel_id"]),
            credential_id=UUID(credential["id"]),
            phone_number_id=credential["phone_number_id"],
            type=row["type"],
            media_id=row["media_id"],
            media_mime=row["media_mime"],
            media_sha256=row["media_sha256"],
            media_status=row["media_status"],
            media_attempts=row["media_attempts"],
            created_at=datetime.fromisoformat(row["created_at"]),
        )

    def record_media(self, job: MediaJob, status: str, *, storage_path: str | None = None) -> bool:
        """Set the outcome of one more attempt: stored, refused, failed, or pending (it will be tried again).

        Returns:
            False when there is no such message any more: its contact was erased.

        Raises:
            StoreUnavailable: not recorded.
        """
        values = {"media_status": status, "media_attempts": job.media_attempts + 1}
        if storage_path is not None:
            values["storage_path"] = storage_path
        return bool(
            self._db.update("marketing_messages", values, id=job.message_id, professional_id=job.professional_id)
        )

    def _credential_of(self, channel_id: UUID) -> dict[str, Any]:
        channels = self._db.select("marketing_channels", "credential_id", id=channel_id)
        rows = self._db.select(
            "marketing_channel_credentials", "id,phone_number_id", id=UUID(channels[0]["credential_id"])
        )
        return rows[0]


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
