"""A linked Google calendar on the running stack: read before every offer and booking, written, and listened to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.demo.outside import Patient, Row, eventually
from tests.integration.e2e.support.linking import AccountOwner, Professional, new_owner, professional
from tests.integration.e2e.support.world import World, offered, text_of

pytestmark = pytest.mark.xdist_group("stack")
HONEST = "no puedo consultar la agenda"
REFUSED: dict[str, dict[str, Any]] = {
    "limit": {"kind": "google", "status": 403, "reason": "userRateLimitExceeded"},
    "server error": {"kind": "google", "status": 503, "reason": "backendError"},
    "inside a 200": {"kind": "google", "reason": "backendError", "inside": True},
    "malformed": {"kind": "http", "status": 200, "body": "{", "content_type": "application/json"},
    "dropped": {"kind": "drop"},
}


class Linked:
    """A professional with a number and a calendar."""

    def __init__(self, world: World, own: Professional) -> None:
        self.world, self.own = world, own
        self.owner: AccountOwner = new_owner(world)
        own.link("whatsapp", self.owner)
        own.link("google_calendar", self.owner)
        self.patient: Patient = world.patient("Ana Prueba", own.number(self.owner.numbers[0]))

    def asks(self) -> Row:
        return self.world.converse(self.patient, "Quiero un turno para una limpieza")

    def taps(self, row: Row) -> str:
        before = len(self.patient.received())
        self.patient.taps(row)
        answer = text_of(self.patient.waits_for(before + 1)[-1])
        self.world.calm()
        return answer

    def appointments(self) -> list[Row]:
        return self.world.rows(
            "select * from appointments where professional_id = %s and status <> 'held'", self.own.id
        )

    def tasks(self) -> list[str]:
        conversation_id = self.world.conversation(self.patient)["id"]
        return [alert["kind"] for alert in self.world.alerts(self.own.clinic, conversation_id)]

    def calendar(self, method: str, path: str = "", body: Any = None) -> Row:
        return self.world.sandbox.call(method, f"/google/{self.owner.google}{path}", body)

    def events(self) -> list[Row]:
        events = self.calendar("GET", "/events")["events"]
        return [event for event in events if event["fields"]["status"] != "cancelled"]

    def writes_event(self) -> Row:
        """The event of the only appointment, which comes right after its confirmation."""
        return eventually(self.events, "the event of the booking")[0]


@pytest.fixture
def linked(world: World) -> Iterator[Linked]:
    with professional(world) as own:
        yield Linked(world, own)


def test_a_booking_stands_in_the_calendar_moves_and_goes_with_it(linked: Linked) -> None:
    assert "confirmado" in linked.taps(offered(linked.asks())[0])
    event = linked.writes_event()
    (booked,) = linked.appointments()
    assert datetime.fromisoformat(event["fields"]["start"]["dateTime"]) == booked["starts_at"]
    later = booked["starts_at"] + timedelta(days=7)
    linked.calendar(
        "PATCH",
        f"/events/{event['id']}",
        {"start": later.isoformat(), "end": (later + timedelta(minutes=30)).isoformat()},
    )
    linked.world.fire("calendar_sync")
    assert linked.appointments()[0]["starts_at"] == later
    linked.world.rows("update calendar_syncs set next_sync_at = now()")
    linked.calendar("DELETE", f"/events/{event['id']}")
    linked.world.fire("calendar_sync")

    assert [row["status"] for row in linked.appointments()] == ["cancelled"]
    assert sorted(linked.tasks()) == ["cancelled_in_calendar", "moved_in_calendar"]


def test_what_the_dentist_entered_is_neither_offered_nor_booked(linked: Linked) -> None:
    choices = offered(linked.asks())
    now = datetime.now(UTC)
    whole = {"start": now.isoformat(), "end": (now + timedelta(days=90)).isoformat()}
    linked.calendar("POST", "/events", whole)

    taken = linked.taps(choices[0])
    nothing = text_of(linked.asks())

    assert "ya no está disponible" in taken
    assert "No encuentro turnos libres" in nothing
    assert linked.appointments() == []


@pytest.mark.parametrize("how", REFUSED)
def test_a_calendar_that_breaks_books_nothing_and_asks_a_person_once(linked: Linked, how: str) -> None:
    choices = offered(linked.asks())
    linked.world.fault(REFUSED[how], route="google_freebusy", count=None)

    answers = [linked.taps(choices[0]), text_of(linked.asks())]

    assert all(HONEST in answer for answer in answers)
    assert linked.appointments() == []
    assert linked.tasks() == ["calendar_unreadable"]


def test_a_permission_taken_back_books_nothing_and_tells_the_owner_what_to_do(linked: Linked) -> None:
    choices = offered(linked.asks())
    linked.owner.change_google(token_state="revoked")

    assert HONEST in linked.taps(choices[0])

    assert linked.appointments() == []
    assert linked.tasks() == ["calendar_unreadable"]
    (channel,) = linked.own.linked("google_calendar")
    assert channel["status"] == "reauth_required"
    assert [alert["kind"] for alert in linked.own.alerts(channel["id"])] == ["channel_dead"]
