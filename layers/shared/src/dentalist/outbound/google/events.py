"""Events as Google writes them, and what of ours they carry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dentalist.domain.calendars import CalendarEvent, RemoteEvent
from dentalist.outbound.loose import integer, text

_APPOINTMENT = "dentalist_appointment"
_REVISION = "dentalist_revision"


def event_body(event: CalendarEvent) -> dict[str, Any]:
    """The fields that are ours; everything else of an event is the clinic's. A deleted event comes back by it.

    Source:
        https://developers.google.com/workspace/calendar/api/v3/reference/events
        https://developers.google.com/workspace/calendar/api/guides/extended-properties
    """
    return {
        "status": "confirmed",
        "summary": event.summary,
        "start": {"dateTime": event.starts_at.isoformat(), "timeZone": event.timezone},
        "end": {"dateTime": event.ends_at.isoformat(), "timeZone": event.timezone},
        "extendedProperties": {
            "private": {_APPOINTMENT: str(event.appointment_id), _REVISION: str(event.revision)},
        },
    }


def parse_event(told: Mapping[str, Any]) -> RemoteEvent | None:
    """An event of an answer; None without an id."""
    event_id = text(told.get("id"))
    if event_id is None:
        return None
    private = _mapping(_mapping(told.get("extendedProperties")).get("private"))
    return RemoteEvent(
        id=event_id,
        etag=text(told.get("etag")),
        is_cancelled=told.get("status") == "cancelled",
        starts_at=_instant(told.get("start")),
        ends_at=_instant(told.get("end")),
        summary=text(told.get("summary")),
        appointment_id=text(private.get(_APPOINTMENT)),
        revision=integer(private.get(_REVISION)),
    )


def shows(there: RemoteEvent, event: CalendarEvent) -> bool:
    """Whether an event is what it should be."""
    return (
        there.revision == event.revision
        and there.summary == event.summary
        and there.starts_at == event.starts_at.replace(microsecond=0)
        and there.ends_at == event.ends_at.replace(microsecond=0)
    )


def _instant(told: Any) -> datetime | None:
    """A time of day; None for a whole day, and for what is no time."""
    value = _mapping(told).get("dateTime")
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
