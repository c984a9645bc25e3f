"""The page on which a person is the patient: its files, its threads, and their events as they happen."""

import asyncio
import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from infra.sandbox.accounts import digits_of
from infra.sandbox.contacts import Contact
from infra.sandbox.control.http import answer, platform_of, refusal, the_account

_FOLDER = Path(__file__).parent
_KEEP_ALIVE_SECONDS = 15
# Everything the page needs is in this package: a browser must not fetch anything from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;"
    " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)


async def index(_: web.Request) -> web.FileResponse:
    """``GET /``."""
    return web.FileResponse(_FOLDER / "index.html", headers={"Content-Security-Policy": _POLICY})


async def list_clinics(request: web.Request) -> web.Response:
    """``GET /page/clinics``: who can be written to: numbers that somebody has linked with our app."""
    numbers = platform_of(request).accounts.reachable()
    return answer(
        {
            "clinics": [
                {
                    "phone_number_id": account.phone_number_id,
                    "name": account.verified_name,
                    "phone": account.display_phone_number,
                }
                for account in numbers
            ]
        }
    )


async def get_thread(request: web.Request) -> web.Response:
    """``GET /page/thread?phone_number_id=&from=``: the messages so far."""
    platform, contact = platform_of(request), _contact(request)
    return answer({"messages": [item.model_dump() for item in platform.conversations.thread(contact)]})


async def stream_events(request: web.Request) -> web.StreamResponse:
    """``GET /page/events?phone_number_id=&from=``: events ``message``, ``typing``, ``reset``, ``accounts``."""
    platform, contact = platform_of(request), _contact(request)
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await stream.prepare(request)
    queue = platform.live.subscribe(contact.phone_number_id, contact.key)
    try:
        await stream.write(b": connected\n\n")
        while True:
            try:
                kind, body = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_SECONDS)
            except TimeoutError:
                await stream.write(b": still here\n\n")
            else:
                await stream.write(f"event: {kind}\ndata: {json.dumps(body)}\n\n".encode())
    except ConnectionResetError:
        return stream  # the page was closed
    finally:
        platform.live.unsubscribe(contact.phone_number_id, contact.key, queue)


async def get_file(request: web.Request) -> web.FileResponse:
    """``GET /page/media/{id}``: the bytes, in ranges: without them a browser cannot tell the length of an audio."""
    platform = platform_of(request)
    media = platform.media.find(request.match_info["id"])
    if media is None:
        raise refusal(HTTPStatus.NOT_FOUND, "There is no such file.")
    headers = {
        "Content-Type": media.mime_type,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }
    return web.FileResponse(platform.media.path(media), headers=headers)


def _contact(request: web.Request) -> Contact:
    platform, query = platform_of(request), request.query
    account = the_account(platform, query.get("phone_number_id", ""))
    phone = digits_of(query.get("from", ""))
    if not phone:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "from must be a phone number.")
    return platform.contacts.meet(account.phone_number_id, phone=phone, user_id=None)


def routes() -> list[Any]:
    """The page and what it asks for."""
    return [
        web.get("/", index),
        web.static("/page/static", _FOLDER / "static"),
        web.get("/page/clinics", list_clinics),
        web.get("/page/thread", get_thread),
        web.get("/page/events", stream_events),
        web.get("/page/media/{id}", get_file),
    ]
