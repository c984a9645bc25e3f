"""Give a clinic a read-only calendar feed, or take it away."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from dentalist.domain.feed_url import FeedUrl, parse_feed_url
from dentalist.services.ports_calendar import CalendarFeeds

Prove = Callable[[str], object]


def prove_feed(text: str | None, *, prove: Prove) -> FeedUrl | None:
    """Read what stands behind an address once, before anything is kept; None where there is to be none.

    Args:
        text: as somebody typed it.
        prove: reads the calendar at an address.

    Raises:
        FeedUrlInvalid: no https address of a public host.
        FeedUnreadable: no calendar can be read there.
    """
    if text is None:
        return None
    feed = parse_feed_url(text)
    prove(feed.url)
    return feed


def connect_feed(feed: FeedUrl | None, *, actor_id: UUID, feeds: CalendarFeeds) -> None:
    """Keep a proven feed in place of the one before; from the next question on its busy times count.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached.
    """
    feeds.put(feed.url if feed else None, host=feed.host if feed else None, actor_id=actor_id)
