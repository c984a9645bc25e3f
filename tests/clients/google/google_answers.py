"""Google's calendar on the other side of a client: what it answers, and what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from dentalist.domain.calendars import CalendarEvent, event_id
from dentalist.outbound.google.calendar import GoogleCalendarClient
from tests.builders import NOON
from tests.clients.meta.recorded import connections

PROFESSIONAL, APPOINTMENT = UUID(int=1), UUID(int=2)
EVENT_ID = event_id(PROFESSIONAL, APPOINTMENT)
EVENTS = "/calendar/v3/calendars/primary/events"
Answer = httpx.Response | httpx.RequestError | Callable[[httpx.Request], httpx.Response]


@dataclass
class FakeAccess:
    """Tokens by number; ``renewals`` are what renewing answers or raises, in turn."""

    renewals: list[str | Exception] = field(default_factory=lambda: ["token-2"])
    refused: list[str] = field(default_factory=list)
    failure: Exception | None = None
    held: str = "token-1"

    def token(self) -> str:
        if self.failure is not None:
            raise self.failure
        return self.held

    def renewed(self, refused: str) -> str:
        self.refused.append(refused)
        told = self.renewals.pop(0)
        if isinstance(told, Exception):
            raise told
        self.held = told
        return told


class Google:
    """A client and the answers that it gets, the last one again and again."""

    def __init__(self, *answers: Answer, access: FakeAccess | None = None, **named: Any) -> None:
        self._waiting = list(answers)
        http, self.requests = connections(self._next)
        self.access = access or FakeAccess()
        self.pauses: list[float] = []
        self.client = GoogleCalendarClient(
            api_base_url="https://www.googleapis.com/",
            access=self.access,
            http=http,
            now=lambda: NOON,
            pause=self.pauses.append,
            **named,
        )

    def _next(self, request: httpx.Request) -> httpx.Response:
        told = self._waiting.pop(0) if len(self._waiting) > 1 else self._waiting[0]
        if isinstance(told, httpx.RequestError):
            raise told
        return told if isinstance(told, httpx.Response) else told(request)

    @property
    def asked(self) -> list[str]:
        """Method and path of what was asked, in order."""
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def body(self, number: int = 0) -> Any:
        """The JSON of one request."""
        return json.loads(self.requests[number].content)


def make_event(**overrides: Any) -> CalendarEvent:
    """An appointment of half an hour, which was never written."""
    defaults: dict[str, Any] = {
        "id": EVENT_ID,
        "appointment_id": APPOINTMENT,
        "revision": 1,
        "starts_at": NOON,
        "ends_at": NOON + timedelta(minutes=30),
        "timezone": "America/Argentina/Buenos_Aires",
        "summary": "Turno: Ana",
    }
    return CalendarEvent(**{**defaults, **overrides})


def shown(event: CalendarEvent, **overrides: Any) -> dict[str, Any]:
    """The event as Google answers it once it stands there."""
    private = {"dentalist_appointment": str(event.appointment_id), "dentalist_revision": str(event.revision)}
    standing = {
        "kind": "calendar#event",
        "id": event.id,
        "etag": '"3"',
        "status": "confirmed",
        "summary": event.summary,
        "start": {"dateTime": event.starts_at.isoformat(), "timeZone": event.timezone},
        "end": {"dateTime": event.ends_at.isoformat(), "timeZone": event.timezone},
        "extendedProperties": {"private": private},
    }
    return {**standing, **overrides}


def ok(body: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def refused(status: int, reason: str) -> httpx.Response:
    """Google's envelope; its messages quote what they like."""
    error = {"code": status, "message": "No: Ana", "errors": [{"domain": "global", "reason": reason, "message": "Ana"}]}
    return httpx.Response(status, json={"error": error})


def busy_answer(*spans: tuple[str, str], **overrides: Any) -> httpx.Response:
    """A whole answer of freeBusy."""
    calendar = {"busy": [{"start": start, "end": end} for start, end in spans], **overrides}
    return ok({"kind": "calendar#freeBusy", "calendars": {"primary": calendar}})
