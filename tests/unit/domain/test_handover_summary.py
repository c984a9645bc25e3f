"""Whoever goes on with a conversation reads what it was about, from its own rows."""

from datetime import timedelta
from typing import Any

import pytest

from dentalist.domain.dialog import Dialog, Question
from dentalist.domain.handover_summary import summarise
from dentalist.domain.loops import StopReason
from dentalist.domain.understanding.intents import HandoffReason, Intent
from tests.assistant_claims import NOW, make_appointment, make_claim, make_clinic, make_message, make_offer, meant


def summary(claim: Any, *, reason: str = "requested", intent: Intent = Intent.HUMAN_HANDOFF, **understood: Any) -> str:
    return summarise(claim, meant(intent, **understood), reason=reason, clinic=make_clinic())


@pytest.mark.parametrize("reason", [*HandoffReason, *StopReason])
def test_every_reason_has_words(reason: str) -> None:
    told = summary(make_claim("hola"), reason=str(reason))

    assert str(reason) not in told


def test_the_last_words_are_quoted_on_one_line_and_cut() -> None:
    told = summary(make_claim("hola\n\nquiero", "x" * 20 + " palabra" * 200))

    quote = told.splitlines()[-1]
    assert quote.startswith("Último mensaje: «hola quiero / xxxx")
    assert len(quote) < 350


def test_what_was_asked_before_is_told_once_each() -> None:
    asked = [make_message("¿precio?", ai_metadata={"intent": "request_quote", "confidence": 1.0}) for _ in range(2)]
    claim = make_claim("una persona", history=asked)

    assert "Pidió: un precio y hablar con una persona." in summary(claim)


def test_four_of_the_times_that_were_offered_are_named_in_order() -> None:
    offers = [make_offer(days) for days in (3, 1, 2, 5, 4, 6)]
    told = summary(make_claim("hola", open_offers=offers))

    (line,) = [line for line in told.splitlines() if line.startswith("Se le ofreció")]
    assert line.count(";") == 3
    assert line.endswith("y 2 más.")
    assert line.index("24 nov") < line.index("25 nov") < line.index("26 nov")


def test_appointments_and_cancellations_name_who_comes() -> None:
    booked = make_appointment(2, name="Tomás Ruiz")
    cancelled = make_appointment(1, name="Mía Ruiz").model_copy(
        update={"chat_change": "cancelled", "status": "cancelled", "chat_changed_at": NOW}
    )
    told = summary(make_claim("hola", appointments=[booked], changed=[cancelled]))

    assert "Se canceló: Mar 24 nov" in told
    assert "(Mía Ruiz)." in told
    assert "(Tomás Ruiz)." in told


@pytest.mark.parametrize("question", Question)
def test_an_open_question_is_told_in_words(question: Question) -> None:
    asked = make_message("¿?", inbound=False, ai_metadata=Dialog(asks=question).as_memo())

    told = summary(make_claim("hola", history=[asked]))

    assert "Quedó por saber: " in told
    assert question.value not in told


def test_a_person_who_spoke_since_leaves_no_question_open() -> None:
    asked = make_message("¿?", inbound=False, ai_metadata=Dialog(asks=Question.FULL_NAME).as_memo())
    spoke = make_message("yo te ayudo", inbound=False, sender="professional", created_at=NOW + timedelta(minutes=1))

    assert "Quedó por saber" not in summary(make_claim("hola", history=[asked, spoke]))


def test_nothing_is_told_of_what_there_is_not() -> None:
    told = summary(make_claim(), reason="low_confidence", intent=Intent.GENERAL_INQUIRY)

    assert told == "Resumen del asistente: el asistente no entendió dos veces seguidas.\nPidió: información."
