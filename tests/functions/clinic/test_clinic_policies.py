"""What the owner decides about the assistant, told and changed through the profile."""

from typing import Any

import pytest

from dentalist.domain.policies import Policies
from tests.fakes_clinic import make_profile
from tests.functions.clinic.test_clinic_handler import World, world

__all__ = ["world"]


def test_every_decision_is_told_with_the_products_own_where_there_is_none(world: World) -> None:
    world.clinics.row = make_profile(policies={"max_future_appointments": 5, "reminder_hours": None, "ask_name": "?"})

    _, told = world.ask("GET")

    assert told["policies"] == {
        "max_future_appointments": 5,
        "ask_name": True,
        "resume_after_hours": None,
        "ai_answers_per_day": 40,
        "waiting_alert_minutes": 15,
        "reminder_hours": None,
        "late_after_minutes": 120,
        "ai_budget_cents": 100,
    }


@pytest.mark.parametrize("stored", [None, [], "?", 3])
def test_a_column_that_cannot_be_read_is_told_as_undecided(world: World, stored: Any) -> None:
    world.clinics.row = make_profile(policies=stored)

    assert world.ask("GET")[1]["policies"] == Policies().model_dump()


@pytest.mark.parametrize(
    "decided",
    [
        {"max_future_appointments": 1},
        {"ask_name": False, "ai_answers_per_day": 200},
        {"resume_after_hours": None, "reminder_hours": None, "ai_budget_cents": None},
        {"resume_after_hours": 168, "waiting_alert_minutes": 5, "late_after_minutes": 1380, "ai_budget_cents": 0},
    ],
)
def test_only_what_was_decided_is_written(world: World, decided: dict[str, Any]) -> None:
    assert world.change(policies=decided) == {"policies": decided}


def test_null_gives_all_decisions_back_to_the_product(world: World) -> None:
    assert world.change(policies=None) == {"policies": None}


@pytest.mark.parametrize(
    "decided",
    [
        {"max_future_appointments": 0},
        {"max_future_appointments": 21},
        {"max_future_appointments": None},
        {"max_future_appointments": "3"},
        {"max_future_appointments": 3.0},
        {"max_future_appointments": True},
        {"ask_name": None},
        {"ask_name": 1},
        {"resume_after_hours": 0},
        {"ai_answers_per_day": 201},
        {"waiting_alert_minutes": 4},
        {"reminder_hours": 73},
        {"late_after_minutes": 9},
        {"ai_budget_cents": -1},
        {"colour": "blue"},
        [],
        "none",
    ],
    ids=str,
)
def test_a_decision_nobody_can_keep_is_refused(world: World, decided: Any) -> None:
    assert world.refuse(policies=decided)[0]["loc"][:2] == ["body", "policies"]
