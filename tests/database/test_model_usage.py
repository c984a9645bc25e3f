"""What language models cost in a day, and when a provider that fails is left alone."""

from typing import Any
from uuid import UUID

import pytest

from tests.database.outbound_builders import Connect, Connection, make_clinic, race, rows, rpc

CENT = 10_000  # micros


def make_payer(db: Connection, **policies: Any) -> UUID:
    return make_clinic(db, policies=policies).professional_id


def admit(db: Connection, payer: UUID, *, provider: str = "openai", owns_key: bool = False) -> str:
    answer = rpc(db, "admit_model", professional_id=payer, owns_key=owns_key, provider=provider)
    return str(answer["outcome"])


def record(
    db: Connection,
    payer: UUID,
    *,
    micros: int = 0,
    failure: str | None = None,
    provider: str = "openai",
    owns_key: bool = False,
) -> None:
    rpc(
        db, "record_model_use", professional_id=payer, owns_key=owns_key, provider=provider,
        input_tokens=100, output_tokens=10, cost_micros=micros, failure=failure,
    )  # fmt: skip


def fail(db: Connection, payer: UUID, times: int, *, cause: str = "timeout", **whose: Any) -> None:
    for _ in range(times):
        record(db, payer, failure=cause, **whose)


def later(db: Connection, seconds: int) -> None:
    """As if so much time had passed for every circuit."""
    db.execute(
        "update model_circuits set opened_until = opened_until - make_interval(secs => %(seconds)s),"
        " probe_until = probe_until - make_interval(secs => %(seconds)s)",
        {"seconds": seconds},
    )


def alerts(db: Connection) -> list[str]:
    return [row["kind"] for row in rows(db, "marketing_alerts")]


# ---- the budget ------------------------------------------------------------------------------------------------------


def test_every_question_of_a_day_is_added_up(db: Connection) -> None:
    payer = make_payer(db)

    record(db, payer, micros=120)
    record(db, payer, micros=80, failure="timeout")

    [day] = rows(db, "ai_usage")
    assert (day["questions"], day["failures"], day["cost_micros"]) == (2, 1, 200)
    assert (day["input_tokens"], day["output_tokens"]) == (200, 20)


def test_whoever_spent_the_days_budget_is_told_once_and_asks_no_model(db: Connection) -> None:
    payer, other = make_payer(db, ai_budget_cents=2), make_payer(db, ai_budget_cents=2)

    record(db, payer, micros=CENT)
    assert (admit(db, payer), alerts(db)) == ("admitted", [])
    record(db, payer, micros=CENT)
    record(db, payer, micros=CENT)  # it was on its way

    assert admit(db, payer) == admit(db, payer, owns_key=True) == "budget_spent"
    assert admit(db, other) == "admitted"
    [alert] = rows(db, "marketing_alerts")
    assert (alert["kind"], alert["severity"], alert["professional_id"]) == ("ai_budget_spent", "warning", payer)
    db.execute("update marketing_alerts set acknowledged_at = now()")
    record(db, payer, micros=CENT)
    assert len(alerts(db)) == 1


def test_the_next_day_begins_with_the_whole_budget(db: Connection) -> None:
    payer = make_payer(db, ai_budget_cents=1)
    record(db, payer, micros=CENT)
    db.execute("update ai_usage set day = day - 1")

    assert admit(db, payer) == "admitted"


@pytest.mark.parametrize(
    ("policies", "spent", "expected"),
    [
        ({}, 100 * CENT - 1, "admitted"),
        ({}, 100 * CENT, "budget_spent"),
        ({"ai_budget_cents": None}, 100_000 * CENT, "admitted"),
        ({"ai_budget_cents": 0}, 0, "budget_spent"),
    ],
)
def test_the_budget_is_the_clinics_policy(db: Connection, policies: dict[str, Any], spent: int, expected: str) -> None:
    payer = make_payer(db, **policies)
    record(db, payer, micros=spent)

    assert admit(db, payer) == expected


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_is_the_professionals_own(db: Connection, timezone: str) -> None:
    payer = make_clinic(db, timezone=timezone).professional_id
    record(db, payer)

    [row] = db.execute("select day, (now() at time zone %s)::date as today from ai_usage", (timezone,)).fetchall()
    assert row["day"] == row["today"]


def test_of_many_who_spend_at_once_nothing_is_lost_and_one_tells(db: Connection, connect: Connect) -> None:
    payer = make_payer(db, ai_budget_cents=5)
    db.commit()

    race(connect, [lambda own: record(own, payer, micros=CENT)] * 12)

    assert rows(db, "ai_usage")[0]["cost_micros"] == 12 * CENT
    assert alerts(db) == ["ai_budget_spent"]


