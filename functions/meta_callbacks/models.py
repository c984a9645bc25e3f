"""The public contract of Meta's callbacks."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel

from dentalist.domain.privacy import DataDeletion


class Deauthorized(BaseModel):
    """Meta looks at the status alone."""

    status: str = "ok"


class DeletionAccepted(BaseModel):
    """Where the person can see what became of their request, as Meta shows it to them."""

    url: str
    confirmation_code: str


class DeletionStatus(BaseModel):
    """What became of a request; for whoever asks with ``Accept: application/json``."""

    confirmation_code: str
    status: str
    requested_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, deletion: DataDeletion) -> Self:
        """The answer for a request."""
        return cls.model_validate(deletion, from_attributes=True)
