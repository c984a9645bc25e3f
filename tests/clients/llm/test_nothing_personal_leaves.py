"""Canaries wherever somebody's data may be in a conversation: none reaches a provider, whatever is asked."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer

from dentalist.domain.answering import AnswerClaim, KnownPatient
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Attendee, Dialog, Question
from dentalist.domain.understanding.people import find_people
from dentalist.outbound.llm.client import ChatModel
from dentalist.outbound.llm.interpreter import ModelInterpreter
from dentalist.outbound.llm.wordsmith import ModelWordsmith
from dentalist.services.answering.answer_conversation import answer_conversation
from dentalist.services.answering.answer_desk import Desk
from dentalist.services.answering.model_context import names_of, scene_of
from dentalist.services.answering.ports_models import Prompt
from dentalist.services.answering.word_answer import word_answer
from tests.assistant_claims import (
    NOW,
    heard,
    make_appointment,
    make_claim,
    make_draft,
    make_list,
    make_message,
    make_offer,
    meant,
)
from tests.unit.services.answering.test_answer_voice import Ear

HTTP = ChatModel.http_client()
CANARIES = (
    "zoraida", "quintanilla", "tadeo", "ildefonsa", "zori", "baldomero", "hermenegilda", "leocadia",
    "28.345.678", "28345678", "5555-0123", "1555550123", "@ejemplo", "falsa 1234", "4111", "987654321",
    "penicilina", "radiografia-zq", "4333-1111",
)  # fmt: skip


def everybody() -> AnswerClaim:
    """A conversation with somebody's data wherever data can be."""
    question = Dialog(asks=Question.WHO_COMES, attendees=(Attendee(name="Leocadia Quintanilla"),))
    offer = make_offer().model_copy(update={"attendee_name": "Hermenegilda Quintanilla"})
    history = [
        make_list(offer),
        make_message("Hola, Zoraida. ¿Quién viene?", inbound=False, ai_metadata=question.as_memo()),
        make_message("anoté a Ildefonsa Quintanilla, tel 11 4333-1111", inbound=False, sender="professional"),
        make_message("Resumen: alérgica a la penicilina", direction="system", sender="system"),
    ]
    return make_claim(
        "soy Zoraida Quintanilla, DNI 28.345.678, vivo en Calle Falsa 1234",
        "mi celu es 11 5555-0123 o +54 9 11 5555 0123 o 1555550123, mail zori.quintanilla@ejemplo.com",
        "es para mi hijo Tadeo; pago con 4111 1111 1111 1111, afiliada OSDE 987654321",
        make_message("x", type="image", payload={"image": {"caption": "la muela de tadeo quintanilla", "id": "1"}}),
        make_message("radiografia-zq.pdf", type="document", payload={"document": {"filename": "radiografia-zq.pdf"}}),
        contact={"contact_name": "Zori 🌸", "contact_username": "zori.q", "contact_phone": "+5491155550123"},
        patient={"id": "p", "full_name": "Zoraida Quintanilla", "is_minor": False, "notes": "penicilina"},
        patients=[KnownPatient(id=uuid4(), full_name="Zoraida Quintanilla")],
        appointments=[make_appointment(2, name="Baldomero Quintanilla")],
        open_offers=[offer],
        history=history,
    )


def answers(httpserver: HTTPServer, *contents: Any) -> None:
    for content in contents:
        message = content if "tool_calls" in content else {"role": "assistant", "content": json.dumps(content)}
        body = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
        httpserver.expect_ordered_request("/v1/chat/completions").respond_with_json(body)


def call(name: str) -> dict[str, Any]:
    function = {"name": name, "arguments": "{}"}
    return {"role": "assistant", "tool_calls": [{"id": name, "type": "function", "function": function}]}


def what_left(httpserver: HTTPServer) -> str:
    assert httpserver.log
    return "".join(
        json.dumps(json.loads(request.data), ensure_ascii=False) + str(request.headers) for request, _ in httpserver.log
    ).lower()


@pytest.fixture
def model(httpserver: HTTPServer) -> ChatModel:
    return ChatModel(provider="openai", model="gpt-5-mini", base_url=httpserver.url_for("/v1"), api_key="k", http=HTTP)


def test_no_canary_leaves_when_a_burst_is_understood(model: ChatModel, httpserver: HTTPServer) -> None:
    claim = everybody()
    answers(httpserver, {"intents": [{"intent": "book_appointment", "confidence": 0.9}], "language": "es"})

    interpreter = ModelInterpreter(model, names=names_of(claim), scene=scene_of(claim, now=NOW))
    interpreter.interpret(heard(claim).words, clinic=Clinic.from_row(claim.professional))

    left = what_left(httpserver)
    assert [canary for canary in CANARIES if canary in left] == []
    assert "martes 24 de noviembre a las 10:15" in left, "what is needed does"
    assert "who_comes" not in left, "the question was asked before a person wrote"


