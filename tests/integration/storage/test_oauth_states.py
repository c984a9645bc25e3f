"""Link attempts in the real store: one use, one owner, ten minutes, and nothing that a dump could replay."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from dentalist.domain.accounts import ChannelType, OAuthAttempt
from dentalist.domain.linking_errors import LinkingError, StateExpired, StateInvalid, StateUsed
from dentalist.outbound.aws.keys import KeyService
from dentalist.storage.database import Database
from dentalist.storage.oauth_states import SupabaseOAuthStates
from dentalist.storage.vault import Vault
from tests.database.outbound_builders import Clinic, insert, make_clinic, rows, update
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]
VERIFIER = "verifier-canary" * 4
REDIRECT = "https://api.example.com/api/marketing/channels/oauth/callback"


@pytest.fixture
def states(store: Database, keys: KeyService) -> SupabaseOAuthStates:
    return SupabaseOAuthStates(store, Vault(store, keys))


def state_of(clinic: Clinic) -> str:
    """A state of this clinic's: the store outlives the test."""
    return f"state-canary-{clinic.professional_id}"


def begin(states: SupabaseOAuthStates, clinic: Clinic, **overrides: Any) -> datetime:
    """The owner begins to link a calendar."""
    defaults = {
        "state": state_of(clinic),
        "actor_id": clinic.professional_id,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        "channel": ChannelType.GOOGLE_CALENDAR,
    }
    return states.begin(clinic.professional_id, **{**defaults, **overrides})


def test_an_attempt_comes_back_as_it_was_begun(states: SupabaseOAuthStates, clinic: Clinic, db: Connection) -> None:
    expires_at = begin(states, clinic)

    attempt = states.claim(state_of(clinic))

    (row,) = rows(db, "oauth_states", professional_id=clinic.professional_id)
    assert attempt == OAuthAttempt(
        id=row["id"],
        professional_id=clinic.professional_id,
        channel=ChannelType.GOOGLE_CALENDAR,
        actor_id=clinic.professional_id,
        redirect_uri=REDIRECT,
        code_verifier=VERIFIER,
    )
    assert expires_at == row["expires_at"]
    assert abs(expires_at - datetime.now(UTC) - timedelta(minutes=10)) < timedelta(seconds=30)


def test_neither_state_nor_verifier_can_be_read_from_a_dump(
    states: SupabaseOAuthStates, clinic: Clinic, db: Connection
) -> None:
    begin(states, clinic)

    dumped = db.execute("select oauth_states::text as text from oauth_states").fetchall()

    assert dumped
    assert not any("canary" in row["text"] for row in dumped)


def test_a_used_attempt_keeps_no_verifier(states: SupabaseOAuthStates, clinic: Clinic, db: Connection) -> None:
    begin(states, clinic)

    states.claim(state_of(clinic))

    (row,) = rows(db, "oauth_states", professional_id=clinic.professional_id)
    assert (row["code_verifier_encrypted"], row["used_at"] is None) == (None, False)


def test_metas_attempts_have_no_verifier(states: SupabaseOAuthStates, clinic: Clinic) -> None:
    begin(states, clinic, channel=ChannelType.WHATSAPP, code_verifier=None)

    assert states.claim(state_of(clinic)).code_verifier is None


def nothing(_db: Connection, _clinic: Clinic, _states: SupabaseOAuthStates) -> None:
    pass


def late(db: Connection, clinic: Clinic, _states: SupabaseOAuthStates) -> None:
    db.execute("update oauth_states set expires_at = now() where professional_id = %s", [clinic.professional_id])


def used(_db: Connection, clinic: Clinic, states: SupabaseOAuthStates) -> None:
    states.claim(state_of(clinic))


def switched_off(db: Connection, clinic: Clinic, _states: SupabaseOAuthStates) -> None:
    update(db, "professionals", clinic.professional_id, marketing_enabled=False)


