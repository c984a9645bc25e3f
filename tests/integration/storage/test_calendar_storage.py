"""The agenda and Google Calendar kept together by the real store and the sandbox, with keys that open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from dentalist.domain.accounts import AccountKey, AccountToLink, ChannelType, LinkedAccount, TokenKind
from dentalist.domain.errors import ProfessionalNotFound
from dentalist.domain.hours import Interval
from dentalist.outbound.aws.keys import KeyService
from dentalist.outbound.google.calendar import GoogleCalendarClient
from dentalist.outbound.google.login import GoogleLoginClient
from dentalist.outbound.meta.graph import GraphClient
from dentalist.services.accounts.calendar_access import RenewingAccess, note_refusal
from dentalist.services.answering.linked_agenda import LinkedAgenda, LinkedCalendar
from dentalist.services.answering.ports_agenda import SlotToOffer
from dentalist.services.ports_calendar import SyncDesk
from dentalist.services.sync_calendar import sync_calendar, write_event
from dentalist.storage.accounts import SupabaseAccounts
from dentalist.storage.agenda import SupabaseAgenda
from dentalist.storage.calendars import SupabaseCalendars, SupabaseEventBook, SupabaseFeedHost, SupabaseSyncTurns
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from dentalist.storage.key_rotation import SupabaseKeyStore
from dentalist.storage.vault import SecretUnreadable
from infra.sandbox.config import Config
from tests.database.calendar_builders import book
from tests.database.outbound_builders import Clinic, find, make_clinic, make_conversation, rows, update
from tests.integration.sandbox import logins
from tests.integration.sandbox.logins import EMAIL, REDIRECT, VERIFIER
from tests.integration.sandbox.world import (
    APP_ID,
    APP_SECRET,
    GOOGLE_CLIENT_ID,
    GOOGLE_CLIENT_SECRET,
    INSTAGRAM_APP_ID,
    INSTAGRAM_APP_SECRET,
    VERIFY_TOKEN,
    Sandbox,
)

Connection = psycopg.Connection[dict[str, Any]]
FEED = "https://calendario.example/agenda.ics?llave=canario-7d1f"
SOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
HOUR, HALF_AN_HOUR = timedelta(hours=1), timedelta(minutes=30)


# ---- the feed


@pytest.fixture
def calendars(store: Database, keys: KeyService, clinic: Clinic) -> SupabaseCalendars:
    return SupabaseCalendars(store, clinic.professional_id, Credentials(store, keys).vault)


def host_of(store: Database, clinic: Clinic) -> str | None:
    return SupabaseFeedHost(store, clinic.professional_id).find()


def test_the_address_of_a_feed_is_sealed_told_to_nobody_and_replaced(
    calendars: SupabaseCalendars, store: Database, clinic: Clinic, db: Connection
) -> None:
    for url, host in ((FEED, "calendario.example"), (FEED + "2", "otro.example")):
        calendars.put(url, host=host, actor_id=clinic.professional_id)
        assert (calendars.find().feed_url, host_of(store, clinic)) == (url, host)

    [row] = rows(db, "calendar_feeds", professional_id=clinic.professional_id)
    told = [row["payload"] for row in rows(db, "marketing_audit_logs", professional_id=clinic.professional_id)]
    assert "canario" not in f"{row} {told} {calendars.find()!r}"
    assert told == [{"from": None, "to": "calendario.example"}, {"from": "calendario.example", "to": "otro.example"}]


def test_a_feed_that_is_taken_away_leaves_nothing(
    calendars: SupabaseCalendars, store: Database, clinic: Clinic, db: Connection
) -> None:
    calendars.put(FEED, host="calendario.example", actor_id=clinic.professional_id)
    for _ in range(2):
        calendars.put(None, host=None, actor_id=clinic.professional_id)

    assert (calendars.find().feed_url, host_of(store, clinic)) == (None, None)
    assert rows(db, "calendar_feeds", professional_id=clinic.professional_id) == []
    assert len(rows(db, "marketing_audit_logs", professional_id=clinic.professional_id)) == 2


def test_an_address_moved_to_another_clinic_does_not_open(
    calendars: SupabaseCalendars, store: Database, keys: KeyService, clinic: Clinic, db: Connection
) -> None:
    other = make_clinic(db)
    others = SupabaseCalendars(store, other.professional_id, Credentials(store, keys).vault)
    for each, owner in ((calendars, clinic), (others, other)):
        each.put(FEED, host="calendario.example", actor_id=owner.professional_id)
    [own] = rows(db, "calendar_feeds", professional_id=clinic.professional_id)
    [foreign] = rows(db, "calendar_feeds", professional_id=other.professional_id)
    update(db, "calendar_feeds", foreign["id"], feed_url_encrypted=own["feed_url_encrypted"])

    with pytest.raises(SecretUnreadable):
        others.find()


def test_a_rotation_of_keys_seals_the_address_anew_and_keeps_its_key(
    calendars: SupabaseCalendars, store: Database, keys: KeyService, clinic: Clinic, db: Connection
) -> None:
    calendars.put(FEED, host="calendario.example", actor_id=clinic.professional_id)
    statement = "update tenant_data_keys set created_at = now() - interval '2 years' where professional_id = %s"
    db.execute(statement, [clinic.professional_id])
    rotation = SupabaseKeyStore(store, keys)
    rotation.renew(before=datetime.now(UTC) - timedelta(days=365))
    rotation.drop_unused(idle=timedelta(0))
    fresh = SupabaseCalendars(store, clinic.professional_id, Credentials(store, keys).vault)
    assert fresh.find().feed_url == FEED

    own = [secret for secret in rotation.to_reseal() if secret.professional_id == clinic.professional_id]
    assert [secret.column_name for secret in own] == ["feed_url_encrypted"]
    assert rotation.reseal(own[0])

    [row] = rows(db, "calendar_feeds", professional_id=clinic.professional_id)
    assert row["feed_url_encrypted"].startswith("v1.2.")
    assert calendars.find().feed_url == FEED


def test_nobody_has_no_calendars(store: Database, keys: KeyService) -> None:
    with pytest.raises(ProfessionalNotFound):
        SupabaseCalendars(store, uuid4(), Credentials(store, keys).vault).find()


# ---- Google


class Linked:
    """A professional who linked the sandbox's Google calendar through the real store."""

    def __init__(self, store: Database, keys: KeyService, clinic: Clinic, sandbox: Sandbox, http: httpx.Client) -> None:
        self.store, self.clinic, self.sandbox, self.http = store, clinic, sandbox, http
        self.accounts = SupabaseAccounts(store, clinic.professional_id, Credentials(store, keys))
        self.login = GoogleLoginClient(
            api_base_url=f"{sandbox.url}/google",
            oauth_base_url=f"{sandbox.url}/google/oauth",
            client_id=GOOGLE_CLIENT_ID,
            client_secret=GOOGLE_CLIENT_SECRET,
            http=http,
            attempts=1,
        )
        grant = self.login.exchange(logins.google_code(sandbox), redirect_uri=REDIRECT, code_verifier=VERIFIER)
        [place] = self.accounts.places(ChannelType.GOOGLE_CALENDAR, [AccountKey(None)])
        account = AccountToLink(
            ChannelType.GOOGLE_CALENDAR, AccountKey(None), grant, TokenKind.GOOGLE, issued_at=datetime.now(UTC)
        )
        [self.channel_id] = self.accounts.link([(place, account)], actor_id=clinic.professional_id)
        self.calendars = SupabaseCalendars(store, clinic.professional_id, Credentials(store, keys).vault)
        self.turns = SupabaseSyncTurns(store)
        self.events = SupabaseEventBook(store, clinic.professional_id)

    def google(self, account: LinkedAccount) -> GoogleCalendarClient:
        access = RenewingAccess(account, accounts=self.accounts, login=self.login)
        return GoogleCalendarClient(
            api_base_url=f"{self.sandbox.url}/google", access=access, http=self.http, pause=lambda _: None
        )

    def desk_for(self, account: LinkedAccount) -> SyncDesk:
        return SyncDesk(self.google(account), self.events, self.accounts)

    def sync(self) -> Counter[str]:
        """One turn now, whatever the time."""
        counts: Counter[str] = Counter()
        for turn in self.turns.claim(limit=1, lease_seconds=300, channel_id=self.channel_id):
            sync_calendar(turn, turns=self.turns, desk=self.desk_for(turn.account), counts=counts)
        return counts

    def agenda(self) -> LinkedAgenda:
        account = self.accounts.get(self.channel_id)

        def refused(error: Any) -> None:
            note_refusal(error, account, self.accounts)

        calendar = LinkedCalendar("google_calendar", self.google(account), refused=refused)
        return LinkedAgenda(SupabaseAgenda(self.store, self.clinic.professional_id), lambda: [calendar])

    def owner(self, method: str, path: str = "", body: Any = None) -> Any:
        return self.sandbox.control(method, f"/google/{EMAIL}{path}", body)

    def shown(self) -> list[dict[str, Any]]:
        events = self.owner("GET", "/events")["events"]
        return [event for event in events if event["fields"]["status"] != "cancelled"]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    config = Config(
        port=0,
        state_dir=tmp_path,
        webhook_url="",
        app_id=APP_ID,
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        graph_version="v25.0",
        instagram_app_id=INSTAGRAM_APP_ID,
        instagram_app_secret=INSTAGRAM_APP_SECRET,
        google_client_id=GOOGLE_CLIENT_ID,
        google_client_secret=GOOGLE_CLIENT_SECRET,
    )
    made = Sandbox(config)
    yield made
    made.stop()


