"""The agenda together with linked calendars: what is busy there is not offered or booked, and what is unknown neither.

Every documented way in which a calendar breaks is played through the whole turn of the assistant, with the real client:
no booking, one task, one honest message.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from dentalist.domain.accounts import SCOPES, ChannelType
from dentalist.domain.answering import AnswerClaim
from dentalist.domain.calendars import CalendarUnreadable, FeedUnreadable
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected, StoreUnavailable
from dentalist.domain.hours import Interval
from dentalist.outbound.google.calendar import GoogleCalendarClient
from dentalist.outbound.google.login import GoogleLoginClient
from dentalist.services.accounts.calendar_access import RenewingAccess, note_refusal
from dentalist.services.answering.answer_conversation import Desk
from dentalist.services.answering.linked_agenda import LinkedAgenda, LinkedCalendar
from tests.clients.google.google_answers import busy_answer, ok, refused
from tests.clients.meta.recorded import connections
from tests.fakes_accounts import FakeAccountBook
from tests.fakes_answers import World, offered

HOUR = timedelta(hours=1)
GRANT = {"access_token": "ya29.new", "expires_in": 3599, "scope": " ".join(SCOPES[ChannelType.GOOGLE_CALENDAR])}
HONEST = "En este momento no puedo consultar la agenda"


class Linked(World):
    """A conversation whose professional has linked a Google calendar, which answers as a test wants."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.accounts = FakeAccountBook()
        self.row = self.accounts.add(
            UUID(self.professional["id"]),
            ChannelType.GOOGLE_CALENDAR,
            access_token="ya29.old",
            refresh_token="1//refresh",
            facts={"token_expires_at": self.now + HOUR},
        )
        self.free_busy: Callable[[httpx.Request], httpx.Response] = lambda _: busy_answer()
        self.token: Callable[[httpx.Request], httpx.Response] = lambda _: ok(GRANT)
        self.http, self.requests = connections(self._answer)
        self.followed_up: list[UUID] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return self.token(request) if request.url.path == "/token" else self.free_busy(request)

    def calendar(self) -> LinkedCalendar:
        account, accounts = self.row.as_linked(), self.accounts.of(self.row.professional_id)
        hosts = {"api_base_url": "https://www.googleapis.com", "oauth_base_url": "https://oauth2.googleapis.com"}
        login = GoogleLoginClient(
            **hosts, client_id="id", client_secret="secret", http=self.http, attempts=1, now=lambda: self.now
        )
        access = RenewingAccess(account, accounts=accounts, login=login, now=lambda: self.now)
        client = GoogleCalendarClient(
            api_base_url=hosts["api_base_url"], access=access, http=self.http, pause=lambda _: None
        )
        return LinkedCalendar("google_calendar", client, refused=lambda error: note_refusal(error, account, accounts))

    def desk_for(self, claim: AnswerClaim) -> Desk:
        desk = super().desk_for(claim)
        agenda = LinkedAgenda(desk.agenda, lambda: [self.calendar()])
        return replace(desk, agenda=agenda, follow_up=self.followed_up.append)

    def is_busy(self, *spans: Interval) -> None:
        self.free_busy = lambda _: busy_answer(*((s.starts_at.isoformat(), s.ends_at.isoformat()) for s in spans))


def fails(error: httpx.RequestError) -> Callable[[httpx.Request], httpx.Response]:
    def raise_it(_request: httpx.Request) -> httpx.Response:
        raise error

    return raise_it


def answers(response: httpx.Response) -> dict[str, Any]:
    return {"free_busy": lambda _: response}


def inside(reason: str) -> dict[str, Any]:
    return answers(busy_answer(errors=[{"domain": "global", "reason": reason}]))


