"""The same request asked twice is done once and answered twice."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.database.outbound_builders import Clinic, Connect, Connection, make_clinic, race, rows, rpc

ROUTE = "POST /api/marketing/whatsapp/send"


@pytest.fixture
def clinic(db: Connection) -> Clinic:
    return make_clinic(db)


def claim_key(
    db: Connection,
    clinic: Clinic,
    *,
    key: str = "abc",
    route: str = ROUTE,
    request_hash: str = "hash",
    lease_seconds: int = 30,
) -> dict[str, Any]:
    answer: dict[str, Any] = rpc(
        db,
        "claim_idempotency",
        professional_id=clinic.professional_id,
        route=route,
        key=key,
        request_hash=request_hash,
        lease_seconds=lease_seconds,
    )
    return answer


def finish_key(db: Connection, clinic: Clinic, lease_id: str, *, status: int = 201, key: str = "abc") -> str:
    answer = rpc(
        db,
        "finish_idempotency",
        professional_id=clinic.professional_id,
        route=ROUTE,
        key=key,
        lease_id=lease_id,
        status=status,
        body={"wamid": "wamid.1"},
    )
    return str(answer["outcome"])


def release_key(db: Connection, clinic: Clinic, lease_id: str) -> str:
    answer = rpc(
        db,
        "release_idempotency",
        professional_id=clinic.professional_id,
        route=ROUTE,
        key="abc",
        lease_id=lease_id,
    )
    return str(answer["outcome"])


def test_a_repeated_request_gets_the_first_answer(db: Connection, clinic: Clinic) -> None:
    first = claim_key(db, clinic)
    assert first["outcome"] == "fresh"
    assert finish_key(db, clinic, first["lease_id"]) == "kept"

    assert claim_key(db, clinic) == {"outcome": "replay", "status": 201, "body": {"wamid": "wamid.1"}}


def test_a_request_under_way_is_not_done_a_second_time(db: Connection, clinic: Clinic) -> None:
    claim_key(db, clinic)

    assert claim_key(db, clinic) == {"outcome": "in_progress"}


@pytest.mark.parametrize("is_answered", [True, False])
def test_the_same_key_for_another_request_is_a_conflict(db: Connection, clinic: Clinic, is_answered: bool) -> None:
    first = claim_key(db, clinic)
    if is_answered:
        finish_key(db, clinic, first["lease_id"])

    assert claim_key(db, clinic, request_hash="other") == {"outcome": "conflict"}


def test_a_worker_that_died_leaves_its_key_to_the_same_request_only(db: Connection, clinic: Clinic) -> None:
    claim_key(db, clinic, lease_seconds=0)

    assert claim_key(db, clinic, request_hash="other") == {"outcome": "conflict"}
    assert claim_key(db, clinic)["outcome"] == "fresh"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_an_answer_that_may_change_is_not_kept(db: Connection, clinic: Clinic, status: int) -> None:
    first = claim_key(db, clinic)

    assert finish_key(db, clinic, first["lease_id"], status=status) == "released"
    assert claim_key(db, clinic)["outcome"] == "fresh"


@pytest.mark.parametrize("status", [202, 403, 409, 422])
def test_a_refusal_that_will_not_change_is_kept(db: Connection, clinic: Clinic, status: int) -> None:
    first = claim_key(db, clinic)
    finish_key(db, clinic, first["lease_id"], status=status)

    assert claim_key(db, clinic)["status"] == status


def test_a_released_key_is_fresh_again(db: Connection, clinic: Clinic) -> None:
    first = claim_key(db, clinic)

    assert release_key(db, clinic, first["lease_id"]) == "released"
    assert claim_key(db, clinic)["outcome"] == "fresh"


def test_an_answered_key_cannot_be_released(db: Connection, clinic: Clinic) -> None:
    first = claim_key(db, clinic)
    finish_key(db, clinic, first["lease_id"])

    assert release_key(db, clinic, first["lease_id"]) == "lost"
    assert claim_key(db, clinic)["outcome"] == "replay"


def test_a_worker_that_died_loses_its_lease_and_cannot_answer_late(db: Connection, clinic: Clinic) -> None:
    dead = claim_key(db, clinic, lease_seconds=0)
    alive = claim_key(db, clinic)

    assert alive["outcome"] == "fresh"
    assert finish_key(db, clinic, dead["lease_id"]) == "lost"
    assert release_key(db, clinic, dead["lease_id"]) == "lost"
    assert finish_key(db, clinic, alive["lease_id"]) == "kept"


def test_after_a_day_a_key_is_forgotten(db: Connection, clinic: Clinic) -> None:
    first = claim_key(db, clinic)
    finish_key(db, clinic, first["lease_id"])
    db.execute("update idempotency_keys set expires_at = now() - interval '1 second'")

    again = claim_key(db, clinic, request_hash="other")

    assert again["outcome"] == "fresh"
    [row] = rows(db, "idempotency_keys")
    assert row["response_status"] is None
    assert row["expires_at"] > row["created_at"]


def test_keys_belong_to_one_professional_and_one_route(db: Connection, clinic: Clinic) -> None:
    claim_key(db, clinic)

    assert claim_key(db, make_clinic(db))["outcome"] == "fresh"
    assert claim_key(db, clinic, route="POST /api/marketing/campaigns")["outcome"] == "fresh"
    assert claim_key(db, clinic, key="def")["outcome"] == "fresh"


def test_of_16_equal_requests_at_the_same_time_one_is_done(db: Connection, connect: Connect, clinic: Clinic) -> None:
    for _ in range(5):
        key = uuid4().hex
        answers = race(connect, [lambda own, key=key: claim_key(own, clinic, key=key)] * 16)

        assert sorted(answer["outcome"] for answer in answers) == ["fresh"] + ["in_progress"] * 15


def test_of_16_requests_after_a_worker_died_one_is_done(db: Connection, connect: Connect, clinic: Clinic) -> None:
    claim_key(db, clinic, lease_seconds=0)

    answers = race(connect, [lambda own: claim_key(own, clinic)] * 16)

    assert [answer["outcome"] for answer in answers].count("fresh") == 1


def test_equal_requests_that_also_answer_agree_on_one_answer(db: Connection, connect: Connect, clinic: Clinic) -> None:
    def request(own: Connection) -> str:
        claimed = claim_key(own, clinic)
        if claimed["outcome"] == "fresh":
            finish_key(own, clinic, claimed["lease_id"])
        return str(claimed["outcome"])

    outcomes = race(connect, [request] * 16)

    assert outcomes.count("fresh") == 1
    assert set(outcomes) <= {"fresh", "replay", "in_progress"}
