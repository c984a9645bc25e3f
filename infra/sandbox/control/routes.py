"""The control interface: accounts, faults, logs, settings. Who writes is in people.py, who logs in in logins.py."""

import asyncio
import time
from http import HTTPStatus
from typing import Any

from aiohttp import web

from infra.sandbox.accounts import Account
from infra.sandbox.control import calendars, identities, language_models, logins, people
from infra.sandbox.control.http import (
    answer,
    body_of,
    explain_bad_input,
    limit_of,
    parse,
    platform_of,
    refusal,
    the_account,
)
from infra.sandbox.control.models import (
    AccountPatch,
    AccountRequest,
    ClockRequest,
    IdleRequest,
    ReleaseRequest,
    plain_number,
)
from infra.sandbox.faults import FaultRequest
from infra.sandbox.journal import fingerprint, matching
from infra.sandbox.platform import Platform
from infra.sandbox.tokens import change_all, split_changes

_IDLE_CHECK_SECONDS = 0.02
_HIDDEN = {"access_token", "pin", "phone_app"}


def _described(platform: Platform, account: Account) -> dict[str, Any]:
    waba, token = platform.accounts.wabas[account.waba_id], platform.accounts.token_shown(account)
    return {
        **account.model_dump(exclude=_HIDDEN),
        "webhook_url": platform.webhook_url(account),
        "subscribed": waba.subscribed,
        "templates": [{k: t[k] for k in ("id", "name", "language", "status", "category")} for t in waba.templates],
        "token": fingerprint(token.value) if token else None,
        "token_state": token.state if token else None,
        "token_expires_at": token.expires_at if token else None,
        "waba_access": token.waba_access if token else None,
        "revoked_scopes": token.revoked_scopes if token else None,
        "tokens": [fingerprint(each.value) for each in platform.accounts.tokens_of(account.waba_id)],
    }