@pytest.fixture
def linked(store: Database, keys: KeyService, clinic: Clinic, sandbox: Sandbox) -> Iterator[Linked]:
    with GraphClient.http_client() as http:
        yield Linked(store, keys, clinic, sandbox, http)


def test_appointments_become_events_and_the_owners_changes_appointments(linked: Linked, db: Connection) -> None:
    first, second = (book(db, linked.clinic, at=SOON + n * HOUR) for n in range(2))
    assert linked.sync()["written"] == 2
    assert [event["fields"]["summary"] for event in linked.shown()] == ["Turno: Ana", "Turno: Ana"]
    own = rows(db, "appointments", professional_id=linked.clinic.professional_id)
    ids = {row["id"]: row["calendar_event_id"] for row in own}
    moved = SOON + 5 * HOUR
    linked.owner("PATCH", f"/events/{ids[first]}", {"start": moved.isoformat(), "end": (moved + HOUR).isoformat()})
    linked.owner("DELETE", f"/events/{ids[second]}")

    counts = linked.sync()

    assert (counts["moved"], counts["cancelled"]) == (1, 1)
    assert find(db, "appointments", first)["starts_at"] == moved
    assert find(db, "appointments", second)["status"] == "cancelled"
    assert linked.sync() == Counter()
    assert [event["id"] for event in linked.shown()] == [ids[first]]
    alerts = rows(db, "marketing_alerts", professional_id=linked.clinic.professional_id)
    assert sorted(alert["kind"] for alert in alerts) == ["cancelled_in_calendar", "moved_in_calendar"]