# ---- the circuit -----------------------------------------------------------------------------------------------------


def test_three_failures_in_a_row_open_the_circuit_of_this_provider_and_key_alone(db: Connection) -> None:
    payer, other = make_payer(db), make_payer(db)

    fail(db, payer, 2, owns_key=True)
    assert admit(db, payer, owns_key=True) == "admitted"
    fail(db, payer, 1, owns_key=True)

    assert admit(db, payer, owns_key=True) == "circuit_open"
    assert admit(db, payer, owns_key=True, provider="openrouter") == "admitted"
    assert admit(db, payer) == admit(db, other) == "admitted", "the platform's key works"


def test_whoever_uses_the_platforms_key_shares_what_is_known_of_it(db: Connection) -> None:
    payers = [make_payer(db) for _ in range(3)]

    for payer in payers:
        fail(db, payer, 1)

    assert {admit(db, payer) for payer in payers} == {"circuit_open"}
    assert admit(db, payers[0], owns_key=True) == "admitted"


def test_an_answer_between_failures_closes_it(db: Connection) -> None:
    payer = make_payer(db)

    fail(db, payer, 2)
    record(db, payer)
    fail(db, payer, 2)

    assert admit(db, payer) == "admitted"


@pytest.mark.parametrize("cause", ["garbage", "truncated", "moderated"])
def test_an_answer_that_makes_no_sense_or_a_text_not_read_is_an_answer(db: Connection, cause: str) -> None:
    payer = make_payer(db)

    fail(db, payer, 5, cause=cause)

    assert admit(db, payer) == "admitted"


def test_after_its_time_one_question_is_let_through_and_its_answer_closes_the_circuit(db: Connection) -> None:
    payer = make_payer(db)
    fail(db, payer, 3)
    later(db, 31)

    assert [admit(db, payer) for _ in range(3)] == ["admitted", "circuit_open", "circuit_open"]
    record(db, payer)

    assert [admit(db, payer) for _ in range(2)] == ["admitted", "admitted"]


def test_a_probe_that_fails_opens_the_circuit_for_twice_as_long(db: Connection) -> None:
    payer = make_payer(db)
    fail(db, payer, 3)
    later(db, 31)
    assert admit(db, payer) == "admitted"
    fail(db, payer, 1)

    later(db, 31)
    assert admit(db, payer) == "circuit_open"
    later(db, 31)
    assert admit(db, payer) == "admitted"


def test_a_probe_that_never_came_back_does_not_hold_the_place(db: Connection) -> None:
    payer = make_payer(db)
    fail(db, payer, 3)
    later(db, 31)
    assert admit(db, payer) == "admitted"

    later(db, 21)

    assert admit(db, payer) == "admitted"


def test_a_circuit_is_never_open_for_longer_than_ten_minutes(db: Connection) -> None:
    payer = make_payer(db)
    fail(db, payer, 40)

    later(db, 601)

    assert admit(db, payer) == "admitted"


def test_of_many_who_ask_at_once_after_its_time_one_is_let_through(db: Connection, connect: Connect) -> None:
    payer = make_payer(db)
    fail(db, payer, 3)
    later(db, 31)
    db.commit()

    answers = race(connect, [lambda own: admit(own, payer)] * 12)

    assert sorted(answers) == ["admitted", *["circuit_open"] * 11]


@pytest.mark.parametrize("cause", ["unauthorised", "payment"])
def test_a_key_that_is_refused_opens_it_at_once_and_its_owner_is_told(db: Connection, cause: str) -> None:
    payer = make_payer(db)

    fail(db, payer, 1, cause=cause, owns_key=True)

    assert admit(db, payer, owns_key=True) == "circuit_open"
    assert alerts(db) == ["ai_key_refused"]


def test_a_key_that_may_not_listen_may_answer_all_the_same(db: Connection) -> None:
    payer = make_payer(db)

    fail(db, payer, 1, cause="unauthorised", owns_key=True, provider="openai/speech")

    assert admit(db, payer, owns_key=True, provider="openai/speech") == "circuit_open"
    assert admit(db, payer, owns_key=True) == "admitted"
    [alert] = rows(db, "marketing_alerts", kind="ai_key_refused")
    assert "notas de voz" in alert["message"]


def test_the_platforms_key_being_refused_is_no_matter_of_a_professionals(db: Connection) -> None:
    payer = make_payer(db)

    fail(db, payer, 1, cause="unauthorised")

    assert admit(db, payer) == "circuit_open"
    assert alerts(db) == []
