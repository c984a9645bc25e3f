"""Stored templates: whether a new one may be submitted, whether a message fits one, and how it reads once filled."""

import re
from typing import Any

from infra.sandbox.errors import GraphError, graph_error, invalid, template_refused
from infra.sandbox.shapes import choice, fields, items, text
from infra.sandbox.validation_template import LANGUAGE, NAME

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
STATUSES = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "ARCHIVED", "PENDING_DELETION")
_MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT", "LOCATION")
_BUTTON_KINDS = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "FLOW", "REQUEST_CONTACT_INFO")
_BUTTON_FIELDS = ("url", "phone_number", "example", "flow_id", "flow_action", "navigate_screen")
_HEADER_LENGTH = 60
_BODY_LENGTH = 1024
_FOOTER_LENGTH = 60
_MOST_BUTTONS = 10
_LABEL_LENGTH = 25
_VARIABLE = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")
_VARIABLE_AT_EDGE = re.compile(r"^\s*\{\{[^}]*\}\}|\{\{[^}]*\}\}\s*$")


def variables_of(template_text: str) -> list[str]:
    """The variables of a text, each once, in order of appearance."""
    return list(dict.fromkeys(_VARIABLE.findall(template_text)))


def _component(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((c for c in template["components"] if c["type"].upper() == kind), {})


# ---- submitting ------------------------------------------------------------------------------------------------------


def check_new_template(body: Any) -> dict[str, Any]:
    """Check a submitted template and return what is stored of it.

    Raises:
        GraphError: 100 for a wrong shape, 100/2388xxx with words for a person for a rule of content.
    """
    fields(
        body, "template", ("name", "language", "category", "components"), ("parameter_format", "allow_category_change")
    )
    if not isinstance(body["name"], str) or not NAME.fullmatch(body["name"]):
        raise invalid("Param name must consist of lowercase letters, digits and underscores.")
    if not isinstance(body["language"], str) or not LANGUAGE.fullmatch(body["language"]):
        raise invalid("Param language must be a language code such as es_AR.")
    choice(body["category"], "category", CATEGORIES)
    choice(body.get("parameter_format", "POSITIONAL"), "parameter_format", ("NAMED", "POSITIONAL"))
    kinds = [_check_new_component(c, body) for c in items(body["components"], "components", 1, 4)]
    if "BODY" not in kinds or len(set(kinds)) != len(kinds):
        raise invalid("Param components must have one BODY and each other type at most once.")
    kept = ("name", "parameter_format", "components", "language", "category")
    return {key: body[key] for key in kept if key in body}


def _check_new_component(component: Any, template: dict[str, Any]) -> str:
    fields(component, "components", ("type",), ("format", "text", "example", "buttons"))
    kind = choice(component["type"], "components.type", ("HEADER", "BODY", "FOOTER", "BUTTONS"))
    if kind == "BUTTONS":
        _check_new_buttons(component)
    elif kind == "HEADER" and component.get("format") in _MEDIA_FORMATS:
        fields(component, "components", ("type", "format"), ("example",))
    else:
        _check_new_text(kind, component, named=template.get("parameter_format") == "NAMED")
    return kind


def _check_new_text(kind: str, component: dict[str, Any], *, named: bool) -> None:
    limits = {"HEADER": (_HEADER_LENGTH, 1, 2388047), "BODY": (_BODY_LENGTH, None, 2388072), "FOOTER": (60, 0, 2388073)}
    longest, most_variables, subcode = limits[kind]
    content = fields(component, "components", ("type", "text"), ("format", "example"))["text"]
    if not isinstance(content, str) or not content.strip() or len(content) > longest:
        raise template_refused(2388040, "Character limit", f"The {kind.lower()} must have 1 to {longest} characters.")
    variables = variables_of(content)
    if most_variables is not None and len(variables) > most_variables:
        raise template_refused(
            subcode, f"{kind.title()} format is incorrect", f"Too many variables in the {kind.lower()}."
        )
    if kind == "BODY" and _VARIABLE_AT_EDGE.search(content):
        title = "Leading or trailing params not allowed"
        raise template_refused(2388299, title, "Variables cannot be at the start or end of the template.")
    positions = [str(i) for i in range(1, len(variables) + 1)]
    if variables and (any(v.isdigit() for v in variables) if named else sorted(variables) != positions):
        raise invalid(f"Param components.text: the variables of the {kind.lower()} do not fit parameter_format.")
    if variables and "example" not in component:
        raise invalid(f"Param components.example is required for the variables of the {kind.lower()}.")


def _check_new_buttons(component: dict[str, Any]) -> None:
    path = "components.buttons"
    fields(component, "components", ("type", "buttons"))
    buttons = items(component["buttons"], path, 1, _MOST_BUTTONS)
    for button in buttons:
        fields(button, path, ("type",), ("text", *_BUTTON_FIELDS))
        kind = choice(button["type"], f"{path}.type", _BUTTON_KINDS)
        if kind not in ("COPY_CODE", "REQUEST_CONTACT_INFO"):
            text(button.get("text"), f"{path}.text", _LABEL_LENGTH)
    kinds = [button["type"] for button in buttons]
    if kinds.count("PHONE_NUMBER") > 1 or kinds.count("COPY_CODE") > 1:
        raise invalid(f"Param {path} may have one PHONE_NUMBER and one COPY_CODE button.")
    quick = "".join("q" if kind == "QUICK_REPLY" else "o" for kind in kinds)
    if len([run for run in re.split("o+", quick) if run]) > 1:
        raise invalid(f"Param {path} must keep quick replies together.")


# ---- sending ---------------------------------------------------------------------------------------------------------


def find_sendable(template: dict[str, Any] | None, name: str, language: str) -> dict[str, Any]:
    """The template, if it may be sent now.

    Raises:
        GraphError: 132001 missing or not approved, 132015 paused, 132016 disabled.
    """
    state = template["status"] if template else None
    if state == "PAUSED":
        raise graph_error(132015)
    if state == "DISABLED":
        raise graph_error(132016)
    if template is None or state != "APPROVED":
        raise graph_error(132001, f"template name ({name}) does not exist in {language}")
    return template


def fill(template: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """Fit a message's parameters into its template and return what the patient sees.

    Raises:
        GraphError: 132000 for a wrong count, 132012 for a wrong kind or name, 132005 when the text gets too long.
    """
    given = {c["type"]: c for c in message.get("components", []) if c["type"] != "button"}
    buttons = {int(c["index"]): c for c in message.get("components", []) if c["type"] == "button"}
    named = template.get("parameter_format") == "NAMED"
    body = _fill_text("body", _component(template, "BODY").get("text", ""), given.get("body"), named=named)
    if len(body) > _BODY_LENGTH:
        raise graph_error(132005)
    return {
        "header": _fill_header(_component(template, "HEADER"), given.get("header"), named=named),
        "body": body,
        "footer": _component(template, "FOOTER").get("text"),
        "buttons": _fill_buttons(_component(template, "BUTTONS").get("buttons", []), buttons),
    }


def _fill_text(part: str, content: str, component: dict[str, Any] | None, *, named: bool) -> str:
    variables = variables_of(content)
    parameters = (component or {}).get("parameters", [])
    if len(parameters) != len(variables):
        details = (
            f"{part}: number of localizable_params ({len(parameters)}) does not match "
            f"the expected number of params ({len(variables)})"
        )
        raise graph_error(132000, details)
    for parameter in parameters:
        if parameter["type"] not in ("text", "currency", "date_time"):
            raise _wrong_format(part, "TEXT", parameter["type"])
    if named:
        names = [parameter.get("parameter_name") for parameter in parameters]
        if set(names) != set(variables):
            raise graph_error(132012, f"{part}: parameter_name does not match the variables of the template")
    else:
        names = [str(position) for position in range(1, len(parameters) + 1)]
    values = dict(zip(names, (_words(parameter) for parameter in parameters), strict=True))
    return _VARIABLE.sub(lambda match: values[match[1]], content)


def _words(parameter: dict[str, Any]) -> str:
    content = parameter[parameter["type"]]
    return content if isinstance(content, str) else str(content.get("fallback_value", ""))


def _fill_header(stored: dict[str, Any], given: dict[str, Any] | None, *, named: bool) -> dict[str, Any] | None:
    expected = stored.get("format", "TEXT") if stored else None
    if expected in (None, "TEXT"):
        filled = _fill_text("header", stored.get("text", ""), given, named=named)
        return {"type": "text", "text": filled} if stored else None
    parameters = (given or {}).get("parameters", [])
    received = parameters[0]["type"].upper() if len(parameters) == 1 else "UNKNOWN"
    if received != expected:
        raise _wrong_format("header", str(expected), received)
    return dict(parameters[0])


def _fill_buttons(stored: list[dict[str, Any]], given: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    for index, component in given.items():
        expected = stored[index]["type"] if index < len(stored) else "NONE"
        if component["sub_type"].upper() != expected:
            raise _wrong_format(f"button at index {index}", expected, component["sub_type"])
    return [_fill_button(index, button, given.get(index)) for index, button in enumerate(stored)]


def _fill_button(index: int, button: dict[str, Any], given: dict[str, Any] | None) -> dict[str, Any]:
    parameters = (given or {}).get("parameters", [])
    address = button.get("url", "")
    needed = len(variables_of(address)) if button["type"] == "URL" else int(button["type"] == "COPY_CODE")
    optional = 1 if button["type"] in ("QUICK_REPLY", "FLOW") else 0
    if not needed <= len(parameters) <= max(needed, optional):
        details = f"button at index {index}: number of params ({len(parameters)}) does not match ({needed})"
        raise graph_error(132000, details)
    value = _words(parameters[0]) if parameters else None
    filled = {"type": button["type"], "text": button.get("text", "")}
    if button["type"] == "URL":
        return {**filled, "url": _VARIABLE.sub(lambda _: value or "", address)}
    if button["type"] == "QUICK_REPLY":
        return {**filled, "payload": value or button.get("text", "")}
    return filled


def _wrong_format(part: str, expected: str, received: str) -> GraphError:
    return graph_error(132012, f"{part}: Format mismatch, expected {expected}, received {received.upper()}")
