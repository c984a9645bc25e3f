"""graph.instagram.com with a token of Instagram Login: the account, and whether our app gets its webhooks."""

from typing import Any

from infra.sandbox.errors import GraphError, graph_error, not_visible
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.graph.fields import only
from infra.sandbox.instagram.accounts import BASIC, COMMENTS, MESSAGES, InstagramAccount

# The permission that each webhook needs; comments have theirs, everything else is about messages.
_ABOUT_COMMENTS = ("comments", "live_comments", "mentions")
_ABOUT_MESSAGES = (
    *("messages", "message_echoes", "message_edit", "message_reactions", "messaging_handover", "messaging_optins"),
    *("messaging_postbacks", "messaging_referral", "messaging_seen", "standby"),
)
_FIELDS = {
    **dict.fromkeys(_ABOUT_COMMENTS, COMMENTS),
    **dict.fromkeys(_ABOUT_MESSAGES, MESSAGES),
    "story_insights": BASIC,
}


async def get_me(call: GraphCall) -> dict[str, Any]:
    """``GET /me``: ``user_id`` is the id of webhooks and publishing, ``id`` the one scoped to the app."""
    return _told(call, _own(call))


async def get_account(call: GraphCall) -> dict[str, Any]:
    """``GET /{user_id}``."""
    return _told(call, _named(call))


async def list_apps(call: GraphCall) -> dict[str, Any]:
    """``GET /{user_id}/subscribed_apps``."""
    account = _named(call)
    app = {"id": call.platform.config.instagram_app_id, "subscribed_fields": account.subscribed_fields}
    return {"data": [app] if account.subscribed_fields else []}


async def subscribe(call: GraphCall) -> dict[str, bool]:
    """``POST /{user_id}/subscribed_apps``: the fields named replace those subscribed before."""
    account, token = _named(call), call.instagram_token()
    fields = [field for field in _given_fields(call).split(",") if field]
    if not fields:
        raise GraphError(100, 400, "(#100) The parameter subscribed_fields is required.")
    for field in fields:
        if field not in _FIELDS:
            raise GraphError(100, 400, f"(#100) Param subscribed_fields must be one of {{{', '.join(_FIELDS)}}}.")
        token.require(_FIELDS[field])
    account.subscribed_fields = fields
    call.platform.instagram.save(account)
    return {"success": True}


async def unsubscribe(call: GraphCall) -> dict[str, bool]:
    """``DELETE /{user_id}/subscribed_apps``."""
    account = _named(call)
    account.subscribed_fields = []
    call.platform.instagram.save(account)
    return {"success": True}


def _given_fields(call: GraphCall) -> str:
    fields = call.parameters.get("subscribed_fields")
    if fields is None and isinstance(call.body, dict):
        fields = call.body.get("subscribed_fields")
    return ",".join(fields) if isinstance(fields, list) else str(fields or "")


def _own(call: GraphCall) -> InstagramAccount:
    account = call.platform.instagram.accounts.get(call.instagram_token(BASIC).user_id)
    if account is None:
        raise graph_error(190)
    return account


def _named(call: GraphCall) -> InstagramAccount:
    """The account of the path: a token sees its own only."""
    account, named = _own(call), call.segment("object_id")
    if named not in ("me", account.user_id):
        raise not_visible(call.method, named)
    return account


def _told(call: GraphCall, account: InstagramAccount) -> dict[str, Any]:
    node = {
        "user_id": account.user_id,
        "username": account.username,
        "name": account.name,
        "account_type": account.account_type,
        "profile_picture_url": account.picture,
        "followers_count": 0,
        "follows_count": 0,
        "media_count": 0,
        "id": account.scoped_id,
    }
    return only(call.request.query.get("fields"), ("id",), node, "IGUser")
