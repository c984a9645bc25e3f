"""The public contract of the system's own addresses."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class Health(BaseModel):
    """The API answers."""

    status: Literal["ok"]
    stage: str
