"""The templates of a professional's channels: what Meta told is written, and what a person may see is read."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from dentalist.domain.accounts import RemoteTemplate
from dentalist.domain.errors import ChannelNotFound
from dentalist.domain.template_review import DELETED, ReviewedTemplate
from dentalist.storage.database import Database

_COLUMNS = ",".join(ReviewedTemplate.model_fields)


class SupabaseTemplateBook:
    """Writes with the secret key; the professional, verified, is an argument of the SQL function."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Fix the professional."""
        self._db = db
        self._professional_id = professional_id

    def keep(self, channel_id: UUID, templates: Collection[RemoteTemplate], *, complete: bool) -> None:
        """Store what Meta told of the account of a channel, for every number of that account.

        Args:
            channel_id: one of the professional's.
            templates: as Meta lists them.
            complete: whether these are all: what is not among them is gone.

        Raises:
            ChannelNotFound: no such channel, or it was disconnected meanwhile.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._db.rpc(
            "keep_templates",
            {
                "professional_id": self._professional_id,
                "channel_id": channel_id,
                "templates": [template._asdict() for template in templates],
                "complete": complete,
            },
        )
        if answer["outcome"] != "kept":
            raise ChannelNotFound


class SupabaseChannelTemplates:
    """The templates that whoever asks may read."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with ``db``."""
        self._db = db
        self._professional_id = professional_id

    def of_channel(self, channel_id: UUID) -> list[ReviewedTemplate]:
        """Every template of a channel that Meta still has, in the order of their names.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return self._found(channel_id=channel_id)

    def of_every_channel(self) -> list[ReviewedTemplate]:
        """Every template that Meta still has, or had when its channel was taken off.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return self._found()

    def country(self) -> str | None:
        """The country of the professional.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select("professionals", "country", id=self._professional_id)
        return rows[0]["country"] if rows else None

    def _found(self, **equals: UUID) -> list[ReviewedTemplate]:
        rows = self._db.select("marketing_templates", _COLUMNS, professional_id=self._professional_id, **equals)
        found = [ReviewedTemplate.model_validate(row) for row in rows if row["status"] != DELETED]
        return sorted(found, key=lambda template: (template.name, template.language, template.channel_id))
