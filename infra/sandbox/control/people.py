"""Control: act as a patient, as the clinic's phone app, or as Meta itself. Each sends a webhook."""

import asyncio
import base64
import binascii
from http import HTTPStatus
from typing import Any

from aiohttp import web

from infra.sandbox import patients, statuses
from infra.sandbox.accounts import Account, digits_of
from infra.sandbox.control.http import answer, parse, platform_of, refusal, the_account, the_waba
from infra.sandbox.control.models import (
    ChangeRequest,
    DeliveryOptions,
    EchoRequest,
    PatientMessage,
    PreferenceRequest,
    StatusRequest,
    TemplateStatusRequest,
    WebhookRequest,
)
from infra.sandbox.delivery import Delivery
from infra.sandbox.graph.templates import decide
from infra.sandbox.observed import observe
from infra.sandbox.platform import Platform
from infra.sandbox.webhooks import Update, account_update, encode

_LONGEST_WAIT_SECONDS = 30


async def patient_writes(request: web.Request) -> web.Response:
    """``POST /control/patients/messages``."""
    platform, wanted = platform_of(request), await parse(request, PatientMessage)
    account = the_account(platform, wanted.to)
    try:
        message, update = patients.write(platform, account, wanted)
    except ValueError as exc:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc)) from exc
    return await _sent(platform, account, update, wanted.delivery, message_id=message["id"], message=message)


async def patient_prefers(request: web.Request) -> web.Response:
    """``POST /control/patients/preferences``."""
    platform, wanted = platform_of(request), await parse(request, PreferenceRequest)
    account = the_account(platform, wanted.to)
    return await _sent(platform, account, patients.prefer(platform, account, wanted), wanted.delivery)


async def clinic_echoes(request: web.Request) -> web.Response:
    """``POST /control/echoes``."""
    platform, wanted = platform_of(request), await parse(request, EchoRequest)
    account = the_account(platform, wanted.phone_number_id)
    message, update = patients.echo(platform, account, wanted)
    return await _sent(platform, account, update, wanted.delivery, message_id=message["id"], message=message)


async def status_by_hand(request: web.Request) -> web.Response:
    """``POST /control/statuses``."""
    platform, wanted = platform_of(request), await parse(request, StatusRequest)
    account = the_account(platform, wanted.phone_number_id)
    contact = platform.contacts.find(account.phone_number_id, digits_of(wanted.to)) if wanted.to else None
    try:
        update = statuses.report_by_hand(
            platform, account, contact, message_id=wanted.message_id, status=wanted.status, code=wanted.error_code
        )
    except LookupError as exc:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc)) from exc
    return await _sent(platform, account, update, wanted.delivery, message_id=wanted.message_id)


async def template_status(request: web.Request) -> web.Response:
    """``POST /control/templates/status``."""
    platform, wanted = platform_of(request), await parse(request, TemplateStatusRequest)
    waba = the_waba(platform, wanted.waba_id)
    template = waba.find_template(wanted.name, wanted.language)
    if template is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"There is no template {wanted.name} in {wanted.language}.")
    update = decide(platform, waba, template, wanted.event, wanted.reason)
    return await _sent(platform, None, update, wanted.delivery)


async def account_change(request: web.Request) -> web.Response:
    """``POST /control/changes``."""
    platform, wanted = platform_of(request), await parse(request, ChangeRequest)
    the_waba(platform, wanted.waba_id)
    update = account_update(wanted.waba_id, wanted.field, wanted.value, platform.clock.now())
    return await _sent(platform, None, update, wanted.delivery)


async def whole_webhook(request: web.Request) -> web.Response:
    """``POST /control/webhooks``: what it says is taken for true here too, so that answers to it are in the window."""
    platform, wanted = platform_of(request), await parse(request, WebhookRequest)
    url = wanted.url or platform.config.webhook_url
    if not url:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no webhook URL: give url.")
    if wanted.raw_base64 is not None:
        try:
            body = base64.b64decode(wanted.raw_base64, validate=True)
        except binascii.Error as exc:
            raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "raw_base64 is not base64.") from exc
    else:
        observe(platform, wanted.payload)
        body = encode(wanted.payload, escape_slashes=platform.behaviour.webhooks.escape_slashes)
    how = wanted.delivery
    deliveries = platform.courier.post_raw(url, body, copies=how.copies, signature=how.signature, hold=how.hold)
    return await _answered(deliveries, how)


async def _sent(
    platform: Platform, account: Account | None, update: Update, how: DeliveryOptions, **told: Any
) -> web.Response:
    deliveries = platform.publish(update, account, copies=how.copies, signature=how.signature, hold=how.hold)
    return await _answered(deliveries, how, **told)


async def _answered(deliveries: list[Delivery], how: DeliveryOptions, **told: Any) -> web.Response:
    if how.wait and not how.hold and deliveries:
        tries = [asyncio.create_task(delivery.first_try.wait()) for delivery in deliveries]
        _, unfinished = await asyncio.wait(tries, timeout=_LONGEST_WAIT_SECONDS)
        for task in unfinished:
            task.cancel()
    described = [delivery.described() for delivery in deliveries]
    return answer({**told, "deliveries": described}, HTTPStatus.CREATED)
