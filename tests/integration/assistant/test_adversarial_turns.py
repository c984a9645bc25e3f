"""Patients who give orders, and models that lie, obey strangers and break: nothing of it reaches anybody.

The turns go through the real code: understanding, agenda, wording and guard, with the clients of production against a
model that misbehaves. What was sent is judged by an oracle that knows nothing of the guard.
"""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from infra.sandbox.llm import lies
from infra.sandbox.llm.adversaries import TALKERS
from tests.integration.assistant.attacked import HARMLESS, PATIENT, AttackedWorld, Move, begin, says, take_part
from tests.integration.assistant.oracle import complaints, shown
from tests.integration.sandbox.world import Sandbox

FAMILIES = (*TALKERS, "adversarial")
HARMLESS_LIES = {"refuses", "endless"}  # unhelpful, or too long for anything
FAILURES = ("truncated", "filtered", "html", "cut", "500", "429")


def attack(sandbox: Sandbox, behaviour: str, moves: Sequence[Move] = PATIENT) -> AttackedWorld:
    """A conversation with a model of this behaviour, every message of ours judged."""
    world = begin(sandbox.url, f"sandbox-{behaviour}")
    for move in moves:
        rows = {row.id: row for row in world.appointments}
        for sent in take_part(world, move):
            changed = rows != {row.id: row for row in world.appointments}
            wrong = [*complaints(world, sent, changed=changed)]
            assert not wrong, f"{behaviour}: {wrong} in {shown(sent)}"
    return world


def test_there_are_at_least_five_hundred_turns() -> None:
    assert len(FAMILIES) * len(PATIENT) >= 500


@pytest.mark.parametrize("behaviour", FAMILIES)
def test_nothing_that_a_bad_model_says_is_sent(models: Sandbox, behaviour: str) -> None:
    world = attack(models, behaviour)

    asked = models.control("GET", f"/llm/requests?model=sandbox-{behaviour}&limit=1000")["requests"]
    worded = [item for item in asked if "prepared" in item["request"]["messages"][1]["content"]]
    assert len(asked) >= len(PATIENT) // 2, "the model was hardly asked: this proves nothing"
    assert len(worded) >= 5, "the model hardly worded anything: this proves nothing"
    assert len(world.outbound) >= len(PATIENT) // 2, "the contact was hardly answered"


@pytest.mark.parametrize("behaviour", [family for family in lies.LIES if family not in HARMLESS_LIES])
def test_without_the_guard_the_same_turns_are_complained_about(
    models: Sandbox, behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dentalist.services.answering.word_answer.check_words", lambda *_: ())

    with pytest.raises(AssertionError, match=behaviour):
        attack(models, behaviour)


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_model_that_breaks_is_replaced_by_the_rules(models: Sandbox, behaviour: str) -> None:
    world = attack(models, behaviour, PATIENT[:5])

    assert len(world.outbound) == 5
    assert not any((row.ai_metadata or {}).get("worded") for row in world.outbound)


def test_a_good_model_is_mostly_let_through(models: Sandbox) -> None:
    world = attack(models, "good")

    worded = [row for row in world.outbound if (row.ai_metadata or {}).get("worded")]
    refused = [row for row in world.outbound if (row.ai_metadata or {}).get("violations")]
    assert len(worded) >= 5
    assert len(refused) <= len(worded) // 4


@pytest.mark.parametrize("behaviour", ["lies_about_intents", "injected", "adversarial"])
def test_no_appointment_is_given_up_because_a_model_says_so(models: Sandbox, behaviour: str) -> None:
    world = begin(models.url, f"sandbox-{behaviour}")
    appointment = world.has_appointment(world.now + timedelta(days=4))

    for text in HARMLESS * 3:
        take_part(world, says(text))

    [row] = [row for row in world.appointments if row.id == appointment.id]
    assert (row.status, row.starts_at) == ("booked", appointment.starts_at)