async def register_account(request: web.Request) -> web.Response:
    """``POST /control/accounts``: the same call again changes nothing."""
    platform, wanted = platform_of(request), await parse(request, AccountRequest)
    values = wanted.model_dump(exclude={"templates"})
    known = platform.accounts.numbers.get(wanted.phone_number_id)
    account = known.model_copy(update=values) if known else Account(**values)
    is_new = platform.accounts.register(account, wanted.templates)
    platform.live.publish_to_all("accounts")
    return answer(_described(platform, account), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


async def list_accounts(request: web.Request) -> web.Response:
    """``GET /control/accounts?all=1``: the numbers our app has a token for; with ``all`` those it has none for too."""
    accounts = platform_of(request).accounts
    wanted = accounts.numbers.values() if request.query.get("all") == "1" else accounts.reachable()
    return answer({"accounts": [_described(platform_of(request), account) for account in wanted]})


async def get_account(request: web.Request) -> web.Response:
    """``GET /control/accounts/{phone_number_id}``."""
    platform = platform_of(request)
    return answer(_described(platform, the_account(platform, request.match_info["phone_number_id"])))


async def change_account(request: web.Request) -> web.Response:
    """``PATCH /control/accounts/{phone_number_id}``: the number, its WABA, every token that sees it."""
    platform, wanted = platform_of(request), await parse(request, AccountPatch)
    accounts, account = platform.accounts, the_account(platform, request.match_info["phone_number_id"])
    about_tokens, rest = split_changes(wanted.model_dump(exclude_unset=True))
    if "subscribed" in rest:
        accounts.wabas[account.waba_id].subscribed = rest.pop("subscribed")
    if "on_phone_app" in rest:
        rest |= {"onboarded_at": None, "synced": []}
    changed = Account.model_validate({**account.model_dump(), **rest})
    tokens = accounts.tokens_of(account.waba_id)
    change_all(tokens, about_tokens)
    for token in tokens:
        accounts.save_token(token)
    accounts.numbers[account.phone_number_id] = changed
    accounts.save(changed)
    return answer(_described(platform, changed))


async def remove_account(request: web.Request) -> web.Response:
    """``DELETE /control/accounts/{phone_number_id}``."""
    platform = platform_of(request)
    platform.accounts.remove(the_account(platform, request.match_info["phone_number_id"]))
    return answer({"removed": True})


async def add_fault(request: web.Request) -> web.Response:
    """``POST /control/faults``."""
    fault = platform_of(request).faults.add(await parse(request, FaultRequest))
    return answer(fault.described(), HTTPStatus.CREATED)


async def list_faults(request: web.Request) -> web.Response:
    """``GET /control/faults``."""
    return answer({"faults": [fault.described() for fault in platform_of(request).faults.listed()]})


async def clear_faults(request: web.Request) -> web.Response:
    """``DELETE /control/faults``."""
    platform_of(request).faults.clear()
    return answer({"cleared": True})


async def remove_fault(request: web.Request) -> web.Response:
    """``DELETE /control/faults/{id}``."""
    if not platform_of(request).faults.remove(int(request.match_info["id"])):
        raise refusal(HTTPStatus.NOT_FOUND, "There is no such fault.")
    return answer({"cleared": True})


async def list_messages(request: web.Request) -> web.Response:
    """``GET /control/messages?phone_number_id=&to=&type=&limit=``: accepted sends, oldest first."""
    journal, query = platform_of(request).journal, request.query
    found = matching(
        journal.sends,
        limit_of(request),
        phone_number_id=query.get("phone_number_id"),
        to=plain_number(query["to"]) if "to" in query else None,
        user_id=query.get("user_id"),
        type=query.get("type"),
        biz_opaque_callback_data=query.get("biz_opaque_callback_data"),
    )
    return answer({"messages": found, "total": journal.send_count})


async def list_calls(request: web.Request) -> web.Response:
    """``GET /control/calls?route=&phone_number_id=&to=&message_type=&limit=``: Graph calls, oldest first."""
    journal, query = platform_of(request).journal, request.query
    found = matching(
        journal.calls,
        limit_of(request),
        route=query.get("route"),
        method=query.get("method"),
        phone_number_id=query.get("phone_number_id"),
        to=plain_number(query["to"]) if "to" in query else None,
        message_type=query.get("message_type"),
    )
    return answer({"calls": found, "total": journal.call_count})


async def list_deliveries(request: web.Request) -> web.Response:
    """``GET /control/deliveries?state=&message_id=&body=1&limit=``: webhooks, oldest first."""
    platform, query = platform_of(request), request.query
    deliveries = [
        delivery
        for delivery in platform.courier.listed()
        if query.get("state") in (None, delivery.state)
        and ("message_id" not in query or query["message_id"] in delivery.message_ids)
    ]
    with_body = query.get("body") == "1"
    shown = [delivery.described(with_body=with_body) for delivery in deliveries[-limit_of(request) :]]
    return answer({"deliveries": shown, "total": len(deliveries), "waiting": platform.courier.waiting})


async def release_deliveries(request: web.Request) -> web.Response:
    """``POST /control/deliveries/release``."""
    wanted = await parse(request, ReleaseRequest)
    released = platform_of(request).courier.release(wanted.ids, wanted.order)
    return answer({"released": [delivery.id for delivery in released]})


async def get_settings(request: web.Request) -> web.Response:
    """``GET /control/settings``."""
    return answer(platform_of(request).behaviour.model_dump())


async def change_settings(request: web.Request) -> web.Response:
    """``PATCH /control/settings``: only what is named changes."""
    platform, changes = platform_of(request), await body_of(request)
    if not isinstance(changes, dict):
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Settings are a JSON object.")
    platform.behaviour = platform.behaviour.merged(changes)
    return answer(platform.behaviour.model_dump())


async def move_clock(request: web.Request) -> web.Response:
    """``POST /control/clock``."""
    clock, wanted = platform_of(request).clock, await parse(request, ClockRequest)
    if wanted.offset_seconds is not None:
        clock.offset_seconds = wanted.offset_seconds
    clock.offset_seconds += wanted.advance_seconds or 0
    return answer({"offset_seconds": clock.offset_seconds, "now": clock.now()})


async def wait_until_idle(request: web.Request) -> web.Response:
    """``POST /control/idle``: no status to come, every webhook acknowledged (held ones do not count)."""
    platform, wanted = platform_of(request), await parse(request, IdleRequest)
    deadline = time.monotonic() + wanted.timeout_seconds
    while platform.busy and time.monotonic() < deadline:
        await asyncio.sleep(_IDLE_CHECK_SECONDS)
    return answer({"idle": platform.busy == 0, "waiting": platform.busy})


async def verify_webhook(request: web.Request) -> web.Response:
    """``POST /control/verify-webhook``: the handshake Meta makes when a callback URL is saved."""
    platform = platform_of(request)
    body = await body_of(request)
    url = body.get("url") or platform.config.webhook_url
    if not url:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no webhook URL: give url.")
    return answer(await platform.courier.challenge(url, body.get("verify_token", platform.config.verify_token)))


async def reset(request: web.Request) -> web.Response:
    """``POST /control/reset``: everything but accounts, people, templates and tokens is forgotten."""
    await platform_of(request).reset()
    return answer({"reset": True})


def control_application() -> web.Application:
    """The interface as an application of its own, mounted below ``/control``."""
    control = web.Application(middlewares=[explain_bad_input], client_max_size=256 * 1024 * 1024)
    one = "/accounts/{phone_number_id}"
    control.add_routes(
        [
            web.post("/accounts", register_account),
            web.get("/accounts", list_accounts),
            web.get(one, get_account),
            web.patch(one, change_account),
            web.delete(one, remove_account),
            web.post("/patients/messages", people.patient_writes),
            web.post("/patients/preferences", people.patient_prefers),
            web.post("/echoes", people.clinic_echoes),
            web.post("/statuses", people.status_by_hand),
            web.post("/templates/status", people.template_status),
            web.post("/changes", people.account_change),
            web.post("/webhooks", people.whole_webhook),
            web.post("/faults", add_fault),
            web.get("/faults", list_faults),
            web.delete("/faults", clear_faults),
            web.delete(r"/faults/{id:\d+}", remove_fault),
            web.get("/messages", list_messages),
            web.get("/calls", list_calls),
            web.get("/deliveries", list_deliveries),
            web.post("/deliveries/release", release_deliveries),
            web.get("/settings", get_settings),
            web.patch("/settings", change_settings),
            web.post("/clock", move_clock),
            web.post("/idle", wait_until_idle),
            web.post("/verify-webhook", verify_webhook),
            web.post("/reset", reset),
            *identities.routes(),
            *calendars.routes(),
            *logins.routes(),
            *language_models.routes(),
        ]
    )
    return control
