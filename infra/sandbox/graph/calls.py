"""What every call of the Graph API goes through: faults, the token, the error envelope, the journal."""

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from infra.sandbox.errors import GraphError, Refusal, graph_error, invalid_proof, new_trace_id
from infra.sandbox.faults import AnswerError, AnswerGoogle, AnswerRaw, Call, Fault, NoAnswer, SlowAnswer
from infra.sandbox.instagram.accounts import InstagramToken
from infra.sandbox.journal import answer_without_secrets, fingerprint, without_secrets
from infra.sandbox.platform import Platform
from infra.sandbox.tokens import AccessToken, Token

PLATFORM: web.AppKey[Platform] = web.AppKey("platform", Platform)

_VERSION = re.compile(r"v(\d+)\.\d")
_OLDEST_VERSION = 21
_NEWEST_VERSION = 26
_JSON = "application/json; charset=UTF-8"
_FORM = "application/x-www-form-urlencoded"
# Paths that both of Meta's graphs have; the token tells which of them is called.
_ON_INSTAGRAM = {"me": "instagram_me", "media": "instagram_account", "subscribed_apps": "instagram_subscribed_apps"}
_LONGEST_LOGGED = 20_000


@dataclass(slots=True)
class GraphCall:
    """One call on its way through: the request, and what the handler needs of it."""

    platform: Platform
    request: web.Request
    raw: bytes
    info: Call
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The HTTP method, in upper case."""
        return self.request.method

    def segment(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form; of a name that comes twice the first."""
        if self.request.content_type != _FORM:
            return {}
        return dict(reversed(parse_qsl(self.raw.decode(errors="replace"), keep_blank_values=True)))

    @property
    def parameters(self) -> dict[str, str]:
        """What Meta takes from the query and from a form alike."""
        return {**self.request.query, **self.form}

    def token(self, scope: str | None = None) -> AccessToken:
        """The token of the call, if it is good and, where one is named, has that permission.

        Raises:
            GraphError: 190 for a missing, unknown, expired or revoked token; 10 without the permission; 100 for a
                wrong ``appsecret_proof``.
        """
        token = self.platform.accounts.tokens.get(bearer_of(self.request))
        if token is None:
            raise graph_error(190)
        secret = self.platform.config.app_secret if token.app_id is None else None
        self._check(token, secret, scope, needs_proof=self.platform.behaviour.require_appsecret_proof)
        return token

    def instagram_token(self, scope: str | None = None) -> InstagramToken:
        """The same for a token of Instagram Login, whose proof nobody demands."""
        token = self.platform.instagram.tokens.get(bearer_of(self.request))
        if token is None:
            raise graph_error(190)
        self._check(token, self.platform.config.instagram_app_secret, scope, needs_proof=False)
        return token

    def _check(self, token: Token, secret: str | None, scope: str | None, *, needs_proof: bool) -> None:
        refusal = token.refusal(self.platform.clock.now())
        if refusal is not None:
            raise refusal
        proof = self.request.query.get("appsecret_proof")
        if proof is not None or needs_proof:
            # Another app's token has a proof that our secret cannot make.
            expected = hmac.new((secret or "").encode(), token.value.encode(), hashlib.sha256).hexdigest()
            if secret is None or not hmac.compare_digest(expected.encode(), (proof or "").encode()):
                raise invalid_proof()
        if scope is not None:
            token.require(scope)


Handler = Callable[[GraphCall], Awaitable[Any]]


