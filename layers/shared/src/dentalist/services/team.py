"""Who may work for a professional, and in which role."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.clinic_errors import InvitationRefused, MemberNotFound
from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.identity import Role
from dentalist.domain.team import Member
from dentalist.services.ports_clinic import Clinics, Invitations, Team


def add_member(
    email: str,
    role: Role,
    *,
    professional_id: UUID,
    actor_id: UUID,
    team: Team,
    invitations: Invitations,
    clinics: Clinics,
    redirect_to: str,
) -> Member:
    """Let somebody into the team, with an invitation when they have no account yet or never followed the last one.

    Somebody with an account is let in at once: which of both it was is nobody's business but theirs. Again with another
    role changes the role, and who was revoked is let in again. A day has room for so many, because strangers are
    written to.

    An account whose address nobody confirmed may have been made by anybody, who would know its password when the true
    owner of the address follows the link: that password is forgotten first.

    Args:
        email: of whom to let in.
        role: what they may do.
        professional_id: whose team it is; the ports are made for the same.
        actor_id: the owner who asks.
        team: its members.
        invitations: makes accounts.
        clinics: knows the name that the invitation mentions.
        redirect_to: the dashboard, where the invitation's link ends.

    Raises:
        InvitationRefused: it is the professional, or the one who asks.
        TooManyInvitations: wait until tomorrow.
        StoreUnavailable: the store or Supabase Auth cannot be reached. Asking again is safe.
    """
    account = team.find_account(email)
    if account is not None and account.user_id in (professional_id, actor_id):
        raise InvitationRefused
    unconfirmed = account.user_id if account and not account.confirmed else None
    team.claim_invitation(unconfirmed, actor_id=actor_id)
    user_id = account.user_id if account else None
    if unconfirmed is not None:
        invitations.forget_password(unconfirmed)
    if account is None or unconfirmed is not None:
        data = {"clinic_name": clinics.get()["name"]}
        user_id = invitations.invite(email, redirect_to=redirect_to, data=data) or user_id
    if user_id is None:
        user_id = _just_registered(email, team)
    team.add(user_id, role, actor_id=actor_id)
    return _member(user_id, team)


def _just_registered(email: str, team: Team) -> UUID:
    """Somebody who made an account between our look and our invitation."""
    account = team.find_account(email)
    if account is None:
        raise StoreUnavailable
    return account.user_id


def _member(user_id: UUID, team: Team) -> Member:
    found = next((member for member in team.list() if member.user_id == user_id), None)
    if found is None:  # revoked in this very moment
        raise MemberNotFound
    return found
