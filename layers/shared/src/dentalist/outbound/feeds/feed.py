"""A read-only calendar at an address."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from dentalist.domain.hours import Interval
from dentalist.outbound.feeds.events import busy_times


class Fetch(Protocol):
    """Whoever brings the bytes."""

    def fetch(self, url: str) -> bytes:
        """What stands behind an address."""


class FeedCalendar:
    """One feed. It is fetched at every look: its owner may just have entered something."""

    def __init__(self, url: str, *, timezone: ZoneInfo, client: Fetch) -> None:
        """Keep the address, which opens the calendar to whoever knows it."""
        self._url = url
        self._timezone = timezone
        self._client = client

    def busy(self, start: datetime, end: datetime) -> list[Interval]:
        """When it is busy between two instants; sorted.

        Raises:
            FeedUnreadable: it cannot be fetched, or not be understood.
        """
        return busy_times(self._client.fetch(self._url), start, end, timezone=self._timezone)
