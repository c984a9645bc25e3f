"""The little of Google Calendar that linking one needs: when it is busy, and what it is called."""

from datetime import UTC, datetime
from typing import Any

from infra.sandbox.google import accounts as google
from infra.sandbox.google.accounts import GoogleAccount, GoogleToken
from infra.sandbox.google.errors import bad_request, insufficient_permissions, not_authenticated, not_found
from infra.sandbox.graph.calls import GraphCall, bearer_of

_MOST_CALENDARS = 50
_MAY_SEE_BUSY = {google.CALENDAR, google.READONLY, google.FREEBUSY, google.EVENTS_FREEBUSY}
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
    calendars = {i: _busy(call.platform.google.calendar(i, token.email), start, end) for i in ids}
    return {"kind": "calendar#freeBusy", **span, "calendars": calendars}


async def list_events(call: GraphCall) -> dict[str, Any]:
    """``GET /calendar/v3/calendars/{id}/events``: its name; it has no events yet."""
    token = _token(call, _MAY_READ_EVENTS)
    account = call.platform.google.calendar(call.segment("calendar_id"), token.email)
    if account is None:
        raise not_found()
    return {
        "kind": "calendar#events",
        "etag": '"p32od5g2n8o8oc0o"',
        "summary": account.summary,
        "description": "",
        "updated": _shown(datetime.fromtimestamp(call.platform.clock.now(), UTC)),
        "timeZone": account.time_zone,
        "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 30}],
        "nextSyncToken": "CPDAlvWDx70CEPDAlvWDx70CGAU=",
        "items": [],
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


def _busy(account: GoogleAccount | None, start: datetime, end: datetime) -> dict[str, Any]:
    if account is None:
        return {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    first, last = start.timestamp(), end.timestamp()
    within = [b for b in sorted(account.busy, key=lambda b: b.start) if b.start < last and b.end > first]
    stretches = [(max(b.start, first), min(b.end, last)) for b in within]
    return {"busy": [{"start": _shown_at(begins), "end": _shown_at(ends)} for begins, ends in stretches]}


def _shown_at(seconds: float) -> str:
    return _shown(datetime.fromtimestamp(seconds, UTC))


def _shown(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
