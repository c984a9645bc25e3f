"""Sixty days in which nobody touches anything: what can be renewed never ends, what cannot be is warned about in time.

The stack is these tests' own: its platforms' clock goes ahead of everybody else's.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from infra.demo.outside import Row
from tests.integration.e2e.support.linking import AccountOwner, Professional, carla, new_owner
from tests.integration.e2e.support.world import World, own_stack

pytestmark = [pytest.mark.xdist_group("clock"), pytest.mark.timeout(240)]

DAYS = 60
DAY = timedelta(days=1)
SIXTY_DAYS = "5183944"  # as Meta tells them


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A stack whose time passes faster."""
    with own_stack() as own:
        yield own


@dataclass
class Diary:
    """What sixty days looked like, day by day."""

    clinic: Professional
    owners: dict[str, AccountOwner]
    ends: dict[str, list[datetime]] = field(default_factory=dict)  # by account: when its access ends, told each day
    looks: list[Row] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    warned: dict[str, list[tuple[int, str]]] = field(default_factory=dict)  # by channel: the day, and how loud
    read: set[str] = field(default_factory=set)  # warnings
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self, day: int) -> datetime:
        return self.began + day * DAY


@pytest.fixture(scope="module")
def diary(world: World) -> Iterator[Diary]:
    """Carla links accounts of every kind and goes on holiday; they are looked after once a day."""
    with carla(world) as clinic:
        assert clinic.dashboard.channels() == []
        owners = {kind: new_owner(world) for kind in ("system", "ends", "person", "instagram", "google")}
        clinic.link("whatsapp", owners["system"])
        clinic.link("whatsapp", owners["ends"], lifetime=SIXTY_DAYS)
        _link_as_a_person(clinic, owners["person"])
        clinic.link("instagram", owners["instagram"])
        clinic.link("google_calendar", owners["google"])
        kept = Diary(clinic, owners)
        for day in range(1, DAYS + 1):
            _pass_a_day(world, kept, day)
        yield kept


def _link_as_a_person(clinic: Professional, owner: AccountOwner) -> None:
    """With a token that belongs to whoever logged in: exchanged once, and then it keeps its end."""
    choice = {"person": owner.user_id, "token_kind": "user"}
    given = clinic.world.sandbox.post("/dialog", {"url": clinic.begin("whatsapp")["authorization_url"], **choice})
    clinic.world.get(given["redirect_to"].removeprefix(clinic.world.api_url), follow_redirects=False)


def _pass_a_day(world: World, diary: Diary, day: int) -> None:
    world.sandbox.post("/clock", {"offset_seconds": day * DAY.total_seconds()})
    began = time.monotonic()
    diary.looks.append(world.fire("token_refresh", at=diary.now(day)))
    diary.seconds.append(time.monotonic() - began)
    for item in diary.clinic.dashboard.channels():
        if item["token_expires_at"]:
            diary.ends.setdefault(item["id"], []).append(datetime.fromisoformat(item["token_expires_at"]))
    for alert in diary.clinic.dashboard.select("marketing_alerts", kind="eq.token_expiring", order="created_at"):
        if alert["id"] not in diary.read:
            diary.read.add(alert["id"])
            diary.warned.setdefault(alert["entity_id"], []).append((day, alert["severity"]))


def channel_of(diary: Diary, kind: str) -> Row:
    """The channel of one of the accounts."""
    owner = diary.owners[kind]
    if kind in {"instagram", "google"}:
        return diary.clinic.linked({"google": "google_calendar"}.get(kind, kind))[0]
    return diary.clinic.channel_of(owner)


def test_every_day_every_account_was_looked_after_and_only_the_one_nobody_can_renew_ended(
    diary: Diary, show: Callable[[str], None]
) -> None:
    accounts, renewals = diary.looks[0]["accounts"], sum(look["renewed"] for look in diary.looks)
    show(
        f"{DAYS} days of {accounts} accounts: {renewals} renewals; a run took {median(diary.seconds):.2f} s (median), "
        f"{max(diary.seconds):.2f} s (longest), {sum(diary.seconds):.0f} s in all"
    )

    assert {look["accounts"] for look in diary.looks} == {accounts}
    for trouble in ("unclear", "failed", "not_reached"):
        assert [look[trouble] for look in diary.looks] == [0] * DAYS
    assert [look["broken"] for look in diary.looks] == [*[0] * (DAYS - 1), 1]
    broken = [item["id"] for item in diary.clinic.dashboard.channels() if item["status"] != "connected"]
    assert broken == [channel_of(diary, "person")["id"]]


@pytest.mark.parametrize("kind", ["instagram", "ends"])
def test_what_can_be_renewed_is_renewed_at_half_of_its_life_and_never_near_its_end(diary: Diary, kind: str) -> None:
    channel = channel_of(diary, kind)
    ends = diary.ends[channel["id"]]
    left = [end - diary.now(day) for day, end in enumerate(ends, start=1)]

    assert len(ends) == DAYS
    assert min(left) > timedelta(days=28)
    assert len(set(ends)) == 3, "renewed on day 30 and on day 60, and not each day"
    assert channel["id"] not in diary.warned


def test_google_is_asked_each_day_for_the_token_of_the_hour(diary: Diary) -> None:
    channel = channel_of(diary, "google")

    assert len(set(diary.ends[channel["id"]])) == DAYS
    assert channel["id"] not in diary.warned


def test_a_token_that_never_ends_is_left_alone(diary: Diary) -> None:
    channel = channel_of(diary, "system")

    assert channel["token_expires_at"] is None
    assert channel["id"] not in diary.warned
    assert len(diary.owners["system"].tokens()) == 1


def test_a_persons_token_cannot_be_renewed_and_its_end_is_told_fourteen_seven_and_one_day_before(diary: Diary) -> None:
    channel = channel_of(diary, "person")
    end = diary.ends[channel["id"]][-1]
    days_left = [(-(-(end - diary.now(day)) // DAY), severity) for day, severity in diary.warned[channel["id"]]]

    assert channel["token_kind"] == "user"
    assert days_left == [(14, "info"), (7, "warning"), (1, "critical")]


def test_after_sixty_days_each_of_them_still_works(diary: Diary) -> None:
    for kind in ("system", "ends", "instagram", "google"):
        told = diary.clinic.test(channel_of(diary, kind)["id"])
        assert (told["ok"], told["cause"]) == (True, None), (kind, told)


def test_once_it_has_ended_the_persons_token_is_said_to_have(diary: Diary) -> None:
    channel = channel_of(diary, "person")
    (alert,) = [alert for alert in diary.clinic.alerts(channel["id"]) if alert["kind"] == "channel_dead"]

    assert (channel["status"], channel["status_reason"]) == ("reauth_required", "token_expired")
    assert alert["severity"] == "critical"
    assert "Venció el permiso" in alert["message"]


def test_back_from_holiday_her_first_patient_is_answered(world: World, diary: Diary) -> None:
    world.sandbox.post("/clock", {"offset_seconds": 0})

    diary.clinic.answers_on(*diary.owners["system"].numbers, *diary.owners["ends"].numbers)
