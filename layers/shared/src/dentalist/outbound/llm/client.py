"""A language model behind the OpenAI-compatible API, asked for one typed answer at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx2
import openai
from openai import OpenAI
from pydantic import BaseModel

from dentalist.outbound.llm.deadline import within
from dentalist.outbound.llm.parsing import (
    Garbage,
    ToolCall,
    Truncated,
    calls_of,
    parse_answer,
    text_of,
    usage_of,
)
from dentalist.outbound.llm.providers import PROVIDERS, Provider
from dentalist.outbound.llm.refusals import Refused, refusal_in, refusal_of
from dentalist.services.answering.ports_models import (
    NO_USAGE,
    Answer,
    ModelReply,
    ModelUnavailable,
    Prompt,
    Tool,
    Toolbox,
    Usage,
)

_CONNECT_SECONDS = 3.0
_MAX_BYTES = 1_000_000
_TOOL_ROUNDS = 2
# What those answer who take no functions beside a schema, or none at all; OpenRouter, that it finds nobody who does.
_TAKES_NO_TOOLS = frozenset({400, 404, 422, 501})


class ChatModel:
    """One model of one provider, with the key of whoever pays."""

    def __init__(
        self,
        *,
        provider: str,
        model: str,
        base_url: str,
        api_key: str | None,
        http: httpx2.Client,
        timeout_seconds: float = 6.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the way to the model; nothing is sent yet.

        Args:
            provider: one of ``PROVIDERS``.
            model: the provider's name for it.
            base_url: with the ``/v1`` the provider wants.
            api_key: None only where the provider needs none.
            http: shared by all models of this container: making one costs more than an answer's whole logic.
            timeout_seconds: for the whole call; a patient waits, and the rules answer when it ends.
            clock: seconds.
        """
        self._rules = PROVIDERS[provider]
        self.provider = provider
        self.model = model
        self._seconds = timeout_seconds
        self._clock = clock
        self._client = client_of(self._rules, base_url=base_url, api_key=api_key, http=http, seconds=timeout_seconds)

    @staticmethod
    def http_client() -> httpx2.Client:
        """Connections to providers. Redirects are not followed: a key goes to no other host."""
        return httpx2.Client(follow_redirects=False)

    def ask(
        self, prompt: Prompt, answer_type: type[Answer], *, seconds: float | None = None, toolbox: Toolbox | None = None
    ) -> ModelReply[Answer]:
        """Ask once; with a toolbox, up to two rounds of its functions come before the answer.

        Args:
            prompt: instructions and content.
            answer_type: what the answer must be.
            seconds: for everything together; at most, and without it, the time of this client.
            toolbox: functions that the model may ask for.

        Raises:
            ModelUnavailable: no usable answer; ``cause`` says why: timeout, unreachable, rejected, rate_limited,
                unauthorised, payment, moderated, truncated, garbage.

        Source:
            https://platform.openai.com/docs/guides/structured-outputs
            https://platform.openai.com/docs/guides/function-calling
        """
        give_up_at = self._clock() + min(seconds or self._seconds, self._seconds)
        request = request_of(self._rules, self.model, prompt, answer_type, toolbox.tools if toolbox else ())
        usage = NO_USAGE
        for rounds_left in range(_TOOL_ROUNDS if toolbox else 0, -1, -1):
            if not rounds_left and toolbox:
                request["tool_choice"] = "none"
            try:
                completion = self._complete_somehow(request, give_up_at=give_up_at)
            except ModelUnavailable as exc:
                raise ModelUnavailable(exc.cause, usage=usage + _paid_in_vain(exc, request)) from None
            usage += usage_of(completion, asked=request["messages"])
            calls = calls_of(completion, toolbox.tools) if toolbox and rounds_left else ()
            if not calls or toolbox is None:
                break
            request["messages"] += _answered(calls, toolbox)
        return ModelReply(_parsed(completion, answer_type, usage), usage)

    def _complete_somehow(self, request: dict[str, Any], *, give_up_at: float) -> Any:
        """With its functions, or without them at a provider that does not take them: they are an aid, no condition."""
        try:
            return self._complete(request, seconds=give_up_at - self._clock())
        except Refused as exc:
            if "tools" not in request or exc.status not in _TAKES_NO_TOOLS:
                raise
        for name in ("tools", "tool_choice"):
            request.pop(name, None)
        return self._complete(request, seconds=give_up_at - self._clock())

    def _complete(self, request: dict[str, Any], *, seconds: float) -> Any:
        if seconds <= 0:
            raise ModelUnavailable("timeout")
        # Errors are not chained where their message may quote the request, which holds a patient's words.
        try:
            client = self._client.with_options(timeout=_timeout(seconds))
            completion = json.loads(read_completion(client, request, seconds=seconds, clock=self._clock))
        except (openai.APITimeoutError, httpx2.TimeoutException) as exc:
            raise ModelUnavailable("timeout") from exc
        except (openai.APIConnectionError, httpx2.HTTPError) as exc:
            raise ModelUnavailable("unreachable") from exc
        except openai.APIStatusError as exc:
            raise refusal_of(exc.status_code, exc.body) from None
        except (openai.OpenAIError, httpx2.InvalidURL, ValueError, RecursionError):  # a 200 whose body is no JSON
            raise ModelUnavailable("garbage") from None
        refusal = refusal_in(completion)
        if refusal is not None:
            raise refusal
        return completion


