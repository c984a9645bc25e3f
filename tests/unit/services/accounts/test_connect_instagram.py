"""Linking an Instagram account: short token, long token, account, webhooks, store."""

from dataclasses import replace
from uuid import uuid4

import pytest

from dentalist.domain.accounts import AccountKey, ChannelType, Grant, InstagramAccount, OAuthAttempt, TokenKind
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import MetaError, MetaFault
from dentalist.domain.linking_errors import AccountAlreadyLinked, AccountNotVisible, ExchangeFailed, ScopeMissing
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts.connect_channel import Linked
from dentalist.services.accounts.connect_instagram import connect_instagram
from tests.fakes_accounts import INSTAGRAM_ID, INSTAGRAM_SCOPES, FakeAccountBook, FakeInstagramLogin, StoredAccount

REDIRECT = "https://api.example.com/api/marketing/channels/oauth/callback"


class World:
    """A professional with nothing linked."""

    def __init__(self) -> None:
        self.professional_id, self.actor_id = uuid4(), uuid4()
        self.login, self.book = FakeInstagramLogin(), FakeAccountBook()

    def connect(self, code: str = "code") -> list[Linked]:
        attempt = OAuthAttempt(uuid4(), self.professional_id, ChannelType.INSTAGRAM, self.actor_id, REDIRECT)
        return connect_instagram(attempt, code, login=self.login, accounts=self.book.of(self.professional_id))

    @property
    def row(self) -> StoredAccount:
        (row,) = self.book.rows
        return row


@pytest.fixture
def world() -> World:
    return World()


def test_an_account_is_stored_with_its_long_token_under_the_id_of_webhooks(world: World) -> None:
    long = world.login.issue("code", redirect_uri=REDIRECT)

    (linked,) = world.connect()

    row = world.row
    assert (row.key, row.channel_id, row.linked_by) == (AccountKey(INSTAGRAM_ID), linked.channel_id, world.actor_id)
    assert (row.access_token, row.token_kind) == (long, TokenKind.INSTAGRAM)
    assert row.meta_user_id == "app-scoped", "only the first exchange tells it"
    assert row.facts["token_expires_at"] == world.login.extended["short-code"].expires_at
    assert (row.facts["scopes"], row.facts["display_name"]) == (INSTAGRAM_SCOPES, "consultorio")
    assert world.login.subscribed == {INSTAGRAM_ID}


@pytest.mark.parametrize("missing", sorted(INSTAGRAM_SCOPES))
def test_every_permission_is_needed(world: World, missing: str) -> None:
    world.login.issue("code", redirect_uri=REDIRECT, scopes=INSTAGRAM_SCOPES - {missing})

    with pytest.raises(ScopeMissing):
        world.connect()

    assert (world.book.rows, world.login.subscribed) == ([], set())


def test_permissions_that_were_not_told_are_not_missing(world: World) -> None:
    world.login.issue("code", redirect_uri=REDIRECT, scopes=None)

    assert len(world.connect()) == 1


@pytest.mark.parametrize("kind", ["PERSONAL", "Personal"])
def test_a_personal_account_is_told_to_become_professional(world: World, kind: str) -> None:
    world.login.issue("code", redirect_uri=REDIRECT, account=InstagramAccount("1", "ana", account_type=kind))

    with pytest.raises(AccountNotVisible, match="professional"):
        world.connect()

    assert (world.book.rows, world.login.subscribed) == ([], set())


def test_an_account_of_somebody_else_is_refused_and_stays_theirs(world: World) -> None:
    world.login.issue("code", redirect_uri=REDIRECT)
    theirs = replace(world.book.add(uuid4(), ChannelType.INSTAGRAM))

    with pytest.raises(AccountAlreadyLinked):
        world.connect()

    assert world.book.rows == [theirs]
    assert world.login.called("subscribe") == []


def test_an_account_that_somebody_else_links_a_moment_before_is_refused(world: World) -> None:
    world.login.issue("code", redirect_uri=REDIRECT)
    world.book.on_link = lambda: world.book.add(uuid4(), ChannelType.INSTAGRAM)

    with pytest.raises(AccountAlreadyLinked):
        world.connect()

    assert world.row.professional_id != world.professional_id
    assert world.login.called("unsubscribe") == []


def test_linking_again_replaces_the_token_of_the_same_row(world: World) -> None:
    known = world.book.add(
        world.professional_id, ChannelType.INSTAGRAM, status=ChannelStatus.REAUTH_REQUIRED, status_reason="checkpoint"
    )
    long = world.login.issue("code", redirect_uri=REDIRECT)

    (linked,) = world.connect()

    assert world.row is known
    assert (linked.channel_id, known.access_token, known.status) == (known.channel_id, long, ChannelStatus.CONNECTED)


@pytest.mark.parametrize("step", ["exchange", "extend", "account", "subscribe"])
@pytest.mark.parametrize("failure", [MetaUnreachable(), MetaError(MetaFault(200)), ExchangeFailed()])
def test_a_failure_on_the_way_leaves_the_old_token(world: World, step: str, failure: Exception) -> None:
    world.login.issue("code", redirect_uri=REDIRECT)
    before = replace(world.book.add(world.professional_id, ChannelType.INSTAGRAM))
    world.login.failures[step] = failure

    with pytest.raises(type(failure)):
        world.connect()

    assert world.book.rows == [before]


def test_the_code_is_exchanged_with_the_address_of_its_dialog(world: World) -> None:
    world.login.issue("code", redirect_uri="https://elsewhere.example.com/callback")

    with pytest.raises(ExchangeFailed):
        world.connect()


def test_scopes_that_the_long_token_tells_are_the_ones_kept(world: World) -> None:
    world.login.issue("code", redirect_uri=REDIRECT)
    world.login.extended["short-code"] = Grant("long-code", scopes=INSTAGRAM_SCOPES | {"instagram_business_insights"})

    world.connect()

    assert "instagram_business_insights" in world.row.facts["scopes"]
