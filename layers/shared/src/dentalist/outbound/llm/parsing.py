"""A model's answer as it really comes becomes the type that was asked for, or is garbage."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from dentalist.services.answering.ports_models import Answer, Tool, Usage

# Reasoning models print their thoughts before the answer; some fence the JSON.
_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_MAX_CHARS = 20_000
_MAX_OBJECTS = 50
_MOST_CALLS = 5  # of functions, in one round
_CHARACTERS_PER_TOKEN = 4


class Garbage(ValueError):
    """The answer holds nothing of the type asked for. Its words are not quoted: a model may repeat the patient's."""


class Truncated(Garbage):
    """The model ran into its limit of tokens."""


def text_of(completion: Any) -> str:
    """What the model said, out of the body of a chat completion.

    Raises:
        Truncated: it was cut off.
        Garbage: it said nothing. OpenRouter reports a failure after generation began as 200 with ``error`` and without
            choices, others as a choice with the finish reason "error".
    """
    choice = _first(completion.get("choices")) if isinstance(completion, dict) else {}
    if choice.get("finish_reason") == "length":
        raise Truncated("the answer was cut off")
    message = choice.get("message")
    if not isinstance(message, dict) or choice.get("finish_reason") in ("error", "content_filter"):
        raise Garbage("no message in the answer")
    content = _written(message.get("content"))
    if content.strip():
        return content
    # Some models answer a schema with a call of a tool that nobody offered; its arguments are text, or already JSON.
    arguments = _object(_first(message.get("tool_calls")).get("function")).get("arguments")
    if isinstance(arguments, dict):
        return json.dumps(arguments)
    if isinstance(arguments, str):
        return arguments
    raise Garbage("no content in the answer")


def parse_answer(text: str, answer_type: type[Answer]) -> Answer:
    """The first JSON object in ``text`` that fits the type.

    Raises:
        Garbage: there is none.
    """
    candidate = _THOUGHTS.sub("", text[:_MAX_CHARS])
    decoder = json.JSONDecoder()
    for count, opening in enumerate(re.finditer(r"\{", candidate)):
        if count >= _MAX_OBJECTS:
            break
        try:
            value, _ = decoder.raw_decode(candidate, opening.start())
            return answer_type.model_validate(value)
        except (json.JSONDecodeError, ValidationError, RecursionError):
            continue
    raise Garbage(f"no {answer_type.__name__} in the answer")


class ToolCall(NamedTuple):
    """What a model asks of one of our functions; ``arguments`` is what it wrote, unread."""

    id: str
    name: str
    arguments: str


def calls_of(completion: Any, tools: Sequence[Tool]) -> tuple[ToolCall, ...]:
    """The calls of functions that were offered; whatever else the model calls is no call."""
    offered = {tool.name for tool in tools}
    message = _object(_first(completion.get("choices")).get("message")) if isinstance(completion, dict) else {}
    asked = message.get("tool_calls")
    found: list[ToolCall] = []
    for number, item in enumerate(asked if isinstance(asked, list) else []):
        function = _object(_object(item).get("function"))
        name, arguments = function.get("name"), function.get("arguments")
        if not isinstance(name, str) or name not in offered:
            continue
        written = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
        told_id = _object(item).get("id")
        found.append(ToolCall(told_id if isinstance(told_id, str) and told_id else f"call_{number}", name, written))
    return tuple(found[:_MOST_CALLS])


def usage_of(completion: Any, *, asked: Sequence[Mapping[str, Any]]) -> Usage:
    """The tokens that were billed; estimated where the provider does not say.

    Args:
        completion: the body of a chat completion.
        asked: the messages that it answers.
    """
    body = _object(completion)
    told, said = _object(body.get("usage")), _object(_first(body.get("choices")).get("message"))
    return Usage(
        _count(told.get("prompt_tokens"), "".join(_text(message) for message in asked)),
        _count(told.get("completion_tokens"), _text(said)),
    )


def _text(message: Mapping[str, Any]) -> str:
    calls = message.get("tool_calls")
    return _written(message.get("content")) + (json.dumps(calls) if calls else "")


def _written(content: Any) -> str:
    """What is written in a message; some models send it in parts, their thoughts as parts of another kind."""
    parts = [_object(part).get("text") for part in content] if isinstance(content, list) else [content]
    return "".join(part for part in parts if isinstance(part, str))


def _count(told: Any, text: str) -> int:
    if isinstance(told, int) and not isinstance(told, bool) and told > 0:
        return told
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def _first(value: Any) -> dict[str, Any]:
    return _object(value[0]) if isinstance(value, list) and value else {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
