"""Google Calendar: when a calendar is busy, and its events."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from infra.sandbox.google import accounts as google
from infra.sandbox.google.accounts import GoogleAccount, GoogleToken
from infra.sandbox.google.errors import (
    bad_request,
    insufficient_permissions,
    not_authenticated,
    not_found,
    not_the_organizer,
)
from infra.sandbox.google.events import GoogleEvent, GoogleEvents, check_version
from infra.sandbox.graph.calls import GraphCall, bearer_of

_MOST_CALENDARS = 50
_MAY_SEE_BUSY = {google.CALENDAR, google.READONLY, google.FREEBUSY, google.EVENTS_FREEBUSY}
_MAY_WRITE_EVENTS = {google.CALENDAR, google.EVENTS}
_NOT_WITH_A_TOKEN = ("timeMin", "timeMax", "updatedMin", "orderBy", "q", "iCalUID", "privateExtendedProperty")
_LARGEST_PAGE = 2500
_MAY_READ_EVENTS = {google.CALENDAR, google.READONLY, google.EVENTS, google.EVENTS_READONLY}


async def free_busy(call: GraphCall) -> dict[str, Any]:
    """``POST /calendar/v3/freeBusy``: what is wrong with one calendar stands inside of the 200."""
    token = _token(call, _MAY_SEE_BUSY)
    body = call.body if isinstance(call.body, dict) else {}
    start, end = _instant(body, "timeMin"), _instant(body, "timeMax")
    if start >= end:
        raise bad_request("The specified time range is empty.", "timeRangeEmpty")
    ids = [str(item["id"]) for item in body.get("items") or [] if isinstance(item, dict) and item.get("id")]
    if not 1 <= len(ids) <= _MOST_CALENDARS:
        raise bad_request(f"items must name 1 to {_MOST_CALENDARS} calendars.", "invalid")
    span = {"timeMin": _shown(start), "timeMax": _shown(end)}
    google, events = call.platform.google, call.platform.google_events
    calendars = {i: _busy(google.calendar(i, token.email), events, start, end) for i in ids}
    return {"kind": "calendar#freeBusy", **span, "calendars": calendars}


async def list_events(call: GraphCall) -> dict[str, Any]:
    """``GET /calendar/v3/calendars/{id}/events``: all from ``timeMin`` on, or what changed since a ``syncToken``."""
    account, now = _calendar(call, _MAY_READ_EVENTS), call.platform.clock.now()
    query = call.request.query
    events = call.platform.google_events
    sync_token = query.get("syncToken")
    if sync_token is not None and any(name in query for name in _NOT_WITH_A_TOKEN):
        raise bad_request("Sync token cannot be used with other query restrictions.", "invalid")
    found = events.all_of(account.email)
    if sync_token is not None:
        since = events.since(account, sync_token, now=now)
        items = [_changed(event, account) for event in found if event.change > since]
    else:
        shows_deleted = query.get("showDeleted") == "true"
        items = [
            _shown_event(each, account) for each in found if _asked(call, account, each, shows_deleted=shows_deleted)
        ]
    start, size = _page(query)
    listing: dict[str, Any] = {
        "kind": "calendar#events",
        "etag": f'"{events.last_change(account.email):016d}"',
        "summary": account.summary,
        "description": "",
        "updated": _shown_at(now),
        "timeZone": account.time_zone,
        "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 30}],
        "items": items[start : start + size],
    }
    if start + size < len(items):
        return {**listing, "nextPageToken": str(start + size)}
    return {**listing, "nextSyncToken": events.token(account, now=now)}


async def insert_event(call: GraphCall) -> dict[str, Any]:
    """``POST /calendar/v3/calendars/{id}/events``."""
    account = _calendar(call, _MAY_WRITE_EVENTS)
    event = call.platform.google_events.insert(account, _body(call), now=call.platform.clock.now())
    return _shown_event(event, account)


async def get_event(call: GraphCall) -> dict[str, Any]:
    """``GET …/events/{event_id}``: also one that was deleted, as ``cancelled``."""
    account = _calendar(call, _MAY_READ_EVENTS)
    return _shown_event(call.platform.google_events.get(account.email, call.segment("event_id")), account)


async def change_event(call: GraphCall) -> dict[str, Any]:
    """``PATCH`` and ``PUT …/events/{event_id}``."""
    account, event = _own_event(call)
    changed = call.platform.google_events.change(
        account, event, _body(call), now=call.platform.clock.now(), whole=call.method == "PUT"
    )
    return _shown_event(changed, account)


async def delete_event(call: GraphCall) -> web.Response:
    """``DELETE …/events/{event_id}``: nothing is answered."""
    _, event = _own_event(call)
    call.platform.google_events.delete(event, now=call.platform.clock.now())
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _calendar(call: GraphCall, enough: set[str]) -> GoogleAccount:
    token = _token(call, enough)
    account = call.platform.google.calendar(call.segment("calendar_id"), token.email)
    if account is None:
        raise not_found()
    return account


def _own_event(call: GraphCall) -> tuple[GoogleAccount, GoogleEvent]:
    account = _calendar(call, _MAY_WRITE_EVENTS)
    event = call.platform.google_events.get(account.email, call.segment("event_id"))
    if not event.organized:
        raise not_the_organizer()
    check_version(event, call.request.headers.get("If-Match"))
    return account, event


def _body(call: GraphCall) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise bad_request("Parse Error", "parseError")
    return call.body


def _asked(call: GraphCall, account: GoogleAccount, event: GoogleEvent, *, shows_deleted: bool) -> bool:
    if event.is_cancelled and not shows_deleted:
        return False
    start, end = call.platform.google_events.span(account, event)
    query = dict(call.request.query)
    begins = _instant(query, "timeMin").timestamp() if "timeMin" in query else start
    ends = _instant(query, "timeMax").timestamp() if "timeMax" in query else end
    return end > begins and start < max(ends, start + 1)


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    start, size = query.get("pageToken", "0"), query.get("maxResults", "250")
    if not start.isdecimal() or not size.isdecimal() or not 1 <= int(size) <= _LARGEST_PAGE:
        raise bad_request("Invalid page.", "invalid")
    return int(start), int(size)


def _changed(event: GoogleEvent, account: GoogleAccount) -> dict[str, Any]:
    """Of a deleted event only the id is promised, so nothing else is told."""
    if event.is_cancelled:
        return {"kind": "calendar#event", "etag": event.etag, "id": event.id, "status": "cancelled"}
    return _shown_event(event, account)


def _shown_event(event: GoogleEvent, account: GoogleAccount) -> dict[str, Any]:
    organizer = {"email": account.email if event.organized else "otra@gmail.example", "self": event.organized}
    return {
        "kind": "calendar#event",
        "etag": event.etag,
        "id": event.id,
        "htmlLink": f"https://www.google.com/calendar/event?eid={event.id}",
        "created": _shown_at(event.created),
        "updated": _shown_at(event.updated),
        "creator": organizer,
        "organizer": organizer,
        "iCalUID": f"{event.id}@google.com",
        "sequence": event.version - 1,
        "eventType": "default",
        **event.fields,
    }


def _token(call: GraphCall, enough: set[str]) -> GoogleToken:
    token = call.platform.google.tokens.get(bearer_of(call.request))
    if token is None or token.kind != "access" or not token.is_good(call.platform.clock.now()):
        raise not_authenticated()
    if not enough.intersection(token.granted):
        raise insufficient_permissions()
    return token


def _instant(body: dict[str, Any], name: str) -> datetime:
    value = body.get(name)
    if value is None:
        raise bad_request(f"Missing {name} parameter.", "required")
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError as exc:
        raise bad_request(f"Invalid value for: {name}", "invalid") from exc
    if instant.tzinfo is None:
        raise bad_request(f"Invalid value for: {name}: it has no offset.", "invalid")
    return instant


def _busy(account: GoogleAccount | None, events: GoogleEvents, start: datetime, end: datetime) -> dict[str, Any]:
    """As Google tells it: clipped to what was asked for, and what touches or overlaps is one."""
    if account is None:
        return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    first, last = start.timestamp(), end.timestamp()
    taken = [(busy.start, busy.end) for busy in account.busy if busy.start < last and busy.end > first]
    taken += events.busy(account, first, last)
    merged: list[tuple[float, float]] = []
    for begins, ends in sorted((max(begins, first), min(ends, last)) for begins, ends in taken):
        if merged and begins <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((begins, ends))
    return {"busy": [{"start": _shown_at(begins), "end": _shown_at(ends)} for begins, ends in merged]}


def _shown_at(seconds: float) -> str:
    return _shown(datetime.fromtimestamp(seconds, UTC))


def _shown(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
