"""What a decent model answers: it sorts by the rules engine and words what was prepared without adding to it."""

import json
import re
from typing import Any

from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import Topic, Understanding
from infra.sandbox.llm.answers import Said
from infra.sandbox.llm.requests import ChatRequest

_OPENINGS = ("", "¡Claro! ", "Con gusto. ", "¡Dale! ", "Perfecto. ", "Por supuesto. ")
_OTHER_WORDS = (
    ("Estos son los horarios libres.", "Acá van los horarios libres."),
    ("¿En qué te puedo ayudar?", "¿En qué te ayudo?"),
    ("No entendí bien el mensaje.", "Perdón, no entendí bien el mensaje."),
    ("Se puede pagar con", "Podés pagar con"),
)
# What a contact may have asked besides, the tool that knows it, and the words by which it was answered already.
_TOOL_FOR: dict[Topic, tuple[str, str, str]] = {
    Topic.HOURS: ("opening_hours", "{}", r"atend|horario"),
    Topic.ADDRESS: ("address", "{}", r"estamos en|direcci|as[ií] se llega"),
    Topic.INSURANCE: ("insurances", "{}", r"trabajamos con|cobertura"),
    Topic.PAYMENT: ("payment_methods", "{}", r"pagar|pago"),
    Topic.PHONE: ("phone", "{}", r"tel[eé]fono"),
    Topic.PARKING: ("missing_fact", '{"subject": "estacionamiento"}', r"estacionamiento"),
}


def answer(request: ChatRequest) -> Said:
    """The answer to whatever typed question is asked."""
    fields = request.fields
    if "intents" in fields:
        return Said(json.dumps(interpreted(request), ensure_ascii=False))
    if "text" in fields and "prepared" in request.material:
        return _worded(request)
    if fields:
        return Said(json.dumps({name: _filler(schema) for name, schema in fields.items()}, ensure_ascii=False))
    return Said("ok")


def interpreted(request: ChatRequest) -> dict[str, Any]:
    """The intents of a burst and what else is asked for, as the rules engine hears them."""
    material = request.material
    heard = heard_in(request)
    known = {
        "intents": [{"intent": item.intent.value, "confidence": item.confidence} for item in heard.intents],
        "language": heard.language.value,
        "treatments": list(heard.treatments),
        "wanted": None,
        "named": None,
        "option": _option(material),
    }
    return {name: known.get(name) for name in request.fields}


def heard_in(request: ChatRequest) -> Understanding:
    """What the rules engine hears in the contact's last words."""
    return classify(last_words(request), treatments=_treatments(request))


def last_words(request: ChatRequest) -> list[str]:
    """The contact's words that are to be answered; the whole content where it has another shape."""
    material = request.material
    messages = material.get("messages")
    if isinstance(messages, list):
        return [str(message) for message in messages]
    said: list[str] = []
    for message in reversed(material.get("conversation") or []):
        if message.get("from") != "contact":
            break
        said.insert(0, str(message.get("text", "")))
    return said or [request.content]


def prepared(request: ChatRequest) -> str:
    """What code prepared."""
    return str(request.material.get("prepared", ""))


def _worded(request: ChatRequest) -> Said:
    text = prepared(request)
    if request.may_call and not request.told:
        wanted = _tool_for(request, text)
        if wanted:
            return Said(calls=(wanted,))
    for ours, other in _OTHER_WORDS:
        text = text.replace(ours, other)
    opening = _OPENINGS[len(request.content) % len(_OPENINGS)] if "refused" not in request.instructions else ""
    told = "".join(f"\n{answer}" for answer in request.told if answer)
    return Said(json.dumps({"text": f"{opening}{text}{told}".strip()}, ensure_ascii=False))


def _tool_for(request: ChatRequest, text: str) -> tuple[str, str] | None:
    offered = {tool.function.name for tool in request.tools}
    topics = heard_in(request).topics
    for topic, (name, arguments, answered) in _TOOL_FOR.items():
        if topic in topics and name in offered and not re.search(answered, text, re.IGNORECASE):
            return name, arguments
    return None


def _treatments(request: ChatRequest) -> list[str]:
    found = re.search(r"\[(?:\"[^\"]*\"(?:, )?)+\]", request.instructions)
    return list(json.loads(found.group())) if found else []


def _option(material: dict[str, Any]) -> int | None:
    """A bare number chooses from the times that were shown."""
    shown, messages = material.get("times_shown"), material.get("messages")
    if not shown or not isinstance(messages, list) or not messages:
        return None
    number = re.fullmatch(r"\s*(?:el )?(\d{1,2})\s*", str(messages[-1]))
    return int(number[1]) if number and 1 <= int(number[1]) <= len(shown) else None


def _filler(schema: dict[str, Any]) -> Any:
    kinds = schema.get("type")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if schema.get("enum"):
        return schema["enum"][0]
    return {"string": "ok", "integer": 0, "number": 0, "boolean": False, "array": [], "object": {}}.get(str(kind))
