"""Renewing a token because somebody asks."""

from uuid import uuid4

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts.refresh_channel import RefreshOutcome, refresh_channel
from tests.care_world import CareWorld


def refresh(care: CareWorld) -> RefreshOutcome:
    return refresh_channel(care.row.channel_id, care=care.care, now=care.world.now)


@pytest.mark.parametrize("channel", ChannelType)
def test_a_token_is_renewed_whatever_its_age(channel: ChannelType) -> None:
    care = CareWorld(channel)
    care.look_after(2)
    before = care.row.access_token

    outcome = refresh(care)

    assert (outcome.refreshed, outcome.reason) == (True, None)
    assert care.row.access_token != before
    assert outcome.account == care.account
    assert outcome.account.token_expires_at == care.token.ends_at


def test_why_a_token_was_not_renewed_is_told() -> None:
    assert refresh(CareWorld(life=None)).reason == "never_expires"
    assert refresh(CareWorld(ChannelType.INSTAGRAM)).reason == "too_young"


def test_a_broken_channel_is_named_and_marked() -> None:
    care = CareWorld()
    care.token.dead_because = "app_removed"

    outcome = refresh(care)

    assert (outcome.refreshed, outcome.reason) == (False, "app_removed")
    assert outcome.account.status is ChannelStatus.REAUTH_REQUIRED


def test_asking_repairs_what_can_be_repaired() -> None:
    care = CareWorld()
    care.world.subscribed = False
    care.row.status, care.row.status_reason = ChannelStatus.PENDING, "not_subscribed"

    outcome = refresh(care)

    assert care.world.subscribed
    assert outcome.account.status is ChannelStatus.CONNECTED


def test_a_provider_that_does_not_answer_changes_nothing() -> None:
    care = CareWorld()
    care.world.troubles["inspect"] = MetaUnreachable()

    outcome = refresh(care)

    assert (outcome.refreshed, outcome.reason) == (False, "provider_unreachable")
    assert outcome.account.status is ChannelStatus.CONNECTED


def test_a_channel_that_is_not_there_or_was_taken_off_has_nothing_to_renew() -> None:
    care = CareWorld()
    with pytest.raises(ChannelNotFound):
        refresh_channel(uuid4(), care=care.care, now=care.world.now)

    care.accounts.disconnect(care.row.channel_id, actor_id=None, reason="owner")
    with pytest.raises(ChannelDisconnected):
        refresh(care)
