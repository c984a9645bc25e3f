"""Two who choose the same time: one gets it, and the other is told of others in the same message."""

import pytest

from tests.database.outbound_builders import Connect, Connection
from tests.integration.agenda.crowd import Crowd


@pytest.mark.parametrize("seed", range(2))
def test_every_confirmation_is_a_row_and_every_loser_is_offered_other_times(
    db: Connection, connect: Connect, seed: int
) -> None:
    crowd = Crowd(db, connect, patients=20, workers=10, seed=seed)

    crowd.come()

    crowd.check()
    assert crowd.tally["confirmed"] == 20  # the next weeks have room for everybody
    assert crowd.tally["lost"] > 0