UNAUTHORISED = refused(401, "authError")
FREE_BUSY_ONLY = {**GRANT, "scope": SCOPES[ChannelType.GOOGLE_CALENDAR][1]}
# name: (how Google answers, what the channel's owner is told, or None where it passes)
BROKEN: dict[str, tuple[dict[str, Any], str | None]] = {
    "400": (answers(refused(400, "timeRangeTooLong")), None),
    "401 again and again": (answers(UNAUTHORISED), "token_expired"),
    "403 userRateLimitExceeded": (answers(refused(403, "userRateLimitExceeded")), None),
    "403 rateLimitExceeded": (answers(refused(403, "rateLimitExceeded")), None),
    "403 quotaExceeded": (answers(refused(403, "quotaExceeded")), None),
    "403 calendarUsageLimits": (answers(refused(403, "calendarUsageLimits")), None),
    "403 insufficientPermissions": (answers(refused(403, "insufficientPermissions")), "scope_missing"),
    "403 forbiddenForNonOrganizer": (answers(refused(403, "forbiddenForNonOrganizer")), None),
    "403 accessNotConfigured": (answers(refused(403, "accessNotConfigured")), None),
    "404 notFound": (answers(refused(404, "notFound")), "permission"),
    "410 gone": (answers(refused(410, "gone")), "permission"),
    "429": (answers(refused(429, "rateLimitExceeded")), None),
    "500": (answers(refused(500, "backendError")), None),
    "503": (answers(refused(503, "backendError")), None),
    "a proxy's page": (answers(httpx.Response(502, text="<html>")), None),
    "malformed JSON": (answers(httpx.Response(200, text='{"calendars": {"primary"')), None),
    "half an answer": (answers(ok({"calendars": {}})), None),
    "a time that is none": (answers(busy_answer(("mañana", "pasado"))), None),
    "timeout": ({"free_busy": fails(httpx.ReadTimeout("slow"))}, None),
    "no connection": ({"free_busy": fails(httpx.ConnectError("nobody"))}, None),
    "notFound inside a 200": (inside("notFound"), "permission"),
    "backendError inside a 200": (inside("backendError"), None),
    "revoked": ({**answers(UNAUTHORISED), "token": lambda _: ok({"error": "invalid_grant"}, 400)}, "token_expired"),
    "revoked by an administrator": (
        {**answers(UNAUTHORISED), "token": lambda _: ok({"error": "admin_policy_enforced"}, 400)},
        "permission",
    ),
    "our client is unknown": ({**answers(UNAUTHORISED), "token": lambda _: ok({"error": "invalid_client"}, 401)}, None),
    "no new token": ({**answers(UNAUTHORISED), "token": lambda _: httpx.Response(503)}, None),
    "wrong scopes": ({**answers(UNAUTHORISED), "token": lambda _: ok(FREE_BUSY_ONLY)}, "scope_missing"),
}


def break_it(world: Linked, how: str) -> str | None:
    behaviour, reason = BROKEN[how]
    for name, value in behaviour.items():
        setattr(world, name, value)
    return reason


def check_left_to_a_person(world: Linked, reason: str | None) -> None:
    assert world.booked == []
    assert [kind for kind in world.alert_kinds if kind != "unanswered"] == ["calendar_unreadable"]
    assert world.outbound[-1].type == "text"
    assert HONEST in world.bodies[-1]
    assert [marked.reason for marked in world.accounts.marked] == ([reason] if reason else [])


@pytest.mark.parametrize("how", BROKEN)
def test_asked_for_a_time_a_broken_calendar_offers_none(how: str) -> None:
    world = Linked()
    reason = break_it(world, how)
    world.writes("quiero un turno para una limpieza")

    world.settle_down()

    assert len(world.outbound) == 1
    assert world.offers == {}
    check_left_to_a_person(world, reason)


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("choice", ["a tap", "words"])
def test_a_calendar_that_breaks_after_the_offer_books_nothing(how: str, choice: str) -> None:
    world = Linked()
    chosen = offered(world)[1]
    reason = break_it(world, how)
    if choice == "a tap":
        world.taps(chosen)
    else:
        world.writes("el segundo")

    world.settle_down()

    assert len(world.outbound) == 2
    check_left_to_a_person(world, reason)
    assert world.followed_up == []


def test_asking_again_is_answered_again_and_the_clinic_asked_once() -> None:
    world = Linked()
    break_it(world, "503")
    for _ in range(3):
        world.writes("quiero un turno para una limpieza")
        world.settle_down()

    assert len(world.outbound) == 3
    assert world.alert_kinds == ["calendar_unreadable"]


def test_an_account_known_to_be_dead_is_not_even_asked() -> None:
    world = Linked()
    world.row.status, world.row.status_reason = ChannelStatus.REAUTH_REQUIRED, "scope_missing"
    world.writes("quiero un turno para una limpieza")

    world.settle_down()

    check_left_to_a_person(world, None)
    assert world.requests == []
    assert world.row.status_reason == "scope_missing"


def test_once_the_calendar_works_again_the_same_offer_can_be_booked() -> None:
    world = Linked()
    chosen = offered(world)[0]
    break_it(world, "503")
    world.taps(chosen)
    world.settle_down()
    world.is_busy()
    world.taps(chosen)
    world.settle_down()

    assert len(world.booked) == 1
    assert "confirmado" in world.bodies[-1]


def test_a_token_that_ended_is_renewed_and_the_patient_notices_nothing() -> None:
    world = Linked()
    world.row.facts["token_expires_at"] = world.now

    world.taps(offered(world)[0])
    world.settle_down()

    assert len(world.booked) == 1
    assert [request.url.path for request in world.requests].count("/token") == 1
    assert world.row.access_token == "ya29.new"


# ---- what is busy


def test_what_is_busy_in_the_calendar_is_not_offered() -> None:
    world = Linked()
    free = offered(world)
    taken = world.offers[free[0]]
    busy = Interval(taken.starts_at, taken.starts_at + timedelta(minutes=1))
    world.is_busy(busy)

    again = offered(world)

    assert all(not busy.overlaps(Interval(world.offers[i].starts_at, world.offers[i].ends_at)) for i in again)


