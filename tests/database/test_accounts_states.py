"""A link attempt is used once, within ten minutes, by the professional and for the channel it began with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.database.accounts_builders import CALLBACK, age, begin, claim_state, instant, make_member, make_professional
from tests.database.outbound_builders import Connect, Connection, race, rows, update, utc_now


@pytest.fixture
def ana(db: Connection) -> UUID:
    return make_professional(db)


def only_state(db: Connection) -> dict[str, Any]:
    (state,) = rows(db, "oauth_states")
    return state


def test_an_attempt_can_be_ended_for_ten_minutes(db: Connection, ana: UUID) -> None:
    left = instant(begin(db, ana)["expires_at"]) - utc_now()

    assert timedelta(minutes=9, seconds=50) < left <= timedelta(minutes=10)


def test_a_claim_answers_what_the_attempt_began_with(db: Connection, ana: UUID) -> None:
    attempt_id = uuid4()
    begin(db, ana, id=attempt_id)

    assert claim_state(db, "hash") == {
        "outcome": "claimed",
        "id": str(attempt_id),
        "professional_id": str(ana),
        "channel": "google_calendar",
        "actor_id": str(ana),
        "redirect_uri": CALLBACK,
        "code_verifier_encrypted": "v1.verifier",
    }


def test_a_state_is_used_up_with_its_verifier(db: Connection, ana: UUID) -> None:
    begin(db, ana)
    claim_state(db)

    assert claim_state(db) == {"outcome": "used"}
    state = only_state(db)
    assert state["used_at"] is not None
    assert state["code_verifier_encrypted"] is None


def test_one_of_sixteen_that_bring_the_same_state_gets_it(db: Connection, connect: Connect, ana: UUID) -> None:
    begin(db, ana)

    answers = race(connect, [claim_state] * 16)

    assert sorted(answer["outcome"] for answer in answers) == ["claimed"] + ["used"] * 15


def test_after_ten_minutes_the_attempt_is_over(db: Connection, ana: UUID) -> None:
    begin(db, ana)
    age(db, "oauth_states", "expires_at", timedelta(minutes=10, seconds=1), only_state(db)["id"])

    assert claim_state(db) == {"outcome": "expired"}
    assert only_state(db)["used_at"] is None


def test_a_used_state_stays_used_after_its_time(db: Connection, ana: UUID) -> None:
    begin(db, ana)
    claim_state(db)
    age(db, "oauth_states", "expires_at", timedelta(hours=1), only_state(db)["id"])

    assert claim_state(db) == {"outcome": "used"}


def test_a_forged_state_is_invalid(db: Connection, ana: UUID) -> None:
    begin(db, ana)

    assert claim_state(db, "another hash") == {"outcome": "invalid"}


def test_a_state_that_is_not_what_the_caller_names_is_invalid_and_stays_usable(db: Connection, ana: UUID) -> None:
    bruno = make_professional(db)
    begin(db, ana)

    for named in (
        {"professional_id": bruno},
        {"channel": "whatsapp"},
        {"professional_id": ana, "channel": "instagram"},
        {"professional_id": bruno, "channel": "google_calendar"},
    ):
        assert claim_state(db, **named) == {"outcome": "invalid"}
    assert claim_state(db, professional_id=ana, channel="google_calendar")["outcome"] == "claimed"


def test_an_owner_of_the_team_may_link(db: Connection, ana: UUID) -> None:
    begin(db, ana, actor_id=make_member(db, ana))

    assert claim_state(db)["outcome"] == "claimed"


@pytest.mark.parametrize("member", [{"role": "reception"}, {"role": "marketing"}, {"revoked_at": utc_now()}])
def test_whoever_is_no_owner_any_more_links_nothing(db: Connection, ana: UUID, member: dict[str, Any]) -> None:
    begin(db, ana, actor_id=make_member(db, ana, **member))

    assert claim_state(db) == {"outcome": "invalid"}
    assert only_state(db)["used_at"] is None


def test_an_owner_of_another_team_links_nothing_here(db: Connection, ana: UUID) -> None:
    bruno = make_professional(db)
    begin(db, ana, actor_id=bruno)

    assert claim_state(db) == {"outcome": "invalid"}


@pytest.mark.parametrize("enabled", [False, None])
def test_while_the_feature_is_off_nothing_is_linked(db: Connection, ana: UUID, enabled: bool | None) -> None:
    begin(db, ana)
    update(db, "professionals", ana, marketing_enabled=enabled)

    assert claim_state(db) == {"outcome": "invalid"}


def test_attempts_of_yesterday_are_forgotten(db: Connection, ana: UUID) -> None:
    begin(db, ana, "old")
    begin(db, ana, "recent")
    db.execute("update oauth_states set created_at = now() - interval '25 hours' where state_hash = 'old'")

    begin(db, ana, "new")

    assert {row["state_hash"] for row in rows(db, "oauth_states")} == {"recent", "new"}


def test_two_attempts_cannot_share_a_state(db: Connection, ana: UUID) -> None:
    begin(db, ana)

    with pytest.raises(psycopg.errors.UniqueViolation):
        begin(db, make_professional(db))
