"""The bytes of a feed: https, public hosts, few redirects, two megabytes, eight seconds."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import httpcore

from dentalist.domain.calendars import FeedUnreadable
from dentalist.domain.errors import DomainError
from dentalist.domain.feed_url import FeedUrl, FeedUrlInvalid, parse_feed_url
from dentalist.outbound.feeds.addresses import PublicBackend, Resolve, resolve

LARGEST = 2 * 1024 * 1024
_LONGEST = 8.0  # seconds, for all of it
_TIMEOUTS = {"connect": 3.0, "read": 4.0, "write": 2.0, "pool": 1.0}
_MOST_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_CALENDARS = {"text/calendar", "text/plain", "application/ics", "application/octet-stream", "application/x-ics"}
_BEGINS = b"BEGIN:VCALENDAR"
_MARK = b"\xef\xbb\xbf"


class FeedClient:
    """Fetches feeds. Every address is resolved, checked and dialled by ``PublicBackend``, also where redirects lead."""

    def __init__(
        self,
        *,
        resolve: Resolve = resolve,
        backend: httpcore.NetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            resolve: names to addresses.
            backend: dials addresses that were checked.
            tls: which certificates are believed.
            clock: seconds, for the length of the whole.
        """
        self._backend = PublicBackend(backend or httpcore.SyncBackend(), resolve=resolve)
        self._tls = tls
        self._clock = clock

    def fetch(self, url: str) -> bytes:
        """What stands behind an address.

        Raises:
            FeedUnreadable: not public, not reached, not answered in time, refused, too large, or no calendar.
        """
        give_up_at = self._clock() + _LONGEST
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                answer = self._get(parse_feed_url(url), give_up_at)
                if isinstance(answer, bytes):
                    return answer
                url = answer
        except FeedUrlInvalid as exc:
            raise FeedUnreadable("not_public") from exc
        except DomainError:
            raise
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as exc:
            raise FeedUnreadable("unreachable") from exc
        raise FeedUnreadable("redirects")

    def _get(self, feed: FeedUrl, give_up_at: float) -> bytes | str:
        """The body, or where a redirect leads."""
        # No cookies, no proxy of the environment, and no encoding: a few kilobytes could become gigabytes.
        headers = {"Accept": "text/calendar", "Accept-Encoding": "identity", "User-Agent": "dentalist-calendar"}
        context = self._tls or _default_tls()
        with (
            httpcore.ConnectionPool(ssl_context=context, network_backend=self._backend, max_connections=1) as pool,
            pool.stream(
                "GET", feed.url, headers=_host_first(feed, headers), extensions={"timeout": _TIMEOUTS}
            ) as answer,
        ):
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if answer.status in _REDIRECTS and "location" in told:
                return urljoin(feed.url, told["location"])
            _check(answer.status, told)
            return self._body(answer, give_up_at)

    def _body(self, answer: Any, give_up_at: float) -> bytes:
        content = bytearray()
        for chunk in answer.iter_stream():
            content += chunk
            if len(content) > LARGEST:
                raise FeedUnreadable("too_large")
            if self._clock() > give_up_at:
                raise FeedUnreadable("unreachable")
        body = bytes(content).removeprefix(_MARK).lstrip()
        if not body[: len(_BEGINS)].upper() == _BEGINS:
            raise FeedUnreadable("no_calendar")
        return body


@cache
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _host_first(feed: FeedUrl, headers: dict[str, str]) -> list[tuple[str, str]]:
    return [("Host", feed.host), *headers.items()]


def _check(status: int, headers: dict[str, str]) -> None:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise FeedUnreadable("refused")
    if status != HTTPStatus.OK:
        raise FeedUnreadable("unreachable")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise FeedUnreadable("no_calendar")
    kind = headers.get("content-type", "text/calendar").partition(";")[0].strip().lower()
    if kind not in _CALENDARS:  # mostly the page on which somebody should log in
        raise FeedUnreadable("no_calendar")
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > LARGEST:
        raise FeedUnreadable("too_large")
