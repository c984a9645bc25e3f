"""Members of a team: let in, given another role, revoked, and every time written down."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.database.outbound_builders import Connect, Connection, insert, make_clinic, race, rows, rpc
from tests.database.people import become

ROLES = ("owner", "reception", "marketing")


class Team:
    """A professional, an owner who acts for them, and people who can be let in."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.professional_id = make_clinic(db).professional_id
        self.actor_id = make_user(db)

    def add(self, user_id: UUID, role: str = "reception", *, actor_id: UUID | None = None) -> str:
        actor = actor_id or self.actor_id
        asked = {"professional_id": self.professional_id, "user_id": user_id, "role": role, "actor_id": actor}
        return str(rpc(self.db, "add_member", **asked)["outcome"])

    def revoke(self, user_id: UUID) -> str:
        asked = {"professional_id": self.professional_id, "user_id": user_id, "actor_id": self.actor_id}
        return str(rpc(self.db, "revoke_member", **asked)["outcome"])

    def listed(self) -> dict[str, str]:
        return {row["user_id"]: row["role"] for row in rpc(self.db, "team_of", professional_id=self.professional_id)}

    def audited(self) -> list[tuple[str, dict[str, Any]]]:
        found = rows(self.db, "marketing_audit_logs", professional_id=self.professional_id, entity_type="member")
        assert {row["actor_id"] for row in found} <= {self.actor_id}
        return [(row["action"], row["payload"]) for row in found]

    def reads_as(self, user_id: UUID) -> bool:
        """Whether row level security lets this person see the professional's row."""
        with self.db.transaction(force_rollback=True):
            become(self.db, "authenticated", user_id)
            return bool(rows(self.db, "professionals", id=self.professional_id))


def make_user(db: Connection, **columns: Any) -> UUID:
    user_id = uuid4()
    insert(db, "auth.users", id=user_id, **{"email": f"{user_id}@example.com", **columns})
    return user_id


@pytest.fixture
def team(db: Connection) -> Team:
    return Team(db)


@pytest.mark.parametrize("role", ROLES)
def test_somebody_let_in_is_listed_reads_and_is_audited(db: Connection, team: Team, role: str) -> None:
    person = make_user(db)
    assert team.reads_as(person) is False

    assert team.add(person, role) == "added"

    assert team.listed() == {str(person): role}
    assert team.reads_as(person) is True
    assert team.audited() == [("member.added", {"user_id": str(person), "role": role})]
    (row,) = rows(db, "professional_members", user_id=person)
    assert row["invited_by"] == team.actor_id


def test_another_role_replaces_the_first_and_the_same_one_changes_nothing(db: Connection, team: Team) -> None:
    person = make_user(db)
    team.add(person, "reception")

    assert [team.add(person, "reception"), team.add(person, "owner")] == ["unchanged", "role_changed"]

    assert team.listed() == {str(person): "owner"}
    assert team.audited()[1:] == [
        ("member.role_changed", {"user_id": str(person), "role": "owner", "previous_role": "reception"})
    ]


def test_who_is_revoked_reads_nothing_from_that_moment_and_can_be_let_in_again(db: Connection, team: Team) -> None:
    person = make_user(db)
    team.add(person, "marketing")

    assert team.revoke(person) == "revoked"
    assert (team.listed(), team.reads_as(person)) == ({}, False)

    assert team.add(person, "reception") == "restored"
    assert (team.listed(), team.reads_as(person)) == ({str(person): "reception"}, True)
    assert team.audited()[1:] == [
        ("member.revoked", {"user_id": str(person), "role": "marketing"}),
        ("member.added", {"user_id": str(person), "role": "reception", "restored": True}),
    ]


def test_who_is_no_member_or_none_any_more_cannot_be_revoked(db: Connection, team: Team) -> None:
    person, other = make_user(db), Team(db)
    other.add(person)

    assert [team.revoke(person), team.revoke(uuid4())] == ["not_found", "not_found"]
    assert other.revoke(person) == "revoked"
    assert other.revoke(person) == "not_found"
    assert other.reads_as(person) is False
    assert team.audited() == []


def test_nobody_gives_themself_a_role_and_the_professional_needs_none(db: Connection, team: Team) -> None:
    person = make_user(db)

    assert team.add(team.professional_id) == "refused"
    assert team.add(person, actor_id=person) == "refused"
    assert team.listed() == {}


def test_the_professional_is_not_a_member_of_the_own_team_whatever_a_row_says(db: Connection, team: Team) -> None:
    insert(db, "professional_members", professional_id=team.professional_id, user_id=team.professional_id, role="owner")

    assert team.listed() == {}
    assert team.revoke(team.professional_id) == "not_found"


def test_a_role_that_does_not_exist_is_a_mistake_of_ours(db: Connection, team: Team) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        team.add(make_user(db), "admin")


