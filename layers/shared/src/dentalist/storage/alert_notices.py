"""The notices of critical alerts, and what became of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from dentalist.domain.notices import Notice
from dentalist.services.ports_alerts import NoticeOutcome
from dentalist.storage.database import Database

logger = logging.getLogger(__name__)


class SupabaseNotices:
    """The notices of all professionals; every method raises StoreUnavailable when the store cannot be reached."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def claim(self, *, limit: int, lease_seconds: int) -> list[Notice]:
        """Notices to send now, leased. Rounds whose time has come begin with it."""
        claimed = self._db.rpc("claim_alert_notices", {"limit": limit, "lease_seconds": lease_seconds})
        return [notice for row in claimed if (notice := _read(row)) is not None]

    def settle(self, notice: Notice, outcome: NoticeOutcome) -> str | None:
        """Keep what became of one.

        Returns:
            The status it has now: ``pending`` where it is tried again, ``failed`` where it is too late for that. None
            when its lease was lost and somebody else sends it.
        """
        answer = self._db.rpc(
            "settle_alert_notice",
            {
                "delivery_id": notice.delivery_id,
                "lease_id": notice.lease_id,
                "outcome": outcome.status,
                "reason": outcome.reason,
                "external_id": outcome.external_id,
                "channel_id": outcome.channel_id,
            },
        )
        return str(answer["status"]) if answer["outcome"] == "settled" else None


def _read(row: Mapping[str, Any]) -> Notice | None:
    """None for one that is not as it should be: it must not cost the others. Its lease ends, and it is tried again."""
    try:
        return Notice.model_validate(row)
    except ValidationError as exc:
        told = {"delivery_id": str(row.get("delivery_id")), "problems": exc.error_count()}
        logger.error("alert notice unreadable", extra=told)  # noqa: TRY400 - the traceback would quote the row
        return None