def test_two_syncs_at_once_write_each_event_once(linked: Linked, db: Connection) -> None:
    for number in range(6):
        book(db, linked.clinic, at=SOON + number * HOUR)

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lambda _: linked.sync(), range(3)))

    assert sum(count["written"] for count in counts) == 6
    assert [event["version"] for event in linked.shown()] == [1] * 6


def test_a_booking_is_written_at_once(linked: Linked, db: Connection) -> None:
    appointment_id = book(db, linked.clinic)

    assert write_event(appointment_id, calendars=linked.calendars.find(), desk_for=linked.desk_for)

    [event] = linked.shown()
    assert event["id"] == find(db, "appointments", appointment_id)["calendar_event_id"]
    assert linked.sync()["written"] == 0


def test_what_the_titles_tell_changes_for_the_events_that_are_there(linked: Linked, db: Connection) -> None:
    book(db, linked.clinic, reason="Limpieza")
    linked.sync()
    titles = []
    for details in ("name_and_reason", "none"):
        update(db, "marketing_channels", linked.channel_id, settings=f'{{"event_details": "{details}"}}')
        linked.sync()
        titles += [event["fields"]["summary"] for event in linked.shown()]

    assert titles == ["Turno: Ana · Limpieza", "Turno"]


def test_an_event_of_the_owner_makes_the_agenda_busy(linked: Linked) -> None:
    linked.owner("POST", "/events", {"start": SOON.isoformat(), "end": (SOON + HOUR).isoformat()})

    assert linked.agenda().busy(SOON - HOUR, SOON + 3 * HOUR) == [Interval(SOON, SOON + HOUR)]


