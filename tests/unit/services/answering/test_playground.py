"""A rehearsal with models: the same answer as in a conversation, and nothing comes of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.clinic import Clinic
from dentalist.domain.hours import Interval
from dentalist.domain.understanding.intents import Intent
from dentalist.services.answering.playground import Rehearsal, UntouchedAgenda, rehearsal_claim, rehearse
from dentalist.services.answering.ports_models import Interpretation, Toolbox, Usage, Wording, WordingTask
from tests.assistant_claims import CLINIC_ROW, NOW


@dataclass
class FakeAgenda:
    """Only looked at: it has nothing else."""

    looked: int = 0

    def busy(self, _start: datetime, _end: datetime, *, but: UUID | None = None) -> list[Interval]:
        assert but is None
        self.looked += 1
        return []


@dataclass
class FakeInterpreter:
    intent: Intent = Intent.GENERAL_INQUIRY
    provider: str = "openai"
    model: str = "gpt-5-mini"
    heard: list[str] = field(default_factory=list)

    def interpret(self, messages: Any, *, clinic: Clinic) -> Interpretation:
        assert clinic.name == "Consultorio Prueba"
        self.heard += messages
        return Interpretation([(self.intent, 0.9)], usage=Usage(100, 10, 0.001))


@dataclass
class FakeWordsmith:
    text: str
    provider: str = "openai"
    model: str = "gpt-5-mini"

    def word(self, _task: WordingTask, *, toolbox: Toolbox, seconds: float) -> Wording:
        assert toolbox.tools
        assert seconds > 1
        return Wording(self.text, usage=Usage(200, 20, 0.002))


def try_out(
    text: str,
    *,
    interpreter: FakeInterpreter | None = None,
    wordsmith: FakeWordsmith | None = None,
    agenda: FakeAgenda | None = None,
    **settings: Any,
) -> Rehearsal:
    material = {
        "professional": {"id": str(uuid4()), **CLINIC_ROW},
        "channel": {"id": str(uuid4()), "ai_mode": "auto"},
        "credential": {"id": str(uuid4()), "ai_persona": {}},
    }
    claim = rehearsal_claim(material, text, settings=settings, now=NOW)
    return rehearse(
        claim,
        agenda=UntouchedAgenda(agenda or FakeAgenda()),  # type: ignore[arg-type] - only looked at
        interpreter=lambda: interpreter,
        wordsmith=lambda: wordsmith,
        now=NOW,
    )


def test_models_understand_and_word_as_in_a_conversation() -> None:
    interpreter = FakeInterpreter()
    wordsmith = FakeWordsmith("Estamos en Siempreviva 742, te esperamos.")

    told = try_out("¿dónde queda?", interpreter=interpreter, wordsmith=wordsmith)

    assert interpreter.heard == ["¿dónde queda?"]
    assert told.draft is not None
    assert told.draft.body.endswith("Estamos en Siempreviva 742, te esperamos.")
    about = {name: told.metadata[name] for name in ("provider", "fallback", "worded", "input_tokens", "cost_usd")}
    assert about == {"provider": "openai", "fallback": False, "worded": True, "input_tokens": 300, "cost_usd": 0.003}


def test_what_the_guard_refused_is_told_to_the_owner() -> None:
    told = try_out("¿dónde queda?", interpreter=FakeInterpreter(), wordsmith=FakeWordsmith("Te reservé a las 22:30."))

    assert told.draft is not None
    assert "22:30" not in told.draft.body
    assert "claims_effect" in told.metadata["violations"]


def test_the_persona_that_is_tried_speaks() -> None:
    told = try_out("¿dónde queda?", ai_persona={"name": "Tomás"})

    assert told.draft is not None
    assert "Soy Tomás" in told.draft.body


def test_an_emergency_is_told_and_nobody_is_alarmed() -> None:
    told = try_out("me sangra mucho la boca y no para")

    assert told.is_urgent
    assert told.handoff == "emergency"


def test_free_times_are_read_and_offered_under_ids_that_nothing_knows() -> None:
    agenda = FakeAgenda()

    told = try_out("quiero un turno", agenda=agenda)

    assert agenda.looked
    assert told.draft is not None
    assert told.draft.interactive is not None


@pytest.mark.parametrize("call", ["hold", "commit", "cancel", "confirm", "book_by_hand"])
def test_an_untouched_agenda_finds_nothing_to_change(call: str) -> None:
    agenda = UntouchedAgenda(FakeAgenda())  # type: ignore[arg-type] - only looked at

    assert getattr(agenda, call)(uuid4(), uuid4(), attendee_name=None, source="x").outcome == "not_found"
