"""The events of Google calendars: versions, burnt ids, sync tokens, and what makes them busy."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from infra.sandbox.google.accounts import GoogleAccount
from infra.sandbox.google.errors import (
    bad_request,
    condition_not_met,
    deleted,
    duplicate,
    full_sync_required,
    not_found,
)
from infra.sandbox.store import Store

_ID = re.compile(r"[0-9a-v]{5,1024}")
_TOKEN_DAYS = 28
_WRITABLE = {
    "attendees",
    "colorId",
    "description",
    "end",
    "extendedProperties",
    "location",
    "recurrence",
    "reminders",
    "start",
    "status",
    "summary",
    "transparency",
    "visibility",
}
_STATUSES = ("confirmed", "tentative", "cancelled")


class GoogleEvent(BaseModel):
    """An event; ``fields`` are what was written, the rest is Google's."""

    id: str
    email: str
    fields: dict[str, Any]
    version: int = 1
    change: int = 0  # the number of its last change, of all of the calendar's
    created: float = 0
    updated: float = 0
    organized: bool = True  # false: somebody else's, to which the calendar's owner was invited

    @property
    def is_cancelled(self) -> bool:
        """Deleted: it stands no more, and its id is burnt."""
        return self.fields.get("status") == "cancelled"

    @property
    def etag(self) -> str:
        """Of this version."""
        return f'"{self.version:016d}"'

    def is_busy(self) -> bool:
        """Whether it takes time."""
        return not self.is_cancelled and self.fields.get("transparency", "opaque") == "opaque"


class SyncToken(BaseModel):
    """Which changes somebody has seen."""

    email: str
    change: int
    generation: int
    at: float


