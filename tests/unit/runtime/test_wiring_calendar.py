"""Which calendars an agenda is made of, and with which settings."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.accounts import ChannelType
from dentalist.domain.calendars import CalendarUnreadable, FeedUnreadable, LinkedCalendars
from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.linking_errors import ProviderUnreachable
from dentalist.outbound.google.calendar import GoogleCalendarClient
from dentalist.runtime import wiring, wiring_accounts, wiring_calendar
from dentalist.runtime.settings import Settings
from tests.builders import NOON
from tests.fakes_accounts import FakeAccountBook
from tests.fakes_calendar import CalendarWorld

ENVIRON = {"SUPABASE_URL": "https://store.example.com", "SUPABASE_SECRET_KEY": "secret-key"}
GOOGLE = {
    "GOOGLE_API_BASE_URL": "https://www.googleapis.com",
    "GOOGLE_OAUTH_BASE_URL": "https://oauth2.googleapis.com",
    "GOOGLE_CLIENT_ID": "client",
    "GOOGLE_CLIENT_SECRET": "secret",
}
CACHED = (wiring.service_db, wiring_calendar._login, wiring_calendar._http, wiring_calendar.feed_client)
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
DAY = (NOON, NOON + timedelta(days=1))


class _Agenda:
    def busy(self, *_: Any, **_named: Any) -> list[Any]:
        return []


class World:
    """A new container with a professional in it; ``found`` is what they have linked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.accounts = FakeAccountBook()
        self.environ = {**ENVIRON, **GOOGLE}
        self.found: LinkedCalendars | Exception = LinkedCalendars("America/Argentina/Buenos_Aires")
        self.fetched: list[str] = []
        self.content = CALENDAR
        monkeypatch.setattr(wiring, "settings", lambda: Settings(self.environ))
        monkeypatch.setattr(wiring, "agenda", lambda _: _Agenda())
        monkeypatch.setattr(wiring_accounts, "accounts", self.accounts.of)
        monkeypatch.setattr(wiring_calendar, "calendars", lambda _: self)
        monkeypatch.setattr(wiring_calendar, "feed_client", lambda: self)

    def find(self) -> LinkedCalendars:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return self.content

    def link_google(self) -> Any:
        row = self.accounts.add(uuid4(), ChannelType.GOOGLE_CALENDAR, refresh_token="refresh")
        self.found = LinkedCalendars("America/Argentina/Buenos_Aires", google=row.as_linked())
        return row


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for function in CACHED:
        function.cache_clear()
    yield World(monkeypatch)
    monkeypatch.undo()
    for function in CACHED:
        function.cache_clear()


def test_without_a_linked_calendar_it_is_the_agenda_alone(world: World) -> None:
    assert wiring_calendar.agenda(uuid4()).busy(*DAY) == []


def test_a_feed_is_read_in_the_clinics_timezone_at_every_look(world: World) -> None:
    world.found = LinkedCalendars("Europe/Madrid", feed_url="https://a.example/x")
    whole_day = b"BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261123\r\nEND:VEVENT\r\n"
    world.content = CALENDAR.replace(b"END:VCALENDAR", whole_day + b"END:VCALENDAR")
    agenda = wiring_calendar.agenda(uuid4())

    [busy] = agenda.busy(*DAY)
    agenda.busy(*DAY)

    assert (busy.starts_at.hour, busy.ends_at - busy.starts_at) == (23, timedelta(days=1))
    assert world.fetched == ["https://a.example/x"] * 2


def test_a_stage_without_google_books_nothing_for_who_has_linked_it(world: World) -> None:
    row = world.link_google()
    world.environ = ENVIRON

    with pytest.raises(CalendarUnreadable):
        wiring_calendar.agenda(row.professional_id).busy(*DAY)
    with pytest.raises(ProviderUnreachable):
        wiring_calendar.sync_desk(row.as_linked())


def test_the_calendar_of_an_account_is_the_persons_own(world: World) -> None:
    client = wiring_calendar.google_calendar(world.link_google().as_linked())

    assert isinstance(client, GoogleCalendarClient)
    assert client._calendar_id == "primary"


@pytest.mark.parametrize("trouble", [StoreUnavailable(), ProviderUnreachable()])
def test_writing_an_event_never_fails_whoever_asked_for_it(world: World, trouble: Exception) -> None:
    world.found = trouble

    assert wiring_calendar.write_event(uuid4(), uuid4()) is False


def test_an_event_is_written_for_whoever_has_linked_a_calendar(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    google = CalendarWorld()
    monkeypatch.setattr(wiring_calendar, "sync_desk", google.desk_for)
    world.found = LinkedCalendars("America/Argentina/Buenos_Aires", google=google.account)
    appointment_id: UUID = google.book.book()

    assert wiring_calendar.write_event(google.book.professional_id, appointment_id)
    assert len(google.calendar.shown) == 1


def test_a_feed_is_proven_as_it_will_be_read(world: World) -> None:
    wiring_calendar.prove_feed("https://a.example/x")
    world.content = b"<html>"

    with pytest.raises(FeedUnreadable):
        wiring_calendar.prove_feed("https://a.example/x")
