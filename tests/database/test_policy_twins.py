"""What a clinic decided is read alike in SQL and in the domain, and kept by decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from dentalist.domain.policies import Policies
from tests.database.outbound_builders import Clinic, Connection, find, make_clinic, rows, rpc, update

NUMBERS = sorted(name for name, info in Policies.model_fields.items() if info.annotation is not bool)
EDGES = [-1, 0, 1, 2, 4, 5, 9, 10, 20, 21, 72, 73, 168, 169, 200, 201, 240, 241, 1380, 1381, 100_000, 100_001, 10**12]
ODD = [None, True, False, 3.5, 7.0, "5", "", [], {}, [5], 1e300]
MANY_EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def in_sql(db: Connection, policies: Any, name: str) -> int | None:
    row = db.execute("select app.policy(%s, %s) as number", [Jsonb(policies), name]).fetchone()
    assert row is not None
    number: int | None = row["number"]
    return number


def as_stored(db: Connection, policies: Any) -> Any:
    """As the API hands it out: jsonb writes some numbers another way."""
    row = db.execute("select %s::jsonb as kept", [Jsonb(policies)]).fetchone()
    assert row is not None
    return row["kept"]


def test_every_number_is_known_to_both() -> None:
    assert set(NUMBERS) == set(Policies.model_fields) - {"ask_name"}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_the_same_in_both(db: Connection, name: str) -> None:
    for value in EDGES + ODD:
        policies = as_stored(db, {name: value})
        assert in_sql(db, policies, name) == getattr(Policies.of(policies), name), value
    assert in_sql(db, {}, name) == getattr(Policies(), name)


@MANY_EXAMPLES
@given(
    policies=st.one_of(
        st.dictionaries(
            st.sampled_from([*NUMBERS, "ask_name", "unknown"]),
            st.one_of(st.none(), st.booleans(), st.integers(-5, 2000), st.floats(-5, 500), st.text("0123456789x")),
        ),
        st.none(),
        st.lists(st.integers()),
        st.integers(),
    )
)
def test_any_column_is_read_alike_in_both(db: Connection, policies: Any) -> None:
    stored = as_stored(db, policies)
    read = Policies.of(stored)

    assert {name: in_sql(db, stored, name) for name in NUMBERS} == {name: getattr(read, name) for name in NUMBERS}


def test_a_decision_that_does_not_exist_is_no_number(db: Connection) -> None:
    assert in_sql(db, {"colour": 5}, "colour") is None


# ---- and kept


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


def decide(db: Connection, clinic: Clinic, policies: Any) -> UUID:
    actor = uuid4()
    rpc(
        db,
        "update_clinic",
        professional_id=clinic.professional_id,
        actor_id=actor,
        changes={"policies": policies},
    )
    return actor


def kept(db: Connection, clinic: Clinic) -> Any:
    return find(db, "professionals", clinic.professional_id)["policies"]


def test_what_is_not_named_stays_decided(db: Connection, clinic: Clinic) -> None:
    decide(db, clinic, {"max_future_appointments": 5, "reminder_hours": None})
    actor = decide(db, clinic, {"max_future_appointments": 1, "ask_name": False})

    assert kept(db, clinic) == {"max_future_appointments": 1, "reminder_hours": None, "ask_name": False}
    assert in_sql(db, kept(db, clinic), "reminder_hours") is None
    last = rows(db, "marketing_audit_logs", action="clinic.updated")[-1]
    assert last["actor_id"] == actor
    assert last["payload"]["before"]["policies"]["max_future_appointments"] == 5


def test_null_is_the_products_own_decisions_again(db: Connection, clinic: Clinic) -> None:
    decide(db, clinic, {"max_future_appointments": 5})

    decide(db, clinic, None)

    assert kept(db, clinic) is None
    assert Policies.of(kept(db, clinic)) == Policies()


def test_what_the_host_application_wrote_is_replaced_by_a_decision(db: Connection, clinic: Clinic) -> None:
    update(db, "professionals", clinic.professional_id, policies=["?"])

    decide(db, clinic, {"ai_answers_per_day": 10})

    assert kept(db, clinic) == {"ai_answers_per_day": 10}
