"""Appointments become events, and what the clinic changes in its calendar reaches the agenda."""

from datetime import timedelta
from typing import Any

import pytest

from dentalist.domain.calendars import EventRefused, LinkedCalendars
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import DomainError, StoreUnavailable
from dentalist.domain.linking_errors import ProviderUnreachable, ScopeMissing
from dentalist.domain.sending_errors import AccessLost
from dentalist.services.sync_calendar import Synced, sync_calendars, write_event
from tests.builders import NOON
from tests.fakes_calendar import HALF_AN_HOUR, CalendarWorld

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> CalendarWorld:
    return CalendarWorld()


def sync(world: CalendarWorld, **options: Any) -> Synced:
    """One run of the schedule, in which the calendar has its turn; the token is kept for the next."""
    world.turns.waiting.append(world.turn())
    synced = sync_calendars(world.turns, desk_for=world.desk_for, **{"budget": HOUR, **options})
    world.token = world.turns.finished[-1][0] or world.token
    return synced


def booked(world: CalendarWorld, **values: Any) -> str:
    """An appointment whose event stands in the calendar; the event's id."""
    appointment_id = world.book.book(**values)
    sync(world)
    return world.book.event_of(appointment_id)


def agenda(world: CalendarWorld) -> list[Any]:
    return [(row.status, row.starts_at) for row in world.book.rows.values()]


# ---- from the agenda to the calendar


def test_an_appointment_gets_its_event_once(world: CalendarWorld) -> None:
    world.book.book()

    first, second = sync(world), sync(world)

    assert (first.written, second.written) == (1, 0)
    [event] = world.calendar.shown.values()
    assert (event.starts_at, event.ends_at - event.starts_at) == (NOON, HALF_AN_HOUR)


@pytest.mark.parametrize(
    ("settings", "summary"),
    [
        ({}, "Turno: Ana"),
        ({"event_details": "name"}, "Turno: Ana"),
        ({"event_details": "name_and_reason"}, "Turno: Ana · Limpieza"),
        ({"event_details": "none"}, "Turno"),
        ({"event_details": ["all"]}, "Turno: Ana"),
    ],
)
def test_the_title_tells_what_the_clinic_wants_it_to(
    world: CalendarWorld, settings: dict[str, Any], summary: str
) -> None:
    world.settings = settings
    world.book.book()

    sync(world)

    assert [event.summary for event in world.calendar.shown.values()] == [summary]


def test_changes_and_cancellations_are_mirrored(world: CalendarWorld) -> None:
    event = booked(world)
    [appointment_id] = world.book.rows
    world.book.change(appointment_id, starts_at=NOON + HOUR)
    sync(world)
    assert world.calendar.events[event].starts_at == NOON + HOUR

    world.book.change(appointment_id, status="cancelled")
    assert sync(world).removed == 1

    assert world.calendar.shown == {}
    assert agenda(world) == [("cancelled", NOON + HOUR)]


def test_what_is_booked_while_its_event_is_written_is_written_again(world: CalendarWorld) -> None:
    appointment_id = world.book.book()
    names = iter(["Bruno"])

    def rename() -> None:
        for name in names:
            world.book.change(appointment_id, name=name)

    world.calendar.on_put = rename
    sync(world)
    sync(world)

    assert [event.summary for event in world.calendar.shown.values()] == ["Turno: Bruno"]
    assert world.book.rows[appointment_id].written


def test_one_event_that_is_refused_costs_the_others_nothing(world: CalendarWorld) -> None:
    first, second = world.book.book(), world.book.book(NOON + HOUR)
    world.refuse("put", EventRefused())

    synced = sync(world)

    assert (synced.refused, synced.written) == (1, 1)
    assert (world.book.rows[first].written, world.book.rows[second].written) == (False, True)
    assert world.turns.finished[-1][1] is None
    assert world.row.status is ChannelStatus.CONNECTED


def test_a_calendar_that_stops_answering_gives_back_what_was_not_tried(world: CalendarWorld) -> None:
    for hour in range(3):
        world.book.book(NOON + hour * HOUR)
    world.refuse("put", ProviderUnreachable())

    synced = sync(world)

    assert synced.unreadable == 1
    assert world.book.settled == ["failed", "released", "released"]
    assert [row.attempts for row in world.book.rows.values()] == [1, 0, 0]
    assert world.turns.finished == [(None, "provider_unreachable")]
    assert world.accounts.marked == []


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (AccessLost(reason="token_expired"), "token_expired"),
        (AccessLost(reason="permission"), "permission"),
        (ScopeMissing(), "scope_missing"),
    ],
)
@pytest.mark.parametrize("method", ["changes", "put"])
def test_an_account_that_is_dead_is_marked_and_told_once(
    world: CalendarWorld, method: str, refusal: DomainError, reason: str
) -> None:
    world.book.book()
    world.refuse(method, refusal)

    sync(world)

    [marked] = world.accounts.marked
    assert (marked.status, marked.reason) == (ChannelStatus.REAUTH_REQUIRED, reason)
    assert world.turns.finished[-1][1] == refusal.code


