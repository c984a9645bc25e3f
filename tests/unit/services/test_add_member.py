"""Letting somebody into a team."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.clinic_errors import InvitationRefused, TooManyInvitations
from dentalist.domain.identity import Role
from dentalist.domain.team import Account, Member
from dentalist.services.team import add_member
from tests.fakes_clinic import FakeClinics, FakeInvitations, FakeTeam

EMAIL = "recepcion@example.com"
DASHBOARD = "https://panel.example.com/"


class Practice:
    """A professional, the owner who asks, and an empty team."""

    def __init__(self) -> None:
        self.professional_id, self.actor_id = uuid4(), uuid4()
        self.team = FakeTeam()
        self.invitations = FakeInvitations(self.team)

    def add(self, email: str = EMAIL, role: Role = Role.RECEPTION, **overrides: Any) -> Member:
        asked: dict[str, Any] = {
            "professional_id": self.professional_id,
            "actor_id": self.actor_id,
            "team": self.team,
            "invitations": self.invitations,
            "clinics": FakeClinics(),
            "redirect_to": DASHBOARD,
        }
        return add_member(email, role, **{**asked, **overrides})

    def knows(self, user_id: UUID, *, confirmed: bool = True) -> UUID:
        self.team.accounts[EMAIL] = Account(user_id, confirmed)
        return user_id


def test_somebody_without_an_account_is_invited_to_the_dashboard_in_the_name_of_the_clinic() -> None:
    practice = Practice()

    member = practice.add()

    assert practice.invitations.sent == [
        {"email": EMAIL, "redirect_to": DASHBOARD, "data": {"clinic_name": "Clínica Sonrisas"}}
    ]
    assert practice.team.members == {member.user_id: Role.RECEPTION}
    assert practice.team.actors == [practice.actor_id]


def test_somebody_with_an_account_is_let_in_without_an_invitation() -> None:
    practice = Practice()
    known = practice.knows(uuid4())

    assert practice.add(role=Role.OWNER).user_id == known
    assert practice.team.members == {known: Role.OWNER}
    assert practice.invitations.sent == []


def test_who_never_followed_the_first_invitation_is_sent_another() -> None:
    practice = Practice()
    first = practice.add()

    again = practice.add(role=Role.MARKETING)

    assert len(practice.invitations.sent) == 2
    assert (again.user_id, again.role) == (first.user_id, Role.MARKETING)


def test_the_password_of_an_account_that_anybody_may_have_made_is_forgotten_before_its_address_is_written_to() -> None:
    practice = Practice()
    squatter = practice.knows(uuid4(), confirmed=False)

    assert practice.add().user_id == squatter

    assert practice.invitations.forgotten == [squatter]
    assert len(practice.invitations.sent) == 1


def test_the_password_of_somebody_who_confirmed_their_address_is_theirs() -> None:
    practice = Practice()
    practice.knows(uuid4())

    practice.add()

    assert practice.invitations.forgotten == []


def test_every_letting_in_takes_one_of_the_day_and_another_mail_one_of_the_persons() -> None:
    practice = Practice()

    first = practice.add()
    practice.add()
    practice.knows(first.user_id, confirmed=True)
    practice.add(role=Role.MARKETING)

    assert practice.team.claimed == [None, first.user_id, None]


@pytest.mark.parametrize("confirmed", [True, False, None])
def test_when_the_day_is_full_nobody_is_written_to_or_let_in(*, confirmed: bool | None) -> None:
    practice = Practice()
    if confirmed is not None:
        practice.knows(uuid4(), confirmed=confirmed)
    practice.team.is_full = True

    with pytest.raises(TooManyInvitations):
        practice.add()

    assert (practice.team.members, practice.invitations.sent, practice.invitations.forgotten) == ({}, [], [])


def test_who_registers_in_the_same_moment_is_let_in_with_their_own_account() -> None:
    practice = Practice()
    practice.invitations.rival = True

    member = practice.add()

    assert member.user_id == practice.team.accounts[EMAIL].user_id
    assert practice.invitations.sent == []


@pytest.mark.parametrize("who", ["professional_id", "actor_id"])
@pytest.mark.parametrize("confirmed", [True, False])
def test_nobody_invites_themself_nor_the_professional(who: str, *, confirmed: bool) -> None:
    practice = Practice()
    practice.knows(getattr(practice, who), confirmed=confirmed)

    with pytest.raises(InvitationRefused):
        practice.add()

    assert practice.team.members == {}
    assert practice.invitations.sent == []
