"""Who asks: a signed-in person, acting for one professional in one role."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from dentalist.domain.errors import RoleNotAllowed


class Role(StrEnum):
    """What a member of a professional's team may do; the professional is the owner of their own."""

    OWNER = "owner"
    RECEPTION = "reception"
    MARKETING = "marketing"


@dataclass(frozen=True)
class Caller:
    """A verified person, and the professional for whom they act. The audit's actor is always the person.

    ``token`` reads the store as that person, under row level security.
    """

    professional_id: UUID
    user_id: UUID
    role: Role
    token: str = field(repr=False)

    def require(self, *roles: Role) -> None:
        """Let only these roles pass; the owner always does.

        Raises:
            RoleNotAllowed: the caller's role is none of them.
        """
        if self.role is not Role.OWNER and self.role not in roles:
            raise RoleNotAllowed
