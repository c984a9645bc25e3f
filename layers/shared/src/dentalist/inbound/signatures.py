"""Proof that Meta sent what reached us, and ours that we hold the secret. Standard library only.

Source:
    https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads
    https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
    https://developers.facebook.com/docs/graph-api/guides/secure-requests
"""

from __future__ import annotations

import binascii
import hmac
import json
from collections.abc import Sequence
from typing import Any

from dentalist.domain.errors import DomainError

_PREFIX = b"sha256="


class SignatureInvalid(DomainError):
    detail = "The signature does not belong to this body."


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> int:
    """Check ``X-Hub-Signature-256`` against the bytes exactly as they arrived.

    Meta signs a form with escaped unicode (``ñ`` as ``\\u00f1``, sometimes ``/`` as ``\\/``), so a body that was parsed
    and written again has another signature. Every secret is tried, also after a match: time tells nothing.

    Args:
        body: raw bytes, base64 already undone.
        header: value of the header, or None when there was none.
        secrets: app secrets in order; an empty one never matches.

    Returns:
        The index of the secret that matched.

    Raises:
        SignatureInvalid: missing, malformed or of another body or secret.
    """
    presented = (header or "").encode("utf-8", "replace")
    matched = -1
    for index, secret in enumerate(secrets):
        expected = _PREFIX + hmac.digest(secret.encode(), body, "sha256").hex().encode()
        if hmac.compare_digest(expected, presented) and secret and matched < 0:
            matched = index
    if matched < 0:
        raise SignatureInvalid
    return matched


def parse_signed_request(signed_request: str, secrets: Sequence[str]) -> dict[str, Any]:
    """The payload of a ``signed_request``, with which Meta announces a deauthorization or asks for data deletion.

    Raises:
        SignatureInvalid: malformed, of another secret, or made with another algorithm than HMAC-SHA256.
    """
    encoded_signature, _, encoded_payload = signed_request.partition(".")
    signed = encoded_payload.encode("utf-8", "replace")
    try:
        signature = _base64url(encoded_signature)
        payload = json.loads(_base64url(encoded_payload))
    except (ValueError, RecursionError) as exc:
        raise SignatureInvalid from exc
    digests = [hmac.digest(secret.encode(), signed, "sha256") for secret in secrets if secret]
    genuine = sum(hmac.compare_digest(digest, signature) for digest in digests) > 0
    if not genuine or not isinstance(payload, dict) or payload.get("algorithm") != "HMAC-SHA256":
        raise SignatureInvalid
    return payload


def appsecret_proof(access_token: str, app_secret: str) -> str:
    """Query parameter that proves to the Graph API that the caller of a token also holds the app's secret."""
    return hmac.digest(app_secret.encode(), access_token.encode(), "sha256").hex()


def _base64url(text: str) -> bytes:
    standard = text.encode("ascii").translate(bytes.maketrans(b"-_", b"+/"))
    return binascii.a2b_base64(standard + b"=" * (-len(standard) % 4), strict_mode=True)
