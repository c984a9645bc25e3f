"""Alerts for the professional's people."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.alerts import Alert
from dentalist.domain.clinic_errors import AlertNotFound
from dentalist.storage.database import Database


class SupabaseAlerts:
    """The alerts of one professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def acknowledge(self, alert_id: UUID, *, actor_id: UUID) -> Alert:
        """Note who saw to it; one that somebody has seen to already stays theirs.

        Raises:
            AlertNotFound: none, or another professional's.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "acknowledge_alert",
            {"professional_id": self._professional_id, "alert_id": alert_id, "actor_id": actor_id},
        )
        if answer["outcome"] == "not_found":
            raise AlertNotFound
        return Alert.model_validate(answer["alert"])
