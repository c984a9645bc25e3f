"""``/oauth/access_token`` and ``/debug_token``: codes become tokens, tokens live longer, and are looked at."""

from typing import Any

from infra.sandbox.errors import GraphError, graph_error
from infra.sandbox.graph.calls import GraphCall, bearer_of
from infra.sandbox.logins.codes import Code, FacebookGrant
from infra.sandbox.logins.people import Person
from infra.sandbox.tokens import MANAGEMENT, MESSAGING, SIXTY_DAYS, AccessToken, new_secret

APP_NAME = "Asistente Dental"
_OTHER_APP_NAME = "Otra App"
_DATA_ACCESS_SECONDS = 90 * 24 * 3600
_CODE_STATES = {"expired": 36007, "used": 36009}


async def access_token(call: GraphCall) -> dict[str, Any]:
    """``GET /oauth/access_token``: for a code, or with ``grant_type=fb_exchange_token`` for a token."""
    given = call.parameters
    check_client(given, call.platform.config.app_id, call.platform.config.app_secret)
    grant_type = given.get("grant_type", "authorization_code")
    if grant_type == "fb_exchange_token":
        return _exchange_token(call, required(given, "fb_exchange_token"))
    if grant_type != "authorization_code":
        raise GraphError(100, 400, "(#100) Invalid grant_type.")
    return _exchange_code(call, required(given, "code"), given.get("redirect_uri") or None)


def required(given: dict[str, str], name: str) -> str:
    """A parameter that must be there.

    Raises:
        GraphError: 100, it is not.
    """
    if not given.get(name):
        raise GraphError(100, 400, f"(#100) The parameter {name} is required.")
    return given[name]


def check_client(given: dict[str, str], app_id: str, secret: str) -> None:
    """Whether the app itself asks.

    Raises:
        GraphError: 101 another app's id, 1 a wrong secret.
    """
    if required(given, "client_id") != app_id:
        raise graph_error(101)
    check_secret(given, secret)


def check_secret(given: dict[str, str], secret: str) -> None:
    """Whether the caller knows the app's secret.

    Raises:
        GraphError: 1, it does not.
    """
    if required(given, "client_secret") != secret:
        raise GraphError(1, 400, "Error validating client secret.")


def _exchange_code(call: GraphCall, value: str, redirect_uri: str | None) -> dict[str, Any]:
    platform, now = call.platform, call.platform.clock.now()
    code = platform.codes.find(value, FacebookGrant)
    if code is None:
        raise GraphError(100, 400, "Invalid verification code format.")
    if (state := code.state(now)) != "good":
        raise graph_error(100, subcode=_CODE_STATES[state])
    if redirect_uri != code.redirect_uri:
        raise graph_error(100, subcode=36008)
    code.used = True
    token = _granted(code, int(now))
    platform.accounts.save_token(token)
    _onboard(call, token)
    return _told(token, now)


def _granted(code: Code[FacebookGrant], now: int) -> AccessToken:
    grant = code.grant
    return AccessToken(
        value=new_secret("EAA"),
        issued_at=now,
        expires_at=now + grant.lifetime if grant.lifetime else 0,
        long_lived=grant.kind == "system",
        scopes=list(grant.scopes),
        declined=list(grant.declined),
        kind=grant.kind,
        waba_ids=list(grant.waba_ids),
        user_id=grant.user_id,
    )


def _onboard(call: GraphCall, token: AccessToken) -> None:
    """A number that stays on the phone is usable as soon as its owner linked it; the others are registered first."""
    accounts = call.platform.accounts
    for account in (number for waba_id in token.waba_ids for number in accounts.numbers_of(waba_id)):
        if account.on_phone_app and account.onboarded_at is None:
            account.registered, account.status = True, "CONNECTED"
            account.onboarded_at = call.platform.clock.now()
            accounts.save(account)
    call.platform.live.publish_to_all("accounts")


def _exchange_token(call: GraphCall, value: str) -> dict[str, Any]:
    platform, now = call.platform, call.platform.clock.now()
    old = platform.accounts.tokens.get(value)
    if old is None or old.app_id is not None:
        raise graph_error(190)
    if (refusal := old.refusal(now)) is not None:
        raise refusal
    # A person's sixty days begin with the login: exchanging again does not make them longer.
    keeps_expiry = old.expires_at == 0 or (old.kind == "user" and old.long_lived)
    holder = platform.people.holder_of(old)
    new = old.model_copy(
        update={
            "value": new_secret("EAA"),
            "issued_at": int(now),
            "expires_at": old.expires_at if keeps_expiry else int(now) + SIXTY_DAYS,
            "long_lived": True,
            "waba_ids": sorted(platform.accounts.wabas_of(value)),
            "user_id": holder.user_id if holder else None,
        }
    )
    platform.accounts.save_token(new)
    return _told(new, now)


def _told(token: AccessToken, now: float) -> dict[str, Any]:
    expiry = {"expires_in": token.expires_at - int(now)} if token.expires_at else {}
    return {"access_token": token.value, "token_type": "bearer", **expiry}


async def debug_token(call: GraphCall) -> dict[str, Any]:
    """``GET /debug_token?input_token=``, asked by the app. A bad token is a good answer: ``is_valid`` is false."""
    config, platform = call.platform.config, call.platform
    if bearer_of(call.request) != f"{config.app_id}|{config.app_secret}":
        call.token()  # a user's own token may ask too
    token = platform.accounts.tokens.get(required(dict(call.request.query), "input_token"))
    about: dict[str, Any] = {"app_id": config.app_id, "type": "USER", "application": APP_NAME}
    if token is None:
        return {"data": {**about, **_invalid(graph_error(190), 0)}}
    about["type"] = "SYSTEM_USER" if token.kind == "system" else "USER"
    if token.app_id is not None:
        about |= {"app_id": token.app_id, "application": _OTHER_APP_NAME}
    holder = platform.people.holder_of(token)
    whose = {"user_id": holder.user_id} if holder else {}
    if (refusal := token.refusal(platform.clock.now())) is not None:
        return {"data": {**about, **_invalid(refusal, token.expires_at), **whose}}
    validity = {
        "data_access_expires_at": token.issued_at + _DATA_ACCESS_SECONDS if token.kind == "user" else 0,
        "expires_at": token.expires_at,
        "is_valid": True,
        "issued_at": token.issued_at,
        "scopes": token.granted,
        "granular_scopes": _granular(platform.accounts.wabas_of(token.value), token, holder),
    }
    return {"data": {**about, **validity, **whose}}


def _invalid(refusal: GraphError, expires_at: int) -> dict[str, Any]:
    error: dict[str, Any] = {"code": 190, "message": refusal.message}
    if refusal.subcode is not None:
        error["subcode"] = refusal.subcode
    return {"error": error, "expires_at": expires_at, "is_valid": False, "scopes": []}


def _granular(waba_ids: set[str], token: AccessToken, holder: Person | None) -> list[dict[str, Any]]:
    wabas = sorted(waba_ids) if token.waba_access else []
    businesses = [business.id for business in holder.businesses] if holder else []
    targets = {MANAGEMENT: wabas, MESSAGING: wabas, "business_management": businesses}
    return [
        {"scope": scope, **({"target_ids": targets[scope]} if targets.get(scope) else {})} for scope in token.granted
    ]
