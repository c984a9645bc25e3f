"""An hour's access, renewed in time; and what a refusal says about the account."""

from datetime import timedelta
from typing import Any

import pytest

from dentalist.domain.accounts import SCOPES, ChannelType, Grant
from dentalist.domain.calendars import EventRefused, FeedUnreadable
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected, DomainError
from dentalist.domain.linking_errors import ProviderUnreachable, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.services.accounts.calendar_access import RenewingAccess, note_refusal
from tests.builders import NOON
from tests.fakes_accounts import FakeGoogleLogin
from tests.fakes_calendar import CalendarWorld

ALL = frozenset(SCOPES[ChannelType.GOOGLE_CALENDAR])
HOUR = timedelta(hours=1)


class World(CalendarWorld):
    """A linked calendar whose token ends after ``left``."""

    def __init__(self, left: timedelta | None = HOUR, **grant: Any) -> None:
        super().__init__()
        self.now = NOON
        self.row.facts["token_expires_at"] = None if left is None else NOON + left
        self.login = FakeGoogleLogin()
        told = {"expires_at": NOON + HOUR, "scopes": ALL, **grant}
        self.login.refreshed["refresh-1"] = Grant("token-2", **told)
        self.access = RenewingAccess(
            self.account, accounts=self.accounts.of(self.row.professional_id), login=self.login, now=lambda: self.now
        )

    @property
    def renewals(self) -> int:
        return len(self.login.calls)


@pytest.mark.parametrize("left", [HOUR, timedelta(minutes=5), None])
def test_a_token_with_time_left_is_used_as_it_is(left: timedelta | None) -> None:
    world = World(left)

    assert world.access.token() == "token-1"
    assert world.renewals == 0


@pytest.mark.parametrize("left", [timedelta(minutes=4, seconds=59), timedelta(0), -HOUR])
def test_a_token_about_to_end_is_renewed_and_stored_for_everybody(left: timedelta) -> None:
    world = World(left)

    assert [world.access.token() for _ in range(3)] == ["token-2"] * 3

    assert world.renewals == 1
    assert world.row.access_token == "token-2"
    assert world.row.facts["token_expires_at"] == NOON + HOUR


def test_a_long_run_renews_when_the_hour_is_over() -> None:
    world = World()
    world.access.token()
    world.now += timedelta(minutes=58)

    assert world.access.token() == "token-2"


def test_what_another_container_renewed_meanwhile_is_used() -> None:
    world = World()
    world.access.token()
    world.row.access_token = "token-of-another"

    assert world.access.renewed("token-1") == "token-of-another"
    assert world.renewals == 0


def test_of_two_that_renew_at_once_both_use_what_is_stored() -> None:
    world = World()
    accounts = world.accounts.of(world.row.professional_id)
    refresh = world.login.refresh

    def meanwhile(token: str) -> Grant:
        world.row.access_token = "token-of-another"
        return refresh(token)

    world.login.refresh = meanwhile  # type: ignore[method-assign]

    assert world.access.renewed("token-1") == "token-of-another"
    assert accounts.access_token(world.row.credential_id) == "token-of-another"


def test_a_calendar_taken_off_meanwhile_is_used_no_longer() -> None:
    world = World()
    refresh = world.login.refresh

    def meanwhile(token: str) -> Grant:
        world.row.status, world.row.access_token = ChannelStatus.DISCONNECTED, None
        return refresh(token)

    world.login.refresh = meanwhile  # type: ignore[method-assign]

    with pytest.raises(ChannelDisconnected):
        world.access.renewed("token-1")


def test_without_a_refresh_token_access_is_lost() -> None:
    world = World(timedelta(0))
    world.row.refresh_token = None

    with pytest.raises(AccessLost):
        world.access.token()


def test_a_renewal_without_all_permissions_is_not_used() -> None:
    world = World(timedelta(0), scopes=frozenset(SCOPES[ChannelType.GOOGLE_CALENDAR][:1]))

    with pytest.raises(ScopeMissing):
        world.access.token()
    assert world.row.access_token == "token-1"


def test_a_renewal_that_tells_no_permissions_has_those_it_had() -> None:
    assert World(timedelta(0), scopes=None).access.token() == "token-2"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccessLost(reason="token_expired"), "token_expired"),
        (AccessLost(reason="permission"), "permission"),
        (ScopeMissing(), "scope_missing"),
    ],
)
def test_a_refusal_of_the_account_marks_it_with_what_to_do(error: DomainError, reason: str) -> None:
    world = World()

    for _ in range(2):
        note_refusal(error, world.account, world.accounts.of(world.row.professional_id))

    [marked] = world.accounts.marked
    assert (marked.status, marked.reason) == (ChannelStatus.REAUTH_REQUIRED, reason)
    assert "no reserva turnos" in marked.message


@pytest.mark.parametrize("error", [ProviderUnreachable(), EventRefused(), FeedUnreadable("x"), ChannelDisconnected()])
def test_trouble_that_passes_marks_nothing(error: DomainError) -> None:
    world = World()

    note_refusal(error, world.account, world.accounts.of(world.row.professional_id))

    assert world.accounts.marked == []
