"""A language model behind the OpenAI-compatible API, asked for one typed answer at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
import openai
from openai import OpenAI
from pydantic import BaseModel

from dentalist.outbound.llm.parsing import Garbage, Truncated, parse_answer, text_of, tokens_of
from dentalist.outbound.llm.providers import PROVIDERS, Provider
from dentalist.services.ports import Answer, ModelReply, ModelUnavailable, Prompt

_CONNECT_SECONDS = 3.0
_MAX_BYTES = 1_000_000


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

    def ask(self, prompt: Prompt, answer_type: type[Answer]) -> ModelReply[Answer]:
        """Ask once.

        Raises:
            ModelUnavailable: no usable answer; ``cause`` says why: timeout, unreachable, rejected, rate_limited,
                unauthorised, payment, truncated, garbage.

        Source:
            https://platform.openai.com/docs/guides/structured-outputs
        """
        completion = self._complete(request_of(self._rules, self.model, prompt, answer_type))
        try:
            text = text_of(completion)
            answer = parse_answer(text, answer_type)
        except Truncated:
            raise ModelUnavailable("truncated") from None
        except Garbage:
            raise ModelUnavailable("garbage") from None
        asked, said = tokens_of(completion, asked=prompt.instructions + prompt.content, said=text)
        return ModelReply(answer, input_tokens=asked, output_tokens=said)

    def _complete(self, request: dict[str, Any]) -> Any:
        # Errors are not chained where their message may quote the request, which holds a patient's words.
        try:
            return json.loads(read_completion(self._client, request, seconds=self._seconds, clock=self._clock))
        except (openai.APITimeoutError, httpx2.TimeoutException) as exc:
            raise ModelUnavailable("timeout") from exc
        except (openai.APIConnectionError, httpx2.HTTPError) as exc:
            raise ModelUnavailable("unreachable") from exc
        except openai.APIStatusError as exc:
            raise ModelUnavailable(_STATUS_CAUSES.get(exc.status_code, "rejected")) from None
        except (openai.OpenAIError, httpx2.InvalidURL, ValueError, RecursionError):  # a 200 whose body is no JSON
            raise ModelUnavailable("garbage") from None


def request_of(rules: Provider, model: str, prompt: Prompt, answer_type: type[BaseModel]) -> dict[str, Any]:
    """One question for one typed answer, as this provider takes it."""
    schema = {"name": answer_type.__name__, "schema": _strict(answer_type.model_json_schema()), "strict": True}
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": prompt.instructions},
            {"role": "user", "content": prompt.content},
        ],
        "response_format": {"type": "json_schema", "json_schema": schema},
        rules.tokens_parameter: prompt.max_output_tokens,
        "extra_body": rules.extra_body_for(model) or None,
    }


def client_of(rules: Provider, *, base_url: str, api_key: str | None, http: httpx2.Client, seconds: float) -> OpenAI:
    """The way to one provider with one key. Nothing is asked twice: a patient waits, or a person before a screen."""
    return OpenAI(
        api_key=api_key or rules.key_when_none or "",
        base_url=base_url,
        timeout=openai.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds)),
        max_retries=0,
        http_client=http,
    )


def read_completion(
    client: OpenAI, request: Mapping[str, Any], *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> bytes:
    """The body of a successful answer, whatever it holds.

    Raises:
        ModelUnavailable: it took longer than ``seconds`` in all (``timeout``) or is too large (``garbage``).
        openai.APIError, httpx2.HTTPError: refused, or the connection broke.
    """
    return b"".join(_chunks(client, request, give_up_at=clock() + seconds, clock=clock))


def _chunks(
    client: OpenAI, request: Mapping[str, Any], *, give_up_at: float, clock: Callable[[], float]
) -> Iterator[bytes]:
    # The client's timeouts are per read; some providers send a blank now and then while the model thinks, so that
    # only the sum of them is a limit.
    size = 0
    with client.chat.completions.with_streaming_response.create(**request) as response:
        for chunk in response.iter_bytes():
            size += len(chunk)
            if clock() > give_up_at:
                raise ModelUnavailable("timeout")
            if size > _MAX_BYTES:
                raise ModelUnavailable("garbage")
            yield chunk


_STATUS_CAUSES = {401: "unauthorised", 402: "payment", 403: "unauthorised", 408: "timeout", 429: "rate_limited"}
# OpenAI's strict mode refuses schemas with other words than it knows; pydantic checks these limits on the answer.
_NOT_STRICT = frozenset({"minimum", "maximum", "default", "title"})


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