def bearer_of(request: web.Request) -> str:
    """The token of a request: the header, or the query parameter that Meta also takes."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else request.query.get("access_token", "")


def graph_route(route: str, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make an aiohttp handler of a Graph handler, which returns the JSON to answer or raises a GraphError."""

    async def handle(request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        call = await _received(request, route)
        fault = call.platform.faults.take(call.info)
        answer = await _answer(call, handler, fault)
        _record(call, answer, fault, began)
        return await _misbehave(request, answer, fault) if fault else answer

    return handle


async def _received(request: web.Request, route: str) -> GraphCall:
    platform = request.app[PLATFORM]
    raw = b"" if request.content_type.startswith("multipart/") else await request.read()
    token = bearer_of(request)
    info = Call(route, request.method, request.path, token=fingerprint(token) if token else None)
    call = GraphCall(platform, request, raw, info)
    object_id = request.match_info.get("object_id")
    if object_id in platform.accounts.numbers:
        info.phone_number_id = object_id
        if route == "media":  # GET /{id} is one path for two kinds of object
            info.route = "phone_number"
    if token in platform.instagram.tokens:
        info.route = _ON_INSTAGRAM.get(route, route)
    if raw and request.content_type != _FORM:
        try:
            call.body = json.loads(raw)
        except ValueError:
            return call
    if isinstance(call.body, dict):
        to = call.body.get("to") or call.body.get("recipient")
        info.to = to.removeprefix("+") if isinstance(to, str) else None
        kind = call.body.get("status") or call.body.get("type")
        info.message_type = kind if isinstance(kind, str) else None
    return call


async def _answer(call: GraphCall, handler: Handler, fault: Fault | None) -> web.Response:
    action = fault.request.action if fault else None
    try:
        if isinstance(action, AnswerGoogle) and action.inside:
            return _json(action.told_inside(call.body), HTTPStatus.OK, call.headers)
        if isinstance(action, AnswerError | AnswerGoogle):
            raise action.error()
        commits = action is None or isinstance(action, SlowAnswer) or action.commit
        content = await _checked(call, handler) if commits else None
    except Refusal as error:
        trace_id = new_trace_id()
        headers = {**call.headers, **error.headers, "x-fb-trace-id": trace_id}
        return _json(error.body(trace_id), error.http_status, headers)
    if isinstance(action, AnswerRaw):
        kind = {"Content-Type": action.content_type} if action.body else {}
        return web.Response(status=action.status, body=action.body.encode(), headers={**kind, **action.headers})
    return content if isinstance(content, web.Response) else _json(content, HTTPStatus.OK, call.headers)


async def _checked(call: GraphCall, handler: Handler) -> Any:
    version = call.request.match_info.get("version")
    if version is not None:
        number = _VERSION.fullmatch(version)
        if number is None or not _OLDEST_VERSION <= int(number[1]) <= _NEWEST_VERSION:
            raise GraphError(2635, 400, f"(#2635) You are calling an unknown or ended version of the API: {version}.")
    return await handler(call)


def _json(content: Any, status: int, headers: dict[str, str]) -> web.Response:
    body = json.dumps(content).encode()
    return web.Response(status=status, body=body, headers={"Content-Type": _JSON, **headers})


async def _misbehave(request: web.Request, answer: web.Response, fault: Fault) -> web.StreamResponse:
    """Answer as a fault demands, after what was asked has been done or not."""
    action = fault.request.action
    if isinstance(action, NoAnswer):
        if action.kind == "timeout":
            await asyncio.sleep(action.seconds)
        if request.transport is not None:
            request.transport.close()
        return answer
    if isinstance(action, SlowAnswer):
        if action.part == "headers":
            await asyncio.sleep(action.seconds)
            return answer
        return await _drip(request, answer, action.seconds)
    return answer


async def _drip(request: web.Request, answer: web.Response, seconds: float) -> web.StreamResponse:
    body = answer.body if isinstance(answer.body, bytes) else b""
    headers = {**answer.headers, "Content-Length": str(len(body))}
    slow = web.StreamResponse(status=answer.status, headers=headers)
    await slow.prepare(request)
    for position in range(len(body)):
        await slow.write(body[position : position + 1])
        await asyncio.sleep(seconds / len(body))
    return slow


def _record(call: GraphCall, answer: web.Response, fault: Fault | None, began: float) -> None:
    text = answer.body if isinstance(answer.body, bytes) else b""
    is_json = answer.content_type == "application/json" and len(text) < _LONGEST_LOGGED
    call.platform.journal.record_call(
        {
            "at": call.platform.clock.now(),
            "method": call.method,
            "path": call.info.path,
            "route": call.info.route,
            "query": without_secrets(call.request.query),
            "phone_number_id": call.info.phone_number_id,
            "to": call.info.to,
            "message_type": call.info.message_type,
            "token": call.info.token,
            "request": _sent(call) if len(call.raw) < _LONGEST_LOGGED else None,
            "status": answer.status,
            "response": _told(text) if is_json and text else None,
            "fault": fault.id if fault else None,
            "duration_ms": round((time.perf_counter() - began) * 1000, 2),
        }
    )


def _told(text: bytes) -> Any:
    """What was answered; a fault may have made it anything."""
    try:
        return answer_without_secrets(json.loads(text))
    except ValueError:
        return None


def _sent(call: GraphCall) -> Any:
    sent = call.form or call.body
    return without_secrets(sent) if isinstance(sent, dict) else sent
