"""``/me`` and the businesses behind a login: whose token it is, what it may, which WhatsApp accounts it reaches."""

from collections.abc import Iterable
from typing import Any

from infra.sandbox.errors import GraphError, graph_error, not_visible
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.graph.fields import only
from infra.sandbox.graph.nodes import on_instagram, waba_shown
from infra.sandbox.instagram import reads as instagram
from infra.sandbox.logins.people import Business, Person, Relation
from infra.sandbox.tokens import MANAGEMENT, AccessToken

_WABA_FIELDS = ("id", "name", "timezone_id", "message_template_namespace")
_CURSORS = {"cursors": {"before": "QVFIUa", "after": "QVFIUa"}}


async def get_me(call: GraphCall) -> dict[str, Any]:
    """``GET /me``."""
    if on_instagram(call):
        return await instagram.get_me(call)
    person = _holder(call, call.token())
    node = {"id": person.user_id, "name": person.name}
    return only(call.request.query.get("fields"), ("id", "name"), node, "User")


async def list_permissions(call: GraphCall) -> dict[str, Any]:
    """``GET /me/permissions``: those that were asked for, given or not."""
    token = call.token()
    lost = [scope for scope in token.scopes if scope not in token.granted]
    statuses = dict.fromkeys(token.granted, "granted") | dict.fromkeys([*token.declined, *lost], "declined")
    return {"data": [{"permission": scope, "status": status} for scope, status in statuses.items()]}


async def list_businesses(call: GraphCall) -> dict[str, Any]:
    """``GET /me/businesses``: those of a person, or the ones that let the app in."""
    token = _manager(call)
    fields = call.request.query.get("fields")
    businesses = _businesses(call, token)
    return _page(only(fields, ("id", "name"), {"id": b.id, "name": b.name}, "Business") for b in businesses)


async def list_owned_wabas(call: GraphCall) -> dict[str, Any]:
    """``GET /{business}/owned_whatsapp_business_accounts``."""
    return _wabas(call, "owned")


async def list_client_wabas(call: GraphCall) -> dict[str, Any]:
    """``GET /{business}/client_whatsapp_business_accounts``: those that others share with it."""
    return _wabas(call, "client")


def _wabas(call: GraphCall, relation: Relation) -> dict[str, Any]:
    token, accounts = _manager(call), call.platform.accounts
    business_id = call.segment("object_id")
    business = next((b for b in _businesses(call, token) if b.id == business_id), None)
    if business is None:
        raise not_visible(call.method, business_id)
    if not token.waba_access:
        raise graph_error(200)
    granted = accounts.wabas_of(token.value)
    seen = [waba.waba_id for waba in business.wabas if waba.relation == relation and waba.waba_id in granted]
    nodes = [waba_shown(accounts.wabas[waba_id]) for waba_id in seen if waba_id in accounts.wabas]
    fields = call.request.query.get("fields")
    return _page(only(fields, _WABA_FIELDS, node, "WhatsAppBusinessAccount") for node in nodes)


def _manager(call: GraphCall) -> AccessToken:
    token = call.token()
    if not {"business_management", MANAGEMENT}.intersection(token.granted):
        raise GraphError(100, 400, "(#100) Missing Permission")
    return token


def _holder(call: GraphCall, token: AccessToken) -> Person:
    person = call.platform.people.holder_of(token)
    if person is None:
        raise not_visible(call.method, "me")
    return person


def _businesses(call: GraphCall, token: AccessToken) -> list[Business]:
    businesses = _holder(call, token).businesses
    if token.kind == "user":
        return businesses
    granted = call.platform.accounts.wabas_of(token.value)
    return [b for b in businesses if any(waba.waba_id in granted for waba in b.wabas)]


def _page(nodes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    data = list(nodes)
    return {"data": data, "paging": _CURSORS} if data else {"data": []}
