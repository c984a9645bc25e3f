"""Google Calendar in the sandbox: by its own rules, and as our client meets it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from dentalist.domain.calendars import CalendarEvent, EventRefused, event_id
from dentalist.domain.errors import DomainError
from dentalist.domain.hours import Interval
from dentalist.domain.linking_errors import ProviderUnreachable, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.outbound.google.calendar import GoogleCalendarClient
from dentalist.outbound.meta.graph import GraphClient
from tests.clients.google.google_answers import FakeAccess, make_event
from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import DAY, EMAIL, GOOGLE
from tests.integration.sandbox.world import Sandbox

EVENTS = "/google/calendar/v3/calendars/primary/events"
NOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=7)
HOUR = timedelta(hours=1)
BODY = {
    "summary": "Turno",
    "start": {"dateTime": NOON.isoformat()},
    "end": {"dateTime": (NOON + HOUR).isoformat()},
}


class Calendar:
    """The calendar as a program sees it."""

    def __init__(self, sandbox: Sandbox, **choice: Any) -> None:
        self.sandbox = sandbox
        self.token = logins.google_exchange(sandbox, logins.google_code(sandbox, **choice)).json()["access_token"]

    def ask(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.sandbox.http.request(method, EVENTS + path, headers=headers, **options)

    def insert(self, **changes: Any) -> dict[str, Any]:
        answer = self.ask("POST", json={**BODY, **changes})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reason(self, method: str, path: str = "", **options: Any) -> tuple[int, str]:
        answer = self.ask(method, path, **options)
        error = answer.json()["error"]
        assert error["code"] == answer.status_code
        return answer.status_code, error["errors"][0]["reason"]

    def owner(self, method: str, path: str = "", body: Any = None, **options: Any) -> Any:
        """What the owner of the calendar does in it."""
        return self.sandbox.control(method, f"/google/{EMAIL}{path}", body, **options)


@pytest.fixture
def calendar(sandbox: Sandbox) -> Calendar:
    return Calendar(sandbox)


# ---- its own rules


def test_an_event_is_inserted_read_changed_and_deleted(calendar: Calendar) -> None:
    made = calendar.insert(id="abc12")
    changed = calendar.ask("PATCH", "/abc12", json={"summary": "Otro", "colorId": "5"}).json()
    gone = calendar.ask("DELETE", "/abc12")

    assert (made["id"], made["status"], made["organizer"]["self"]) == ("abc12", "confirmed", True)
    assert (changed["summary"], changed["start"], changed["colorId"]) == ("Otro", BODY["start"], "5")
    assert (gone.status_code, gone.text) == (204, "")
    assert calendar.ask("GET", "/abc12").json()["status"] == "cancelled"
    assert calendar.reason("DELETE", "/abc12") == (410, "deleted")
    assert calendar.reason("GET", "/unknown") == (404, "notFound")


@pytest.mark.parametrize("bad", ["abcd", "ABCDE", "wxyz1", "a-b-c", "x" * 1025, 12345])
def test_ids_are_base32hex_in_lower_case(calendar: Calendar, bad: Any) -> None:
    assert calendar.reason("POST", json={**BODY, "id": bad}) == (400, "invalid")


def test_an_id_is_used_once_also_after_its_event_was_deleted_and_comes_back_by_its_status(calendar: Calendar) -> None:
    calendar.insert(id="abc12")
    assert calendar.reason("POST", json={**BODY, "id": "abc12"}) == (409, "duplicate")
    calendar.ask("DELETE", "/abc12")
    assert calendar.reason("POST", json={**BODY, "id": "abc12"}) == (409, "duplicate")

    back = calendar.ask("PATCH", "/abc12", json={"status": "confirmed"})

    assert back.json()["status"] == "confirmed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"start": None}, "required"),
        ({"end": {}}, "required"),
        ({"start": {"dateTime": "2026-11-23T10:00:00"}}, "required"),
        ({"start": {"dateTime": "mañana"}}, "invalid"),
        ({"start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Mordor/Barad-dur"}}, "invalid"),
        ({"end": BODY["start"]}, "timeRangeEmpty"),
        ({"status": "busy"}, "invalid"),
        ({"extendedProperties": {"private": {"x": 1}}}, "invalid"),
    ],
)
def test_what_is_no_event_is_refused(calendar: Calendar, changes: dict[str, Any], reason: str) -> None:
    assert calendar.reason("POST", json={**BODY, **changes}) == (400, reason)


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_another_version_is_not_overwritten(calendar: Calendar, method: str) -> None:
    old = calendar.insert(id="abc12")["etag"]
    new = calendar.ask("PATCH", "/abc12", json={"summary": "Otro"}).json()["etag"]

    assert old != new
    assert calendar.reason(method, "/abc12", json=BODY, headers={"If-Match": old}) == (412, "conditionNotMet")
    assert calendar.ask(method, "/abc12", json=BODY, headers={"If-Match": new}).is_success


def test_a_patch_merges_and_a_put_replaces(calendar: Calendar) -> None:
    calendar.insert(id="abc12", description="nota", extendedProperties={"private": {"a": "1"}})
    patched = calendar.ask("PATCH", "/abc12", json={"extendedProperties": {"private": {"b": "2"}}}).json()
    put = calendar.ask("PUT", "/abc12", json=BODY).json()

    assert (patched["description"], patched["extendedProperties"]) == ("nota", {"private": {"a": "1", "b": "2"}})
    assert "description" not in put


def test_events_of_others_can_be_read_and_not_changed(calendar: Calendar) -> None:
    made = calendar.owner(
        "POST", "/events", {"start": NOON.isoformat(), "end": (NOON + HOUR).isoformat(), "organized": False}
    )

    assert calendar.ask("GET", f"/{made['id']}").status_code == 200
    assert calendar.reason("DELETE", f"/{made['id']}") == (403, "forbiddenForNonOrganizer")


@pytest.mark.parametrize("missing", GOOGLE[:1])
def test_writing_needs_its_permission(sandbox: Sandbox, missing: str) -> None:
    calendar = Calendar(sandbox, without_scopes=[missing])

    assert calendar.reason("POST", json=BODY) == (403, "insufficientPermissions")
    assert calendar.reason("GET") == (403, "insufficientPermissions")


def test_changes_since_a_token_are_told_once_and_of_deleted_events_the_id_alone(calendar: Calendar) -> None:
    calendar.insert(id="abc12")
    calendar.insert(id="def34")
    token = calendar.ask("GET").json()["nextSyncToken"]
    calendar.ask("DELETE", "/abc12")

    changed = calendar.ask("GET", params={"syncToken": token}).json()

    assert [(item["id"], item["status"], "summary" in item) for item in changed["items"]] == [
        ("abc12", "cancelled", False)
    ]
    assert calendar.ask("GET", params={"syncToken": changed["nextSyncToken"]}).json()["items"] == []
    assert [item["id"] for item in calendar.ask("GET").json()["items"]] == ["def34"]
    assert len(calendar.ask("GET", params={"showDeleted": "true"}).json()["items"]) == 2


def test_a_listing_has_pages_and_its_token_comes_with_the_last(calendar: Calendar) -> None:
    for number in range(5):
        calendar.insert(id=f"abc1{number}")

    first = calendar.ask("GET", params={"maxResults": "3"}).json()
    last = calendar.ask("GET", params={"maxResults": "3", "pageToken": first["nextPageToken"]}).json()

    assert (len(first["items"]), len(last["items"])) == (3, 2)
    assert ("nextSyncToken" in first, "nextSyncToken" in last) == (False, True)


def test_a_sync_token_ends(calendar: Calendar) -> None:
    token = calendar.ask("GET").json()["nextSyncToken"]
    calendar.owner("POST", "/forget-sync-tokens")

    assert calendar.reason("GET", params={"syncToken": token}) == (410, "fullSyncRequired")
    assert calendar.reason("GET", params={"syncToken": "inventado"}) == (410, "fullSyncRequired")
    fresh = calendar.ask("GET").json()["nextSyncToken"]
    assert calendar.reason("GET", params={"syncToken": fresh, "timeMin": NOON.isoformat()}) == (400, "invalid")
    logins.advance(calendar.sandbox, 29 * DAY)
    calendar.token = logins.google_exchange(calendar.sandbox, logins.google_code(calendar.sandbox)).json()[
        "access_token"
    ]
    assert calendar.reason("GET", params={"syncToken": fresh}) == (410, "fullSyncRequired")


def test_events_make_the_calendar_busy_unless_they_are_free_or_gone(calendar: Calendar) -> None:
    def free_busy() -> list[Any]:
        body = {
            "timeMin": (NOON - HOUR).isoformat(),
            "timeMax": (NOON + 9 * HOUR).isoformat(),
            "items": [{"id": EMAIL}],
        }
        headers = {"Authorization": f"Bearer {calendar.token}"}
        answer = calendar.sandbox.http.post("/google/calendar/v3/freeBusy", headers=headers, json=body)
        return [(item["start"], item["end"]) for item in answer.json()["calendars"][EMAIL]["busy"]]

    shown = [(NOON + number * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ") for number in range(6)]
    calendar.insert(id="abc12")
    calendar.owner("POST", "/events", {"start": shown[1], "end": shown[2]})
    calendar.owner("POST", "/events", {"start": shown[4], "end": shown[5], "free": True})
    gone = calendar.owner("POST", "/events", {"start": shown[3], "end": shown[4]})
    calendar.owner("DELETE", f"/events/{gone['id']}")

    assert free_busy() == [(shown[0], shown[2])]


def test_a_restart_keeps_events_and_a_reset_forgets_them(make_sandbox: Any) -> None:
    sandbox = make_sandbox()
    calendar = Calendar(sandbox)
    calendar.insert(id="abc12")
    sandbox.stop()
    again = make_sandbox()
    assert [event["id"] for event in again.control("GET", f"/google/{EMAIL}/events")["events"]] == ["abc12"]
    again.control("POST", "/reset")

    assert again.control("GET", f"/google/{EMAIL}/events")["events"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"start": "2026-11-23"}, 422),
        ({"start": "2026-11-23", "end": "2026-11-23"}, 422),
        ({"start": "2026-11-23T10:00:00Z", "end": "mañana a la tarde"}, 422),
    ],
)
def test_the_owners_nonsense_is_explained(calendar: Calendar, body: dict[str, Any], status: int) -> None:
    calendar.owner("POST", "/events", body, expect=status)
    calendar.owner("PATCH", "/events/unknown", {"summary": "x"}, expect=404)
    calendar.sandbox.control("GET", "/google/nobody@example.com/events", expect=404)


def test_the_page_shows_a_week_in_the_calendars_own_time(calendar: Calendar) -> None:
    calendar.owner(
        "POST", "/events", {"start": "2026-11-25T13:00:00Z", "end": "2026-11-25T14:00:00Z", "summary": "<Ana>"}
    )
    calendar.owner("POST", "/events", {"start": "2026-11-26", "end": "2026-11-28", "summary": "Congreso", "free": True})

    page = calendar.sandbox.http.get("/google/calendar", params={"email": EMAIL, "week": "2026-11-27"})

    assert page.status_code == 200
    assert "lun 23/11" in page.text
    assert "<small>10:00–11:00</small> &lt;Ana&gt;" in page.text
    assert page.text.count("Congreso") == 2
    assert "week=2026-11-30" in page.text
    assert "Ana" not in calendar.sandbox.http.get("/google/calendar?week=nunca").text


# ---- as our client meets it


class Client:
    """The application's client, and the calendar's owner."""

    def __init__(self, sandbox: Sandbox, http: httpx.Client) -> None:
        self.calendar = Calendar(sandbox)
        self.access = FakeAccess(held=self.calendar.token, renewals=[])
        self.google = GoogleCalendarClient(
            api_base_url=f"{sandbox.url}/google", access=self.access, http=http, pause=lambda _: None
        )
        self.professional_id = uuid4()

    def event(self, appointment_id: UUID | None = None, **changes: Any) -> CalendarEvent:
        appointment_id = appointment_id or uuid4()
        named = {"id": event_id(self.professional_id, appointment_id), "appointment_id": appointment_id}
        return make_event(**{**named, "starts_at": NOON, "ends_at": NOON + HOUR, **changes})

    def shown(self) -> list[dict[str, Any]]:
        events = self.calendar.owner("GET", "/events")["events"]
        return [event for event in events if event["fields"]["status"] != "cancelled"]

    def fault(self, route: str, action: dict[str, Any], **options: Any) -> None:
        self.calendar.sandbox.control("POST", "/faults", {"match": {"route": route}, "action": action, **options})


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with GraphClient.http_client() as http:
        yield Client(sandbox, http)


def test_an_event_is_put_moved_and_removed(client: Client) -> None:
    event = client.event()
    etag = client.google.put(event)
    moved = client.event(event.appointment_id, etag=etag, revision=2, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    client.google.put(moved)

    [shown] = client.shown()
    assert datetime.fromisoformat(shown["fields"]["start"]["dateTime"]) == NOON + HOUR
    assert client.google.busy(NOON, NOON + 9 * HOUR) == [Interval(NOON + HOUR, NOON + 2 * HOUR)]
    client.google.remove(event.id)
    client.google.remove(event.id)
    client.google.remove(client.event().id)
    assert client.shown() == []


@pytest.mark.parametrize("kind", ["drop", "http"])
def test_an_insert_whose_answer_is_lost_is_one_event(client: Client, kind: str) -> None:
    lost = {"kind": "drop"} if kind == "drop" else {"kind": "http", "status": 503, "body": "", "commit": True}
    client.fault("google_event_insert", lost)
    event = client.event()

    with pytest.raises(ProviderUnreachable):
        client.google.put(event)
    etag = client.google.put(event)

    [shown] = client.shown()
    assert (shown["id"], shown["etag"], shown["version"]) == (event.id, etag, 1)


def test_an_event_that_was_deleted_comes_back_under_its_burnt_id(client: Client) -> None:
    event = client.event()
    client.google.put(event)
    client.calendar.owner("DELETE", f"/events/{event.id}")

    client.google.put(event)

    assert [shown["id"] for shown in client.shown()] == [event.id]


def test_what_the_owner_added_to_an_event_stays(client: Client) -> None:
    event = client.event()
    etag = client.google.put(event)
    client.calendar.ask("PATCH", f"/{event.id}", json={"colorId": "5", "description": "traer radiografía"})

    client.google.put(client.event(event.appointment_id, etag=etag, revision=2, summary="Turno: Bruno"))

    [shown] = client.shown()
    assert (shown["fields"]["summary"], shown["fields"]["description"]) == ("Turno: Bruno", "traer radiografía")


def test_the_owners_changes_are_read_from_a_token_on(client: Client) -> None:
    event = client.event()
    client.google.put(event)
    first = client.google.changes(None)
    client.calendar.owner("POST", "/events", {"start": NOON.isoformat(), "end": (NOON + HOUR).isoformat()})
    client.calendar.owner(
        "PATCH", f"/events/{event.id}", {"start": (NOON + HOUR).isoformat(), "end": (NOON + 2 * HOUR).isoformat()}
    )
    moved = client.google.changes(first.next_token)
    client.calendar.owner("DELETE", f"/events/{event.id}")
    deleted = client.google.changes(moved.next_token)
    client.calendar.owner("POST", "/forget-sync-tokens")
    everything = client.google.changes(deleted.next_token)

    assert [(seen.id, seen.starts_at) for seen in first.events] == [(event.id, NOON)]
    assert (event.id, NOON + HOUR) in [(seen.id, seen.starts_at) for seen in moved.events]
    assert [(seen.id, seen.is_cancelled) for seen in deleted.events] == [(event.id, True)]
    assert (everything.is_complete, len(everything.events)) == (True, 2)


FAULTS: list[tuple[int, str, type[DomainError]]] = [
    (400, "badRequest", EventRefused),
    (403, "userRateLimitExceeded", ProviderUnreachable),
    (403, "rateLimitExceeded", ProviderUnreachable),
    (403, "quotaExceeded", ProviderUnreachable),
    (403, "calendarUsageLimits", ProviderUnreachable),
    (403, "insufficientPermissions", ScopeMissing),
    (403, "forbiddenForNonOrganizer", EventRefused),
    (404, "notFound", AccessLost),
    (429, "rateLimitExceeded", ProviderUnreachable),
    (500, "backendError", ProviderUnreachable),
    (503, "backendError", ProviderUnreachable),
]


@pytest.mark.parametrize(("status", "reason", "error"), FAULTS)
def test_every_error_of_google_comes_on_demand(
    client: Client, status: int, reason: str, error: type[DomainError]
) -> None:
    fault = {"kind": "google", "status": status, "reason": reason}
    client.fault("google_freebusy", fault, count=2)
    client.fault("google_event_insert", fault)

    with pytest.raises(error):
        client.google.busy(NOON, NOON + HOUR)
    with pytest.raises(error):
        client.google.put(client.event())
    assert client.shown() == []


@pytest.mark.parametrize(("reason", "error"), [("notFound", AccessLost), ("backendError", ProviderUnreachable)])
def test_an_error_inside_a_200_comes_on_demand(client: Client, reason: str, error: type[DomainError]) -> None:
    client.fault("google_freebusy", {"kind": "google", "reason": reason, "inside": True})

    with pytest.raises(error):
        client.google.busy(NOON, NOON + HOUR)
    assert client.google.busy(NOON, NOON + HOUR) == []


def test_an_answer_that_is_no_json_comes_on_demand(client: Client) -> None:
    client.fault("google_freebusy", {"kind": "http", "status": 200, "body": "{", "content_type": "application/json"})

    with pytest.raises(ProviderUnreachable):
        client.google.busy(NOON, NOON + HOUR)
