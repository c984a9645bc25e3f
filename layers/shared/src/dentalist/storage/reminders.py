"""Reminders of all professionals."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from dentalist.domain.reminders import DueReminder
from dentalist.storage.database import Database


class SupabaseReminders:
    """Which are due and which have left; every method raises StoreUnavailable when the store cannot be reached."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def due(self, at: datetime, *, limit: int, after: DueReminder | None) -> list[DueReminder]:
        """The next page, in the order of time, from after the last one of the page before."""
        answer = self._db.rpc(
            "due_reminders",
            {
                "at": at,
                "limit": limit,
                "after_starts_at": after and after.starts_at,
                "after_id": after and after.appointment_id,
            },
        )
        return [DueReminder.model_validate(row) for row in answer]

    def note(self, reminder: DueReminder, outcome: str, message_id: UUID | None) -> None:
        """The reminder of this time left, or never will."""
        self._db.rpc(
            "note_reminder",
            {
                "professional_id": reminder.professional_id,
                "appointment_id": reminder.appointment_id,
                "starts_at": reminder.starts_at,
                "outcome": outcome,
                "message_id": message_id,
            },
        )

    def alert_blocked(self, professional_id: UUID, reason: str) -> None:
        """Tell the professional why no reminder leaves; an alert that is open says it already."""
        self._db.rpc("alert_reminders", {"professional_id": professional_id, "reason": reason})
