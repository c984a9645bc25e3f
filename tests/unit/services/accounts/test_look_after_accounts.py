"""The daily run over the accounts of all professionals."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.sending_errors import MetaUnreachable
from dentalist.services.accounts.look_after_accounts import Looked, look_after_accounts
from dentalist.services.accounts.ports_care import Care
from tests.care_world import CareWorld

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PLENTY = timedelta(minutes=10)


class Clinics:
    """Many professionals with one account each, all at providers of their own."""

    def __init__(self, *worlds: CareWorld, page: int = 3) -> None:
        self.worlds = {world.professional_id: world for world in worlds}
        self.page = page
        self.pages = 0
        self.cared_for: list[UUID] = []
        self._lock = threading.Lock()

    def to_look_after(self, *, limit: int, after: UUID | None = None) -> list[LinkedAccount]:
        assert limit > 1
        self.pages += 1
        accounts = sorted((world.account for world in self.worlds.values()), key=lambda item: item.credential_id)
        return [item for item in accounts if after is None or item.credential_id > after][: self.page]

    def care_of(self, professional_id: UUID) -> Care:
        with self._lock:
            self.cared_for.append(professional_id)
        return self.worlds[professional_id].care

    def run(self, *, now: datetime = NOW, budget: timedelta = PLENTY, **options: object) -> Looked:
        return look_after_accounts(self, care_of=self.care_of, now=now, budget=budget, **options)  # type: ignore[arg-type]


def worlds(count: int, channel: ChannelType = ChannelType.WHATSAPP) -> list[CareWorld]:
    return [CareWorld(channel) for _ in range(count)]


@pytest.mark.parametrize("day", range(5))
def test_every_account_of_every_page_is_looked_at_once_wherever_the_day_begins(day: int) -> None:
    clinics = Clinics(*worlds(11))

    looked = clinics.run(now=NOW + timedelta(days=day))

    assert (looked.accounts, looked.well, looked.not_reached) == (11, 11, 0)
    assert sorted(clinics.cared_for) == sorted(clinics.worlds)


def test_days_begin_at_different_accounts() -> None:
    clinics = Clinics(*worlds(11))
    first = set()
    for day in range(12):
        clinics.cared_for.clear()
        clinics.run(now=NOW + timedelta(days=day), threads=1)
        first.add(clinics.cared_for[0])

    assert len(first) > 3


def test_no_account_at_all_is_no_work() -> None:
    assert set(Clinics().run()) == {0}


def test_what_was_found_is_counted() -> None:
    well, broken, unclear, repaired, healed = worlds(5)
    broken.token.dead_because = "app_removed"
    unclear.world.troubles["inspect"] = MetaUnreachable()
    repaired.world.subscribed = False
    healed.row.status, healed.row.status_reason = ChannelStatus.PENDING, "not_registered"
    renewed = CareWorld(ChannelType.GOOGLE_CALENDAR)
    renewed.world.now = NOW

    looked = Clinics(well, broken, unclear, repaired, healed, renewed).run()

    assert looked._asdict() == {
        "accounts": 6,
        "well": 4,
        "broken": 1,
        "unclear": 1,
        "changed": 0,
        "failed": 0,
        "renewed": 1,
        "repaired": 1,
        "healed": 1,
        "not_reached": 0,
    }


def test_one_account_that_makes_us_stumble_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    clinics = Clinics(*worlds(7))
    bad = next(iter(clinics.worlds.values()))
    bad.world.troubles["inspect"] = KeyError("EAAsecret")  # type: ignore[assignment]

    looked = clinics.run()

    assert (looked.failed, looked.well) == (1, 6)
    [record] = [record for record in caplog.records if record.message == "account not looked after"]
    assert (record.__dict__["channel_id"], record.__dict__["error"]) == (str(bad.row.channel_id), "KeyError")
    assert "EAAsecret" not in caplog.text


def test_a_store_that_is_away_stops_the_run() -> None:
    clinics = Clinics(*worlds(40))
    for world in clinics.worlds.values():
        world.book.failures["record_check"] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        clinics.run(threads=2)

    assert len(clinics.cared_for) < 40


def test_no_look_begins_after_the_time_is_over_and_that_is_told() -> None:
    clinics = Clinics(*worlds(20))
    seconds = iter(range(1000))

    looked = clinics.run(threads=1, budget=timedelta(seconds=5), clock=lambda: next(seconds))

    assert looked.not_reached == 1
    assert 0 < looked.accounts < 20


def test_accounts_are_looked_at_several_at_a_time() -> None:
    clinics = Clinics(*worlds(4))
    together = threading.Barrier(4, timeout=10)
    care_of = clinics.care_of

    def meet(professional_id: UUID) -> Care:
        together.wait()
        return care_of(professional_id)

    clinics.care_of = meet  # type: ignore[method-assign]

    assert clinics.run(threads=4).well == 4


def test_a_second_run_of_a_day_renews_and_tells_nothing() -> None:
    old = CareWorld(ChannelType.INSTAGRAM)
    old.world.now = NOW + timedelta(days=40)
    dying = CareWorld(ChannelType.INSTAGRAM)
    dying.world.now, dying.world.extends = NOW + timedelta(days=50), False
    clinics = Clinics(old)

    first = clinics.run(now=old.world.now)
    again = clinics.run(now=old.world.now)
    warned = [Clinics(dying).run(now=dying.world.now) for _ in range(2)]

    assert (first.renewed, again.renewed) == (1, 0)
    assert [looked.well for looked in warned] == [1, 1]
    assert dying.told() == ["token_expiring"]
