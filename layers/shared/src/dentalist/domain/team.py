"""The people who work for a professional."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from dentalist.domain.identity import Role


@dataclass(frozen=True)
class Member:
    """Somebody of the team who is not revoked. ``pending``: has never signed in."""

    user_id: UUID
    email: str = field(repr=False)
    role: Role
    invited_at: datetime
    pending: bool


class Account(NamedTuple):
    """Somebody who is known to Supabase Auth; ``confirmed`` once they followed a link sent to their address."""

    user_id: UUID
    confirmed: bool