class GoogleEvents:
    """All events of all calendars, persisted; a reset forgets them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        events = (GoogleEvent.model_validate(body) for body in store.load("google_event").values())
        self._events: dict[tuple[str, str], GoogleEvent] = {(event.email, event.id): event for event in events}

    def all_of(self, email: str) -> list[GoogleEvent]:
        """Those of one calendar, in the order of their last change."""
        own = (event for event in self._events.values() if event.email == email)
        return sorted(own, key=lambda event: event.change)

    def get(self, email: str, event_id: str) -> GoogleEvent:
        """One event, also a cancelled one, or 404."""
        event = self._events.get((email, event_id))
        if event is None:
            raise not_found()
        return event

    def insert(
        self, account: GoogleAccount, body: dict[str, Any], *, now: float, organized: bool = True
    ) -> GoogleEvent:
        """A new event under the caller's id, or one of Google's.

        Raises:
            CalendarError: 400 for what is no event, 409 for an id that was ever used in this calendar.
        """
        event_id = body.get("id")
        if event_id is None:
            event_id = base64.b32hexencode(f"{now}{len(self._events)}".encode()).decode().rstrip("=").lower()
        if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
            raise bad_request("Invalid resource id value.", "invalid")
        if (account.email, event_id) in self._events:
            raise duplicate()
        fields = {"status": "confirmed", **_checked(body, account.time_zone)}
        _span(fields, account.time_zone)
        event = GoogleEvent(
            id=event_id, email=account.email, fields=fields, created=now, updated=now, organized=organized
        )
        self._keep(event)
        return event

    def change(
        self, account: GoogleAccount, event: GoogleEvent, body: dict[str, Any], *, now: float, whole: bool = False
    ) -> GoogleEvent:
        """PATCH, or with ``whole`` PUT. A cancelled event comes back when its status is written."""
        written = _checked(body, account.time_zone)
        fields = written if whole else _merged(event.fields, written)
        fields.setdefault("status", "confirmed")
        _span(fields, account.time_zone)
        event.fields, event.version, event.updated = fields, event.version + 1, now
        self._keep(event)
        return event

    def delete(self, event: GoogleEvent, *, now: float) -> None:
        """Cancel an event; again: 410."""
        if event.is_cancelled:
            raise deleted()
        event.fields["status"] = "cancelled"
        event.version, event.updated = event.version + 1, now
        self._keep(event)

    def clear(self) -> None:
        """Forget all events."""
        self._events.clear()
        self._store.clear("google_event")

    def _keep(self, event: GoogleEvent) -> None:
        event.change = self.last_change(event.email) + 1
        self._events[event.email, event.id] = event
        self._store.put("google_event", f"{event.email}/{event.id}", event.model_dump())

    def last_change(self, email: str) -> int:
        """The number of the newest change of a calendar."""
        return max((event.change for event in self._events.values() if event.email == email), default=0)

    # ---- when a calendar is busy

    def busy(self, account: GoogleAccount, start: float, end: float) -> Iterator[tuple[float, float]]:
        """Stretches in which its events take time."""
        for event in self.all_of(account.email):
            if event.is_busy():
                first, last = _span(event.fields, account.time_zone)
                if first < end and last > start:
                    yield first, last

    def span(self, account: GoogleAccount, event: GoogleEvent) -> tuple[float, float]:
        """From when to when an event lasts."""
        return _span(event.fields, account.time_zone)

    # ---- sync tokens

    def token(self, account: GoogleAccount, *, now: float) -> str:
        """A token for everything up to now."""
        position = SyncToken(
            email=account.email, change=self.last_change(account.email), generation=account.generation, at=now
        )
        return base64.urlsafe_b64encode(position.model_dump_json().encode()).decode()

    def since(self, account: GoogleAccount, token: str, *, now: float) -> int:
        """The number of the last change that the holder of a token has seen.

        Raises:
            CalendarError: 410 for a token that is unknown, another calendar's, forgotten or older than four weeks.
        """
        try:
            position = SyncToken.model_validate(json.loads(base64.urlsafe_b64decode(token)))
        except (binascii.Error, ValueError) as exc:
            raise full_sync_required() from exc
        known = position.email == account.email and position.generation == account.generation
        if (
            not known
            or now - position.at > _TOKEN_DAYS * 24 * 3600
            or position.change > self.last_change(account.email)
        ):
            raise full_sync_required()
        return position.change


def check_version(event: GoogleEvent, if_match: str | None) -> None:
    """``If-Match``: 412 unless it names the version that stands."""
    if if_match is not None and if_match not in (event.etag, "*"):
        raise condition_not_met()


def _checked(body: dict[str, Any], zone: str) -> dict[str, Any]:
    fields = {name: value for name, value in body.items() if name in _WRITABLE}
    if fields.get("status", "confirmed") not in _STATUSES:
        raise bad_request("Invalid event status.", "invalid")
    for name in ("start", "end"):
        if name in fields:
            _instant(fields[name], name, zone)
    private = (fields.get("extendedProperties") or {}).get("private", {})
    if not all(isinstance(value, str) and len(value) <= 1024 for value in private.values()):  # noqa: PLR2004 - Google's limit
        raise bad_request("Invalid extended property.", "invalid")
    return fields


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """PATCH: objects are merged, null takes away."""
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(merged.get(name), dict) and name not in ("start", "end"):
            merged[name] = _merged(merged[name], value)
        else:
            merged[name] = value
    return merged


def _span(fields: dict[str, Any], zone: str) -> tuple[float, float]:
    start, end = (_instant(fields.get(name), name, zone) for name in ("start", "end"))
    if end <= start:
        raise bad_request("The specified time range is empty.", "timeRangeEmpty")
    return start, end


def _instant(told: Any, name: str, zone: str) -> float:
    if not isinstance(told, dict) or not (told.get("dateTime") or told.get("date")):
        raise bad_request(f"Missing {name} time.", "required")
    try:
        own = ZoneInfo(told.get("timeZone") or zone)
        if told.get("date"):
            return datetime.combine(date.fromisoformat(told["date"]), datetime.min.time(), ZoneInfo(zone)).timestamp()
        moment = datetime.fromisoformat(told["dateTime"])
    except (ValueError, TypeError, ZoneInfoNotFoundError) as exc:
        raise bad_request(f"Invalid value for: {name}", "invalid") from exc
    if moment.tzinfo is None and "timeZone" not in told:
        raise bad_request(f"Missing time zone definition for {name} time.", "required")
    return (moment if moment.tzinfo else moment.replace(tzinfo=own)).timestamp()


class Day(BaseModel):
    """One column of the page: what stands on a local day."""

    date: date
    events: list[tuple[str, str, str, bool]] = Field(default_factory=list)  # from, to, title, free


def week_of(
    events: GoogleEvents, account: GoogleAccount, first: date
) -> list[Day]:  # the page's view, in the calendar's own timezone
    """Seven days from a date on."""
    zone = ZoneInfo(account.time_zone)
    days = [Day(date=first + timedelta(days=number)) for number in range(7)]
    taken = [(event.fields.get("summary") or "(sin título)", not event.is_busy(), *events.span(account, event))
             for event in events.all_of(account.email) if not event.is_cancelled]  # fmt: skip
    taken += [("Ocupado", False, busy.start, busy.end) for busy in account.busy]
    for title, is_free, start, end in sorted(taken, key=lambda item: item[2]):
        begins, ends = (datetime.fromtimestamp(instant, UTC).astimezone(zone) for instant in (start, end))
        for day in days:
            if begins.date() <= day.date and (ends - timedelta(seconds=1)).date() >= day.date:
                day.events.append((f"{begins:%H:%M}", f"{ends:%H:%M}", title, is_free))
    return days
