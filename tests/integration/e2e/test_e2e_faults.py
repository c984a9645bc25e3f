"""What must not matter: webhooks repeated and shuffled, processes that die, a store that goes away, a failing Graph.

Small here; ``make soak`` runs the same at full size.
"""

from collections.abc import Callable
from typing import Any

import pytest

from infra.demo.outside import Patient
from tests.integration.e2e.support.storms import storm_of_copies, storm_of_kills, storm_without_store
from tests.integration.e2e.support.world import World

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(240)]

PATIENCE = 150.0
# How Graph may answer a send, what becomes of the row, and how many messages reach the patient.
GRAPH: dict[str, tuple[dict[str, Any], set[str], int]] = {
    "500": ({"kind": "http", "status": 500, "body": "{}"}, {"unknown"}, 0),
    "HTML": ({"kind": "http", "status": 200, "body": "<html>hola</html>", "content_type": "text/html"}, {"unknown"}, 0),
    "429": ({"kind": "error", "code": 130429, "http_status": 429}, {"sent", "delivered", "read"}, 1),
    "pair limit": ({"kind": "error", "code": 131056}, {"sent", "delivered", "read"}, 1),
    "nothing": ({"kind": "drop", "commit": False}, {"unknown"}, 0),
    "nothing, after sending": ({"kind": "drop", "commit": True}, {"sent", "delivered", "read"}, 1),
    "a refusal": ({"kind": "error", "code": 131026}, {"failed"}, 0),
}


def test_a_storm_of_copies_is_stored_once_and_answered_once(world: World, show: Callable[[str], None]) -> None:
    storm = storm_of_copies(world, messages=20, seconds=3, seed=11)
    storm.settle(patience=PATIENCE)
    show(storm.table())

    storm.check()


def test_functions_killed_at_random_moments_lose_nothing_and_repeat_nothing(
    world: World, show: Callable[[str], None]
) -> None:
    storm = storm_of_kills(world, messages=20, seconds=5, seed=12)
    storm.settle(patience=PATIENCE)
    show(storm.table())

    assert storm.kills >= 5
    storm.check()


def test_a_store_that_goes_away_and_comes_back_loses_nothing(world: World, show: Callable[[str], None]) -> None:
    storm = storm_without_store(world, messages=15, seconds=8, seed=13)
    storm.settle(patience=PATIENCE)
    show(storm.table())

    assert storm.outages == 1
    storm.check()


@pytest.fixture(scope="module")
def answered_badly(world: World) -> dict[str, Patient]:
    """One patient for each way Graph may answer the assistant's send, all at the same time."""
    patients = {name: world.patient(f"Graph {name}") for name in GRAPH}
    for name, patient in patients.items():
        world.fault(GRAPH[name][0], to=patient.digits, message_type="text")
    for patient in patients.values():
        patient.writes("¿Dónde están?")
    world.settle(patience=PATIENCE)
    return patients


@pytest.mark.parametrize("name", GRAPH)
def test_whatever_graph_answers_the_patient_gets_at_most_one_message_and_the_clinic_knows(
    world: World, answered_badly: dict[str, Patient], name: str
) -> None:
    patient, (_, statuses, received) = answered_badly[name], GRAPH[name]
    (row,) = world.messages(patient, "outbound")

    assert row["status"] in statuses
    assert len(patient.received()) == received
    if not received:
        entities = [row["id"], row["conversation_id"]]
        assert world.rows("select id from marketing_alerts where entity_id = any(%s::uuid[])", entities)
