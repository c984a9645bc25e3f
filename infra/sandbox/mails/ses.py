"""Amazon SES v2, as far as mails are sent: what it accepts is kept in the mailbox.

Source:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html (the mailbox simulator)
"""

import json
import uuid
from email.utils import parseaddr
from http import HTTPStatus
from typing import Any

from aiohttp import web

from infra.sandbox.graph.calls import PLATFORM

_MOST_RECIPIENTS = 50
_SIMULATOR = "@simulator.amazonses.com"


class _Refused(Exception):
    """SES's answer to a mail that it does not take."""


async def send_email(request: web.Request) -> web.Response:
    """``POST /ses/v2/email/outbound-emails``."""
    if not request.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 "):
        return _error("MissingAuthenticationTokenException", "Missing Authentication Token", HTTPStatus.FORBIDDEN)
    platform = request.app[PLATFORM]
    try:
        wanted = await _json(request)
        _address(wanted.get("FromEmailAddress"))
        recipients = [_address(told) for told in _recipients(wanted)]
        subject, html, text = _content(wanted)
    except _Refused as refusal:
        return _error("BadRequestException", str(refusal))
    for to in recipients:
        if not to.endswith(_SIMULATOR):  # accepted, and bounced or swallowed later
            platform.mails.add(at=platform.clock.now(), to=to, subject=subject, html=html, text=text)
    return web.json_response({"MessageId": f"0100{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"})


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        wanted = json.loads(await request.read())
    except ValueError as exc:
        raise _Refused("The request is no JSON.") from exc
    if not isinstance(wanted, dict):
        raise _Refused("The request is no object.")
    return wanted


def _recipients(wanted: dict[str, Any]) -> list[Any]:
    destination = wanted.get("Destination") or {}
    recipients = [to for kind in ("ToAddresses", "CcAddresses", "BccAddresses") for to in destination.get(kind) or []]
    if not 1 <= len(recipients) <= _MOST_RECIPIENTS:
        raise _Refused(f"A mail has 1 to {_MOST_RECIPIENTS} recipients.")
    return recipients


def _address(told: Any) -> str:
    _, address = parseaddr(told if isinstance(told, str) else "")
    name, _, domain = address.rpartition("@")
    if not name or not domain or any(sign.isspace() for sign in address):
        raise _Refused("Illegal address")
    return address


def _content(wanted: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Subject, HTML and text of a mail in the simple format, the only one that the application uses."""
    simple = (wanted.get("Content") or {}).get("Simple")
    if not isinstance(simple, dict):
        raise _Refused("The sandbox knows mails with simple content only.")
    body = simple.get("Body") or {}
    html, text = (_data(body.get(kind)) for kind in ("Html", "Text"))
    subject = _data(simple.get("Subject"))
    if not subject or (html is None and text is None):
        raise _Refused("A mail needs a subject and a body.")
    return subject, html, text


def _data(part: Any) -> str | None:
    data = part.get("Data") if isinstance(part, dict) else None
    return data if isinstance(data, str) else None


def _error(code: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> web.Response:
    return web.json_response({"message": message}, status=status, headers={"x-amzn-ErrorType": code})
