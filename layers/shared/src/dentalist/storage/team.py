"""Members of teams, and the accounts behind them."""

from __future__ import annotations

import builtins
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dentalist.domain.clinic_errors import InvitationRefused, MemberNotFound, TooManyInvitations
from dentalist.domain.identity import Role
from dentalist.domain.team import Account, Member
from dentalist.storage.database import Database


class SupabaseTeam:
    """The team of one professional. Accounts are Supabase Auth's, so this needs the secret key."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Read and write with the secret key's ``db``."""
        self._db = db
        self._professional_id = professional_id

    def list(self) -> builtins.list[Member]:
        """Who is not revoked, in the order in which they came.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return [_member(row) for row in self._db.rpc("team_of", {"professional_id": self._professional_id})]

    def find_account(self, email: str) -> Account | None:
        """Whose address this is, in any letter case.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        found = self._db.rpc("find_user_by_email", {"email": email})
        return Account(UUID(found["user_id"]), found["confirmed"]) if found else None

    def claim_invitation(self, user_id: UUID | None, *, actor_id: UUID) -> None:
        """Take one of the day's invitations, which is audited.

        Args:
            user_id: of whom never followed the last one; None for everybody else.
            actor_id: the owner who asks.

        Raises:
            TooManyInvitations: there are none left today, or none for this person.
            StoreUnavailable: the store cannot be reached.
        """
        arguments = {"user_id": user_id, "actor_id": actor_id}
        answer = self._db.rpc("claim_invitation", {"professional_id": self._professional_id, **arguments})
        if answer["outcome"] == "limited":
            raise TooManyInvitations(retry_after=timedelta(seconds=answer["retry_after_seconds"]))

    def add(self, user_id: UUID, role: Role, *, actor_id: UUID) -> None:
        """Add somebody, let in again who was revoked, or change a member's role; audited unless nothing changes.

        Raises:
            InvitationRefused: it is the professional, or the one who asks.
            StoreUnavailable: the store cannot be reached.
        """
        arguments = {"user_id": user_id, "role": role.value, "actor_id": actor_id}
        answer = self._db.rpc("add_member", {"professional_id": self._professional_id, **arguments})
        if answer["outcome"] == "refused":
            raise InvitationRefused

    def revoke(self, user_id: UUID, *, actor_id: UUID) -> None:
        """Take a membership away; it counts from the member's next request.

        Raises:
            MemberNotFound: nobody of the team, also when revoked before; the professional is no member.
            StoreUnavailable: the store cannot be reached.
        """
        arguments = {"user_id": user_id, "actor_id": actor_id}
        answer = self._db.rpc("revoke_member", {"professional_id": self._professional_id, **arguments})
        if answer["outcome"] == "not_found":
            raise MemberNotFound


def _member(row: dict[str, Any]) -> Member:
    return Member(
        user_id=UUID(row["user_id"]),
        email=row["email"],
        role=Role(row["role"]),
        invited_at=datetime.fromisoformat(row["invited_at"]),
        pending=row["pending"],
    )