def test_two_owners_who_let_the_same_person_in_at_once_make_one_member(
    db: Connection, team: Team, connect: Connect
) -> None:
    person = make_user(db)
    asked = {"professional_id": team.professional_id, "user_id": person, "actor_id": team.actor_id}

    outcomes = race(
        connect, [lambda own, role=role: rpc(own, "add_member", **asked, role=role)["outcome"] for role in ROLES]
    )

    assert sorted(outcomes)[0] == "added"
    assert set(outcomes) <= {"added", "role_changed"}
    assert len(rows(db, "professional_members", user_id=person)) == 1
    assert len(team.audited()) == len(ROLES)


def test_a_member_is_pending_until_the_first_sign_in(db: Connection, team: Team) -> None:
    new, old = make_user(db), make_user(db, last_sign_in_at="2026-11-20T12:00:00Z")
    team.add(new)
    team.add(old)

    listed = rpc(db, "team_of", professional_id=team.professional_id)

    assert [(row["user_id"], row["pending"]) for row in listed] == [(str(new), True), (str(old), False)]
    assert listed[0].keys() == {"user_id", "email", "role", "invited_at", "pending"}
    assert listed[0]["email"] == f"{new}@example.com"


# ---- how many a day --------------------------------------------------------------------------------------------------


def claim(db: Connection, team: Team, user_id: UUID | None = None) -> tuple[str, int | None]:
    asked = {"professional_id": team.professional_id, "actor_id": team.actor_id, "user_id": user_id}
    answer = rpc(db, "claim_invitation", **asked)
    return answer["outcome"], answer.get("retry_after_seconds")


def invite_at(db: Connection, team: Team, hours_ago: float, times: int, **payload: str) -> None:
    """Invitations of the past; the audit takes no changes."""
    for _ in range(times):
        insert(
            db, "marketing_audit_logs", professional_id=team.professional_id, entity_type="professional",
            entity_id=team.professional_id, action="member.invited", actor_id=team.actor_id, payload=payload,
            created_at=datetime.now(UTC) - timedelta(hours=hours_ago),
        )  # fmt: skip


def test_a_professional_lets_in_so_many_a_day(db: Connection, team: Team) -> None:
    invite_at(db, team, 25, 100)
    invite_at(db, team, 20, 49)

    assert claim(db, team) == ("claimed", None)
    outcome, seconds = claim(db, team)

    assert outcome == "limited"
    assert seconds is not None
    assert 0 <= seconds - (4 * 3600 - 60) <= 120
    assert claim(db, Team(db)) == ("claimed", None), "another professional has a day of their own"


def test_somebody_who_never_answers_is_written_to_so_often_a_day(db: Connection, team: Team) -> None:
    person, other = make_user(db), make_user(db)
    invite_at(db, team, 23, 1, user_id=str(person))
    invite_at(db, team, 2, 3, user_id=str(person))

    assert claim(db, team, person) == ("claimed", None)
    outcome, seconds = claim(db, team, person)

    assert outcome == "limited"
    assert seconds is not None
    assert 0 <= seconds - (3600 - 60) <= 120
    assert claim(db, team, other) == claim(db, team) == ("claimed", None)


def test_an_invitation_is_audited_by_ids_alone(db: Connection, team: Team) -> None:
    person = make_user(db)
    claim(db, team)
    claim(db, team, person)

    found = rows(db, "marketing_audit_logs", professional_id=team.professional_id, action="member.invited")
    assert [(row["actor_id"], row["payload"]) for row in found] == [
        (team.actor_id, {}),
        (team.actor_id, {"user_id": str(person)}),
    ]


def test_many_at_once_find_no_more_room_than_one_after_the_other(db: Connection, team: Team, connect: Connect) -> None:
    invite_at(db, team, 1, 47)

    outcomes = race(connect, [lambda own: claim(own, team)[0] for _ in range(8)])

    assert sorted(outcomes) == ["claimed"] * 3 + ["limited"] * 5


def test_an_account_is_found_by_its_address_in_any_letter_case(db: Connection) -> None:
    confirmed = make_user(db, email="ana@example.com", email_confirmed_at="2026-11-20T12:00:00Z")
    invited = make_user(db, email="beto@example.com")

    def found(email: str) -> Any:
        return rpc(db, "find_user_by_email", email=email)

    assert found(" Ana@Example.com ") == {"user_id": str(confirmed), "confirmed": True}
    assert found("beto@example.com") == {"user_id": str(invited), "confirmed": False}
    assert found("a%@example.com") is None


def test_of_two_accounts_with_one_address_the_one_with_a_password_is_meant(db: Connection) -> None:
    make_user(db, email="ana@example.com", is_sso_user=True, created_at="2026-01-01T00:00:00Z")
    own = make_user(db, email="ana@example.com", created_at="2026-02-01T00:00:00Z")

    assert rpc(db, "find_user_by_email", email="ana@example.com")["user_id"] == str(own)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize("call", ["find_user_by_email('a@example.com')", "team_of(gen_random_uuid())"])
def test_no_visitor_or_user_asks_who_has_an_account(db: Connection, role: str, call: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
        become(db, role)
        db.execute(f"select public.{call}")
