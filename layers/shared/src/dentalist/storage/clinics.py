"""The professionals' own rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dentalist.domain.clinic_errors import ClinicChangeRefused
from dentalist.domain.errors import ProfessionalNotFound
from dentalist.storage.database import Database


class SupabaseClinics:
    """One professional's row, as whoever asks may read it."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with ``db``; ``update`` needs the secret key's."""
        self._db = db
        self._professional_id = professional_id

    def get(self) -> dict[str, Any]:
        """The whole row.

        Raises:
            ProfessionalNotFound: none that the reader may see.
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select("professionals", "*", id=self._professional_id)
        if not rows:
            raise ProfessionalNotFound
        return rows[0]

    def update(self, changes: Mapping[str, Any], *, actor_id: UUID) -> dict[str, Any]:
        """Change columns, with an audit row of what differs, and answer the whole row; the same values change nothing.

        Raises:
            ClinicChangeRefused: a constraint of the host application's table says no.
            ProfessionalNotFound: there is none.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "update_clinic",
            {"professional_id": self._professional_id, "actor_id": actor_id, "changes": dict(changes)},
        )
        if answer["outcome"] == "not_found":
            raise ProfessionalNotFound
        if answer["outcome"] == "refused":
            raise ClinicChangeRefused
        clinic: dict[str, Any] = answer["clinic"]
        return clinic
