"""Meta's callbacks when a person removes the app or asks for their data to be deleted."""

import base64
import hashlib
import hmac
import json
from typing import Any

import aiohttp

_SECONDS = 20


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def signed_request(payload: dict[str, Any], secret: str) -> str:
    """``<signature>.<payload>``: the signature is made of the payload as it is encoded."""
    body = _encoded(json.dumps(payload, separators=(",", ":")).encode())
    return f"{_encoded(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}.{body}"


async def post(url: str, request: str) -> dict[str, Any]:
    """Call back once, as a form, and tell what was answered; Meta does not repeat these."""
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data={"signed_request": request}, headers={"User-Agent": "facebookexternalua"}) as answer,
        ):
            text = await answer.text(errors="replace")
            return {"status": answer.status, "content_type": answer.content_type, "body": _read(text)}
    except (aiohttp.ClientError, TimeoutError, ValueError) as exc:  # ValueError: an address that is none
        return {"status": None, "error": f"{type(exc).__name__}: {exc}"[:300]}


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text[:2000]
