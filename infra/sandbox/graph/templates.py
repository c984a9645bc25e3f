"""``/{waba_id}/message_templates``: list in pages, submit, delete."""

import base64
import binascii
from typing import Any
from urllib.parse import urlencode

from infra.sandbox.accounts import BusinessAccount
from infra.sandbox.errors import GraphError, graph_error, invalid, template_refused
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.platform import Platform
from infra.sandbox.template_rules import check_new_template
from infra.sandbox.tokens import MANAGEMENT
from infra.sandbox.webhooks import account_update

_FIELDS = (
    "id",
    "name",
    "parameter_format",
    "components",
    "language",
    "status",
    "category",
    "sub_category",
    "previous_category",
    "quality_score",
    "rejected_reason",
)
_DEFAULT_FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")
_DEFAULT_PAGE = 25
_LARGEST_PAGE = 1000


def seen_waba(call: GraphCall) -> BusinessAccount:
    """The WABA of the path, with its management call counted.

    Raises:
        GraphError: 190, 200, 100/33 as everywhere; 80007 when too many calls were made this hour.
    """
    platform = call.platform
    waba = platform.accounts.waba_seen_by(call.token(MANAGEMENT), call.segment("object_id"), call.method)
    call.headers |= platform.limits.check_management_call(platform.behaviour.limits, waba.waba_id)
    return waba


async def list_templates(call: GraphCall) -> dict[str, Any]:
    """One page. As at Meta, ``status`` filters within a page, so a page may be empty and still have a next one."""
    waba, query = seen_waba(call), call.request.query
    limit, start = _page_limit(query.get("limit")), _position(query.get("after"))
    named = [t for t in waba.templates if query.get("name") in (None, t["name"])]
    page = named[start : start + limit]
    shown = [_only(query.get("fields"), t) for t in page if query.get("status") in (None, t["status"])]
    if not named:
        return {"data": []}
    end = start + len(page)
    paging: dict[str, Any] = {"cursors": {"before": _cursor(start), "after": _cursor(end)}}
    if end < len(named):
        kept = {name: value for name, value in query.items() if name not in ("after", "access_token")}
        following = urlencode({**kept, "limit": limit, "after": _cursor(end)})
        paging["next"] = f"{call.platform.base_url}{call.request.path}?{following}"
    return {"data": shown, "paging": paging}


async def create_template(call: GraphCall) -> dict[str, Any]:
    """Submit a template; it is decided later, which a webhook tells."""
    waba = seen_waba(call)
    template = check_new_template(call.body)
    name, language = template["name"], template["language"]
    if waba.find_template(name, language) is not None:
        message = f"There is already {language} content for this template."
        raise template_refused(2388024, "Content in This Language Already Exists", message)
    stored = call.platform.accounts.with_id({**template, "status": "PENDING"})
    waba.templates.append(stored)
    call.platform.accounts.save_waba(waba)
    after = call.platform.behaviour.templates.approve_after_seconds
    if after is not None:
        call.platform.later(after, _approve, call.platform, waba, stored)
    return {"id": stored["id"], "status": stored["status"], "category": stored["category"]}


async def delete_template(call: GraphCall) -> dict[str, bool]:
    """Delete all languages of a name, or the one ``hsm_id`` names."""
    waba, query = seen_waba(call), call.request.query
    if "name" not in query:
        raise GraphError(100, 400, "(#100) The parameter name is required.")
    wanted = (query["name"], query.get("hsm_id"))
    kept = [t for t in waba.templates if t["name"] != wanted[0] or wanted[1] not in (None, t["id"])]
    if len(kept) == len(waba.templates):
        raise invalid(f"message template {query['name']} was not found.")
    waba.templates = kept
    call.platform.accounts.save_waba(waba)
    return {"success": True}


def decide(platform: Platform, waba: BusinessAccount, template: dict[str, Any], event: str, reason: str | None) -> Any:
    """Change a template's status as Meta's review would, and build the update that tells."""
    template["status"] = {"FLAGGED": template["status"], "REINSTATED": "APPROVED"}.get(event, event)
    if event == "DELETED":
        waba.templates.remove(template)
    platform.accounts.save_waba(waba)
    value: dict[str, Any] = {
        "event": event,
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
        "reason": reason,
        "message_template_category": template["category"],
    }
    if event == "REJECTED":
        value["rejection_info"] = {"reason": reason or "INVALID_FORMAT", "recommendation": "Change the text."}
    return account_update(waba.waba_id, "message_template_status_update", value, platform.clock.now())


def _approve(platform: Platform, waba: BusinessAccount, template: dict[str, Any]) -> None:
    if template["status"] == "PENDING" and template in waba.templates:
        platform.publish(decide(platform, waba, template, "APPROVED", "NONE"))


def _page_limit(asked: str | None) -> int:
    if asked is None:
        return _DEFAULT_PAGE
    if not asked.isdecimal() or not 1 <= int(asked) <= _LARGEST_PAGE:
        raise invalid(f"Param limit must be a number between 1 and {_LARGEST_PAGE}.")
    return int(asked)


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=") + "ZDZD"


def _position(cursor: str | None) -> int:
    if cursor is None:
        return 0
    text = cursor.removesuffix("ZDZD")
    try:
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as exc:
        raise graph_error(100, "Param after is not a valid cursor.") from exc


def _only(wanted: str | None, template: dict[str, Any]) -> dict[str, Any]:
    names = wanted.split(",") if wanted else _DEFAULT_FIELDS
    for name in names:
        if name not in _FIELDS:
            raise GraphError(100, 400, f"(#100) Tried accessing nonexisting field ({name}) on node type (HSM)")
    return {name: template[name] for name in (*names, "id") if name in template}
