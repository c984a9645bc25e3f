"""The calendars beside the agenda: which there are, what is due in them, and how far they have been read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.accounts import LinkedAccount
from dentalist.domain.calendars import DueEvent, LinkedCalendars, RemoteEvent, SyncTurn
from dentalist.domain.errors import ProfessionalNotFound
from dentalist.storage.database import Database
from dentalist.storage.vault import Place, Vault

_FEEDS, _FEED_URL = "calendar_feeds", "feed_url_encrypted"


class SupabaseCalendars:
    """The calendars of one professional, and the address of their feed, which is sealed."""

    def __init__(self, db: Database, professional_id: UUID, vault: Vault) -> None:
        """Read and write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id
        self._vault = vault

    def find(self) -> LinkedCalendars:
        """Those that are linked now.

        Raises:
            ProfessionalNotFound: there is no such professional.
            ChannelDisconnected: there is a feed, and its address does not open.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        found = self._db.rpc("linked_calendars", {"professional_id": self._professional_id})
        if found is None:
            raise ProfessionalNotFound
        feed = found["feed"]
        return LinkedCalendars(
            timezone=found["timezone"],
            google=LinkedAccount.model_validate(found["google"]) if found["google"] else None,
            settings=found["settings"],
            feed_url=self._vault.open("google", self._place(UUID(feed["id"])), feed[_FEED_URL]) if feed else None,
        )

    def put(self, url: str | None, *, host: str | None, actor_id: UUID) -> None:
        """Keep the address of a feed in place of the one before; None takes it away. Audited with its host.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        feed_id = uuid4()
        sealed = None if url is None else self._vault.seal("google", self._place(feed_id), url)
        self._db.rpc(
            "put_calendar_feed",
            {
                "professional_id": self._professional_id,
                "actor_id": actor_id,
                "feed_id": feed_id,
                "host": host,
                _FEED_URL: sealed,
            },
        )

    def _place(self, feed_id: UUID) -> Place:
        return Place(self._professional_id, _FEEDS, feed_id, _FEED_URL)


class SupabaseFeedHost:
    """Where the feed of one professional comes from, which is no secret."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def find(self) -> str | None:
        """The host; None where there is no feed.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select(_FEEDS, "host", professional_id=self._professional_id)
        return str(rows[0]["host"]) if rows else None


class SupabaseEventBook:
    """The events of one professional's appointments."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def due(self, *, limit: int, lease_seconds: int, appointment_id: UUID | None = None) -> list[DueEvent]:
        """Events to write or to take away, leased: nobody else gets them meanwhile.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._ask(
            "claim_calendar_events", limit=limit, lease_seconds=lease_seconds, appointment_id=appointment_id
        )
        return [DueEvent.model_validate(row) for row in rows]

    def settle(self, event: DueEvent, outcome: str, *, etag: str | None = None) -> bool:
        """``done``, ``failed`` (again later) or ``released`` (not tried).

        Returns:
            False when the appointment changed meanwhile and is due again.

        Raises:
            StoreUnavailable: the store cannot be reached; the event becomes due again by itself.
        """
        answer = self._ask(
            "settle_calendar_event",
            appointment_id=event.appointment_id,
            event_id=event.event_id,
            revision=event.revision,
            outcome=outcome,
            etag=etag,
        )
        return bool(answer["outcome"] == "settled")

    def apply(self, event: RemoteEvent, *, seen_at: datetime) -> str:
        """Bring the agenda up to an event that was seen, not before ``seen_at``.

        Returns:
            cancelled, moved, conflict (told, the agenda stays), unchanged, foreign, or pending: look again later.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._ask(
            "apply_calendar_change",
            event_id=event.id,
            cancelled=event.is_cancelled,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            seen_at=seen_at,
        )
        return str(answer["outcome"])

    def rewrite_missing(self, event_ids: Collection[str], *, seen_at: datetime) -> int:
        """What a whole reading of the calendar did not show is written again; how many.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._ask("rewrite_missing_events", event_ids=list(event_ids), seen_at=seen_at)
        return int(answer["missing"])

    def _ask(self, function: str, **arguments: Any) -> Any:
        return self._db.rpc(function, {"professional_id": self._professional_id, **arguments})


class SupabaseSyncTurns:
    """Whose calendar is read next, of all professionals."""

    def __init__(self, db: Database) -> None:
        """Write with the secret key's ``db``."""
        self._db = db

    def claim(self, *, limit: int, lease_seconds: int, channel_id: UUID | None = None) -> list[SyncTurn]:
        """Turns at calendars whose time has come, leased; with ``channel_id`` only at that one, and at once.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        arguments = {"limit": limit, "lease_seconds": lease_seconds, "channel_id": channel_id}
        return [SyncTurn.model_validate(row) for row in self._db.rpc("claim_calendar_syncs", arguments)]

    def finish(self, turn: SyncTurn, *, sync_token: str | None, error: str | None = None) -> None:
        """End a turn. The token is where the next one begins, None where this one did; an error delays the next.

        Raises:
            StoreUnavailable: the store cannot be reached; the turn ends with its lease.
        """
        self._db.rpc(
            "finish_calendar_sync",
            {
                "professional_id": turn.account.professional_id,
                "channel_id": turn.account.channel_id,
                "lease_id": turn.lease_id,
                "sync_token": sync_token,
                "error": error,
            },
        )
