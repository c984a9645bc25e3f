"""The shape of a template message; whether it fits the stored template is template_rules.py's concern."""

import re
from typing import Any

from infra.sandbox.errors import graph_error, invalid
from infra.sandbox.shapes import choice, fields, items, number, text, url

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,4})?")

_MEDIA_PARAMETERS = ("image", "video", "document")
_SUB_TYPES = ("quick_reply", "url", "copy_code", "flow")
_MOST_BUTTONS = 10
_MOST_PARAMETERS = 100
_PARAMETER_LENGTH = 4096
_FORBIDDEN_IN_TEXT = re.compile(r"[\n\r\t]| {5,}")


def check_template_message(content: Any) -> None:
    """Check a ``template`` object.

    Raises:
        GraphError: the first thing that is wrong.
    """
    fields(content, "template", ("name", "language"), ("components",))
    if not isinstance(content["name"], str) or not NAME.fullmatch(content["name"]):
        raise invalid("Param template.name must consist of lowercase letters, digits and underscores.")
    fields(content["language"], "template.language", ("code",), ("policy",))
    choice(content["language"].get("policy", "deterministic"), "template.language.policy", ("deterministic",))
    if not isinstance(content["language"]["code"], str) or not LANGUAGE.fullmatch(content["language"]["code"]):
        raise invalid("Param template.language.code must be a language code such as es_AR.")
    for component in items(content.get("components", []), "template.components", 0, _MOST_BUTTONS + 2):
        _check_component(component)


def _check_component(component: Any) -> None:
    path = "template.components"
    fields(component, path, ("type",), ("sub_type", "index", "parameters"))
    kind = choice(component["type"], f"{path}.type", ("header", "body", "button"))
    if kind == "button":
        fields(component, path, ("type", "sub_type", "index", "parameters"))
        choice(component["sub_type"], f"{path}.sub_type", _SUB_TYPES)
        choice(str(component["index"]), f"{path}.index", [str(i) for i in range(_MOST_BUTTONS)])
    else:
        fields(component, path, ("type",), ("parameters",))
    for parameter in items(component.get("parameters", []), f"{path}.parameters", 0, _MOST_PARAMETERS):
        _check_parameter(parameter, f"{path}.parameters")


def _check_parameter(parameter: Any, path: str) -> None:
    kinds = ("text", "payload", "coupon_code", "currency", "date_time", "location", "action", *_MEDIA_PARAMETERS)
    fields(parameter, path, ("type",), (*kinds, "parameter_name"))
    kind = choice(parameter["type"], f"{path}.type", kinds)
    fields(parameter, path, ("type", kind), ("parameter_name",))
    if kind == "text":
        text(parameter["text"], f"{path}.text", _PARAMETER_LENGTH)
        if _FORBIDDEN_IN_TEXT.search(parameter["text"]):
            details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
            raise graph_error(132012, details)
    elif kind in ("payload", "coupon_code"):
        text(parameter[kind], f"{path}.{kind}", _PARAMETER_LENGTH)
    elif kind in _MEDIA_PARAMETERS:
        _check_media(parameter[kind], f"{path}.{kind}")
    elif kind == "location":
        _check_place(parameter["location"], f"{path}.location")
    elif not isinstance(parameter[kind], dict):
        raise invalid(f"Param {path}.{kind} must be a JSON object.")


def _check_media(media: Any, path: str) -> None:
    fields(media, path, (), ("id", "link", "filename"))
    if (media.get("id") is None) == (media.get("link") is None):
        raise invalid(f"Param {path} must have exactly one of id and link.")
    if media.get("link") is not None:
        url(media["link"], f"{path}.link")


def _check_place(place: Any, path: str) -> None:
    fields(place, path, ("latitude", "longitude"), ("name", "address"))
    number(place["latitude"], f"{path}.latitude", -90, 90)
    number(place["longitude"], f"{path}.longitude", -180, 180)
