"""A model's answer as it really comes becomes the type that was asked for, or is garbage."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError

from dentalist.services.ports import Answer

# Reasoning models print their thoughts before the answer; some fence the JSON.
_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_MAX_CHARS = 20_000
_MAX_OBJECTS = 50
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
    content = message.get("content")
    if isinstance(content, str) and content.strip():
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


def tokens_of(completion: dict[str, Any], *, asked: str, said: str) -> tuple[int, int]:
    """The tokens that were billed; estimated where the provider does not say."""
    usage = _object(completion.get("usage"))
    return _count(usage.get("prompt_tokens"), asked), _count(usage.get("completion_tokens"), said)


def _count(told: Any, text: str) -> int:
    if isinstance(told, int) and not isinstance(told, bool) and told > 0:
        return told
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def _first(value: Any) -> dict[str, Any]:
    return _object(value[0]) if isinstance(value, list) and value else {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
