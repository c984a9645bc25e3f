"""Linking a Google calendar: an hour's token is worth nothing without the one that renews it."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.accounts import AccountKey, ChannelType, OAuthAttempt, TokenKind
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.linking_errors import ExchangeFailed, ProviderUnreachable, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.services.accounts.connect_calendar import connect_calendar
from dentalist.services.accounts.connect_channel import Linked
from tests.fakes_accounts import GOOGLE_SCOPES, FakeAccountBook, FakeGoogleLogin, StoredAccount, challenge_of

REDIRECT = "https://api.example.com/api/marketing/channels/oauth/callback"
VERIFIER = "v" * 86


class World:
    """A professional with nothing linked, whose attempt has a verifier."""

    def __init__(self) -> None:
        self.professional_id = uuid4()
        self.login, self.book = FakeGoogleLogin(), FakeAccountBook()

    def link(self, *, verifier: str | None = VERIFIER, **grant: Any) -> list[Linked]:
        self.login.issue("code", "token", redirect_uri=REDIRECT, challenge=challenge_of(VERIFIER), **grant)
        attempt = OAuthAttempt(uuid4(), self.professional_id, ChannelType.GOOGLE_CALENDAR, uuid4(), REDIRECT, verifier)
        return connect_calendar(attempt, "code", login=self.login, accounts=self.book.of(self.professional_id))

    @property
    def row(self) -> StoredAccount:
        (row,) = self.book.rows
        return row


@pytest.fixture
def world() -> World:
    return World()


def test_a_calendar_is_stored_with_both_tokens_and_its_name(world: World) -> None:
    (linked,) = world.link()

    row = world.row
    assert (row.key, row.channel_id) == (AccountKey(None), linked.channel_id)
    assert (row.access_token, row.refresh_token, row.token_kind) == ("token", "refresh-token", TokenKind.GOOGLE)
    assert row.facts["scopes"] == GOOGLE_SCOPES
    assert row.facts["display_name"] == "consultorio@example.com"


@pytest.mark.parametrize("missing", sorted(GOOGLE_SCOPES))
def test_every_permission_is_needed(world: World, missing: str) -> None:
    with pytest.raises(ScopeMissing):
        world.link(scopes=GOOGLE_SCOPES - {missing})

    assert world.book.rows == []


def test_permissions_that_were_not_told_are_those_that_were_asked_for(world: World) -> None:
    assert len(world.link(scopes=None)) == 1


def test_access_for_an_hour_only_is_refused_in_words(world: World) -> None:
    with pytest.raises(ExchangeFailed, match="an hour only"):
        world.link(refresh_token=None)

    assert world.book.rows == []


@pytest.mark.parametrize("verifier", [None, "another" * 12])
def test_a_code_without_its_verifier_is_worth_nothing(world: World, verifier: str | None) -> None:
    with pytest.raises(ExchangeFailed):
        world.link(verifier=verifier)

    assert world.book.rows == []


@pytest.mark.parametrize("failure", [ScopeMissing(), AccessLost(reason="permission"), ProviderUnreachable()])
def test_a_calendar_that_cannot_be_read_leaves_the_old_token(world: World, failure: Exception) -> None:
    before = replace(world.book.add(world.professional_id, ChannelType.GOOGLE_CALENDAR))
    world.login.failures["calendar_name"] = failure

    with pytest.raises(type(failure)):
        world.link()

    assert world.book.rows == [before]


def test_a_calendar_that_is_called_like_somebody_elses_is_linked_beside_it(world: World) -> None:
    other = World()
    other.login, other.book = world.login, world.book

    world.link()
    other.link()

    assert [row.professional_id for row in world.book.rows] == [world.professional_id, other.professional_id]
    assert {row.facts["display_name"] for row in world.book.rows} == {"consultorio@example.com"}


def test_another_calendar_takes_the_place_of_the_one_a_professional_has(world: World) -> None:
    known = world.book.add(
        world.professional_id,
        ChannelType.GOOGLE_CALENDAR,
        facts={"display_name": "old@example.com"},
        status=ChannelStatus.REAUTH_REQUIRED,
    )

    (linked,) = world.link()

    assert world.row is known
    assert (linked.channel_id, known.facts["display_name"]) == (known.channel_id, "consultorio@example.com")
