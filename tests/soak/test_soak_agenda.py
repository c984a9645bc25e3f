"""Two hundred patients and one day, at once, again and again; each seed prints what happened as a line of a table."""

from collections.abc import Callable

import pytest

from tests.database.agenda_storm import AgendaStorm
from tests.database.outbound_builders import Connect, Connection
from tests.integration.agenda.crowd import Crowd

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]


@pytest.fixture
def fault_free() -> None:
    """In the place of the one for the whole stack, which nothing here needs."""


@pytest.mark.parametrize("seed", range(50))
def test_two_hundred_patients_want_the_same_day(
    db: Connection, connect: Connect, show: Callable[[str], None], seed: int
) -> None:
    storm = AgendaStorm(db, connect, patients=200, workers=100, seed=seed)

    storm.blow()

    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(storm.outcomes.items()))
    show(f"seed {seed:2}: 200 patients, {storm.outcomes.total()} attempts: {outcomes}; {storm.repeated} deadlocks")
    storm.check()
    assert storm.outcomes["booked"] and storm.outcomes["moved"] and storm.outcomes["taken"]


@pytest.mark.parametrize("seed", range(50))
def test_two_hundred_patients_choose_from_lists_and_are_answered(
    db: Connection, connect: Connect, show: Callable[[str], None], seed: int
) -> None:
    crowd = Crowd(db, connect, patients=200, workers=50, seed=seed)

    crowd.come()

    taps = ", ".join(f"{count} {how}" for how, count in sorted(crowd.tally.items()))
    show(f"seed {seed:2}: 200 patients, {crowd.tally.total()} taps: {taps}")
    crowd.check()
    assert crowd.tally["lost"] > 0
