"""The order in which channels are shown, and whose there are."""

from uuid import uuid4

import pytest

from dentalist.domain.errors import ChannelNotFound
from dentalist.services.accounts.list_channels import find_channel, list_channels
from tests.fakes_channels import FakeChannelSettings, make_overview


def test_channels_in_use_come_before_those_that_were_taken_off() -> None:
    settings = FakeChannelSettings()
    statuses = ["disconnected", "connected", "disconnected", "reauth_required", "pending"]
    for status in statuses:
        settings.add(make_overview(status=status))

    shown = [channel.status for channel in list_channels(settings)]

    assert shown == ["connected", "reauth_required", "pending", "disconnected", "disconnected"]


def test_a_channel_is_found_by_its_id_among_the_professionals_own() -> None:
    settings = FakeChannelSettings()
    settings.add(make_overview())
    wanted = settings.add(make_overview())

    assert find_channel(wanted.id, settings) == wanted
    with pytest.raises(ChannelNotFound):
        find_channel(uuid4(), settings)
