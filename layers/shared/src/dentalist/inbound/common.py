"""What the parsers of both channels share: ids, instants and the origin of an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dentalist.domain.phones import parse_phone
from dentalist.inbound.shapes import text_of

# Meta's ids have at most some 300 characters; PostgreSQL cannot index one of several thousand.
_LONGEST_ID = 512
_WHATSAPP_BEGAN = datetime(2009, 1, 1, tzinfo=UTC)
_CLOCK_TOLERANCE = timedelta(minutes=5)
_SECONDS_END = 10**11  # beyond: milliseconds, as Instagram counts


class NotUnderstood(Exception):
    """The event lacks what its kind cannot do without."""


def id_of(value: Any) -> str | None:
    """An id of Meta's, or None when it is missing or no id can look like this."""
    text = text_of(value)
    return text if text and len(text) <= _LONGEST_ID else None


def required_id(value: Any) -> str:
    """An id of Meta's.

    Raises:
        NotUnderstood: there is none.
    """
    if text := id_of(value):
        return text
    raise NotUnderstood


def instant_of(value: Any, *, received_at: datetime) -> datetime:
    """A timestamp of Meta's; one that cannot be believed gives way to ``received_at``.

    A message from the future would hold the customer service window open.
    """
    return find_instant(value, received_at=received_at) or received_at


def find_instant(value: Any, *, received_at: datetime) -> datetime | None:
    """A timestamp of Meta's, a number or its digits, in seconds or milliseconds.

    None when it is missing, absurd or later than our own clock.
    """
    try:
        seconds = float(text_of(value) or "")
        instant = datetime.fromtimestamp(seconds if seconds < _SECONDS_END else seconds / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return instant if _WHATSAPP_BEGAN <= instant <= received_at + _CLOCK_TOLERANCE else None


def origin_of(message: dict[str, Any]) -> dict[str, Any]:
    """The fields of ``Event`` that a queue message holds for every kind, but for those of one channel."""
    display = text_of(message.get("display_phone_number"))
    return {
        "object": text_of(message.get("object")),
        "field": text_of(message.get("field")),
        "phone_number_id": id_of(message.get("phone_number_id")),
        "display_phone_number": parse_phone(display) or display,
        "received_at": _received_at(message.get("received_at")),
        "correlation_id": text_of(message.get("correlation_id")),
        "raw": message.get("event"),
    }


def _received_at(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else datetime.now(UTC)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)
