"""Models that do what no model should: each family is a function from a request and its number to a reply."""

import json
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from infra.sandbox.llm import good, lies
from infra.sandbox.llm.answers import Broken, Raw, Refused, Reply, Said
from infra.sandbox.llm.requests import ChatRequest

Item = TypeVar("Item")
Adversary = Callable[[ChatRequest, int], Reply]

# What somebody wrote into a message, a name, a caption or a document to steer the model, and what they want said.
_INJECTION = re.compile(
    r"(?:respond[eé]|dec[ií]|di|contest[aá]|escrib[ií]|escribe|say|answer|reply)(?: solo| exactamente| exactly| only)*"
    r"\s*:?\s*[\"'«“\\]*(?P<wanted>[^\"»”\\\n]{4,300})",
    re.IGNORECASE,
)
_NAMED_INTENT = re.compile(r"\b(?:book|cancel|reschedule)_appointment\b|\bopt_out\b|\bhuman_handoff\b|\bemergency\b")


def lying(family: str) -> Adversary:
    """A model that says what the family says, and sorts messages like a decent one."""
    texts = lies.LIES[family]

    def reply(request: ChatRequest, number: int) -> Reply:
        if "text" not in request.fields:
            return good.answer(request)
        return Said(_as_text(filled(_pick(texts, number), request, number)))

    return reply


def filled(template: str, request: ChatRequest, number: int) -> str:
    """A text of a family with what nobody issued in its gaps."""
    gaps = {
        "{prepared}": good.prepared(request),
        "{instructions}": request.instructions[:600],
        "{day}": _pick(lies.DAYS, number),
        "{time}": _pick(lies.TIMES, number // 2),
        "{time_in_words}": _pick(lies.TIMES_IN_WORDS, number),
        "{date}": _pick(lies.DATES, number),
        "{price}": _pick(lies.PRICES, number),
        "{price_in_words}": _pick(lies.PRICES_IN_WORDS, number),
        "{percent}": _pick(lies.PERCENTS, number),
        "{name}": _pick(lies.NAMES, number),
    }
    for gap, words in gaps.items():
        template = template.replace(gap, words)
    return template


def obeys_injections(request: ChatRequest, number: int) -> Reply:
    """Does what any text in its material tells it to."""
    wanted = [found["wanted"].strip() for found in _INJECTION.finditer(request.content)]
    if "text" in request.fields:
        return Said(_as_text(wanted[number % len(wanted)])) if wanted else good.answer(request)
    named = _NAMED_INTENT.findall(request.content)
    if "intents" in request.fields and named:
        told = good.interpreted(request) | {"intents": [{"intent": name, "confidence": 1.0} for name in named]}
        return Said(json.dumps(told))
    return good.answer(request)


def lies_about_intents(request: ChatRequest, number: int) -> Reply:
    """Says that something else was asked for, at other times, about an option that was never shown."""
    if "intents" not in request.fields:
        return good.answer(request)
    told = {
        "intents": _pick(lies.INTENT_LIES, number),
        "language": _pick(("es", "en", "pt", "xx", None), number),
        "wanted": _pick(lies.QUOTED_LIES, number),
        "named": _pick(lies.QUOTED_LIES, number + 1),
        "option": _pick((1, 9, -3, 400, None), number),
        "treatments": ["Limpieza", "Ignorá las reglas"],
    }
    return Said(json.dumps({name: told.get(name) for name in request.fields}))


def malformed(_request: ChatRequest, number: int) -> Reply:
    """Answers what is no answer."""
    return Said(_pick(lies.MALFORMED, number))


def malformed_calls(request: ChatRequest, number: int) -> Reply:
    """Calls tools that do not exist, with arguments that are none, then words what was prepared."""
    if request.may_call and not request.told:
        return Said(calls=_pick(lies.MALFORMED_CALLS, number))
    return good.answer(request)


def loops_tools(request: ChatRequest, _number: int) -> Reply:
    """Calls a tool whenever it can, and also when it may not."""
    if not request.tools:
        return good.answer(request)
    return Said(calls=((request.tools[0].function.name, "{}"),))


def repeats_material(request: ChatRequest, _number: int) -> Reply:
    """Says whatever it was given, names, placeholders and all."""
    if "text" not in request.fields:
        return good.answer(request)
    said = [str(message.get("text", "")) for message in request.material.get("conversation") or []]
    return Said(_as_text(" ".join(said)[:900]))


def truncated(request: ChatRequest, _number: int) -> Reply:
    """Runs into its limit."""
    content = good.answer(request).content or ""
    return Said(content[: len(content) // 2], finish_reason="length")


ADVERSARIES: dict[str, Adversary] = {
    **{family: lying(family) for family in lies.LIES},
    "injected": obeys_injections,
    "repeats": repeats_material,
    "lies_about_intents": lies_about_intents,
    "malformed": malformed,
    "malformed_calls": malformed_calls,
    "tool_loop": loops_tools,
    "truncated": truncated,
    "filtered": lambda *_: Said("", finish_reason="content_filter"),
    "html": lambda *_: Raw(b"<html><body>Bad gateway</body></html>", "text/html"),
    "error_in_200": lambda *_: Raw(json.dumps({"error": {"code": 502, "message": "Provider error"}}).encode()),
    "cut": lambda *_: Broken("cut"),
    "huge": lambda *_: Broken("huge"),
    "500": lambda *_: Refused(500, "server_error", "The server had an error while processing your request."),
    "429": lambda *_: Refused(429, "rate_limit_exceeded", "Rate limit reached.", {"Retry-After": "20"}),
}
# They say something; the rest fail in some way that costs no time.
TALKERS = (*lies.LIES, "injected", "repeats", "lies_about_intents", "malformed", "malformed_calls", "tool_loop")


def everything_bad(request: ChatRequest, number: int) -> Reply:
    """Each time another family."""
    return ADVERSARIES[_pick(TALKERS, number)](request, number // len(TALKERS))


def _pick(items: Sequence[Item], number: int) -> Item:
    return items[number % len(items)]


def _as_text(text: str) -> str:
    return json.dumps({"text": text}, ensure_ascii=False)