def _paid_in_vain(failure: ModelUnavailable, request: Mapping[str, Any]) -> Usage:
    """A provider that was not waited for has read the question all the same."""
    return usage_of({}, asked=request["messages"]) if failure.cause == "timeout" else NO_USAGE


def _parsed(completion: Any, answer_type: type[Answer], usage: Usage) -> Answer:
    try:
        return parse_answer(text_of(completion), answer_type)
    except Truncated:
        raise ModelUnavailable("truncated", usage=usage) from None
    except Garbage:
        raise ModelUnavailable("garbage", usage=usage) from None


def _answered(calls: Sequence[ToolCall], toolbox: Toolbox) -> list[dict[str, Any]]:
    """What the model asked of the toolbox, and what it was told."""
    asked = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in calls
    ]
    told = [
        {"role": "tool", "tool_call_id": call.id, "content": toolbox.use(call.name, call.arguments)} for call in calls
    ]
    return [{"role": "assistant", "content": None, "tool_calls": asked}, *told]


def request_of(
    rules: Provider, model: str, prompt: Prompt, answer_type: type[BaseModel], tools: Sequence[Tool] = ()
) -> dict[str, Any]:
    """One question for one typed answer, as this provider takes it."""
    schema = {"name": answer_type.__name__, "schema": _strict(answer_type.model_json_schema()), "strict": True}
    request: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": prompt.instructions},
            {"role": "user", "content": prompt.content},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
        rules.tokens_parameter: prompt.max_output_tokens,
        "extra_body": rules.extra_body_for(model) or None,
    }
    if tools:
        request["tools"] = [_function(tool) for tool in tools]
    return request


def _function(tool: Tool) -> dict[str, Any]:
    parameters = {"properties": {}, **tool.arguments.model_json_schema()}
    parameters.pop("description", None)  # of our class, not of the function
    function = {"name": tool.name, "description": tool.description, "parameters": _strict(parameters), "strict": True}
    return {"type": "function", "function": function}


def client_of(rules: Provider, *, base_url: str, api_key: str | None, http: httpx2.Client, seconds: float) -> OpenAI:
    """The way to one provider with one key. Nothing is asked twice: a patient waits, or a person before a screen."""
    return OpenAI(
        api_key=api_key or rules.key_when_none or "",
        base_url=base_url,
        timeout=_timeout(seconds),
        max_retries=0,
        http_client=http,
    )


def _timeout(seconds: float) -> openai.Timeout:
    return openai.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds))


def read_completion(
    client: OpenAI, request: Mapping[str, Any], *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> bytes:
    """The body of a successful answer, whatever it holds.

    Raises:
        ModelUnavailable: it took longer than ``seconds`` in all (``timeout``) or is too large (``garbage``).
        openai.APIError, httpx2.HTTPError: refused, or the connection broke.
    """
    give_up_at = clock() + seconds
    return within(seconds, lambda: b"".join(_chunks(client, request, give_up_at=give_up_at, clock=clock)))


def _chunks(
    client: OpenAI, request: Mapping[str, Any], *, give_up_at: float, clock: Callable[[], float]
) -> Iterator[bytes]:
    # Some providers send a blank now and then while the model thinks: each would begin the client's timeout anew.
    size = 0
    with client.chat.completions.with_streaming_response.create(**request) as response:
        for chunk in response.iter_bytes():
            size += len(chunk)
            if clock() > give_up_at:
                raise ModelUnavailable("timeout")
            if size > _MAX_BYTES:
                raise ModelUnavailable("garbage")
            yield chunk


# OpenAI's strict mode refuses schemas with other words than it knows; pydantic checks these limits on the answer.
_NOT_STRICT = frozenset({"minimum", "maximum", "default", "title", "maxLength", "maxItems"})


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as strict mode wants it: nothing besides the properties, and all of them required."""
    closed: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):  # names of ours, not words of the schema
            closed[key] = {name: _strict(inner) for name, inner in value.items()}
        elif key not in _NOT_STRICT:
            closed[key] = _strict_value(value)
    if "properties" in closed:
        closed |= {"additionalProperties": False, "required": list(closed["properties"])}
    return closed


def _strict_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _strict(value)
    return [_strict_value(item) for item in value] if isinstance(value, list) else value
