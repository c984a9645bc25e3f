"""Variables of templates, and the components that Meta gets."""

import pytest

from dentalist.domain.errors import TemplateVariablesMismatch
from tests.builders import make_template


def test_variables_by_name_travel_with_their_names() -> None:
    template = make_template(
        parameter_format="NAMED",
        components=[
            {"type": "HEADER", "format": "TEXT", "text": "{{clinica}}"},
            {"type": "BODY", "text": "Hola {{nombre}}"},
        ],
    )

    content = template.fill({"nombre": "Luciana", "clinica": "Sonrisas"})

    assert template.variables == ["clinica", "nombre"]
    assert content.payload["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "Sonrisas", "parameter_name": "clinica"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Luciana", "parameter_name": "nombre"}]},
    ]
    assert content.body == "Sonrisas\nHola Luciana"


def test_numbers_outside_the_body_say_where_they_belong() -> None:
    template = make_template(
        components=[
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Hola {{1}}"},
            {"type": "FOOTER", "text": "Sonrisas"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Confirmo"},
                    {"type": "URL", "text": "Ver", "url": "https://example.com/{{1}}"},
                ],
            },
        ]
    )
    values = {"1": "Ana", "header.image": "https://example.com/a.jpg", "button.1.1": "turno-7"}

    content = template.fill(values)

    assert set(template.variables) == set(values)
    assert content.payload["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/a.jpg"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "turno-7"}]},
    ]
    assert content.body == "Hola Ana\nSonrisas"


def test_positional_variables_are_sent_in_the_order_of_their_numbers() -> None:
    template = make_template(components=[{"type": "BODY", "text": "{{2}} y {{1}} y {{10}}"}])

    content = template.fill({"1": "uno", "2": "dos", "10": "diez"})

    parameters = content.payload["template"]["components"][0]["parameters"]
    assert [parameter["text"] for parameter in parameters] == ["uno", "dos", "diez"]


def test_a_template_without_variables_sends_no_components() -> None:
    content = make_template(components=[{"type": "BODY", "text": "Hola"}]).fill({})

    assert content.payload["template"] == {"name": "recordatorio_turno", "language": {"code": "es_AR"}}


def test_line_breaks_and_runs_of_spaces_that_meta_refuses_become_one_space() -> None:
    content = make_template(components=[{"type": "BODY", "text": "{{1}}"}]).fill({"1": " a\n\tb      c "})

    assert content.payload["template"]["components"][0]["parameters"][0]["text"] == "a b c"


def test_an_unknown_personal_variable_is_a_mismatch_and_not_sent_as_it_stands() -> None:
    with pytest.raises(TemplateVariablesMismatch):
        make_template(components=[{"type": "BODY", "text": "{{1}}"}]).fill({"1": "hola {{apodo}}"})


def with_buttons(*labels: str) -> list[dict[str, object]]:
    buttons = [{"type": "QUICK_REPLY", "text": label} for label in labels]
    return [{"type": "BODY", "text": "Hola"}, {"type": "BUTTONS", "buttons": buttons}]


def test_quick_replies_return_what_the_sender_gave_them() -> None:
    template = make_template(components=with_buttons("Confirmo", "Cancelar"))

    components = template.fill({}, taps=("confirm:1", "cancel:1")).payload["template"]["components"]

    assert components == [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": index,
            "parameters": [{"type": "payload", "payload": tap}],
        }
        for index, tap in (("0", "confirm:1"), ("1", "cancel:1"))
    ]


def test_a_template_with_another_number_of_buttons_gets_no_taps() -> None:
    template = make_template(components=with_buttons("Confirmo", "Cancelar", "Cambiar"))

    assert "components" not in template.fill({}, taps=("confirm:1", "cancel:1")).payload["template"]