def moved_to_another_tenant(db: Connection, clinic: Clinic, _states: SupabaseOAuthStates) -> None:
    other, own = make_clinic(db).professional_id, clinic.professional_id
    db.execute(
        "update oauth_states set professional_id = %s, actor_id = %s where professional_id = %s", [other, other, own]
    )


def tampered(db: Connection, clinic: Clinic, _states: SupabaseOAuthStates) -> None:
    (row,) = rows(db, "oauth_states", professional_id=clinic.professional_id)
    update(db, "oauth_states", row["id"], code_verifier_encrypted=row["code_verifier_encrypted"][:-2])


@pytest.mark.parametrize(
    ("arrange", "state", "named", "refusal"),
    [
        (nothing, "forged", {}, StateInvalid),
        (nothing, "\udcff\0", {}, StateInvalid),
        (nothing, None, {"professional_id": uuid4()}, StateInvalid),
        (nothing, None, {"channel": ChannelType.WHATSAPP}, StateInvalid),
        (switched_off, None, {}, StateInvalid),
        (moved_to_another_tenant, None, {}, StateInvalid),
        (tampered, None, {}, StateInvalid),
        (late, None, {}, StateExpired),
        (used, None, {}, StateUsed),
    ],
)
def test_a_state_that_is_not_good_is_refused_by_name(
    *,
    states: SupabaseOAuthStates,
    clinic: Clinic,
    db: Connection,
    arrange: Callable[[Connection, Clinic, SupabaseOAuthStates], None],
    state: str | None,
    named: dict[str, Any],
    refusal: type[LinkingError],
) -> None:
    begin(states, clinic)
    arrange(db, clinic, states)

    with pytest.raises(refusal):
        states.claim(state or state_of(clinic), **named)


@pytest.mark.parametrize("named", [{"professional_id": uuid4()}, {"channel": ChannelType.INSTAGRAM}])
def test_a_state_asked_for_by_somebody_else_stays_good_for_its_own(
    states: SupabaseOAuthStates, clinic: Clinic, named: dict[str, Any]
) -> None:
    begin(states, clinic)
    with pytest.raises(StateInvalid):
        states.claim(state_of(clinic), **named)

    own = {"professional_id": clinic.professional_id, "channel": ChannelType.GOOGLE_CALENDAR}
    assert states.claim(state_of(clinic), **own).code_verifier == VERIFIER


def member(db: Connection, clinic: Clinic, role: str) -> UUID:
    user_id = uuid4()
    insert(db, "auth.users", id=user_id, email=f"{user_id}@example.com")
    insert(db, "professional_members", professional_id=clinic.professional_id, user_id=user_id, role=role)
    return user_id


def test_a_member_may_end_what_they_began_while_they_are_an_owner(
    states: SupabaseOAuthStates, clinic: Clinic, db: Connection
) -> None:
    owner = member(db, clinic, "owner")
    begin(states, clinic, actor_id=owner)
    second = f"second-{state_of(clinic)}"
    begin(states, clinic, actor_id=owner, state=second)

    assert states.claim(state_of(clinic)).actor_id == owner
    db.execute("update professional_members set revoked_at = now() where user_id = %s", [owner])
    with pytest.raises(StateInvalid):
        states.claim(second)


def test_of_many_callbacks_at_once_one_gets_the_state(
    supabase: SupabaseServer, keys: KeyService, states: SupabaseOAuthStates, clinic: Clinic
) -> None:
    begin(states, clinic)

    def come_back(_number: int) -> str:
        with httpx.Client(timeout=20) as http:
            store = Database(supabase.url, supabase.secret_key, http=http)
            try:
                return SupabaseOAuthStates(store, Vault(store, keys)).claim(state_of(clinic)).code_verifier or ""
            except StateUsed:
                return "used"

    with ThreadPoolExecutor(8) as browsers:
        endings = list(browsers.map(come_back, range(8)))

    assert sorted(endings) == ["used"] * 7 + [VERIFIER]
