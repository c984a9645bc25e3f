"""From free times to an offer, and what of it can be chosen."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.answering import AnswerClaim, Appointment
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Attendee
from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.hours import Interval
from dentalist.services.answering.agenda_talk import SOURCE
from dentalist.services.answering.book_slot import Errand, offer_slots, shown_offer
from dentalist.services.answering.untold_changes import untold_changes
from tests.fakes_answers import World, offered


def clinic_of(world: World) -> Clinic:
    return Clinic.from_row(world.professional)


def claim_of(world: World) -> AnswerClaim:
    claim = world.claim_answer(30)
    assert isinstance(claim, AnswerClaim)
    return claim


def agenda_of(world: World) -> Any:
    world.writes("hola")
    world.answer_lease = None
    return world.desk_for(claim_of(world)).agenda


def offer(world: World, *attendees: str | None, **errand: Any) -> Any:
    """An offer for these, one after the other; half an hour each."""
    who = tuple(Attendee(name=name) for name in attendees or ("Ana",))
    return offer_slots(
        uuid4(),
        Errand(**{"minutes": 30, "attendees": who, **errand}),
        clinic=clinic_of(world),
        agenda=agenda_of(world),
        shows_names=True,
        now=world.now,
    )


def hours_of(day: int, *hours: int) -> tuple[Interval, ...]:
    """Hours of one day of November that suit, in Buenos Aires."""
    midnight = datetime(2026, 11, day, 3, tzinfo=UTC)
    starts = [midnight + timedelta(hours=hour) for hour in hours]
    return tuple(Interval(start, start + timedelta(hours=1)) for start in starts)


def test_a_slot_is_as_long_as_it_should_be_and_says_what_it_is_for() -> None:
    world = World()

    found = offer(world, minutes=45, reason="Limpieza")

    assert {slot.ends_at - slot.starts_at for slot in found.slots} == {timedelta(minutes=45)}
    assert {item.reason for item in world.offers.values()} == {"Limpieza"}


@pytest.mark.parametrize("buffer", [0, 10])
def test_a_family_is_offered_one_after_the_other_and_chooses_the_first(buffer: int) -> None:
    world = World()
    world.professional["buffer_minutes"] = buffer

    found = offer(world, "Tomás", "Sofía", "Mía")

    for slot in found.slots:
        family = [slot, *slot.beside]
        assert [one.attendee_name for one in family] == ["Tomás", "Sofía", "Mía"]
        starts = [one.starts_at for one in family]
        assert starts[1] - starts[0] == starts[2] - starts[1] == timedelta(minutes=30 + buffer)
        assert {one.ends_at - one.starts_at for one in family} == {timedelta(minutes=30)}
        local = slot.beside[-1].ends_at.astimezone(clinic_of(world).timezone)
        assert (local.hour, local.minute) <= (18, 0), "the last one ends before the clinic closes"
    assert len({slot.id for slot in found.slots}) == len(found.slots)


def test_the_time_of_an_appointment_is_free_for_its_own_move_but_is_not_offered_again() -> None:
    world = World()
    known = world.has_appointment(datetime(2026, 11, 24, 13, 0, tzinfo=UTC))

    found = offer(world, "Ana", moves=known, spans=hours_of(24, 9, 10))

    starts = [slot.starts_at for slot in found.slots]
    assert known.starts_at not in starts
    assert known.starts_at + timedelta(minutes=15) in starts or known.starts_at + timedelta(minutes=30) in starts
    assert {item.moves_appointment_id for item in world.offers.values()} == {known.id}


def test_what_was_turned_down_is_not_offered_again() -> None:
    world = World()
    first = {slot.starts_at for slot in offer(world).slots}

    again = {slot.starts_at for slot in offer(world, without=frozenset(first)).slots}

    assert again
    assert not first & again


def test_every_slot_has_an_id_that_the_store_issued() -> None:
    world = World()

    assert [slot.id for slot in offer(world).slots] == [str(offer_id) for offer_id in world.open_offers]


def test_unknown_opening_hours_offer_nothing_and_end_no_earlier_offer() -> None:
    world = World()
    before = offered(world)
    world.professional["opening_hours"] = None

    assert offer(world).slots == ()
    assert world.open_offers == before


def test_an_agenda_that_cannot_be_read_offers_nothing() -> None:
    world = World()
    world.failures["busy"] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        offer(world)
    assert world.offers == {}


def test_what_was_asked_for_and_is_not_free_is_said() -> None:
    world = World()

    assert offer(world, spans=hours_of(24, 23)).requested_available is False
    assert offer(world, spans=hours_of(24, 10)).requested_available is True


def test_the_buffer_after_what_has_just_ended_is_kept_free() -> None:
    world = World()
    world.professional |= {"buffer_minutes": 30, "lead_time_minutes": 0}
    world.now = offer(world).slots[0].starts_at + timedelta(minutes=60)
    ended_at = world.now - timedelta(minutes=10)
    world.appointments.append(
        Appointment(id=uuid4(), starts_at=ended_at - timedelta(minutes=30), ends_at=ended_at, status="booked")
    )

    starts = [slot.starts_at for slot in offer(world).slots]

    assert min(starts) >= ended_at + timedelta(minutes=30)


def test_the_offer_shown_is_the_last_list_in_its_order_without_what_was_withdrawn() -> None:
    world = World()
    offered(world)
    rows = offered(world)
    world.writes("hola")
    claim = claim_of(world)
    still_open = [item for item in claim.open_offers if item.id != rows[1]]

    shown = shown_offer(claim.history, list(reversed(still_open)))

    assert [slot.id for slot in shown] == [str(row) for row in rows if row != rows[1]]


@pytest.mark.parametrize("interactive", [None, "x", {}, {"action": None}, {"action": {"buttons": []}}])
def test_other_messages_of_ours_show_no_offer(interactive: Any) -> None:
    world = World()
    offered(world)
    world.rows[-1] = world.rows[-1].model_copy(update={"payload": {"type": "interactive", "interactive": interactive}})
    world.writes("hola")
    claim = claim_of(world)

    assert shown_offer(claim.history, claim.open_offers) == []


def booked_untold(world: World) -> None:
    """Booked in an attempt whose worker died before it could say so."""
    chosen = offered(world)[0]
    world.taps(chosen)
    world.now += timedelta(seconds=1)
    world.hold(chosen)
    world.commit(chosen, None, SOURCE)
    world.answer_lease = None


@pytest.mark.parametrize("change", ["booked", "moved", "cancelled"])
def test_what_was_done_for_an_answer_that_never_left_is_untold(change: str) -> None:
    world = World()
    booked_untold(world)
    assert world.booked[0].source == SOURCE
    world.appointments = [world.booked[0].model_copy(update={"chat_change": change})]

    assert [row.chat_change for row in untold_changes(claim_of(world))] == [change]


@pytest.mark.parametrize("at", [None, timedelta(minutes=-5)])
def test_what_was_changed_before_the_contact_wrote_or_not_in_a_chat_is_not_untold(at: timedelta | None) -> None:
    world = World()
    booked_untold(world)
    changed_at = at and world.now + at
    world.appointments = [world.booked[0].model_copy(update={"chat_changed_at": changed_at})]

    assert untold_changes(claim_of(world)) == ()


def test_what_was_booked_before_the_contact_wrote_again_is_told_already() -> None:
    world = World()
    world.taps(offered(world)[0])
    world.settle_down()
    world.writes("gracias")

    assert untold_changes(claim_of(world)) == ()
