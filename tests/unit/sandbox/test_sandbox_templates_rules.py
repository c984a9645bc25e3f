"""Templates: what may be submitted, and what a message must bring to fill one."""

from typing import Any

import pytest

from infra.sandbox.errors import GraphError
from infra.sandbox.template_rules import check_new_template, fill, find_sendable

BODY = {
    "type": "BODY",
    "text": "Hola {{1}}, tu turno: {{2}}. Te esperamos.",
    "example": {"body_text": [["Ana", "jue"]]},
}


def submitted(*components: dict[str, Any], **changes: Any) -> dict[str, Any]:
    base = {"name": "aviso", "language": "es_AR", "category": "UTILITY", "components": list(components) or [BODY]}
    return {**base, **changes}


def stored(*components: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**submitted(*components), "status": "APPROVED", "parameter_format": "POSITIONAL", **changes}


def text(*values: str, **changes: Any) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": value, **changes} for value in values]}


def buttons(*kinds: str, **changes: Any) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": [{"type": kind, "text": "Sí", **changes} for kind in kinds]}


def test_a_good_template_is_stored_without_what_was_only_asked() -> None:
    assert check_new_template(submitted(allow_category_change=True)) == submitted()


@pytest.mark.parametrize(
    ("template", "code", "subcode"),
    [
        (submitted(name="Aviso"), 100, None),
        (submitted(language="spanish!"), 100, None),
        (submitted(category="SERVICE"), 100, None),
        (submitted(footer="x"), 100, None),
        (submitted({"type": "FOOTER", "text": "Chau"}), 100, None),
        (submitted(BODY, BODY), 100, None),
        (submitted({**BODY, "text": "x" * 1025}), 100, 2388040),
        (submitted(BODY, {"type": "FOOTER", "text": "x" * 61}), 100, 2388040),
        (submitted(BODY, {"type": "HEADER", "format": "TEXT", "text": "x" * 61}), 100, 2388040),
        (submitted(BODY, {"type": "FOOTER", "text": "Chau {{1}} y", "example": {}}), 100, 2388073),
        (submitted(BODY, {"type": "HEADER", "format": "TEXT", "text": "a {{1}} b {{2}} c"}), 100, 2388047),
        (submitted({**BODY, "text": "Hola {{1}}"}), 100, 2388299),
        (submitted({**BODY, "text": "Hola {{2}}, chau."}), 100, None),
        (submitted({"type": "BODY", "text": "Hola {{1}}, chau."}), 100, None),
        (submitted({**BODY, "text": "Hola {{1}}, chau."}, parameter_format="NAMED"), 100, None),
        (submitted(BODY, buttons(*["QUICK_REPLY"] * 11)), 100, None),
        (submitted(BODY, buttons("PHONE_NUMBER", "PHONE_NUMBER")), 100, None),
        (submitted(BODY, buttons("QUICK_REPLY", "URL", "QUICK_REPLY")), 100, None),
        (submitted(BODY, buttons("QUICK_REPLY", text="x" * 26)), 100, None),
    ],
)
def test_a_bad_template_is_refused(template: dict[str, Any], code: int, subcode: int | None) -> None:
    with pytest.raises(GraphError) as refusal:
        check_new_template(template)

    assert (refusal.value.code, refusal.value.subcode) == (code, subcode)


@pytest.mark.parametrize(("status", "code"), [("PENDING", 132001), ("REJECTED", 132001), ("PAUSED", 132015)])
def test_only_an_approved_template_is_sendable(status: str, code: int) -> None:
    with pytest.raises(GraphError) as refusal:
        find_sendable(stored(status=status), "aviso", "es_AR")

    assert refusal.value.code == code
    assert find_sendable(stored(), "aviso", "es_AR") == stored()


def test_a_missing_template_is_404() -> None:
    with pytest.raises(GraphError) as refusal:
        find_sendable(None, "aviso", "es")

    assert (refusal.value.code, refusal.value.http_status) == (132001, 404)
    assert refusal.value.details == "template name (aviso) does not exist in es"


def test_positions_are_filled_in_order() -> None:
    assert (
        fill(stored(), {"components": [text("Ana", "jueves")]})["body"] == "Hola Ana, tu turno: jueves. Te esperamos."
    )


def test_names_are_filled_by_name() -> None:
    named = stored({"type": "BODY", "text": "{{nombre}}, gracias por venir a {{clinica}}."}, parameter_format="NAMED")
    parameters = [
        {"type": "text", "parameter_name": "clinica", "text": "Ferreyra"},
        {"type": "text", "parameter_name": "nombre", "text": "Ana"},
    ]

    filled = fill(named, {"components": [{"type": "body", "parameters": parameters}]})

    assert filled["body"] == "Ana, gracias por venir a Ferreyra."


IMAGE = {"type": "HEADER", "format": "IMAGE"}
QUICK = {
    "type": "button",
    "sub_type": "quick_reply",
    "index": "0",
    "parameters": [{"type": "payload", "payload": "SI"}],
}
LINK = buttons("URL", url="https://ejemplo.test/{{1}}")


@pytest.mark.parametrize(
    ("template", "components", "code", "details"),
    [
        (
            stored(),
            [],
            132000,
            "body: number of localizable_params (0) does not match the expected number of params (2)",
        ),
        (stored(), [text("a", "b", "c")], 132000, None),
        (stored(BODY, IMAGE), [text("a", "b")], 132012, "header: Format mismatch, expected IMAGE, received UNKNOWN"),
        (
            stored(BODY, IMAGE),
            [text("a", "b"), {"type": "header", "parameters": [{"type": "text", "text": "x"}]}],
            132012,
            "header: Format mismatch, expected IMAGE, received TEXT",
        ),
        (
            stored({"type": "BODY", "text": "Hola {{nombre}}."}, parameter_format="NAMED"),
            [text("Ana", parameter_name="apellido")],
            132012,
            None,
        ),
        (stored({"type": "BODY", "text": "Hola."}), [QUICK], 132012, None),
        (stored({"type": "BODY", "text": "Hola."}, LINK), [], 132000, None),
        (stored({"type": "BODY", "text": "Hola {{1}}."}), [text("x" * 1100)], 132005, None),
    ],
)
def test_parameters_that_do_not_fit_are_refused(
    template: dict[str, Any], components: list[dict[str, Any]], code: int, details: str | None
) -> None:
    with pytest.raises(GraphError) as refusal:
        fill(template, {"components": components})

    assert refusal.value.code == code
    assert details in (None, refusal.value.details)


def test_buttons_get_their_payload_and_address() -> None:
    both = stored({"type": "BODY", "text": "¿Vas?"}, {"type": "BUTTONS", "buttons": [
        {"type": "QUICK_REPLY", "text": "Sí"}, {"type": "URL", "text": "Mapa", "url": "https://ejemplo.test/{{1}}"}
    ]})  # fmt: skip
    address = {"type": "button", "sub_type": "url", "index": 1, "parameters": [{"type": "text", "text": "rosario"}]}

    filled = fill(both, {"components": [QUICK, address]})

    assert filled["buttons"] == [
        {"type": "QUICK_REPLY", "text": "Sí", "payload": "SI"},
        {"type": "URL", "text": "Mapa", "url": "https://ejemplo.test/rosario"},
    ]
