"""What a model may come back with, and how it looks on the wire."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from infra.sandbox.llm.requests import ChatRequest, words_in

_KEEP_ALIVE_SECONDS = 0.2
_HUGE = 2_000_000


@dataclass(frozen=True)
class Said:
    """An ordinary completion: text, or calls of tools as pairs of name and arguments."""

    content: str | None = None
    calls: tuple[tuple[str, str], ...] = ()
    finish_reason: str | None = None
    usage: dict[str, int] | None = None


@dataclass(frozen=True)
class Refused:
    """An error of the provider's."""

    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """A body as it is, with 200."""

    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class Broken:
    """The connection misbehaves: "cut" in the middle, "drip" blanks and never end, or "huge"."""

    how: str


Reply = Said | Refused | Raw | Broken


def completion(request: ChatRequest, said: Said) -> dict[str, Any]:
    """The body of a chat completion."""
    calls = [
        {"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for name, arguments in said.calls
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.content, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    asked = sum(words_in(message.text) for message in request.messages)
    answered = words_in(f"{said.content or ''}{said.calls or ''}")
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex[:24]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.model,
        "choices": [
            {"index": 0, "message": message, "finish_reason": said.finish_reason or ("tool_calls" if calls else "stop")}
        ],
        "usage": said.usage
        or {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered},
    }


async def send(http: web.Request, request: ChatRequest, reply: Reply) -> web.StreamResponse:
    """Answer with whatever the model came back with."""
    if isinstance(reply, Said):
        return web.json_response(completion(request, reply))
    if isinstance(reply, Refused):
        return refusal(reply)
    if isinstance(reply, Raw):
        return web.Response(body=reply.body, content_type=reply.content_type)
    return await _BREAKS[reply.how](http)


def refusal(refused: Refused) -> web.Response:
    """An error as providers tell it."""
    kind = "invalid_request_error" if refused.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    body = {"error": {"message": refused.message, "type": kind, "param": None, "code": refused.code}}
    return web.json_response(body, status=refused.status, headers=refused.headers)


async def _cut(http: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(http)
    await response.write(json.dumps({"choices": []}).encode()[:10])
    if http.transport is not None:
        http.transport.close()
    return response


async def _drip(http: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(http)
    while http.transport is not None and not http.transport.is_closing():
        await response.write(b"\n")
        await asyncio.sleep(_KEEP_ALIVE_SECONDS)
    return response


async def _huge(_http: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"choices": "' + b"a" * _HUGE + b'"}', content_type="application/json")


_BREAKS: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {"cut": _cut, "drip": _drip, "huge": _huge}
