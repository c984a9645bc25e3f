"""A prepared answer in a model's words: what may be reworded, what is refused, and what it costs."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.clinic import Clinic
from dentalist.domain.understanding.intents import HandoffReason, Language
from dentalist.domain.wording.drafts import Draft, DraftKind, Effect, TaskKind
from dentalist.services.answering.ports_models import ModelUnavailable, Toolbox, Usage, Wording, WordingTask
from dentalist.services.answering.word_answer import Worded, word_answer
from tests.assistant_claims import NOW, heard, make_claim, make_clinic, make_draft, make_message, meant

OPENING = "¡Hola! Soy el asistente virtual de Consultorio Prueba, no una persona."
HOURS = "Atendemos lunes a viernes de 9 a 13 y de 15 a 19."
GOOD = "Claro, atendemos de lunes a viernes, de 9 a 13 y de 15 a 19."
INVENTED = "Atendemos también los sábados a las 22:30."
UNDERSTOOD = {"intent": "general_inquiry", "input_tokens": 100, "output_tokens": 10, "cost_usd": 0.001}


@dataclass
class FakeWordsmith:
    """A model that says what it is told to, one text after another; before that it uses tools."""

    texts: list[str | ModelUnavailable]
    uses: list[tuple[str, str]] = field(default_factory=list)
    provider: str = "openai"
    model: str = "gpt-5-mini"
    asked: list[tuple[WordingTask, float]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    takes: float = 0.0
    clock: float = 0.0

    def word(self, task: WordingTask, *, toolbox: Toolbox, seconds: float) -> Wording:
        self.asked.append((task, seconds))
        self.clock += self.takes
        self.told += [toolbox.use(name, arguments) for name, arguments in self.uses]
        text = self.texts.pop(0)
        if isinstance(text, ModelUnavailable):
            raise text
        return Wording(text, hidden="the instructions", usage=Usage(50, 5, 0.0005))


def word(draft: Draft, wordsmith: FakeWordsmith | None, claim: AnswerClaim | None = None, **named: Any) -> Worded:
    claim = claim or make_claim("¿a qué hora abren?")
    defaults: dict[str, Any] = {
        "understanding": meant(),
        "burst": heard(claim),
        "clinic": Clinic.from_row(claim.professional),
        "give_up_at": 8.0,
        "now": NOW,
        "clock": lambda: wordsmith.clock if wordsmith else 0.0,
    }
    return word_answer(draft, claim=claim, wordsmith=wordsmith, **{**defaults, **named})


# ---- what is reworded ------------------------------------------------------------------------------------------------


def test_a_model_says_the_same_in_its_own_words_below_the_opening() -> None:
    worded = word(make_draft(HOURS, opening=OPENING), FakeWordsmith([GOOD]))

    assert worded.draft.body == f"{OPENING}\n{GOOD}"
    assert worded.draft.plain == worded.draft.body
    assert (worded.by, worded.cause, worded.violations) == (("openai", "gpt-5-mini"), None, ())


def test_the_opening_is_not_even_shown_to_the_model() -> None:
    wordsmith = FakeWordsmith([GOOD])

    word(make_draft(HOURS, opening=OPENING), wordsmith)

    assert wordsmith.asked[0][0].prepared == HOURS


def test_a_list_stays_as_it_is_below_other_words() -> None:
    rows = {"button": "Ver horarios", "sections": [{"rows": [{"id": "1", "title": "Mar 24 nov · 10:00"}]}]}
    draft = make_draft(
        "Estos son los horarios libres. Elegí el que te quede mejor:",
        kind=DraftKind.INTERACTIVE,
        interactive={"type": "list", "body": {"text": "…"}, "action": rows},
        plain="Estos son los horarios libres. Elegí el que te quede mejor:\n1. martes 24 de noviembre a las 10:00",
        effects=frozenset({Effect.OPEN_OFFER}),
    )
    wordsmith = FakeWordsmith(["Estos son los horarios libres, elegí el que prefieras:"])

    worded = word(draft, wordsmith).draft

    text = "Estos son los horarios libres, elegí el que prefieras:"
    assert worded.interactive == {"type": "list", "body": {"text": text}, "action": rows}
    assert worded.plain == f"{text}\n1. martes 24 de noviembre a las 10:00"
    assert (worded.kind, worded.effects) == (draft.kind, draft.effects)
    task = wordsmith.asked[0][0]
    assert task.list_follows
    assert "10:00" not in str(task), "times that are only offered are told to nobody but the contact"


@pytest.mark.parametrize(
    ("draft", "named"),
    [
        (make_draft(HOURS, wordable=False), {}),
        (make_draft("", opening=OPENING, body=OPENING), {}),
        (make_draft(HOURS, opening="Otra cosa", body=HOURS), {}),
        (make_draft(HOURS), {"understanding": meant(language=Language.ENGLISH)}),
        (make_draft(HOURS), {"burst": heard(make_claim())}),
    ],
)
def test_what_may_not_be_reworded_is_said_as_it_is_and_no_model_is_asked(draft: Draft, named: dict[str, Any]) -> None:
    wordsmith = FakeWordsmith([GOOD])

    worded = word(draft, wordsmith, **named)

    assert (worded.draft, worded.by, wordsmith.asked) == (draft, None, [])


def test_without_a_model_the_rules_words_stand() -> None:
    draft = make_draft(HOURS)

    assert word(draft, None) == Worded(draft)


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_a_text_that_breaks_a_rule_is_asked_for_once_more_with_the_rule_and_not_the_text() -> None:
    wordsmith = FakeWordsmith([INVENTED, GOOD])

    worded = word(make_draft(HOURS), wordsmith)

    assert worded.draft.body == GOOD
    assert worded.violations
    [first, second] = [task for task, _ in wordsmith.asked]
    assert first.broken == ()
    assert second.broken
    assert "22:30" not in " ".join(second.broken)


def test_what_breaks_a_rule_twice_is_said_as_the_rules_wrote_it() -> None:
    draft, wordsmith = make_draft(HOURS), FakeWordsmith([INVENTED, "Ya te reservé un turno.", GOOD])

    worded = word(draft, wordsmith)

    assert (worded.draft, worded.by, worded.cause) == (draft, None, "violations")
    assert len(wordsmith.asked) == 2
    assert "claims_effect" in worded.violations


@pytest.mark.parametrize("cause", ["timeout", "garbage", "circuit_open", "budget_spent"])
def test_when_no_answer_comes_the_rules_words_stand(cause: str) -> None:
    draft, wordsmith = make_draft(HOURS), FakeWordsmith([ModelUnavailable(cause, usage=Usage(7, 1, 0.0001))])

    worded = word(draft, wordsmith)

    assert (worded.draft, worded.cause, worded.usage) == (draft, cause, Usage(7, 1, 0.0001))


def test_no_second_attempt_begins_when_the_patient_has_waited_long_enough() -> None:
    draft, wordsmith = make_draft(HOURS), FakeWordsmith([INVENTED, GOOD], takes=7.7)

    worded = word(draft, wordsmith)

    assert (worded.draft, worded.cause) == (draft, "no_time")
    assert [seconds for _, seconds in wordsmith.asked] == [6.0]


def test_each_attempt_has_the_time_that_is_left() -> None:
    wordsmith = FakeWordsmith([INVENTED, GOOD], takes=5.0)

    word(make_draft(HOURS), wordsmith)

    assert [seconds for _, seconds in wordsmith.asked] == [6.0, 3.0]


# ---- tools -----------------------------------------------------------------------------------------------------------


def test_what_a_tool_answered_may_be_said() -> None:
    claim = make_claim("¿a qué hora abren y cuánto sale la limpieza?")
    wordsmith = FakeWordsmith([f"{GOOD} La limpieza sale $ 30.000."], [("prices", '{"treatments": ["limpieza"]}')])

    worded = word(make_draft(HOURS), wordsmith, claim)

    assert worded.draft.body.endswith("$ 30.000.")
    assert "30.000" in wordsmith.told[0]


def test_a_name_that_is_a_part_of_a_word_of_ours_may_not_be_said() -> None:
    claim = make_claim("es para mi hija Mar Quintanilla, ¿a qué hora abren?", make_message("soy Mar"))
    prepared = make_draft("Martes a viernes atendemos de 9 a 13.")
    wordsmith = FakeWordsmith(["Mar, de martes a viernes atendemos de 9 a 13."] * 2)

    worded = word(prepared, wordsmith, claim)

    assert worded.draft.body == prepared.body
    assert worded.cause == "violations"


def test_a_price_that_no_tool_answered_may_not() -> None:
    wordsmith = FakeWordsmith(["La limpieza sale $ 12.345.", "La limpieza sale 12345 pesos."])

    worded = word(make_draft(HOURS), wordsmith)

    assert worded.draft.body == HOURS
    assert "invented_price" in worded.violations


def test_a_missing_fact_becomes_a_task_also_when_the_words_were_refused() -> None:
    wordsmith = FakeWordsmith([INVENTED, INVENTED], [("missing_fact", '{"subject": "estacionamiento"}')])

    worded = word(make_draft(HOURS), wordsmith)

    assert worded.draft.body == HOURS
    assert [(task.kind, task.detail) for task in worded.draft.tasks] == [(TaskKind.MISSING_FACT, "estacionamiento")]


def test_asking_for_a_person_hands_over_and_code_says_so() -> None:
    worded = word(make_draft(HOURS, opening=OPENING), FakeWordsmith([GOOD], [("ask_person", "{}")])).draft

    assert worded.handoff is HandoffReason.REQUESTED
    assert worded.body.startswith(f"{OPENING}\n{GOOD}\nLe paso tu mensaje a una persona del equipo")
    assert "13:00" in worded.body, "and when a person reads"


def test_a_hand_over_invites_nobody_to_choose_a_time() -> None:
    draft = make_draft(
        "Elegí el que te quede mejor:",
        opening=OPENING,
        kind=DraftKind.INTERACTIVE,
        interactive={"type": "list", "body": {"text": "…"}, "action": {}},
        effects=frozenset({Effect.OPEN_OFFER}),
    )

    worded = word(draft, FakeWordsmith(["Elegí el que prefieras:"], [("ask_person", "{}")])).draft

    assert (worded.kind, worded.interactive, worded.effects) == (DraftKind.TEXT, None, frozenset())
    assert "Elegí" not in worded.body


# ---- what it is told and what it costs -------------------------------------------------------------------------------


def test_the_model_is_told_what_its_task_needs_and_no_more() -> None:
    claim = make_claim(
        "¿a qué hora abren?",
        patient={"id": "p", "full_name": "Zoraida Canario", "is_minor": False, "notes": "alergia"},
        credential={"ai_persona": {"name": "Lía", "tone": "cercano", "instructions": "Saludá con energía"}},
    )
    wordsmith = FakeWordsmith([GOOD])

    word(make_draft(HOURS), wordsmith, claim)

    task = wordsmith.asked[0][0]
    assert task.about["now"] == "lunes 23 de noviembre de 2026, 10:15"
    assert task.about["timezone"] == "America/Argentina/Buenos_Aires"
    assert (task.about["assistant"], task.about["instructions"]) == ("Lía", "Saludá con energía")
    assert task.about["contact"] == "patient"
    assert "alergia" not in str(task.about) + str(task.conversation)
    assert "Zoraida Canario" in task.private, "so that it is replaced wherever it was written"
    assert [said.text for said in task.conversation] == ["¿a qué hora abren?"]


def test_the_cost_of_all_attempts_is_added_to_that_of_understanding() -> None:
    worded = word(make_draft(HOURS), FakeWordsmith([INVENTED, GOOD]))

    metadata = worded.as_metadata(UNDERSTOOD)
    assert (metadata["input_tokens"], metadata["output_tokens"], metadata["cost_usd"]) == (200, 20, 0.002)
    assert (metadata["worded"], metadata["intent"]) == (True, "general_inquiry")
    assert metadata["violations"] == list(worded.violations)


def test_the_metadata_of_an_answer_that_no_model_worded_says_so() -> None:
    failed = word(make_draft(HOURS), FakeWordsmith([ModelUnavailable("timeout")])).as_metadata(UNDERSTOOD)
    never = word(make_draft(HOURS), None).as_metadata(UNDERSTOOD)

    assert (failed["worded"], failed["wording_cause"]) == (False, "timeout")
    assert never == {**UNDERSTOOD, "worded": False}


def test_a_persona_that_keeps_it_short_is_asked_for_less() -> None:
    claim = make_claim("¿a qué hora abren?", credential={"ai_persona": {"max_output_tokens": 60}})
    wordsmith = FakeWordsmith([GOOD])

    word(make_draft(HOURS), wordsmith, claim)

    assert wordsmith.asked[0][0].max_chars == 210


def test_no_words_of_anybody_are_in_the_representation_of_a_task() -> None:
    wordsmith = FakeWordsmith([GOOD])
    word(make_draft(HOURS), wordsmith, make_claim("soy Zoraida Canario"))

    assert "Canario" not in repr(wordsmith.asked[0][0])
    assert make_clinic().name not in repr(wordsmith.asked[0][0])
