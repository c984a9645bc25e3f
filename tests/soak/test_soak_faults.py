"""The fault tests at full size; each prints what happened as a line of a table."""

import random
import time
from collections.abc import Callable

import pytest

from tests.integration.e2e.support.storms import Storm, storm_of_copies, storm_of_kills, storm_without_store
from tests.integration.e2e.support.world import World

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("stack"), pytest.mark.timeout(1800)]

PATIENCE = 900.0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_webhooks_repeated_and_shuffled(world: World, show: Callable[[str], None], seed: int) -> None:
    storm = storm_of_copies(world, messages=350, seconds=30, seed=seed)
    storm.settle(patience=PATIENCE)
    show(storm.table())

    storm.check()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_functions_killed_for_a_minute(world: World, show: Callable[[str], None], seed: int) -> None:
    storm = storm_of_kills(world, messages=200, seconds=60, seed=seed)
    storm.settle(patience=PATIENCE)
    show(storm.table())

    assert storm.kills > 60
    storm.check()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_store_away_for_half_a_minute(world: World, show: Callable[[str], None], seed: int) -> None:
    storm = storm_without_store(world, messages=150, seconds=60, seed=seed)
    storm.settle(patience=PATIENCE)
    show(storm.table())

    storm.check()


def test_everything_at_once(world: World, show: Callable[[str], None]) -> None:
    storm = Storm("everything", world, random.Random(4))
    storm.rain(200)
    with storm.meanwhile(storm.kill_a_worker, every=(0.3, 1.2)):
        with storm.meanwhile(lambda: storm.take_the_store_away(5), every=(10, 20)):
            storm.pour(60)
        time.sleep(5)
    storm.settle(patience=PATIENCE)
    show(storm.table())

    storm.check()
