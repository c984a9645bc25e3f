"""Small reads: a number, a WABA, the numbers of a WABA, and its subscribed apps."""

from typing import Any

from infra.sandbox.accounts import Account, BusinessAccount
from infra.sandbox.errors import not_visible, unknown_alias
from infra.sandbox.graph import media
from infra.sandbox.graph.calls import GraphCall, bearer_of
from infra.sandbox.graph.fields import only
from infra.sandbox.graph.oauth import APP_NAME
from infra.sandbox.graph.templates import seen_waba
from infra.sandbox.instagram import reads as instagram
from infra.sandbox.tokens import MANAGEMENT

_DEFAULT_FIELDS = ("id", "display_phone_number", "verified_name", "quality_rating")
_LIST_FIELDS = (
    *_DEFAULT_FIELDS,
    "code_verification_status",
    "platform_type",
    "throughput",
    "status",
    "name_status",
)
_WABA_FIELDS = ("id", "name", "timezone_id", "message_template_namespace")


async def get_node(call: GraphCall) -> dict[str, Any]:
    """``GET /{id}``: a number, a WABA, an Instagram account or a file, whichever the id names."""
    object_id = call.segment("object_id")
    if not object_id.strip("0").isdecimal():
        raise unknown_alias(object_id)
    if on_instagram(call):
        return await instagram.get_account(call)
    accounts, wanted = call.platform.accounts, call.request.query.get("fields")
    if object_id in accounts.numbers:
        account = accounts.number_seen_by(call.token(MANAGEMENT), object_id, call.method)
        return only(wanted, _DEFAULT_FIELDS, number_shown(account), "WhatsAppBusinessPhoneNumber")
    if object_id in accounts.wabas:
        return only(wanted, _WABA_FIELDS, waba_shown(seen_waba(call)), "WhatsAppBusinessAccount")
    return await media.get_link(call)


def on_instagram(call: GraphCall) -> bool:
    """Both of Meta's graphs have some paths in common; here they share a host, and the token tells which is meant."""
    return bearer_of(call.request) in call.platform.instagram.tokens


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
    fields, kind = call.request.query.get("fields"), "WhatsAppBusinessPhoneNumber"
    data = [only(fields, _LIST_FIELDS, number_shown(account), kind) for account in numbers]
    return {"data": data, "paging": {"cursors": {"before": "QVFIUa", "after": "QVFIUb"}}}


async def list_apps(call: GraphCall) -> dict[str, Any]:
    """``GET /{waba_id}/subscribed_apps``."""
    if on_instagram(call):
        return await instagram.list_apps(call)
    app_id = call.platform.config.app_id
    app = {"id": app_id, "name": APP_NAME, "link": f"https://www.facebook.com/games/?app_id={app_id}"}
    return {"data": [{"whatsapp_business_api_data": app}] if seen_waba(call).subscribed else []}


async def subscribe(call: GraphCall) -> dict[str, bool]:
    """``POST /{waba_id}/subscribed_apps``: webhooks begin to arrive."""
    if on_instagram(call):
        return await instagram.subscribe(call)
    return _set_subscription(call, subscribed=True)


async def unsubscribe(call: GraphCall) -> dict[str, bool]:
    """``DELETE /{waba_id}/subscribed_apps``: webhooks end."""
    if on_instagram(call):
        return await instagram.unsubscribe(call)
    return _set_subscription(call, subscribed=False)


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


def number_shown(account: Account) -> dict[str, Any]:
    """A number as its node tells it; one that is not registered is not on the platform yet."""
    standing = account.status if account.registered or account.status != "CONNECTED" else "DISCONNECTED"
    return {
        "id": account.phone_number_id,
        "display_phone_number": account.display_phone_number,
        "verified_name": account.verified_name,
        "quality_rating": account.quality_rating,
        "code_verification_status": account.code_verification_status,
        "platform_type": "CLOUD_API" if account.registered else "NOT_APPLICABLE",
        "throughput": {"level": "STANDARD" if account.registered else "NOT_APPLICABLE"},
        "status": standing,
        "name_status": "APPROVED",
        "whatsapp_business_manager_messaging_limit": account.messaging_limit,
        "is_on_biz_app": account.on_phone_app,
        "is_pin_enabled": account.pin is not None,
        "is_official_business_account": False,
        "account_mode": "LIVE",
    }


def waba_shown(waba: BusinessAccount) -> dict[str, Any]:
    """A WABA as its node and the lists of a business tell it."""
    return {
        "id": waba.waba_id,
        "name": waba.name or f"WhatsApp {waba.waba_id}",
        "timezone_id": "7",
        "message_template_namespace": f"ba30dd89_2ebd_41e4_b805_{waba.waba_id[-12:]}",
    }
