"""The calendar client: what it asks of Google, and what every answer means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dentalist.domain.calendars import EventRefused
from dentalist.domain.errors import ChannelDisconnected, DomainError, StoreUnavailable
from dentalist.domain.hours import Interval
from dentalist.domain.linking_errors import ProviderUnreachable, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.outbound.grants import AppRefused
from tests.builders import NOON
from tests.clients.google.google_answers import (
    EVENT_ID,
    EVENTS,
    FakeAccess,
    Google,
    busy_answer,
    make_event,
    ok,
    refused,
    shown,
)

DAY = (NOON, NOON + timedelta(days=1))
TIMEOUT = httpx.ReadTimeout("slow")
GONE = httpx.ConnectError("nobody")


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


# ---- busy


def test_busy_times_are_asked_of_the_one_calendar_and_answered_in_utc() -> None:
    google = Google(busy_answer(("2026-11-23T12:00:00-03:00", "2026-11-23T13:00:00-03:00")))

    found = google.client.busy(*DAY)

    assert found == [Interval(at(15), at(16))]
    assert google.asked == ["POST /calendar/v3/freeBusy"]
    assert google.body() == {
        "timeMin": "2026-11-22T15:00:00+00:00",
        "timeMax": "2026-11-23T15:00:00+00:00",
        "items": [{"id": "primary"}],
    }
    assert google.requests[0].headers["Authorization"] == "Bearer token-1"


def test_a_free_calendar_is_an_answer() -> None:
    assert Google(busy_answer()).client.busy(*DAY) == []


# Every row of what Google documents; both for busy times and for the changes.
REFUSALS: list[tuple[httpx.Response, type[DomainError]]] = [
    (refused(400, "badRequest"), EventRefused),
    (refused(400, "timeRangeEmpty"), EventRefused),
    (refused(403, "userRateLimitExceeded"), ProviderUnreachable),
    (refused(403, "rateLimitExceeded"), ProviderUnreachable),
    (refused(403, "quotaExceeded"), ProviderUnreachable),
    (refused(403, "calendarUsageLimits"), ProviderUnreachable),
    (refused(403, "dailyLimitExceeded"), ProviderUnreachable),
    (refused(403, "accessNotConfigured"), ProviderUnreachable),
    (refused(403, "insufficientPermissions"), ScopeMissing),
    (refused(404, "notFound"), AccessLost),
    (refused(429, "rateLimitExceeded"), ProviderUnreachable),
    (refused(500, "backendError"), ProviderUnreachable),
    (refused(503, "backendError"), ProviderUnreachable),
    (httpx.Response(502, text="<html>Bad gateway</html>"), ProviderUnreachable),
    (httpx.Response(302, headers={"location": "https://accounts.google.com"}), ProviderUnreachable),
    (httpx.Response(200, text="{"), ProviderUnreachable),
    (httpx.Response(200, text="<html>"), ProviderUnreachable),
    (httpx.Response(200, json=[]), ProviderUnreachable),
    (httpx.Response(200, json={"error": {"code": 403}}), ProviderUnreachable),
    (httpx.Response(204), ProviderUnreachable),
]


@pytest.mark.parametrize(("answer", "error"), REFUSALS)
def test_what_is_no_complete_answer_is_an_error_and_never_a_free_calendar(
    answer: httpx.Response, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        Google(answer).client.busy(*DAY)


@pytest.mark.parametrize(
    "answer",
    [
        ok({"calendars": {}}),
        ok({"calendars": {"other@example.com": {"busy": []}}}),
        ok({"calendars": {"primary": {}}}),
        ok({"calendars": {"primary": None}}),
        ok({"calendars": {"primary": {"busy": [{"start": "2026-11-23T12:00:00Z"}]}}}),
        ok({"calendars": {"primary": {"busy": [{"start": "2026-11-23T12:00:00", "end": "2026-11-23T13:00:00"}]}}}),
        ok({"calendars": {"primary": {"busy": [{"start": "2026-11-23T14:00:00Z", "end": "2026-11-23T13:00:00Z"}]}}}),
        ok({"calendars": {"primary": {"busy": ["12:00"]}}}),
        ok({"calendars": {"primary": {"busy": [], "errors": ["broken"]}}}),
        ok({}),
    ],
)
def test_a_part_of_an_answer_is_none(answer: httpx.Response) -> None:
    with pytest.raises(ProviderUnreachable):
        Google(answer).client.busy(*DAY)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("notFound", AccessLost),
        ("forbidden", AccessLost),
        ("backendError", ProviderUnreachable),
        ("rateLimitExceeded", ProviderUnreachable),
    ],
)
def test_an_error_inside_a_200_is_one(reason: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        Google(busy_answer(errors=[{"domain": "global", "reason": reason}])).client.busy(*DAY)


def test_a_refused_token_is_renewed_once() -> None:
    google = Google(refused(401, "authError"), busy_answer())

    assert google.client.busy(*DAY) == []

    assert google.access.refused == ["token-1"]
    assert [request.headers["Authorization"] for request in google.requests] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_that_is_refused_again_is_lost_access() -> None:
    google = Google(refused(401, "authError"))

    with pytest.raises(AccessLost) as raised:
        google.client.busy(*DAY)

    assert raised.value.reason == "token_expired"
    assert len(google.requests) == 2


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (AccessLost(reason="token_expired"), AccessLost),
        (ScopeMissing(), ScopeMissing),
        (ChannelDisconnected(), ChannelDisconnected),
        (StoreUnavailable(), StoreUnavailable),
        (AppRefused("our client"), ProviderUnreachable),
    ],
)
def test_without_a_token_nothing_is_asked(failure: Exception, error: type[DomainError]) -> None:
    google = Google(busy_answer(), access=FakeAccess(failure=failure))

    with pytest.raises(error):
        google.client.busy(*DAY)

    assert google.requests == []


def test_a_refresh_that_fails_after_a_401_says_why() -> None:
    access = FakeAccess(renewals=[AccessLost(reason="token_expired")])

    with pytest.raises(AccessLost):
        Google(refused(401, "authError"), access=access).client.busy(*DAY)


@pytest.mark.parametrize(("stumble", "calls"), [(refused(503, "backendError"), 2), (GONE, 2), (TIMEOUT, 1)])
def test_a_stumble_is_tried_once_more_and_a_silence_is_not(stumble: Any, calls: int) -> None:
    google = Google(stumble)

    with pytest.raises(ProviderUnreachable):
        google.client.busy(*DAY)

    assert len(google.requests) == calls


def test_what_works_the_second_time_works() -> None:
    google = Google(refused(500, "backendError"), busy_answer())

    assert google.client.busy(*DAY) == []
    assert google.pauses == [0.3]


def test_an_answer_that_drips_is_given_up() -> None:
    seconds = iter(range(0, 1000, 10))
    google = Google(busy_answer(), clock=lambda: next(seconds))

    with pytest.raises(ProviderUnreachable):
        google.client.busy(*DAY)


def test_an_answer_without_end_is_given_up() -> None:
    with pytest.raises(ProviderUnreachable):
        Google(httpx.Response(200, content=b" " * 5_000_001)).client.busy(*DAY)


# ---- put


def test_a_new_event_is_inserted_under_its_own_id_and_nobody_is_invited() -> None:
    event = make_event()
    google = Google(ok(shown(event)))

    assert google.client.put(event) == '"3"'

    assert google.asked == [f"POST {EVENTS}"]
    assert google.requests[0].url.params["sendUpdates"] == "none"
    body = google.body()
    assert body["id"] == EVENT_ID
    assert body["start"] == {"dateTime": event.starts_at.isoformat(), "timeZone": event.timezone}
    assert set(body) == {"id", "status", "summary", "start", "end", "extendedProperties"}


def test_an_event_that_is_there_after_a_lost_answer_is_written_once() -> None:
    event = make_event()
    google = Google(refused(409, "duplicate"), ok(shown(event)))

    assert google.client.put(event) == '"3"'

    assert google.asked == [f"POST {EVENTS}", f"GET {EVENTS}/{EVENT_ID}"]


@pytest.mark.parametrize(
    "standing",
    [
        {"status": "cancelled"},
        {"summary": "Otra cosa"},
        {"start": {"dateTime": "2026-11-22T16:00:00Z"}},
        {"start": {"date": "2026-11-22"}, "end": {"date": "2026-11-23"}},
        {"extendedProperties": {}},
    ],
)
def test_an_event_that_is_there_otherwise_is_made_what_it_should_be(standing: dict[str, Any]) -> None:
    event = make_event()
    google = Google(refused(409, "duplicate"), ok(shown(event, **standing)), ok(shown(event, etag='"4"')))

    assert google.client.put(event) == '"4"'

    assert google.asked[-1] == f"PATCH {EVENTS}/{EVENT_ID}"
    assert google.requests[-1].headers["If-Match"] == '"3"'
    assert google.body(2)["status"] == "confirmed"


def test_a_newer_write_of_ours_is_left_alone() -> None:
    old, new = make_event(etag='"1"', revision=1), make_event(revision=2, summary="Turno: Bruno")
    google = Google(refused(412, "conditionNotMet"), ok(shown(new)))

    assert google.client.put(old) == '"3"'
    assert len(google.requests) == 2


def test_an_event_of_another_appointment_is_never_touched() -> None:
    event = make_event()
    foreign = shown(event, extendedProperties={"private": {"dentalist_appointment": "somebody-elses"}})
    google = Google(refused(409, "duplicate"), ok(foreign))

    with pytest.raises(EventRefused):
        google.client.put(event)


@pytest.mark.parametrize("status", [404, 410])
def test_a_burnt_id_of_which_nothing_is_left_is_refused(status: int) -> None:
    google = Google(refused(409, "duplicate"), refused(status, "notFound"))

    with pytest.raises(EventRefused):
        google.client.put(make_event())


def test_a_known_event_is_changed_where_it_is_as_we_left_it() -> None:
    event = make_event(etag='"1"', revision=2)
    google = Google(ok(shown(event, etag='"2"')))

    assert google.client.put(event) == '"2"'

    assert google.asked == [f"PATCH {EVENTS}/{EVENT_ID}"]
    assert google.requests[0].headers["If-Match"] == '"1"'
    assert "id" not in google.body()


def test_an_event_changed_meanwhile_is_read_again_and_then_changed() -> None:
    event = make_event(etag='"1"', revision=2)
    changed = shown(make_event(revision=1), colorId="5", etag='"9"')
    google = Google(refused(412, "conditionNotMet"), ok(changed), ok(shown(event, etag='"10"')))

    assert google.client.put(event) == '"10"'
    assert google.requests[-1].headers["If-Match"] == '"9"'


def test_an_event_that_changes_all_the_time_waits_for_the_next_turn() -> None:
    event = make_event(etag='"1"', revision=2)
    google = Google(refused(412, "conditionNotMet"), ok(shown(make_event(revision=1))), refused(412, "conditionNotMet"))

    with pytest.raises(ProviderUnreachable):
        google.client.put(event)


@pytest.mark.parametrize("status", [404, 410])
def test_a_known_event_that_is_not_there_is_inserted(status: int) -> None:
    event = make_event(etag='"1"')
    google = Google(refused(status, "notFound"), ok(shown(event)))

    assert google.client.put(event) == '"3"'
    assert google.asked == [f"PATCH {EVENTS}/{EVENT_ID}", f"POST {EVENTS}"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused(400, "invalid"), EventRefused),
        (refused(403, "forbiddenForNonOrganizer"), EventRefused),
        (refused(403, "forbidden"), EventRefused),
        (refused(403, "insufficientPermissions"), ScopeMissing),
        (refused(403, "calendarUsageLimits"), ProviderUnreachable),
        (refused(404, "notFound"), AccessLost),
        (refused(429, "rateLimitExceeded"), ProviderUnreachable),
        (refused(500, "backendError"), ProviderUnreachable),
        (httpx.Response(200, text="<html>"), ProviderUnreachable),
        (TIMEOUT, ProviderUnreachable),
        (GONE, ProviderUnreachable),
    ],
)
def test_a_write_that_is_refused_or_lost_is_told_apart(answer: Any, error: type[DomainError]) -> None:
    google = Google(answer)

    with pytest.raises(error):
        google.client.put(make_event())

    assert len(google.requests) == 1  # writing is repeated by the next turn


# ---- remove


@pytest.mark.parametrize(
    "answer", [httpx.Response(204), httpx.Response(200), refused(404, "notFound"), refused(410, "deleted")]
)
def test_an_event_that_is_gone_is_removed(answer: httpx.Response) -> None:
    google = Google(answer)

    google.client.remove(EVENT_ID)

    assert google.asked == [f"DELETE {EVENTS}/{EVENT_ID}"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused(403, "forbiddenForNonOrganizer"), EventRefused),
        (refused(403, "userRateLimitExceeded"), ProviderUnreachable),
        (refused(503, "backendError"), ProviderUnreachable),
        (TIMEOUT, ProviderUnreachable),
    ],
)
def test_a_removal_that_is_refused_or_lost_is_told_apart(answer: Any, error: type[DomainError]) -> None:
    with pytest.raises(error):
        Google(answer).client.remove(EVENT_ID)


# ---- changes


def test_changes_are_read_page_by_page_without_any_title() -> None:
    event = make_event()
    google = Google(
        ok({"items": [shown(event, summary=None)], "nextPageToken": "p2"}),
        ok({"items": [{"id": "foreign", "status": "cancelled"}], "nextSyncToken": "s2"}),
    )

    changes = google.client.changes("s1")

    assert [(found.id, found.is_cancelled) for found in changes.events] == [(EVENT_ID, False), ("foreign", True)]
    assert (changes.events[0].starts_at, changes.events[0].revision) == (event.starts_at, 1)
    assert (changes.next_token, changes.is_complete) == ("s2", False)
    first, second = (request.url.params for request in google.requests)
    assert (first["syncToken"], second["pageToken"]) == ("s1", "p2")
    assert "timeMin" not in first
    assert "summary" not in first["fields"]


def test_without_a_token_everything_from_yesterday_on_is_read() -> None:
    google = Google(ok({"items": [], "nextSyncToken": "s1"}))

    changes = google.client.changes(None)

    assert (changes.next_token, changes.is_complete) == ("s1", True)
    assert google.requests[0].url.params["timeMin"] == "2026-11-21T15:00:00+00:00"
    assert google.requests[0].url.params["showDeleted"] == "true"


@pytest.mark.parametrize("answer", [refused(410, "fullSyncRequired"), refused(400, "invalid")])
def test_a_token_that_google_forgot_means_reading_everything(answer: httpx.Response) -> None:
    google = Google(answer, ok({"items": [], "nextSyncToken": "s9"}))

    changes = google.client.changes("s1")

    assert (changes.next_token, changes.is_complete) == ("s9", True)
    assert "syncToken" not in google.requests[1].url.params


def test_an_event_of_whole_days_has_no_times() -> None:
    google = Google(ok({"items": [{"id": "x", "start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}]}))

    [event] = google.client.changes(None).events

    assert (event.starts_at, event.ends_at) == (None, None)


@pytest.mark.parametrize("page", [{"items": {}}, {"items": [], "nextPageToken": "again"}])
def test_pages_that_make_no_sense_end(page: dict[str, Any]) -> None:
    with pytest.raises(ProviderUnreachable):
        Google(ok(page)).client.changes(None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused(403, "insufficientPermissions"), ScopeMissing),
        (refused(404, "notFound"), AccessLost),
        (refused(429, "rateLimitExceeded"), ProviderUnreachable),
    ],
)
def test_changes_that_are_refused_are_told_apart(answer: httpx.Response, error: type[DomainError]) -> None:
    with pytest.raises(error):
        Google(answer).client.changes("s1")


def test_a_calendar_that_is_gone_even_for_a_whole_reading_is_an_error() -> None:
    with pytest.raises(DomainError):
        Google(refused(410, "gone")).client.changes("s1")