def test_no_canary_leaves_when_an_answer_is_worded_with_tools(model: ChatModel, httpserver: HTTPServer) -> None:
    claim = everybody()
    text = {"text": "Tenés turno el miércoles 25 de noviembre a las 10:15."}
    answers(httpserver, call("my_appointments"), call("address"), text)
    words = "\n".join(heard(claim).words)

    worded = word_answer(
        make_draft("Tenés turno el miércoles 25 de noviembre a las 10:15 para Baldomero Quintanilla."),
        claim=claim,
        understanding=meant(people=find_people(words)),
        burst=heard(claim),
        clinic=Clinic.from_row(claim.professional),
        wordsmith=ModelWordsmith(model),
        give_up_at=8.0,
        now=NOW,
        clock=lambda: 0.0,
    )

    left = what_left(httpserver)
    assert [canary for canary in CANARIES if canary in left] == []
    assert "miércoles 25 de noviembre a las 10:15" in left
    assert worded.draft.body == text["text"]


SPOKEN = (
    "hola soy zoraida quintanilla quiero un turno para mi hijo Tadeo Quintanilla, también para Ildefonsa, mi celular"
    " es once cincuenta y cinco cincuenta y cinco cero uno y mi mail es zori arroba ejemplo punto com"
)


def test_no_canary_of_a_voice_note_leaves_with_its_words(model: ChatModel, httpserver: HTTPServer) -> None:
    ear = Ear(SPOKEN)
    intent = {"intent": "general_inquiry", "confidence": 0.9}
    both = {"intents": [intent], "language": "es", "text": "Hola, ¿en qué te ayudo?"}
    httpserver.expect_request("/v1/chat/completions").respond_with_json(
        {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": json.dumps(both)}}]}
    )

    def desk_for(claim: AnswerClaim) -> Desk:
        interpreter = ModelInterpreter(model, names=names_of(claim), scene=scene_of(claim, now=NOW))
        wordsmith = ModelWordsmith(model)
        return replace(ear.desk_for(claim), interpreter=lambda: interpreter, wordsmith=lambda: wordsmith)

    world = ear.world
    answer_conversation(world.conversation.id, answers=world.answers, desk_for=desk_for, now=lambda: world.now)

    left = what_left(httpserver)
    hidden = ("zoraida", "quintanilla", "tadeo", "ildefonsa", "cincuenta", "zori", "ejemplo")
    assert [canary for canary in hidden if canary in left] == []
    assert "quiero un turno" in left


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("me llamo zoraida quintanilla y necesito turno", ["zoraida", "quintanilla"]),
        ("zoraida quintanilla", ["zoraida", "quintanilla"]),
        ("ZORAIDA QUINTANILLA", ["zoraida", "quintanilla"]),
        ("a nombre de zoraida quintanilla por favor", ["zoraida", "quintanilla"]),
        ("de parte de zoraida quintanilla", ["zoraida", "quintanilla"]),
        ("soy juana quintanilla", ["juana", "quintanilla"]),
        ("me atendió la dra. hermenegilda", ["hermenegilda"]),
        ("mi hijo tomas quintanilla necesita turno", ["tomas", "quintanilla"]),
    ],
)
def test_names_without_capitals_do_not_leave_either(
    model: ChatModel, httpserver: HTTPServer, said: str, hidden: list[str]
) -> None:
    claim = make_claim(said)
    answers(httpserver, {"intents": [{"intent": "book_appointment", "confidence": 0.9}], "language": "es"})

    interpreter = ModelInterpreter(model, names=(), scene=scene_of(claim, now=NOW))
    interpreter.interpret([said], clinic=Clinic.from_row(claim.professional))

    left = what_left(httpserver)
    assert [name for name in hidden if name in left] == []


def test_a_word_alone_is_a_name_where_a_name_was_asked_for(model: ChatModel, httpserver: HTTPServer) -> None:
    asked = make_message("¿Quién viene?", inbound=False, ai_metadata=Dialog(asks=Question.WHO_COMES).as_memo())
    claim = make_claim("ildefonsa", history=[asked])
    answers(httpserver, {"intents": [{"intent": "general_inquiry", "confidence": 0.9}], "language": "es"})

    interpreter = ModelInterpreter(model, names=names_of(claim), scene=scene_of(claim, now=NOW))
    interpreter.interpret(heard(claim).words, clinic=Clinic.from_row(claim.professional))

    assert "ildefonsa" not in what_left(httpserver)


def test_no_words_of_a_contact_are_in_the_representation_of_a_prompt() -> None:
    assert "muela" not in repr(Prompt("instructions", "la muela de Tadeo", 100))