def test_a_store_that_is_down_ends_the_run(world: CalendarWorld) -> None:
    world.refuse("changes", StoreUnavailable())

    with pytest.raises(StoreUnavailable):
        sync(world)


def test_a_mistake_at_one_calendar_costs_the_next_nothing(world: CalendarWorld) -> None:
    world.calendar.failures["changes"] = [RuntimeError("Ana")]
    world.book.book()
    world.turns.waiting.append(world.turn())

    synced = sync(world)

    assert (synced.calendars, synced.unreadable, synced.written) == (2, 1, 1)
    assert world.turns.finished[0] == (None, "failed")


def test_without_time_no_calendar_is_begun_and_its_turn_is_given_back(world: CalendarWorld) -> None:
    world.book.book()

    synced = sync(world, budget=timedelta(0))

    assert (synced.calendars, synced.not_reached) == (0, 1)
    assert world.turns.finished == [(None, None)]
    assert world.calendar.calls == []


# ---- from the calendar to the agenda


def test_an_event_deleted_there_cancels_the_appointment(world: CalendarWorld) -> None:
    event = booked(world)
    world.calendar.delete(event)

    first, second = sync(world), sync(world)

    assert (first.cancelled, second.cancelled) == (1, 0)
    assert agenda(world) == [("cancelled", NOON)]
    assert world.calendar.shown == {}


def test_an_event_moved_there_takes_the_appointment_along(world: CalendarWorld) -> None:
    event = booked(world)
    world.calendar.move(event, HOUR)

    assert sync(world).moved == 1

    assert agenda(world) == [("booked", NOON + HOUR)]
    assert world.calendar.events[event].starts_at == NOON + HOUR
    assert sync(world).moved == 0


def test_events_of_others_are_nothing_to_the_agenda(world: CalendarWorld) -> None:
    world.calendar.delete("the dentist's own")

    synced = sync(world)

    assert (synced.cancelled, world.book.applied) == (0, ["foreign"])


def test_a_change_of_ours_that_waits_wins_and_the_calendar_is_read_again(world: CalendarWorld) -> None:
    """The patient was told the new time; the deletion was made before anybody knew of it."""
    event = booked(world)
    sync(world)
    [appointment_id] = world.book.rows
    world.book.change(appointment_id, starts_at=NOON + HOUR)
    world.calendar.delete(event)

    sync(world)

    assert world.turns.finished[-1] == (None, None)
    assert agenda(world) == [("booked", NOON + HOUR)]
    assert list(world.calendar.shown) == [event]
    sync(world)
    assert agenda(world) == [("booked", NOON + HOUR)]
    assert world.turns.finished[-1][0] is not None


def test_a_token_that_google_forgot_loses_no_change(world: CalendarWorld) -> None:
    event = booked(world)
    world.calendar.delete(event)
    world.calendar.forgotten = True

    assert sync(world).cancelled == 1


def test_another_calendar_gets_the_events_and_cancels_nothing(world: CalendarWorld) -> None:
    booked(world)
    world.calendar.events.clear()
    world.calendar.changed.clear()
    world.token = None

    sync(world)

    assert agenda(world) == [("booked", NOON)]
    assert len(world.calendar.shown) == 1


# ---- right after a booking


def linked(world: CalendarWorld) -> LinkedCalendars:
    return LinkedCalendars("America/Argentina/Buenos_Aires", world.account, world.settings)


def test_a_booking_is_written_at_once_and_only_it(world: CalendarWorld) -> None:
    booked_now = world.book.book()
    world.book.book(NOON + HOUR)

    assert write_event(booked_now, calendars=linked(world), desk_for=world.desk_for)

    assert list(world.calendar.shown) == [world.book.event_of(booked_now)]
    assert sync(world).written == 1


@pytest.mark.parametrize("refusal", [ProviderUnreachable(), EventRefused(), AccessLost(reason="token_expired")])
def test_a_booking_that_cannot_be_written_now_is_left_to_the_schedule(
    world: CalendarWorld, refusal: DomainError
) -> None:
    appointment_id = world.book.book()
    world.refuse("put", refusal)

    assert not write_event(appointment_id, calendars=linked(world), desk_for=world.desk_for)

    assert not world.book.rows[appointment_id].written
    world.book.next_day()
    assert sync(world).written == 1


def test_without_a_google_calendar_nothing_is_written(world: CalendarWorld) -> None:
    appointment_id = world.book.book()
    alone = LinkedCalendars("America/Argentina/Buenos_Aires")

    assert not write_event(appointment_id, calendars=alone, desk_for=world.desk_for)
    world.row.status = ChannelStatus.REAUTH_REQUIRED
    assert not write_event(appointment_id, calendars=linked(world), desk_for=world.desk_for)

    assert world.calendar.calls == []
