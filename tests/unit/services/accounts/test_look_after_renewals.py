"""Renewing a token: from half of its life on, and never a good one given away for one that is not proven."""

from datetime import timedelta

import pytest

from dentalist.domain.accounts import ChannelType, TokenKind
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import DomainError, MetaError, MetaFault, StoreUnavailable
from dentalist.domain.linking_errors import ProviderUnreachable, TooYoungToRefresh
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts.look_after_account import Outcome
from tests.care_world import CareWorld
from tests.fakes_providers import make_number
from tests.strict_providers import LIFE

WHATSAPP, INSTAGRAM, GOOGLE = ChannelType.WHATSAPP, ChannelType.INSTAGRAM, ChannelType.GOOGLE_CALENDAR
RENEWING_CALL = {WHATSAPP: "extend", INSTAGRAM: "refresh", GOOGLE: "google_refresh"}


@pytest.mark.parametrize("channel", [WHATSAPP, INSTAGRAM])
def test_nothing_is_renewed_before_half_of_its_life(channel: ChannelType) -> None:
    care = CareWorld(channel)
    before = care.row.access_token

    look = care.look_after(29.9)

    assert (look.is_renewed, look.reason, care.row.access_token) == (False, "not_due", before)
    assert care.world.used[RENEWING_CALL[channel]] == 0


@pytest.mark.parametrize("channel", [WHATSAPP, INSTAGRAM])
def test_from_half_of_its_life_on_a_token_is_renewed_once(channel: ChannelType) -> None:
    care = CareWorld(channel)
    before = care.row.access_token

    look, again = care.look_after(30), care.look()

    assert (look.is_renewed, again.is_renewed) == (True, False)
    assert care.row.access_token != before
    assert care.row.facts["token_expires_at"] == care.token.ends_at == care.world.now + LIFE
    assert care.row.token_issued_at == care.world.now
    assert care.world.used[RENEWING_CALL[channel]] == 1
    assert care.alerts == []


def test_a_token_that_never_ends_is_left_alone() -> None:
    care = CareWorld(life=None)

    for _ in range(5):
        assert care.look_after(100, force=True).reason == "never_expires"

    assert care.world.used["extend"] == 0


@pytest.mark.parametrize(
    "spoiled",
    [
        {"dead_because": "app_removed"},
        {"app_id": "another-app"},
        {"scopes": frozenset({"whatsapp_business_management"})},
        {"number_visible": False},
    ],
    ids=lambda spoiled: next(iter(spoiled)),
)
def test_a_new_token_that_is_not_as_good_is_not_taken(spoiled: dict[str, object]) -> None:
    care = CareWorld(kind=TokenKind.USER)
    before = care.row.access_token
    care.world.spoils = spoiled

    look = care.look_after(40)

    assert (look.outcome, look.is_renewed, look.reason) == (Outcome.WELL, False, "unproven")
    assert care.row.access_token == before


@pytest.mark.parametrize("channel", [WHATSAPP, INSTAGRAM])
def test_a_token_that_lives_no_longer_is_not_taken(channel: ChannelType) -> None:
    care = CareWorld(channel)
    care.world.extends = False

    assert care.look_after(40).reason == "not_extended"


def test_an_instagram_token_of_another_account_is_not_taken() -> None:
    care = CareWorld(INSTAGRAM)
    before = care.row.access_token
    care.world.spoils = {"holder": "17841400000000999"}

    assert care.look_after(40).reason == "unproven"
    assert care.row.access_token == before


@pytest.mark.parametrize("call", ["inspect", "number"])
def test_a_proof_that_cannot_be_had_today_is_had_tomorrow(call: str) -> None:
    care = CareWorld(kind=TokenKind.SYSTEM)
    before = care.row.access_token
    use = care.world.use

    def fail_after_extending(name: str, text: str | None = None) -> None:
        use(name, text)
        if name == "extend":
            care.world.troubles[call] = MetaUnreachable()

    care.world.use = fail_after_extending  # type: ignore[method-assign]
    look = care.look_after(31)
    assert (look.reason, care.row.access_token) == ("unproven", before)

    care.world.use = use  # type: ignore[method-assign]
    care.world.troubles.clear()
    assert care.look_after(1).is_renewed


@pytest.mark.parametrize("refusal", [MetaUnreachable(), MetaError(MetaFault(1)), MetaError(MetaFault(100))])
def test_a_renewal_that_is_refused_leaves_the_token_and_is_tried_again(refusal: DomainError) -> None:
    care = CareWorld(INSTAGRAM)
    before = care.row.access_token
    care.world.troubles["refresh"] = refusal

    first = care.look_after(31)
    assert (first.outcome, first.reason, care.row.access_token) == (Outcome.WELL, "refused", before)

    care.world.troubles.clear()
    assert care.look_after(1).is_renewed


