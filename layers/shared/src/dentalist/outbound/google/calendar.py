"""One Google calendar: when it is busy, our events in it, and what was changed by others.

Google's word counts, silence does not: whatever is not a complete answer is an error, never an empty calendar. Writing
is safe to repeat, because an event's id is ours and always the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx

from dentalist.domain.calendars import CalendarEvent, Changes, EventRefused, RemoteEvent
from dentalist.domain.errors import DomainError
from dentalist.domain.hours import Interval
from dentalist.domain.linking_errors import ProviderUnreachable
from dentalist.domain.sending_errors import AccessLost
from dentalist.outbound.google.errors import calendar_error, event_error, listed_error
from dentalist.outbound.google.events import event_body, parse_event, shows
from dentalist.outbound.grants import AppRefused
from dentalist.outbound.loose import json_of, objects, text
from dentalist.services.ports_calendar import CalendarAccess

_TIMEOUT = httpx.Timeout(connect=3, write=2, read=5, pool=1)
_LONGEST_ANSWER = timedelta(seconds=8)  # all of it: a server that drips keeps each single read short
_LARGEST_ANSWER = 5_000_000  # bytes; a page of events has far less
_PAUSE = 0.3  # seconds before the one repetition of a read
_PAGE = 250
_MOST_PAGES = 100
_BEGINS_BEFORE = timedelta(days=1)  # a whole reading leaves out what is over
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
# Never the titles of what others entered.
_ITEM = "id,status,etag,start,end,extendedProperties/private"
_LISTED = f"nextPageToken,nextSyncToken,items({_ITEM})"
_QUIET = {"sendUpdates": "none"}  # nobody is invited, and nobody gets a mail from Google

logger = logging.getLogger(__name__)


class _SyncTokenGone(Exception):
    """Google no longer knows what changed since then."""


class _Answer(NamedTuple):
    status: int
    body: Any
    response: httpx.Response


class GoogleCalendarClient:
    """A calendar on behalf of whoever linked it."""

    def __init__(
        self,
        *,
        api_base_url: str,
        access: CalendarAccess,
        http: httpx.Client,
        calendar_id: str = "primary",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the client; nothing is sent yet.

        Args:
            api_base_url: in front of ``/calendar/v3``.
            access: the tokens; one that is refused is renewed once.
            http: connections; their redirects are not followed, whatever they were made with.
            calendar_id: ``primary`` is the person's own.
            now: where a whole reading begins.
            pause: sleeps before a read is repeated.
            clock: seconds, for the length of an answer.
        """
        self._api = f"{api_base_url.rstrip('/')}/calendar/v3"
        self._access = access
        self._http = http
        self._calendar_id = calendar_id
        self._now = now
        self._pause = pause
        self._clock = clock

    @property
    def _events(self) -> str:
        return f"/calendars/{quote(self._calendar_id, safe='')}/events"

    # ---- busy times

    def busy(self, start: datetime, end: datetime) -> list[Interval]:
        """When the calendar is busy between two instants; events marked as free do not count.

        Raises:
            AccessLost: the permission or the calendar is gone.
            ScopeMissing: the permission to see free and busy times is.
            ProviderUnreachable: no usable answer, a limit of Google's, or an error about this calendar inside a 200.
            EventRefused: Google does not take the question.
            ChannelDisconnected: the account is known not to work, or was taken off.
            StoreUnavailable: the store or the key service cannot be reached.

        Source:
            https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query
        """
        asked = {
            "timeMin": start.astimezone(UTC).isoformat(),
            "timeMax": end.astimezone(UTC).isoformat(),
            "items": [{"id": self._calendar_id}],
        }
        answer = self._expect(self._read("POST", "/freeBusy", json=asked), event_error)
        calendars = answer.get("calendars")
        calendar = calendars.get(self._calendar_id) if isinstance(calendars, Mapping) else None
        if not isinstance(calendar, Mapping):
            raise ProviderUnreachable
        if error := listed_error(calendar.get("errors")):
            raise error
        if calendar.get("errors") or not isinstance(calendar.get("busy"), list):
            raise ProviderUnreachable
        return sorted(_busy(item) for item in calendar["busy"])

    # ---- our events

    def put(self, event: CalendarEvent) -> str | None:
        """Write an event, new or changed, and answer its etag. Again: the same event, written once.

        What the clinic added to it stays. An event that a newer write of ours has changed meanwhile is left alone.

        Raises:
            EventRefused: not this event, though the calendar works.
            ProviderUnreachable: not known whether it was written; writing again tells.
            AccessLost, ScopeMissing, ChannelDisconnected, StoreUnavailable: as ``busy``.

        Source:
            https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
            https://developers.google.com/workspace/calendar/api/v3/reference/events/patch
            https://developers.google.com/workspace/calendar/api/guides/version-resources
        """
        if event.etag is not None:
            answer = self._patch(event, event.etag)
            if answer.status == HTTPStatus.PRECONDITION_FAILED:
                return self._reconcile(event)
            if answer.status not in _GONE:
                return _etag(self._expect(answer, event_error))
        answer = self._call("POST", self._events, params=_QUIET, json={**event_body(event), "id": event.id})
        if answer.status == HTTPStatus.CONFLICT:  # an answer of ours was lost, or it was deleted and its id is burnt
            return self._reconcile(event)
        # A refusal here is about the calendar, unless it names the event.
        return _etag(self._expect(answer, event_error))

    def _reconcile(self, event: CalendarEvent) -> str | None:
        """Make the event that stands there what it should be, unless it is or a newer write of ours made it so."""
        answer = self._read("GET", self._one(event.id))
        if answer.status in _GONE:  # the id is burnt, and nothing is left to bring back
            raise EventRefused
        there = parse_event(self._expect(answer, event_error))
        if there is None or there.appointment_id not in (None, str(event.appointment_id)):
            raise EventRefused
        is_newer = there.revision is not None and there.revision > event.revision
        if not there.is_cancelled and (is_newer or shows(there, event)):
            return there.etag
        answer = self._patch(event, there.etag)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:  # changed once more: the next turn looks again
            raise ProviderUnreachable
        return _etag(self._expect(answer, event_error))

    def _patch(self, event: CalendarEvent, etag: str | None) -> _Answer:
        headers = {"If-Match": etag} if etag else {}
        return self._call("PATCH", self._one(event.id), params=_QUIET, headers=headers, json=event_body(event))

    def remove(self, event_id: str) -> None:
        """Take an event away; one that is not there, or was deleted before, is gone already.

        Raises:
            EventRefused, ProviderUnreachable, AccessLost, ScopeMissing, ChannelDisconnected, StoreUnavailable: as
                ``put``.

        Source:
            https://developers.google.com/workspace/calendar/api/v3/reference/events/delete
        """
        answer = self._call("DELETE", self._one(event_id), params=_QUIET)
        if answer.status in _GONE or answer.response.is_success:
            return
        raise self._error(answer, event_error)

    def _one(self, event_id: str) -> str:
        return f"{self._events}/{quote(event_id, safe='')}"

    # ---- the changes of others

    def changes(self, sync_token: str | None) -> Changes:
        """What was changed since the token was given, by anybody; everything where Google no longer knows.

        Deleted events tell their id at least. Titles are never asked for.

        Raises:
            ProviderUnreachable, AccessLost, ScopeMissing, EventRefused, ChannelDisconnected, StoreUnavailable: as
                ``busy``.

        Source:
            https://developers.google.com/workspace/calendar/api/guides/sync
        """
        if sync_token is not None:
            try:
                return self._listed({"syncToken": sync_token}, is_complete=False)
            except _SyncTokenGone:
                logger.info("sync token is gone, reading everything")
        return self._listed({"timeMin": (self._now() - _BEGINS_BEFORE).isoformat()}, is_complete=True)

    def _listed(self, beginning: Mapping[str, str], *, is_complete: bool) -> Changes:
        params = {"maxResults": str(_PAGE), "showDeleted": "true", "fields": _LISTED, **beginning}
        events: list[RemoteEvent] = []
        for _ in range(_MOST_PAGES):
            answer = self._read("GET", self._events, params=params)
            refusals = {HTTPStatus.GONE} if is_complete else {HTTPStatus.GONE, HTTPStatus.BAD_REQUEST}
            if not is_complete and answer.status in refusals:
                raise _SyncTokenGone
            page = self._expect(answer, calendar_error)
            if not isinstance(page.get("items", []), list):
                raise ProviderUnreachable
            parsed = (parse_event(item) for item in objects(page.get("items", [])))
            events += [event for event in parsed if event is not None]
            following = text(page.get("nextPageToken"))
            if following is None:
                return Changes(tuple(events), text(page.get("nextSyncToken")), is_complete)
            params["pageToken"] = following
        raise ProviderUnreachable  # a calendar without end, or pages that lead in a circle

    # ---- the wire

    def _expect(self, answer: _Answer, error_of: Callable[[httpx.Response], DomainError]) -> dict[str, Any]:
        if answer.status == HTTPStatus.OK and isinstance(answer.body, dict) and not answer.body.get("error"):
            return answer.body
        raise self._error(answer, error_of)

    def _error(self, answer: _Answer, error_of: Callable[[httpx.Response], DomainError]) -> DomainError:
        try:
            return error_of(answer.response)
        except AppRefused:
            # Every calendar of this stage is unreadable, and no owner can do anything about it.
            logger.exception("google refuses our application")
            return ProviderUnreachable()

    def _read(self, method: str, path: str, **request: Any) -> _Answer:
        """A call that changes nothing: tried once more where a server stumbled, not where it let us wait."""
        try:
            answer = self._call(method, path, **request)
        except ProviderUnreachable as exc:
            if isinstance(exc.__cause__, httpx.TimeoutException):
                raise
            answer = None
        if answer is not None and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return answer
        self._pause(_PAUSE)
        return self._call(method, path, **request)

    def _call(self, method: str, path: str, **request: Any) -> _Answer:
        """One call; a token that is refused is renewed once."""
        token = self._granted(self._access.token)
        answer = self._send(method, path, token, **request)
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return answer
        answer = self._send(method, path, self._granted(lambda: self._access.renewed(token)), **request)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise AccessLost(reason="token_expired")
        return answer

    def _granted(self, ask: Callable[[], str]) -> str:
        try:
            return ask()
        except AppRefused as exc:
            logger.exception("google refuses our application")
            raise ProviderUnreachable from exc

    def _send(
        self, method: str, path: str, token: str, *, headers: Mapping[str, str] | None = None, **request: Any
    ) -> _Answer:
        give_up_at = self._clock() + _LONGEST_ANSWER.total_seconds()
        sent = {**(headers or {}), "Authorization": f"Bearer {token}"}
        content = bytearray()
        try:
            with self._http.stream(
                method, self._api + path, headers=sent, timeout=_TIMEOUT, follow_redirects=False, **request
            ) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > _LARGEST_ANSWER or self._clock() > give_up_at:
                        raise ProviderUnreachable
        except httpx.RequestError as exc:
            raise ProviderUnreachable from exc
        whole = httpx.Response(response.status_code, content=bytes(content))
        return _Answer(response.status_code, json_of(whole), whole)


def _etag(answer: Mapping[str, Any]) -> str | None:
    return text(answer.get("etag"))


def _busy(item: Any) -> Interval:
    """One busy time; one that cannot be read hides when the calendar is busy."""
    if not isinstance(item, Mapping):
        raise ProviderUnreachable
    try:
        start, end = (datetime.fromisoformat(str(item.get(name))) for name in ("start", "end"))
    except ValueError as exc:
        raise ProviderUnreachable from exc
    if start.tzinfo is None or end.tzinfo is None or start > end:
        raise ProviderUnreachable
    return Interval(start.astimezone(UTC), end.astimezone(UTC))
