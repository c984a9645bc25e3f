"""A clinic's profile, team and alerts in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.alerts import Alert
from dentalist.domain.clinic_errors import AlertNotFound, MemberNotFound, TooManyInvitations
from dentalist.domain.identity import Role
from dentalist.domain.team import Account, Member

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def make_profile(**columns: Any) -> dict[str, Any]:
    """A row of ``professionals`` with nothing optional filled in."""
    row = {
        "id": str(uuid4()),
        "name": "Clínica Sonrisas",
        "email": "ana@example.com",
        "timezone": "America/Argentina/Buenos_Aires",
        "marketing_enabled": True,
    }
    return {**row, **columns}


def make_alert(**overrides: Any) -> Alert:
    """An alert that somebody saw to."""
    defaults: dict[str, Any] = {
        "id": uuid4(),
        "kind": "handoff",
        "severity": "warning",
        "message": "El asistente dejó una conversación para que la siga una persona.",
        "entity_type": "conversation",
        "entity_id": uuid4(),
        "created_at": NOW,
        "acknowledged_at": NOW,
        "acknowledged_by": uuid4(),
    }
    return Alert(**{**defaults, **overrides})


@dataclass
class FakeClinics:
    """One row; remembers what was changed by whom."""

    row: dict[str, Any] = field(default_factory=make_profile)
    refusal: Exception | None = None
    changed: list[tuple[dict[str, Any], UUID]] = field(default_factory=list)

    def get(self) -> dict[str, Any]:
        return self.row

    def update(self, changes: Mapping[str, Any], *, actor_id: UUID) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        self.changed.append((dict(changes), actor_id))
        self.row = {**self.row, **changes}
        return self.row


@dataclass
class FakeFeeds:
    """The feed of a clinic, with who put what."""

    put_by: list[tuple[str | None, UUID]] = field(default_factory=list)
    shown: str | None = None

    def put(self, url: str | None, *, host: str | None, actor_id: UUID) -> None:
        self.put_by.append((url, actor_id))
        self.shown = host


@dataclass
class FakeTeam:
    """Accounts by address, and the members among them."""

    accounts: dict[str, Account] = field(default_factory=dict)
    members: dict[UUID, Role] = field(default_factory=dict)
    actors: list[UUID] = field(default_factory=list)
    claimed: list[UUID | None] = field(default_factory=list)
    is_full: bool = False

    def claim_invitation(self, user_id: UUID | None, *, actor_id: UUID) -> None:  # noqa: ARG002 - the port's
        if self.is_full:
            raise TooManyInvitations(retry_after=timedelta(hours=3))
        self.claimed.append(user_id)

    def list(self) -> list[Member]:
        addresses = {account.user_id: email for email, account in self.accounts.items()}
        return [
            Member(user_id, addresses.get(user_id, "?"), role, NOW, pending=True)
            for user_id, role in self.members.items()
        ]

    def find_account(self, email: str) -> Account | None:
        return self.accounts.get(email)

    def add(self, user_id: UUID, role: Role, *, actor_id: UUID) -> None:
        self.actors.append(actor_id)
        self.members[user_id] = role

    def revoke(self, user_id: UUID, *, actor_id: UUID) -> None:
        self.actors.append(actor_id)
        if self.members.pop(user_id, None) is None:
            raise MemberNotFound


@dataclass
class FakeInvitations:
    """Makes accounts for addresses that have none; ``rival`` registers between the look and the invitation."""

    team: FakeTeam
    rival: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)
    forgotten: list[UUID] = field(default_factory=list)

    def forget_password(self, user_id: UUID) -> None:
        self.forgotten.append(user_id)

    def invite(self, email: str, *, redirect_to: str, data: Mapping[str, Any]) -> UUID | None:
        known = self.team.accounts.get(email)
        if self.rival:
            self.team.accounts[email] = Account(uuid4(), confirmed=True)
            return None
        if known is not None and known.confirmed:
            return None
        account = known or Account(uuid4(), confirmed=False)
        self.team.accounts[email] = account
        if known is not None:
            assert account.user_id in self.forgotten, "the link would open an account whose password somebody knows"
        self.sent.append({"email": email, "redirect_to": redirect_to, "data": dict(data)})
        return account.user_id


@dataclass
class FakeAlerts:
    """The alerts there are."""

    alerts: dict[UUID, Alert] = field(default_factory=dict)
    seen_by: list[UUID] = field(default_factory=list)

    def acknowledge(self, alert_id: UUID, *, actor_id: UUID) -> Alert:
        if alert_id not in self.alerts:
            raise AlertNotFound
        self.seen_by.append(actor_id)
        return self.alerts[alert_id]
