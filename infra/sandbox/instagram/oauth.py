"""Instagram Login: a code becomes an hour's token, that one sixty days', and those are refreshed."""

from dataclasses import dataclass, field
from typing import Any

from infra.sandbox.errors import GraphError, Refusal, graph_error
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.graph.oauth import check_secret, required
from infra.sandbox.instagram.accounts import BASIC, InstagramToken
from infra.sandbox.logins.codes import Code, InstagramGrant
from infra.sandbox.tokens import SIXTY_DAYS, new_secret

_REFRESHED_SECONDS = 5_184_000
_YOUNGEST_SECONDS = 24 * 3600


@dataclass(eq=False)
class FlatError(Refusal):
    """How api.instagram.com refuses: flat, without the envelope of the Graph API."""

    message: str
    http_status: int = 400
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, _trace_id: str) -> dict[str, Any]:
        """The JSON body."""
        return {"error_type": "OAuthException", "code": 400, "error_message": self.message}


async def exchange_code(call: GraphCall) -> dict[str, Any]:
    """``POST /oauth/access_token``, a form."""
    given, config = call.form, call.platform.config
    for name in ("client_id", "client_secret", "grant_type", "redirect_uri", "code"):
        if not given.get(name):
            raise FlatError(f"Missing required field {name}")
    if given["client_id"] != config.instagram_app_id:
        raise FlatError("Invalid platform app")
    if given["client_secret"] != config.instagram_app_secret:
        raise FlatError("Error validating client secret.")
    if given["grant_type"] != "authorization_code":
        raise FlatError("Invalid grant_type")
    return _told(call, _redeemed(call, _exchangeable(call, given)))


def _exchangeable(call: GraphCall, given: dict[str, str]) -> Code[InstagramGrant]:
    code = call.platform.codes.find(given["code"], InstagramGrant)
    state = code.state(call.platform.clock.now()) if code else "used"
    if code is None or state == "used":
        raise FlatError("Matching code was not found or was already used")
    if state == "expired":
        raise FlatError("This authorization code has expired")
    if code.redirect_uri != given["redirect_uri"]:
        raise FlatError(
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used"
            " in the OAuth dialog request"
        )
    return code


def _redeemed(call: GraphCall, code: Code[InstagramGrant]) -> InstagramToken:
    grant, now = code.grant, int(call.platform.clock.now())
    code.used = True
    token = InstagramToken(
        value=new_secret("IGAA"),
        issued_at=now,
        expires_at=now + grant.lifetime,
        long_lived=False,
        scopes=list(grant.scopes),
        user_id=grant.user_id,
    )
    call.platform.instagram.save_token(token)
    return token


def _told(call: GraphCall, token: InstagramToken) -> dict[str, Any]:
    scoped_id = call.platform.instagram.accounts[token.user_id].scoped_id
    if call.platform.behaviour.logins.instagram_response == "wrapped":
        permissions = ",".join(token.granted)
        return {"data": [{"access_token": token.value, "user_id": scoped_id, "permissions": permissions}]}
    return {"access_token": token.value, "user_id": int(scoped_id), "permissions": token.granted}


async def extend(call: GraphCall) -> dict[str, Any]:
    """``GET /access_token``: sixty days for an hour's token."""
    given = call.parameters
    _check_grant_type(given, "ig_exchange_token")
    check_secret(given, call.platform.config.instagram_app_secret)
    token = _given_token(call, given)
    if token.long_lived:
        raise _unsupported()
    return _renewed(call, token, SIXTY_DAYS)


async def refresh(call: GraphCall) -> dict[str, Any]:
    """``GET /refresh_access_token``: sixty more days for a long token that is a day old."""
    given = call.parameters
    _check_grant_type(given, "ig_refresh_token")
    token = _given_token(call, given)
    if not token.long_lived:
        raise _unsupported()
    age = call.platform.clock.now() - token.issued_at
    if age < _YOUNGEST_SECONDS or BASIC not in token.granted:
        refusal = graph_error(10)
        refusal.http_status = 400
        raise refusal
    return _renewed(call, token, _REFRESHED_SECONDS)


def _check_grant_type(given: dict[str, str], wanted: str) -> None:
    if given.get("grant_type") != wanted:
        raise GraphError(100, 400, f"(#100) The parameter grant_type must be {wanted}.")


def _given_token(call: GraphCall, given: dict[str, str]) -> InstagramToken:
    required(given, "access_token")
    return call.instagram_token()


def _unsupported() -> GraphError:
    return GraphError(100, 400, "Unsupported request - method type: get", type="IGApiException", subcode=33)


def _renewed(call: GraphCall, token: InstagramToken, seconds: int) -> dict[str, Any]:
    now = int(call.platform.clock.now())
    changes = {"value": new_secret("IGAA"), "issued_at": now, "expires_at": now + seconds, "long_lived": True}
    renewed = token.model_copy(update=changes)
    call.platform.instagram.save_token(renewed)
    return {"access_token": renewed.value, "token_type": "bearer", "expires_in": seconds}
