"""The templates of a channel, as Meta reported them last."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.errors import TemplateNotFound
from dentalist.domain.templates import Template
from dentalist.storage.database import Database

_COLUMNS = ",".join(Template.model_fields)


class SupabaseTemplates:
    """Templates of one professional, as whoever asks may read them."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read with ``db``."""
        self._db = db
        self._professional_id = professional_id

    def get(self, channel_id: UUID, name: str, language: str) -> Template:
        """One template by name and language.

        Raises:
            TemplateNotFound: none on this channel.
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._db.select(
            "marketing_templates",
            _COLUMNS,
            professional_id=self._professional_id,
            channel_id=channel_id,
            name=name,
            language=language,
        )
        if not rows:
            raise TemplateNotFound
        return Template.model_validate(rows[0])
