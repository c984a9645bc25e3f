"""The standard set: what Meta would refuse is never proposed."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.standard_templates import (
    LANGUAGES,
    VARIABLES,
    StandardTemplate,
    language_of,
    standard_template,
)
from dentalist.domain.templates import Template
from infra.sandbox.template_rules import check_new_template, fill

EVERY = [(name, language) for name in StandardTemplate for language in LANGUAGES]
VARIABLE = re.compile(r"\{\{(\w+)\}\}")
VALUES = {"name": "Lucía", "clinic": "Consultorio Sur", "date": "jueves 12 de noviembre", "time": "15:30"}


def body_of(template: dict[str, Any]) -> dict[str, Any]:
    [body] = [component for component in template["components"] if component["type"] == "BODY"]
    return body  # type: ignore[no-any-return]


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_template_passes_metas_rules(name: StandardTemplate, language: str) -> None:
    template = standard_template(name, language)

    assert check_new_template(template) == template


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_template_says_nothing_but_clinic_name_date_and_time(name: StandardTemplate, language: str) -> None:
    text = body_of(standard_template(name, language))["text"]

    variables = VARIABLE.findall(text)
    assert set(variables) <= set(VARIABLES)
    assert {"name", "clinic", "date"} <= set(variables)
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_there_is_far_more_text_than_variables_and_never_two_beside_each_other(
    name: StandardTemplate, language: str
) -> None:
    text = body_of(standard_template(name, language))["text"]

    words = VARIABLE.sub("", text).split()
    assert len(words) >= 3 * len(VARIABLE.findall(text)) + 1
    assert all(re.search(r"\w", between) for between in VARIABLE.split(text)[::2])


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_variable_has_one_example_that_a_reviewer_reads(name: StandardTemplate, language: str) -> None:
    body = body_of(standard_template(name, language))

    samples = body["example"]["body_text_named_params"]
    assert [sample["param_name"] for sample in samples] == VARIABLE.findall(body["text"])
    assert all(sample["example"].strip() for sample in samples)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_template_is_utility_with_named_parameters(name: StandardTemplate, language: str) -> None:
    template = standard_template(name, language)

    assert (template["name"], template["language"]) == (name.value, language)
    assert (template["category"], template["parameter_format"]) == ("UTILITY", "NAMED")


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_what_we_would_send_fills_the_template_and_fits_at_meta(name: StandardTemplate, language: str) -> None:
    submitted = standard_template(name, language)
    stored = Template.model_validate({**submitted, "id": uuid4(), "channel_id": uuid4(), "status": "APPROVED"})

    content = stored.fill({variable: VALUES[variable] for variable in stored.variables})

    seen = fill({**submitted, "status": "APPROVED"}, content.as_graph(None)["template"])
    assert "{{" not in seen["body"]
    assert all(VALUES[variable] in seen["body"] for variable in stored.variables)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_reminder_has_buttons(language: str) -> None:
    buttons = {
        name: [
            button["text"] for part in standard_template(name, language)["components"][1:] for button in part["buttons"]
        ]
        for name in StandardTemplate
    }

    assert buttons.pop(StandardTemplate.REMINDER) == ["Confirmo", "Cancelar"]
    assert not any(buttons.values())


def test_the_names_that_approvals_hang_on_never_change() -> None:
    assert [name.value for name in StandardTemplate] == [
        "appointment_reminder",
        "appointment_confirmation",
        "appointment_reschedule",
        "reopen_conversation",
        "urgent_notice",
    ]


@pytest.mark.parametrize(
    ("country", "language"),
    [("AR", "es_AR"), ("ar", "es_AR"), ("MX", "es_MX"), ("ES", "es_ES"), ("CL", "es"), ("UY", "es"), (None, "es")],
)
def test_a_clinic_writes_in_the_spanish_of_its_country(country: str | None, language: str) -> None:
    assert language_of(country) == language


@pytest.mark.parametrize(("language", "familiar"), [("es_AR", True), ("es_ES", True), ("es_MX", False), ("es", False)])
def test_patients_are_addressed_as_in_their_country(language: str, familiar: bool) -> None:
    text = json.dumps([standard_template(name, language) for name in StandardTemplate], ensure_ascii=False)

    assert bool(re.search(r"\b(te|tu)\b", text)) is familiar
    assert bool(re.search(r"\b(le|su)\b", text)) is not familiar
    assert ("Tocá" in text) is (language == "es_AR")
    assert ("turno" in text) is (language == "es_AR")
