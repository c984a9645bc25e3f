"""Taking a channel off."""

from uuid import uuid4

import pytest

from dentalist.domain.accounts import AccountKey, ChannelType
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelNotFound, KeyRefused, StoreUnavailable
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts.disconnect_channel import disconnect_channel
from tests.care_world import CareWorld
from tests.fakes_providers import WABA_ID

ACTOR = uuid4()


def disconnect(care: CareWorld) -> None:
    disconnect_channel(care.row.channel_id, care=care.care, actor_id=ACTOR)


def is_erased(care: CareWorld) -> bool:
    row = care.row
    return row.access_token is None and row.refresh_token is None and row.status is ChannelStatus.DISCONNECTED


@pytest.mark.parametrize("channel", [ChannelType.WHATSAPP, ChannelType.INSTAGRAM])
def test_secrets_are_erased_and_webhooks_end(channel: ChannelType) -> None:
    care = CareWorld(channel)

    disconnect(care)

    assert is_erased(care)
    assert not care.world.subscribed
    assert care.row.disconnected_by == ACTOR


def test_googles_lasting_permission_is_given_back() -> None:
    care = CareWorld(ChannelType.GOOGLE_CALENDAR)

    disconnect(care)

    assert is_erased(care)
    assert care.world.revoked == ["refresh-1"]


def test_a_permission_that_another_professional_may_have_from_the_same_person_stays() -> None:
    """Google ends all of a person's tokens at once."""
    care = CareWorld(ChannelType.GOOGLE_CALENDAR)
    care.book.add(uuid4(), ChannelType.GOOGLE_CALENDAR)

    disconnect(care)

    assert is_erased(care)
    assert care.world.revoked == []


def test_a_key_that_is_refused_keeps_nobody_linked() -> None:
    care = CareWorld()
    care.book.failures["access_token"] = KeyRefused()

    disconnect(care)

    assert is_erased(care)
    assert care.world.subscribed


def test_webhooks_that_another_number_of_the_business_needs_go_on() -> None:
    care = CareWorld()
    care.book.add(uuid4(), key=AccountKey(WABA_ID, "310000000000008"))

    disconnect(care)

    assert is_erased(care)
    assert care.world.subscribed


@pytest.mark.parametrize("trouble", [MetaUnreachable(), RuntimeError("our app is refused")])
def test_what_the_provider_says_does_not_keep_a_secret_alive(trouble: Exception) -> None:
    care = CareWorld()
    care.world.troubles["unsubscribe"] = trouble

    disconnect(care)

    assert is_erased(care)


def test_a_dead_token_is_erased_all_the_same() -> None:
    care = CareWorld()
    care.token.dead_because = "app_removed"
    care.row.status, care.row.status_reason = ChannelStatus.REAUTH_REQUIRED, "app_removed"

    disconnect(care)

    assert is_erased(care)


def test_a_second_time_changes_nothing() -> None:
    care = CareWorld()
    disconnect(care)
    used = care.world.used.total()

    disconnect(care)

    assert is_erased(care)
    assert care.world.used.total() == used


def test_a_store_that_fails_erases_nothing_and_tells_nobody() -> None:
    care = CareWorld()
    care.book.failures["disconnect"] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        disconnect(care)

    assert care.world.subscribed
    assert care.row.access_token is not None


def test_another_professionals_channel_does_not_exist() -> None:
    with pytest.raises(ChannelNotFound):
        disconnect_channel(uuid4(), care=CareWorld().care, actor_id=ACTOR)
