"""``/register``, ``/deregister`` and ``/smb_app_data``: a number becomes usable through the API."""

import re
from typing import Any

from infra.sandbox.accounts import Account
from infra.sandbox.errors import GraphError, graph_error, invalid
from infra.sandbox.graph.calls import GraphCall
from infra.sandbox.synchronisation import SYNC_SECONDS, share_contacts, share_history
from infra.sandbox.tokens import MANAGEMENT

_PIN = re.compile(r"\d{6}")
_SYNCS = {"smb_app_state_sync": share_contacts, "history": share_history}


async def register(call: GraphCall) -> dict[str, bool]:
    """``POST /{phone_number_id}/register``: the first PIN is kept, later ones must be the same."""
    account, body = _account(call), _body(call)
    pin = body.get("pin")
    if not isinstance(pin, str) or not _PIN.fullmatch(pin):
        raise invalid("Param pin must be a string of 6 digits.")
    _count(call, account)
    if account.pin not in (None, pin):
        raise graph_error(133005)
    account.pin, account.registered = pin, True
    if account.status in ("PENDING", "DISCONNECTED"):
        account.status = "CONNECTED"
    call.platform.accounts.save(account)
    return {"success": True}


async def deregister(call: GraphCall) -> dict[str, bool]:
    """``POST /{phone_number_id}/deregister``; the PIN stays."""
    account = _account(call)
    _count(call, account)
    account.registered, account.status = False, "DISCONNECTED"
    call.platform.accounts.save(account)
    return {"success": True}


async def synchronise(call: GraphCall) -> dict[str, Any]:
    """``POST /{phone_number_id}/smb_app_data``: ask for what is on the phone; it comes as webhooks."""
    account, body = _seen(call), _body(call)
    kind = body.get("sync_type")
    if kind not in _SYNCS:
        raise invalid(f"Param sync_type must be one of {{{', '.join(sorted(_SYNCS))}}}.")
    if not account.on_phone_app or account.onboarded_at is None:
        raise invalid("This phone number is not linked with a WhatsApp Business app.")
    if kind in account.synced:
        raise graph_error(2593107)
    if call.platform.clock.now() - account.onboarded_at > SYNC_SECONDS:
        raise graph_error(2593108)
    account.synced.append(kind)
    call.platform.accounts.save(account)
    return {"messaging_product": "whatsapp", "request_id": _SYNCS[kind](call.platform, account)}


def _seen(call: GraphCall) -> Account:
    return call.platform.accounts.number_seen_by(call.token(MANAGEMENT), call.segment("object_id"), call.method)


def _account(call: GraphCall) -> Account:
    account = _seen(call)
    if account.on_phone_app:
        raise invalid("This phone number is used with the WhatsApp Business app, which registers it itself.")
    return account


def _count(call: GraphCall, account: Account) -> None:
    """A wrong PIN counts as well."""
    call.platform.limits.check_registration(call.platform.behaviour.limits, account.phone_number_id)


def _body(call: GraphCall) -> dict[str, Any]:
    body = call.body if isinstance(call.body, dict) else dict(call.form)
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, 400, "(#100) The parameter messaging_product is required.")
    return body