def test_an_appointment_is_moved_into_a_part_of_its_own_time_and_its_event_with_it(
    linked: Linked, db: Connection
) -> None:
    chat, agenda = make_conversation(db, linked.clinic), linked.agenda()
    [first] = agenda.offer(chat, [SlotToOffer(SOON, SOON + HOUR)], ttl_seconds=600)
    booked = agenda.commit(chat, first.id, attendee_name="Ana", source="assistant").appointment_id
    assert booked is not None
    write_event(booked, calendars=linked.calendars.find(), desk_for=linked.desk_for)
    later = SOON + HALF_AN_HOUR
    [second] = agenda.offer(chat, [SlotToOffer(later, later + HOUR)], ttl_seconds=600, moves=booked)

    moved = agenda.commit(chat, second.id, attendee_name=None, source="assistant")
    write_event(booked, calendars=linked.calendars.find(), desk_for=linked.desk_for)

    assert (moved.outcome, moved.appointment_id) == ("moved", booked)
    [event] = linked.shown()
    assert event["id"] == find(db, "appointments", booked)["calendar_event_id"]
    assert agenda.busy(SOON - HOUR, SOON + 3 * HOUR) == [Interval(later, later + HOUR)] * 2  # the row, and its event


def test_a_token_that_ended_is_renewed_and_stored(linked: Linked, db: Connection) -> None:
    account = linked.accounts.get(linked.channel_id)
    before = linked.accounts.access_token(account.credential_id)
    update(db, "marketing_channel_credentials", account.credential_id, token_expires_at=datetime.now(UTC))

    linked.agenda().busy(SOON, SOON + HOUR)

    renewed = linked.accounts.get(linked.channel_id)
    assert linked.accounts.access_token(account.credential_id) != before
    assert renewed.token_expires_at is not None
    assert renewed.token_expires_at > datetime.now(UTC) + HALF_AN_HOUR


def test_a_permission_that_was_taken_back_stops_the_sync_and_is_told_once(linked: Linked, db: Connection) -> None:
    appointment_id = book(db, linked.clinic)
    linked.owner("PATCH", "", {"token_state": "revoked"})

    linked.sync()
    linked.sync()

    assert linked.accounts.get(linked.channel_id).status_reason == "token_expired"
    alerts = rows(db, "marketing_alerts", professional_id=linked.clinic.professional_id)
    assert [alert["kind"] for alert in alerts] == ["channel_dead"]
    assert find(db, "appointments", appointment_id)["calendar_sync_at"] is None


def test_an_appointment_taken_from_the_store_takes_its_event_along(linked: Linked, db: Connection) -> None:
    appointment_id: UUID = book(db, linked.clinic)
    linked.sync()
    db.execute("delete from appointments where id = %s", [appointment_id])

    assert linked.sync()["removed"] == 1
    assert linked.shown() == []
