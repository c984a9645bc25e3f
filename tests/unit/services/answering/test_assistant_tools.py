"""What a model may ask of code: closed lists in, the clinic's own words out."""

import json
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from dentalist.domain.answering import AnswerClaim, KnownPatient
from dentalist.domain.clinic import Clinic
from dentalist.domain.persona import Persona
from dentalist.domain.wording.drafts import Task, TaskKind
from dentalist.domain.wording.voice import Voice
from dentalist.services.answering.assistant_tools import AssistantTools, Subject
from tests.assistant_claims import NOW, make_appointment, make_claim

UNKNOWN = "No tengo ese dato"
REFUSED = "No existe esa función"


def tools_for(claim: AnswerClaim | None = None, **clinic: Any) -> AssistantTools:
    claim = claim or make_claim("hola", clinic=clinic)
    return AssistantTools(claim, Voice(Clinic.from_row(claim.professional), Persona()), NOW)


def missing(tools: AssistantTools) -> list[str]:
    return [task.detail for task in tools.tasks if task.kind is TaskKind.MISSING_FACT]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("opening_hours", "Atendemos lunes a viernes de 9 a 13 y de 15 a 19."),
        ("address", "Estamos en Siempreviva 742."),
        ("insurances", "OSDE y Swiss Medical"),
    ],
)
def test_a_fact_is_told_in_the_clinics_own_words_and_may_then_be_said(name: str, expected: str) -> None:
    tools = tools_for()

    answer = tools.use(name, "{}")

    assert expected in answer
    assert tools.said == (answer,)
    assert tools.tasks == ()


@pytest.mark.parametrize(
    ("name", "column", "subject"),
    [
        ("opening_hours", "opening_hours", Subject.HOURS),
        ("address", "address", Subject.ADDRESS),
        ("insurances", "insurances", Subject.INSURANCE),
        ("payment_methods", "payment_methods", Subject.PAYMENT),
        ("phone", "phone", Subject.OTHER),
    ],
)
def test_a_fact_that_the_clinic_did_not_fill_in_is_a_task_and_never_invented(
    name: str, column: str, subject: Subject
) -> None:
    tools = tools_for(**{column: None})

    assert UNKNOWN in tools.use(name, "{}")
    assert missing(tools) == [subject.value]


def test_prices_are_those_of_the_list() -> None:
    tools = tools_for()

    answer = tools.use("prices", '{"treatments": ["limpieza dental"]}')

    assert answer == "Limpieza: $ 30.000."


def test_a_listed_treatment_without_a_price_is_asked_of_the_clinic() -> None:
    tools = tools_for()

    answer = tools.use("prices", '{"treatments": ["brackets", "limpieza"]}')

    assert "Limpieza: $ 30.000." in answer
    assert UNKNOWN in answer
    assert missing(tools) == ["el precio de ortodoncia"]


def test_words_that_are_no_treatment_are_never_repeated_nor_kept() -> None:
    tools = tools_for()

    answer = tools.use("prices", json.dumps({"treatments": ["Zoraida Canario dni 28345678"]}))

    assert "Zoraida" not in answer + str(tools.tasks)
    assert missing(tools) == [Subject.PRICE.value]


def test_the_contacts_own_appointments_are_told_with_whom_they_are_for() -> None:
    claim = make_claim("¿cuándo es mi turno?", appointments=[make_appointment(1), make_appointment(3, name="Tadeo")])

    answer = tools_for(claim).use("my_appointments", "{}")

    assert answer == ("Tenés turno mañana martes a las 10:15 y el jueves 26 de noviembre a las 10:15 para Tadeo.")


def test_without_an_appointment_it_says_so() -> None:
    past = make_claim("¿cuándo es mi turno?", appointments=[make_appointment(-1)])

    assert tools_for(past).use("my_appointments", "{}") == "No tenés turnos con este número."


@pytest.mark.parametrize(
    "columns",
    [
        {"contact": {"phone_unverified_at": NOW}},
        {"patients": [KnownPatient(id=uuid4(), full_name=name) for name in ("Ana Paz", "Eva Paz")]},
    ],
)
def test_nothing_is_named_to_a_phone_that_may_be_somebody_elses(columns: dict[str, Any]) -> None:
    claim = make_claim("¿cuándo es mi turno?", appointments=[make_appointment(1, name="Tadeo")], **columns)

    answer = tools_for(claim).use("my_appointments", "{}")

    assert "10:15" not in answer
    assert "Tadeo" not in answer


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("book_slot", "{}"),
        ("cancel_appointment", '{"id": 1}'),
        ("", ""),
        ("prices", "not json"),
        ("prices", "[]"),
        ("prices", '{"treatments": "limpieza"}'),
        ("prices", json.dumps({"treatments": ["limpieza"] * 6})),
        ("prices", json.dumps({"treatments": ["x" * 121]})),
        ("address", '{"of": "another clinic"}'),
        ("missing_fact", '{"subject": "el paciente Zoraida debe plata"}'),
        ("missing_fact", "{}"),
    ],
)
def test_a_tool_or_arguments_that_are_none_of_ours_are_refused(name: str, arguments: str) -> None:
    tools = tools_for()

    assert tools.use(name, arguments).startswith(REFUSED)
    assert (tools.said, tools.tasks, tools.asks_person) == ((), (), False)


def test_a_missing_fact_and_a_person_are_asked_for_once() -> None:
    tools = tools_for()

    for _ in range(2):
        tools.use("missing_fact", '{"subject": "estacionamiento"}')
        tools.use("ask_person", "{}")

    assert tools.tasks == (Task(TaskKind.MISSING_FACT, "estacionamiento"),)
    assert tools.asks_person


def test_no_tool_changes_anything() -> None:
    offered = {tool.name for tool in tools_for().tools}

    assert offered == {
        "prices", "opening_hours", "address", "insurances", "payment_methods", "phone", "my_appointments",
        "missing_fact", "ask_person",
    }  # fmt: skip
    assert all(issubclass(tool.arguments, BaseModel) for tool in tools_for().tools)
