"""HTTP API payload format 2.0: requests into events, a function's answer into a response.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
and, for which bodies are base64, observations of the service: text/* and application/json, xml and javascript arrive
as text; everything else does not, a form and a body without a content type included.
"""

import base64
import binascii
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from infra.local.intrinsics import ACCOUNT_ID

_TEXT_TYPES = {"application/json", "application/xml", "application/javascript"}
_API_ID = "local"
_HOP_HEADERS = {"content-length", "transfer-encoding", "connection"}


class BadAnswerError(Exception):
    """The function answered with something that is no HTTP response."""


def make_event(
    request: BaseRequest, body: bytes, *, route_key: str, path_parameters: Mapping[str, str]
) -> dict[str, Any]:
    """The event of one request."""
    now = time.time()
    host = request.headers.get("host", "localhost")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.rel_url.raw_query_string,
        "headers": _headers(request, host),
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": _API_ID,
            "domainName": host.partition(":")[0],
            "domainPrefix": _API_ID,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": f"HTTP/{request.version.major}.{request.version.minor}",
                "sourceIp": request.remote or "",
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": _request_id(),
            "routeKey": route_key,
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    cookies = [part.strip() for line in request.headers.getall("cookie", ()) for part in line.split(";")]
    if cookies:
        event["cookies"] = cookies
    if request.rel_url.raw_query_string:
        event["queryStringParameters"] = _joined(request.rel_url.query.items())
    if path_parameters:
        event["pathParameters"] = dict(path_parameters)
    if body:
        event["body"], event["isBase64Encoded"] = _encode(body, request.headers.get("content-type", ""))
    return event


def make_response(answer: bytes) -> web.Response:
    """The response a function's answer stands for.

    Raises:
        BadAnswerError: the answer cannot be sent; API Gateway answers 500.
    """
    content = json.loads(answer)
    if not isinstance(content, dict) or "statusCode" not in content:
        # Without a status code the whole answer is the body: text as it is, anything else as JSON.
        text = content if isinstance(content, str) else json.dumps(content)
        return web.Response(text=text, content_type="application/json")
    try:
        status = int(content["statusCode"])
        body = _decode(content.get("body"), is_base64=bool(content.get("isBase64Encoded")))
        headers = CIMultiDict(
            (name, _header_text(value))
            for name, value in (content.get("headers") or {}).items()
            if name.lower() not in _HOP_HEADERS
        )
        headers.setdefault("content-type", "text/plain;charset=utf-8")
        for cookie in content.get("cookies") or ():
            headers.add("set-cookie", str(cookie))
        return web.Response(status=status, body=body, headers=headers)
    except (TypeError, ValueError, AttributeError, AssertionError) as error:
        raise BadAnswerError(f"not an HTTP response: {error}") from error


def _headers(request: BaseRequest, host: str) -> dict[str, str]:
    headers = _joined((name.lower(), value) for name, value in request.headers.items() if name.lower() != "cookie")
    source = request.remote or ""
    forwarded = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{forwarded}, {source}" if forwarded else source
    headers["x-forwarded-proto"] = "http"
    headers["x-forwarded-port"] = host.rpartition(":")[2] if ":" in host else "80"
    headers.setdefault("x-amzn-trace-id", f"Root=1-{int(time.time()):08x}-{os.urandom(12).hex()}")
    return headers


def _joined(pairs: Any) -> dict[str, str]:
    """Format 2.0 has no multi-value fields: what comes twice is joined by a comma."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _request_id() -> str:
    """Sixteen characters that end in ``=``, as API Gateway's look."""
    return base64.urlsafe_b64encode(os.urandom(11)).decode()


def _encode(body: bytes, content_type: str) -> tuple[str, bool]:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith("text/") or media_type in _TEXT_TYPES:
        with suppress(UnicodeDecodeError):  # not the text it claims to be: base64 keeps every byte
            return body.decode(), False
    return base64.b64encode(body).decode(), True


def _decode(body: Any, *, is_base64: bool) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadAnswerError("the body must be a string")
    if not is_base64:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise BadAnswerError("the body is not base64") from error


def _header_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
