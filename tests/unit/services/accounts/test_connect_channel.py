"""A state is good once, for its own; what the dialog said decides the rest."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain import linking_errors
from dentalist.domain.accounts import ChannelType, OAuthAttempt
from dentalist.domain.errors import ChannelDisconnected, MetaError, MetaFault, OutcomeUnknown, StoreUnavailable
from dentalist.domain.linking_errors import AccessDenied, ExchangeFailed, StateInvalid, StateUsed
from dentalist.domain.sending_errors import AccessLost, MetaUnreachable, TokenDead
from dentalist.services.accounts.connect_channel import EmbeddedSignup, Linked, Returned, claim_attempt, connect_channel
from tests.fakes_accounts import STATE_LIFETIME, FakeOAuthStates

STATE = "s" * 43
PROFESSIONAL, ACTOR = uuid4(), uuid4()


@pytest.fixture
def states() -> FakeOAuthStates:
    """One attempt to link WhatsApp is under way."""
    states = FakeOAuthStates()
    states.begin(
        PROFESSIONAL,
        ChannelType.WHATSAPP,
        state=STATE,
        actor_id=ACTOR,
        redirect_uri="https://api.example.com/callback",
        code_verifier=None,
    )
    return states


def expired(states: FakeOAuthStates) -> None:
    states.now += STATE_LIFETIME


def replayed(states: FakeOAuthStates) -> None:
    claim_attempt(STATE, states=states)


def no_longer_owner(states: FakeOAuthStates) -> None:
    states.former_owners.add(ACTOR)


def nothing(_states: FakeOAuthStates) -> None:
    pass


@pytest.mark.parametrize(
    ("arrange", "state", "named", "refusal"),
    [
        (nothing, None, {}, linking_errors.StateInvalid),
        (nothing, "", {}, linking_errors.StateInvalid),
        (nothing, "forged" * 8, {}, linking_errors.StateInvalid),
        (nothing, STATE[:-1] + "x", {}, linking_errors.StateInvalid),
        (nothing, STATE, {"professional_id": uuid4()}, linking_errors.StateInvalid),
        (nothing, STATE, {"channel": ChannelType.INSTAGRAM}, linking_errors.StateInvalid),
        (no_longer_owner, STATE, {}, linking_errors.StateInvalid),
        (expired, STATE, {}, linking_errors.StateExpired),
        (replayed, STATE, {}, linking_errors.StateUsed),
    ],
    ids=["none", "empty", "forged", "altered", "cross-user", "cross-channel", "former owner", "expired", "replayed"],
)
def test_a_state_that_is_not_good_links_nothing(
    *,
    states: FakeOAuthStates,
    arrange: Callable[[FakeOAuthStates], None],
    state: str | None,
    named: dict[str, Any],
    refusal: type[Exception],
) -> None:
    arrange(states)

    with pytest.raises(refusal):
        claim_attempt(state, states=states, **named)


@pytest.mark.parametrize("named", [{"professional_id": uuid4()}, {"channel": ChannelType.GOOGLE_CALENDAR}])
def test_a_state_asked_for_by_somebody_else_stays_good_for_its_own(
    states: FakeOAuthStates, named: dict[str, Any]
) -> None:
    with pytest.raises(StateInvalid):
        claim_attempt(STATE, states=states, **named)

    attempt = claim_attempt(STATE, states=states, professional_id=PROFESSIONAL, channel=ChannelType.WHATSAPP)
    assert attempt.professional_id == PROFESSIONAL


def test_a_state_is_good_until_its_ten_minutes_end(states: FakeOAuthStates) -> None:
    states.now += STATE_LIFETIME - timedelta(seconds=1)

    assert claim_attempt(STATE, states=states).actor_id == ACTOR


def test_of_callbacks_one_after_the_other_the_first_wins(states: FakeOAuthStates) -> None:
    claim_attempt(STATE, states=states)

    def again(_number: int) -> type[Exception]:
        with pytest.raises(StateUsed) as refused:
            claim_attempt(STATE, states=states)
        return refused.type

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(again, range(4))) == {StateUsed}


# ---- what the dialog said


def attempt_of(channel: ChannelType = ChannelType.WHATSAPP) -> OAuthAttempt:
    return OAuthAttempt(uuid4(), PROFESSIONAL, channel, ACTOR, "https://api.example.com/callback")


class Recorder:
    """A linker that remembers what it was given."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.seen: list[tuple[UUID, str, EmbeddedSignup | None]] = []

    def __call__(self, attempt: OAuthAttempt, code: str, signup: EmbeddedSignup | None) -> list[Linked]:
        self.seen.append((attempt.id, code, signup))
        if self.failure is not None:
            raise self.failure
        return []


def test_the_code_reaches_the_linker_with_what_the_signup_told() -> None:
    linker, attempt, signup = Recorder(), attempt_of(), EmbeddedSignup("1", "2")

    connect_channel(attempt, Returned("code", signup=signup), linker=linker)

    assert linker.seen == [(attempt.id, "code", signup)]


@pytest.mark.parametrize(
    ("returned", "refusal"),
    [
        (Returned(error="access_denied"), AccessDenied),
        (Returned(code="code", error="access_denied"), AccessDenied),
        (Returned(error="server_error"), ExchangeFailed),
        (Returned(error="<script>"), ExchangeFailed),
        (Returned(error=""), ExchangeFailed),
        (Returned(), ExchangeFailed),
        (Returned(code=""), ExchangeFailed),
    ],
)
def test_without_a_code_nobody_is_asked(returned: Returned, refusal: type[Exception]) -> None:
    linker = Recorder()

    with pytest.raises(refusal):
        connect_channel(attempt_of(), returned, linker=linker)

    assert linker.seen == []


@pytest.mark.parametrize(
    "lost",
    [
        TokenDead(MetaFault(190), reason="password_changed"),
        AccessLost(reason="token_expired"),
        ChannelDisconnected(),
        OutcomeUnknown(),
    ],
)
def test_a_token_that_dies_while_it_is_proven_is_a_failed_exchange(lost: Exception) -> None:
    with pytest.raises(ExchangeFailed) as refused:
        connect_channel(attempt_of(), Returned("code"), linker=Recorder(lost))

    assert refused.value.__cause__ is lost


@pytest.mark.parametrize("failure", [MetaError(MetaFault(200)), MetaUnreachable(), StoreUnavailable(), AccessDenied()])
def test_every_other_failure_keeps_its_name(failure: Exception) -> None:
    with pytest.raises(type(failure)):
        connect_channel(attempt_of(), Returned("code"), linker=Recorder(failure))


def test_neither_code_nor_pin_is_in_what_a_log_would_print() -> None:
    printed = repr(Returned("the-code", signup=EmbeddedSignup("1", "2", "123456")))

    assert "the-code" not in printed
    assert "123456" not in printed
