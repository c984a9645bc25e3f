"""The contact is erased while the assistant writes: at whatever moment, the turn ends and nothing is left to do."""

from collections.abc import Callable

import pytest

from dentalist.domain.errors import ConversationNotFound
from tests.fakes_answers import World
from tests.unit.services.answering.test_answer_crashes import emergency, opt_out, plain_question, wish_for_a_person

STEPS = [
    pytest.param(plain_question, "gate_claim", id="gate"),
    pytest.param(opt_out, "record_consent", id="consent"),
    pytest.param(emergency, "hand_over", id="emergency"),
    pytest.param(wish_for_a_person, "hand_over", id="hand-over"),
]


@pytest.mark.parametrize(("begin", "step"), STEPS)
def test_a_turn_whose_conversation_is_gone_ends_quietly(begin: Callable[[], World], step: str) -> None:
    world = begin()
    world.failures[step] = ConversationNotFound()

    turn = world.turn()

    assert (turn.outcome, turn.again_in) == ("erased", None)
    assert (world.sent, world.outbound) == ([], [])
