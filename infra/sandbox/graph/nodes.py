"""Small reads: a number, the numbers of a WABA, its subscribed apps, and what a token is worth."""

from typing import Any

from infra.sandbox.accounts import Account
from infra.sandbox.errors import GraphError, graph_error, not_visible, unknown_alias
from infra.sandbox.graph import media
from infra.sandbox.graph.calls import GraphCall, bearer_of
from infra.sandbox.graph.templates import seen_waba

APP_NAME = "Asistente Dental"
_DEFAULT_FIELDS = ("id", "display_phone_number", "verified_name", "quality_rating")
_LIST_FIELDS = (
    *_DEFAULT_FIELDS,
    "code_verification_status",
    "platform_type",
    "throughput",
    "status",
    "name_status",
)
_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")


async def get_node(call: GraphCall) -> dict[str, Any]:
    """``GET /{id}``: a number or a file, whichever the id names."""
    object_id = call.segment("object_id")
    if not object_id.strip("0").isdecimal():
        raise unknown_alias(object_id)
    if object_id in call.platform.accounts.numbers:
        account = call.platform.accounts.number_seen_by(call.token(), object_id, call.method)
        return _only(call.request.query.get("fields"), _DEFAULT_FIELDS, account)
    return await media.get_link(call)


async def delete_node(call: GraphCall) -> dict[str, bool]:
    """``DELETE /{id}``: only files can be deleted."""
    if call.segment("object_id") in call.platform.accounts.numbers:
        call.token()
        raise not_visible(call.method, call.segment("object_id"))
    return await media.delete(call)


async def list_numbers(call: GraphCall) -> dict[str, Any]:
    """``GET /{waba_id}/phone_numbers``, newest first."""
    waba = seen_waba(call)
    numbers = reversed(call.platform.accounts.numbers_of(waba.waba_id))
    fields = call.request.query.get("fields")
    data = [_only(fields, _LIST_FIELDS, account) for account in numbers]
    return {"data": data, "paging": {"cursors": {"before": "QVFIUa", "after": "QVFIUb"}}}


async def list_apps(call: GraphCall) -> dict[str, Any]:
    """``GET /{waba_id}/subscribed_apps``."""
    app_id = call.platform.config.app_id
    app = {"id": app_id, "name": APP_NAME, "link": f"https://www.facebook.com/games/?app_id={app_id}"}
    return {"data": [{"whatsapp_business_api_data": app}] if seen_waba(call).subscribed else []}


async def subscribe(call: GraphCall) -> dict[str, bool]:
    """``POST /{waba_id}/subscribed_apps``: webhooks begin to arrive."""
    return _set_subscription(call, subscribed=True)


async def unsubscribe(call: GraphCall) -> dict[str, bool]:
    """``DELETE /{waba_id}/subscribed_apps``: webhooks end."""
    return _set_subscription(call, subscribed=False)


async def debug_token(call: GraphCall) -> dict[str, Any]:
    """``GET /debug_token?input_token=``, asked by the app. A bad token is a good answer: ``is_valid`` is false."""
    config, platform = call.platform.config, call.platform
    if bearer_of(call.request) != f"{config.app_id}|{config.app_secret}":
        call.token()  # a user's own token may ask too
    if "input_token" not in call.request.query:
        raise GraphError(100, 400, "(#100) The parameter input_token is required.")
    token = platform.accounts.tokens.get(call.request.query["input_token"])
    about: dict[str, Any] = {"app_id": config.app_id, "type": "SYSTEM_USER", "application": APP_NAME}
    refusal = token.refusal(platform.clock.now()) if token else graph_error(190)
    if refusal is not None or token is None:
        error = {
            "code": 190,
            "message": refusal.message if refusal else "",
            "subcode": refusal.subcode if refusal else None,
        }
        problem = {key: value for key, value in error.items() if value is not None}
        expires_at = token.expires_at if token else 0
        return {"data": {**about, "error": problem, "expires_at": expires_at, "is_valid": False, "scopes": []}}
    targets = sorted(platform.accounts.wabas_of(token.value)) if token.waba_access else []
    validity = {"data_access_expires_at": 0, "expires_at": token.expires_at, "is_valid": True, "issued_at": 1794009600}
    granular = [{"scope": scope, "target_ids": targets} for scope in _SCOPES]
    scopes = {"scopes": list(_SCOPES), "granular_scopes": granular, "user_id": "122100000000000001"}
    return {"data": {**about, **validity, **scopes}}


async def unknown_edge(call: GraphCall) -> dict[str, Any]:
    """Any other path below a version."""
    call.token()
    object_id = call.segment("object_id")
    raise not_visible(call.method, object_id) if object_id.isdecimal() else unknown_alias(object_id)


def _set_subscription(call: GraphCall, *, subscribed: bool) -> dict[str, bool]:
    waba = seen_waba(call)
    waba.subscribed = subscribed
    call.platform.accounts.save_waba(waba)
    return {"success": True}


def _only(wanted: str | None, default: tuple[str, ...], account: Account) -> dict[str, Any]:
    node = {
        "id": account.phone_number_id,
        "display_phone_number": account.display_phone_number,
        "verified_name": account.verified_name,
        "quality_rating": account.quality_rating,
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "status": account.status,
        "name_status": "APPROVED",
        "whatsapp_business_manager_messaging_limit": account.messaging_limit,
        "is_on_biz_app": False,
        "is_official_business_account": False,
        "account_mode": "LIVE",
    }
    names = wanted.split(",") if wanted else default
    for name in names:
        if name not in node:
            details = f"(#100) Tried accessing nonexisting field ({name}) on node type (WhatsAppBusinessPhoneNumber)"
            raise GraphError(100, 400, details)
    return {name: node[name] for name in dict.fromkeys((*names, "id"))}
