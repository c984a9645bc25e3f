"""What the services of the clinic ask of the outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from dentalist.domain.alerts import Alert
from dentalist.domain.identity import Role
from dentalist.domain.team import Account, Member


class Clinics(Protocol):
    """The row of one professional."""

    def get(self) -> dict[str, Any]:
        """All of it, or ProfessionalNotFound."""

    def update(self, changes: Mapping[str, Any], *, actor_id: UUID) -> dict[str, Any]:
        """Change these columns, with an audit row of what differs, and answer all of it; ClinicChangeRefused."""


class Team(Protocol):
    """The members of one professional's team."""

    def list(self) -> list[Member]:
        """Those who are not revoked, in the order in which they came."""

    def find_account(self, email: str) -> Account | None:
        """Whose address this is."""

    def claim_invitation(self, user_id: UUID | None, *, actor_id: UUID) -> None:
        """Take one of the day's; ``user_id`` of whom is invited once more; TooManyInvitations."""

    def add(self, user_id: UUID, role: Role, *, actor_id: UUID) -> None:
        """Add, restore, or give another role; InvitationRefused."""

    def revoke(self, user_id: UUID, *, actor_id: UUID) -> None:
        """Take the membership away, or MemberNotFound."""


class Invitations(Protocol):
    """Accounts for people who have none yet."""

    def invite(self, email: str, *, redirect_to: str, data: Mapping[str, Any]) -> UUID | None:
        """Make an account and send its owner a link that leads to ``redirect_to``; None when there is one already."""

    def forget_password(self, user_id: UUID) -> None:
        """Make sure that nobody knows the password of an account; its owner chooses one by a link."""


class Alerts(Protocol):
    """The alerts of one professional."""

    def acknowledge(self, alert_id: UUID, *, actor_id: UUID) -> Alert:
        """Note who saw to it first, and answer it; AlertNotFound."""