def test_an_instagram_token_is_not_asked_for_another_within_its_first_day() -> None:
    care = CareWorld(INSTAGRAM)

    assert care.look_after(0.9, force=True).reason == "too_young"
    assert care.world.used["refresh"] == 0
    assert care.look_after(0.1, force=True).is_renewed


def test_instagrams_word_that_a_token_is_too_young_is_no_failure() -> None:
    care = CareWorld(INSTAGRAM)
    care.row.token_issued_at = None
    care.world.troubles["refresh"] = TooYoungToRefresh()

    look = care.look_after(31)

    assert (look.outcome, look.reason) == (Outcome.WELL, "too_young")
    assert (care.marked, care.alerts) == ([], [])


def test_an_account_whose_age_is_not_known_is_taken_for_one_that_lives_sixty_days() -> None:
    care = CareWorld(INSTAGRAM)
    care.row.token_issued_at = None

    assert care.look_after(29).reason == "not_due"
    assert care.look_after(1).is_renewed


def test_an_account_whose_end_is_not_known_is_renewed_to_know_it() -> None:
    care = CareWorld(INSTAGRAM)
    care.row.facts["token_expires_at"] = None

    assert care.look_after(2).is_renewed
    assert care.row.facts["token_expires_at"] == care.token.ends_at


def test_a_restricted_account_is_renewed_all_the_same() -> None:
    care = CareWorld()
    care.world.number = make_number(is_registered=True, status="RESTRICTED")

    look = care.look_after(31)

    assert (look.outcome, look.is_renewed) == (Outcome.BROKEN, True)
    assert care.row.status is ChannelStatus.RESTRICTED


def test_an_account_whose_webhooks_say_nothing_today_is_renewed_all_the_same() -> None:
    care = CareWorld()
    care.world.troubles["is_subscribed"] = MetaError(MetaFault(100))

    assert care.look_after(31).is_renewed


# ---- Google


def test_a_calendars_token_is_renewed_every_day_and_once_a_day() -> None:
    care = CareWorld(GOOGLE)

    for day in range(1, 6):
        assert care.look_after(1).is_renewed
        assert not care.look().is_renewed
        assert care.world.used["google_refresh"] == day


def test_a_new_refresh_token_is_kept_and_the_old_one_where_none_comes() -> None:
    care = CareWorld(GOOGLE)
    care.look_after(1)
    assert care.row.refresh_token == "refresh-1"

    care.world.rotates_refresh_token = True
    care.look_after(1)

    assert care.row.refresh_token == f"refresh-{care.row.access_token}"
    care.world.refresh_tokens["refresh-1"] = "token_expired"
    assert care.look_after(1).is_renewed


@pytest.mark.parametrize("trouble", [ProviderUnreachable()])
def test_an_hours_token_that_was_not_proven_is_not_kept(trouble: DomainError) -> None:
    care = CareWorld(GOOGLE)
    before = care.row.access_token
    care.world.troubles["calendar_name"] = trouble

    look = care.look_after(1)

    assert (look.outcome, look.is_renewed) == (Outcome.UNCLEAR, False)
    assert care.row.access_token == before


def test_a_calendar_without_a_refresh_token_has_to_be_linked_again() -> None:
    care = CareWorld(GOOGLE)
    care.row.refresh_token = None

    care.look_after(1)

    assert (care.row.status, care.row.status_reason) == (ChannelStatus.REAUTH_REQUIRED, "token_expired")


# ---- crashes and races


@pytest.mark.parametrize("channel", [WHATSAPP, INSTAGRAM])
def test_a_crash_between_the_new_token_and_the_store_costs_a_day(channel: ChannelType) -> None:
    care = CareWorld(channel)
    before = care.row.access_token
    care.book.failures["replace_token"] = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        care.look_after(30)
    assert care.row.access_token == before
    assert care.world.is_good(care.token.text)

    care.book.failures.clear()

    assert care.look_after(1).is_renewed
    assert care.world.is_good(care.token.text)


def test_a_token_that_another_put_there_meanwhile_is_not_overwritten() -> None:
    care = CareWorld()
    use = care.world.use

    def relink_while_extending(call: str, text: str | None = None) -> None:
        use(call, text)
        if call == "extend":
            care.row.access_token = "linked-anew"

    care.world.use = relink_while_extending  # type: ignore[method-assign]

    look = care.look_after(31)

    assert (look.is_renewed, look.reason, care.row.access_token) == (False, "changed", "linked-anew")
    assert care.alerts == []


def test_a_renewed_token_takes_its_warnings_along() -> None:
    care = CareWorld(kind=TokenKind.USER)
    care.world.extends = False
    care.look_after(47)
    assert care.told() == ["token_expiring"]

    care.world.extends = True
    assert care.look_after(1).is_renewed
    for _ in range(20):
        care.look_after(1)

    assert care.told() == ["token_expiring"]


def test_half_of_a_life_counts_from_when_the_token_was_issued() -> None:
    care = CareWorld(life=timedelta(days=10))

    assert care.look_after(4.9).reason == "not_due"
    assert care.look_after(0.1).is_renewed