def test_what_became_busy_since_the_offer_is_not_booked_and_others_are_offered() -> None:
    world = Linked()
    chosen = offered(world)[0]
    slot = world.offers[chosen]
    world.is_busy(Interval(slot.ends_at - timedelta(minutes=1), slot.ends_at + HOUR))
    world.taps(chosen)

    world.settle_down()

    assert world.booked == []
    assert "ya no está disponible" in world.bodies[-1]
    assert world.outbound[-1].type == "interactive"
    assert all(world.offers[other].starts_at != slot.starts_at for other in world.open_offers)


def test_what_touches_is_not_busy() -> None:
    world = Linked()
    chosen = offered(world)[0]
    slot = world.offers[chosen]
    world.is_busy(Interval(slot.starts_at - HOUR, slot.starts_at), Interval(slot.ends_at, slot.ends_at + HOUR))
    world.taps(chosen)

    world.settle_down()

    assert len(world.booked) == 1


def test_a_booking_is_followed_up_once_it_was_told() -> None:
    world = Linked()
    world.taps(offered(world)[0])

    world.settle_down()

    assert world.followed_up == [world.booked[0].id]
    assert world.sent[-1]["type"] == "text"


def test_what_is_booked_already_is_answered_though_its_own_event_makes_the_calendar_busy() -> None:
    world = Linked()
    chosen = offered(world)[0]
    agenda = world.desk_for(_claim(world, chosen)).agenda
    first = _book(agenda, chosen)
    slot = world.offers[chosen]
    world.is_busy(Interval(slot.starts_at, slot.ends_at))

    assert _book(agenda, chosen) == first
    assert _book(world.desk_for(_again(world)).agenda, chosen) == first


def test_a_commit_that_was_never_held_is_checked_too() -> None:
    world = Linked()
    chosen = offered(world)[0]
    slot = world.offers[chosen]
    world.is_busy(Interval(slot.starts_at, slot.ends_at))
    agenda = world.desk_for(_claim(world, chosen)).agenda

    taken = agenda.commit(uuid4(), chosen, attendee_name=None, source="whatsapp_ai")
    unknown = agenda.commit(uuid4(), uuid4(), attendee_name=None, source="whatsapp_ai")

    assert (taken.outcome, unknown.outcome) == ("taken", "not_found")
    assert world.booked == []


def _claim(world: Linked, chosen: UUID) -> AnswerClaim:
    world.taps(chosen)
    return _again(world)


def _again(world: Linked) -> AnswerClaim:
    world.answer_lease = None
    claim = world.claim_answer(30)
    assert isinstance(claim, AnswerClaim)
    return claim


def _book(agenda: Any, offer_id: UUID) -> Any:
    agenda.hold(uuid4(), offer_id)
    return agenda.commit(uuid4(), offer_id, attendee_name=None, source="whatsapp_ai").appointment


# ---- several, none, and those that cannot even be looked up


class _Times:
    def __init__(self, *told: Interval | Exception) -> None:
        self.told = told

    def busy(self, _start: datetime, _end: datetime, **_named: Any) -> list[Interval]:
        for each in self.told:
            if isinstance(each, Exception):
                raise each
        return [each for each in self.told if isinstance(each, Interval)]


def _span(hour: int) -> Interval:
    return Interval(datetime(2026, 11, 23, hour, tzinfo=UTC), datetime(2026, 11, 23, hour + 1, tzinfo=UTC))


def _beside(*calendars: Any) -> LinkedAgenda:
    agenda: Any = _Times(_span(12))
    return LinkedAgenda(agenda, lambda: [LinkedCalendar("x", each) for each in calendars])


def test_the_agenda_alone_is_the_agenda() -> None:
    assert _beside().busy(_span(1).starts_at, _span(20).ends_at) == [_span(12)]


def test_every_calendar_counts() -> None:
    agenda = _beside(_Times(_span(15)), _Times(_span(9), _span(12)))

    assert agenda.busy(_span(1).starts_at, _span(20).ends_at) == [_span(9), _span(12), _span(12), _span(15)]


def test_one_unreadable_calendar_among_several_is_enough() -> None:
    with pytest.raises(CalendarUnreadable) as raised:
        _beside(_Times(_span(15)), _Times(FeedUnreadable("too_large"))).busy(_span(1).starts_at, _span(20).ends_at)

    assert raised.value.cause == "feed_unreadable"


def test_a_store_that_is_down_is_not_taken_for_a_broken_calendar() -> None:
    with pytest.raises(StoreUnavailable):
        _beside(_Times(StoreUnavailable())).busy(_span(1).starts_at, _span(20).ends_at)


def test_an_address_that_does_not_open_is_an_unreadable_calendar() -> None:
    def looked_up() -> Any:
        raise ChannelDisconnected

    agenda: Any = _Times()
    with pytest.raises(CalendarUnreadable):
        LinkedAgenda(agenda, looked_up).busy(_span(1).starts_at, _span(20).ends_at)
