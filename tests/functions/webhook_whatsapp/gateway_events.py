"""Events of API Gateway (HTTP API, payload format 2.0), whole."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

APP_SECRET, INSTAGRAM_SECRET, VERIFY_TOKEN = "app-secret", "instagram-secret", "verify-token"
REQUEST_ID = "JKJaXmPLvHcESHA="


def sign(body: bytes, secret: str = APP_SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def make_event(method: str, *, path: str = "/api/webhooks/whatsapp", **overrides: Any) -> dict[str, Any]:
    http = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "173.252.127.1",
        "userAgent": "facebookexternalua",
    }
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "api.example.com", "x-forwarded-proto": "https"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": http,
            "requestId": REQUEST_ID,
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "22/Nov/2026:16:00:00 +0000",
            "timeEpoch": 1795363200000,
        },
        "isBase64Encoded": False,
        **overrides,
    }


def challenge(path: str = "/api/webhooks/whatsapp", **changes: str | None) -> dict[str, Any]:
    """A verification request; ``mode``, ``verify_token`` and ``challenge`` may be changed, or left out by None."""
    values = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444", **changes}
    query = {f"hub.{name}": value for name, value in values.items() if value is not None}
    return make_event("GET", path=path, rawQueryString=urlencode(query), queryStringParameters=query)


def delivery(
    body: bytes,
    *,
    signature: str | None = None,
    path: str = "/api/webhooks/whatsapp",
    as_base64: bool = False,
) -> dict[str, Any]:
    """A delivery, signed with the app's secret unless told otherwise; "" leaves the header out."""
    event = make_event("POST", path=path)
    event["headers"]["content-type"] = "application/octet-stream" if as_base64 else "application/json"
    header = sign(body) if signature is None else signature
    if header:
        event["headers"]["x-hub-signature-256"] = header
    if body:
        event["body"] = base64.b64encode(body).decode() if as_base64 else body.decode()
    return event | {"isBase64Encoded": as_base64}
