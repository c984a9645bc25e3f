"""What the owner of a Google calendar does in it: enters, moves, renames and deletes events."""

from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import Field, model_validator

from infra.sandbox.control.http import answer, parse, platform_of, refusal
from infra.sandbox.control.models import Request
from infra.sandbox.errors import Refusal, new_trace_id
from infra.sandbox.google.accounts import GoogleAccount
from infra.sandbox.google.events import GoogleEvent


class EventRequest(Request):
    """``POST``: an event; times with their offset, or whole days."""

    start: str = Field(min_length=10)
    end: str = Field(min_length=10)
    summary: str = "Ocupado"
    id: str | None = None
    free: bool = False
    organized: bool = True


class EventPatch(Request):
    """``PATCH``: what changes of one."""

    start: str | None = None
    end: str | None = None
    summary: str | None = None
    free: bool | None = None
    organized: bool | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "EventPatch":
        if (self.start is None) != (self.end is None):
            raise ValueError("give start and end, or neither")
        return self


def _account(request: web.Request) -> GoogleAccount:
    account = platform_of(request).google.accounts.get(request.match_info["email"])
    if account is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"There is no Google account {request.match_info['email']}.")
    return account


def _event(request: web.Request) -> GoogleEvent:
    try:
        return platform_of(request).google_events.get(_account(request).email, request.match_info["event_id"])
    except Refusal as exc:
        raise refusal(HTTPStatus.NOT_FOUND, "There is no such event.") from exc


def _told(event: GoogleEvent) -> dict[str, Any]:
    return {**event.model_dump(exclude={"email"}), "etag": event.etag}


def _fields(wanted: EventRequest | EventPatch) -> dict[str, Any]:
    fields: dict[str, Any] = {"summary": wanted.summary} if wanted.summary is not None else {}
    for name in ("start", "end"):
        value = getattr(wanted, name)
        if value is not None:
            fields[name] = {"dateTime" if "T" in value else "date": value}
    if wanted.free is not None:
        fields["transparency"] = "transparent" if wanted.free else "opaque"
    return fields


def _understood(error: Refusal) -> web.HTTPException:
    return refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error.body(new_trace_id())))


async def list_events(request: web.Request) -> web.Response:
    """``GET /control/google/{email}/events``: all, deleted ones too, in the order of their last change."""
    events = platform_of(request).google_events.all_of(_account(request).email)
    return answer({"events": [_told(event) for event in events]})


async def add_event(request: web.Request) -> web.Response:
    """``POST /control/google/{email}/events``."""
    platform, account = platform_of(request), _account(request)
    wanted = await parse(request, EventRequest)
    named = {"id": wanted.id} if wanted.id else {}
    now = platform.clock.now()
    try:
        event = platform.google_events.insert(
            account, {**_fields(wanted), **named}, now=now, organized=wanted.organized
        )
    except Refusal as exc:
        raise _understood(exc) from exc
    return answer(_told(event), HTTPStatus.CREATED)


async def change_event(request: web.Request) -> web.Response:
    """``PATCH /control/google/{email}/events/{event_id}``: moved, renamed, made free, or brought back."""
    platform, event = platform_of(request), _event(request)
    wanted = await parse(request, EventPatch)
    if wanted.organized is not None:
        event.organized = wanted.organized
    fields = {**_fields(wanted), "status": "confirmed"}
    try:
        changed = platform.google_events.change(_account(request), event, fields, now=platform.clock.now())
    except Refusal as exc:
        raise _understood(exc) from exc
    return answer(_told(changed))


async def delete_event(request: web.Request) -> web.Response:
    """``DELETE /control/google/{email}/events/{event_id}``; again changes nothing."""
    platform, event = platform_of(request), _event(request)
    if not event.is_cancelled:
        platform.google_events.delete(event, now=platform.clock.now())
    return answer(_told(event))


async def forget_sync_tokens(request: web.Request) -> web.Response:
    """``POST /control/google/{email}/forget-sync-tokens``: those given out so far are answered 410."""
    account = _account(request)
    account.generation += 1
    platform_of(request).google.save(account)
    return answer({"generation": account.generation})


def routes() -> list[web.RouteDef]:
    """Below ``/google/{email}``."""
    events = "/google/{email}/events"
    return [
        web.get(events, list_events),
        web.post(events, add_event),
        web.patch(events + "/{event_id}", change_event),
        web.delete(events + "/{event_id}", delete_event),
        web.post("/google/{email}/forget-sync-tokens", forget_sync_tokens),
    ]
