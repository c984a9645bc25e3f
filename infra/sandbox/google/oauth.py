"""Google's OAuth: codes become an access and a refresh token, the latter new access tokens, until they are revoked."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

from infra.sandbox.google.accounts import ACCESS_SECONDS, GoogleToken
from infra.sandbox.google.errors import OAuthError, invalid_grant
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.logins.codes import Code, GoogleGrant
from infra.sandbox.tokens import new_secret


async def token(call: GraphCall) -> dict[str, Any]:
    """``POST /token``, a form: ``authorization_code`` or ``refresh_token``."""
    given = call.form
    if not given.get("grant_type"):
        raise OAuthError("invalid_request", "Required parameter is missing: grant_type")
    if given["grant_type"] not in ("authorization_code", "refresh_token"):
        raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {given['grant_type']}")
    _check_client(call, given)
    if given["grant_type"] == "refresh_token":
        return _refreshed(call, _required(given, "refresh_token"))
    return _exchanged(call, given)


async def revoke(call: GraphCall) -> dict[str, Any]:
    """``POST /revoke``: either token ends the whole permission of that account."""
    google = call.platform.google
    named = google.tokens.get(call.parameters.get("token", ""))
    if named is None or not named.is_good(call.platform.clock.now()):
        raise OAuthError("invalid_token", "Token expired or revoked")
    for other in google.tokens_of(named.email):
        other.state = "revoked"
        google.save_token(other)
    account = google.accounts[named.email]
    account.consented = False
    google.save(account)
    return {}


def _check_client(call: GraphCall, given: dict[str, str]) -> None:
    config = call.platform.config
    client_id, secret = given.get("client_id", ""), given.get("client_secret", "")
    scheme, _, encoded = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        client_id, secret = _basic(encoded)
    known = client_id == config.google_client_id and config.google_client_secret
    if not known or not hmac.compare_digest(secret.encode(), config.google_client_secret.encode()):
        raise OAuthError("invalid_client", "Unauthorized", http_status=401)


def _basic(encoded: str) -> tuple[str, str]:
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise OAuthError("invalid_client", "Unauthorized", http_status=401) from exc
    return client_id, secret


def _required(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise OAuthError("invalid_request", f"Missing required parameter: {name}")
    return given[name]


def _exchanged(call: GraphCall, given: dict[str, str]) -> dict[str, Any]:
    platform, now = call.platform, call.platform.clock.now()
    code = platform.codes.find(_required(given, "code"), GoogleGrant)
    if code is None or code.state(now) != "good":
        raise invalid_grant("Bad Request" if code else "Malformed auth code.")
    if code.redirect_uri != _required(given, "redirect_uri"):
        raise OAuthError("redirect_uri_mismatch", "Bad Request")
    grant = _checked_verifier(code, given.get("code_verifier"))
    code.used = True
    answer = _access(call, grant.email, list(grant.scopes))
    if grant.refreshable:
        refresh = GoogleToken(
            value=new_secret("1//0"), email=grant.email, scopes=list(grant.scopes), kind="refresh", used_at=now
        )
        platform.google.save_token(refresh)
        answer["refresh_token"] = refresh.value
    return answer


def _checked_verifier(code: Code[GoogleGrant], verifier: str | None) -> GoogleGrant:
    """PKCE: who exchanges the code is who asked for it."""
    grant = code.grant
    if grant.challenge is None:
        if verifier is not None:
            raise invalid_grant("code_verifier or verifier is not needed.")
        return grant
    if verifier is None:
        raise invalid_grant("Missing code verifier.")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    if not hmac.compare_digest(digest, grant.challenge):
        raise invalid_grant("Invalid code verifier.")
    return grant


def _refreshed(call: GraphCall, value: str) -> dict[str, Any]:
    google, now = call.platform.google, call.platform.clock.now()
    refresh = google.tokens.get(value)
    if refresh is None or refresh.kind != "refresh" or not refresh.is_good(now):
        raise invalid_grant("Token has been expired or revoked." if refresh else "Bad Request")
    refresh.used_at = now
    google.save_token(refresh)
    return _access(call, refresh.email, refresh.granted)


def _access(call: GraphCall, email: str, scopes: list[str]) -> dict[str, Any]:
    expires_at = call.platform.clock.now() + ACCESS_SECONDS
    access = GoogleToken(value=new_secret("ya29."), email=email, scopes=scopes, kind="access", expires_at=expires_at)
    call.platform.google.save_token(access)
    told = {"access_token": access.value, "expires_in": ACCESS_SECONDS, "scope": " ".join(scopes)}
    return {**told, "token_type": "Bearer"}
