"""Sixty days and more of idle accounts, and providers that fail in every order."""

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.accounts import ChannelType, TokenKind
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import DomainError, MetaError, MetaFault, RateLimited, StoreUnavailable
from dentalist.domain.linking_errors import ProviderUnreachable, TooYoungToRefresh
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable
from tests.care_world import CareWorld
from tests.strict_providers import LIFE

WHATSAPP, INSTAGRAM, GOOGLE = ChannelType.WHATSAPP, ChannelType.INSTAGRAM, ChannelType.GOOGLE_CALENDAR
REFRESHABLE = [(WHATSAPP, TokenKind.SYSTEM), (WHATSAPP, TokenKind.USER), (INSTAGRAM, TokenKind.INSTAGRAM)]


@pytest.mark.parametrize(("channel", "kind"), REFRESHABLE)
@pytest.mark.parametrize("days", [60, 200])
def test_no_refreshable_token_of_an_idle_account_ever_ends(channel: ChannelType, kind: TokenKind, days: int) -> None:
    care = CareWorld(channel, kind=kind)
    renewed: list[tuple[datetime, datetime, datetime]] = []
    for _ in range(days):
        issued_at, ends_at = care.token.issued_at, care.token.ends_at
        assert ends_at is not None
        if care.look_after(1).is_renewed:
            renewed.append((issued_at, care.world.now, ends_at))
        care.look()
        assert care.world.is_good(care.token.text)

    assert len(renewed) == days // 30
    assert all(issued_at + LIFE / 2 <= at < ends_at for issued_at, at, ends_at in renewed)
    assert (care.row.status, care.marked, care.alerts) == (ChannelStatus.CONNECTED, [], [])


def test_a_token_without_an_end_and_a_calendar_live_through_sixty_idle_days() -> None:
    for care in (CareWorld(life=None), CareWorld(GOOGLE)):
        for _ in range(60):
            care.look_after(1)

        assert (care.row.status, care.marked, care.alerts) == (ChannelStatus.CONNECTED, [], [])
    assert care.world.used["google_refresh"] == 60
    assert care.world.is_good(care.token.text)


@pytest.mark.parametrize(("channel", "kind"), REFRESHABLE)
def test_a_token_that_its_provider_does_not_put_off_is_warned_about_once_per_threshold_and_then_dead(
    channel: ChannelType, kind: TokenKind
) -> None:
    care = CareWorld(channel, kind=kind)
    care.world.extends = False
    days_told: dict[int, float] = {}
    for day in range(1, 61):
        before = len(care.alerts)
        care.look_after(1)
        care.look()
        for alert in care.alerts[before:]:
            days_told[int(alert.dedup_key.rsplit(":", 1)[1])] = 60 - day

    assert days_told == {14: 14, 7: 7, 1: 1}
    assert (care.row.status, care.row.status_reason) == (ChannelStatus.REAUTH_REQUIRED, "token_expired")
    assert len(care.marked) == 1


@pytest.mark.parametrize("gap", [2, 7, 13, 29])
def test_days_without_a_look_do_not_cost_a_token(gap: int) -> None:
    care = CareWorld(INSTAGRAM)
    for _ in range(300 // gap):
        care.look_after(gap)
        assert care.world.is_good(care.token.text)


CALLS = ["inspect", "extend", "number", "is_subscribed", "account", "refresh", "google_refresh", "calendar_name"]
FAILURES: list[DomainError] = [
    MetaTransient(MetaFault(2)),
    MetaUnreachable(),
    RateLimited(),
    ProviderUnreachable(),
    TooYoungToRefresh(),
    MetaError(MetaFault(100)),
]
# What may be wrong with a new token that is not proven, as far as its provider can tell.
SPOILS: dict[ChannelType, list[dict[str, object]]] = {
    WHATSAPP: [
        {},
        {"app_id": "another-app"},
        {"dead_because": "app_removed"},
        {"scopes": frozenset({"whatsapp_business_management"})},
        {"number_visible": False},
    ],
    INSTAGRAM: [{}, {"dead_because": "checkpoint"}, {"holder": "somebody-else"}],
    GOOGLE: [{}, {"dead_because": "permission"}, {"scopes": frozenset({"openid"})}],
}
PROOFS = {
    WHATSAPP: {"inspect", "extend", "number"},
    INSTAGRAM: {"account", "refresh"},
    GOOGLE: {"google_refresh", "calendar_name"},
}


class Day(NamedTuple):
    """What goes wrong on a day, and how long after the one before it comes."""

    gap: float
    troubles: dict[str, Exception]
    spoils: int
    extends: bool
    store_fails: bool  # at the worst moment
    force: bool  # a person asks for it


DAYS = st.lists(
    st.builds(
        Day,
        gap=st.sampled_from([0, 0.4, 1, 3, 8]),
        troubles=st.dictionaries(st.sampled_from(CALLS), st.sampled_from(FAILURES), max_size=3),
        spoils=st.integers(0, 4),
        extends=st.booleans(),
        store_fails=st.booleans(),
        force=st.booleans(),
    ),
    max_size=12,
)


@pytest.mark.parametrize(("channel", "kind"), [*REFRESHABLE, (GOOGLE, TokenKind.GOOGLE)])
@settings(max_examples=80, deadline=None)
@given(days=DAYS)
def test_a_good_token_is_never_given_away_for_an_unproven_one(
    channel: ChannelType, kind: TokenKind, days: list[Day]
) -> None:
    care = CareWorld(channel, kind=kind)
    world, spoils = care.world, SPOILS[channel]
    for day in days:
        world.now += timedelta(days=day.gap)
        world.troubles, world.extends = dict(day.troubles), day.extends
        world.spoils = spoils[day.spoils % len(spoils)]
        care.book.failures = {"replace_token": StoreUnavailable()} if day.store_fails else {}
        before = care.token
        was_good = world.is_good(before.text)
        try:
            care.look(force=day.force)
        except StoreUnavailable:
            assert care.token is before
        after = care.token
        if after is before:
            continue
        assert world.is_good(after.text), "what replaces a token works"
        assert (after.app_id, after.holder, after.number_visible) == (before.app_id, before.holder, True)
        assert after.scopes.issuperset(before.scopes)
        assert not day.troubles.keys() & PROOFS[channel], "nothing is proven while its proof fails"
        if channel is not GOOGLE:  # whose hour has mostly passed, and whose lasting token is another
            assert was_good
            assert before.ends_at is not None
            assert after.ends_at is not None
            assert after.ends_at > before.ends_at
