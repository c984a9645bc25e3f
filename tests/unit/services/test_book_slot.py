"""From free times to an offer, and from a choice to an appointment."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.answering import AnswerClaim, Appointment
from dentalist.domain.clinic import Clinic
from dentalist.domain.errors import StoreUnavailable
from dentalist.services.book_slot import SOURCE, book_slot, offer_slots, shown_offer, untold_booking
from tests.fakes_answers import World, offered


def clinic_of(world: World) -> Clinic:
    return Clinic.from_row(world.professional)


def claim_of(world: World) -> AnswerClaim:
    claim = world.claim_answer(30)
    assert isinstance(claim, AnswerClaim)
    return claim


def agenda_of(world: World) -> Any:
    world.writes("hola")
    return world.desk_for(claim_of(world)).agenda


def offer(world: World, **overrides: Any) -> Any:
    asked = {"words": "quiero un turno", "treatments": (), "attendee_name": "Ana", "now": world.now}
    return offer_slots(uuid4(), clinic=clinic_of(world), agenda=agenda_of(world), **{**asked, **overrides})


@pytest.mark.parametrize(("treatments", "minutes"), [((), 30), (("Limpieza",), 45), (("Limpieza", "Ortodoncia"), 60)])
def test_a_slot_is_as_long_as_its_longest_treatment(treatments: tuple[str, ...], minutes: int) -> None:
    world = World()

    found = offer(world, treatments=treatments)

    assert {slot.ends_at - slot.starts_at for slot in found.slots} == {timedelta(minutes=minutes)}
    assert {item.reason for item in world.offers.values()} == {", ".join(treatments) or None}


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
    assert offer(World(), words="quiero un turno a las 23").requested_available is False
    assert offer(World(), words="quiero un turno a las 10").requested_available is True


def test_the_buffer_after_what_has_just_ended_is_kept_free() -> None:
    world = World()
    world.professional |= {"buffer_minutes": 30, "lead_time_minutes": 0}
    world.now = offer(world).slots[0].starts_at + timedelta(minutes=60)
    ended_at = world.now - timedelta(minutes=10)
    world.appointments.append(
        Appointment(id=uuid4(), starts_at=ended_at - timedelta(minutes=30), ends_at=ended_at, status="booked")
    )

    starts = [slot.starts_at for slot in offer(world, words="un turno para hoy").slots]

    assert min(starts) >= ended_at + timedelta(minutes=30)


def test_booking_twice_is_one_appointment() -> None:
    world = World()
    chosen = offered(world)[0]
    agenda = agenda_of(world)

    first, second = (book_slot(uuid4(), chosen, agenda=agenda, attendee_name="Ana") for _ in range(2))

    assert first.appointment == second.appointment
    assert len(world.booked) == 1


def test_a_slot_that_cannot_be_held_is_not_committed() -> None:
    world = World()
    agenda = agenda_of(world)

    booked = book_slot(uuid4(), uuid4(), agenda=agenda, attendee_name=None)

    assert (booked.outcome, booked.appointment) == ("not_found", None)
    assert "before commit" not in world.moments


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


@pytest.mark.parametrize(
    ("change", "is_untold"),
    [
        ({}, True),
        ({"source": "dashboard"}, False),
        ({"conversation_id": None}, False),
        ({"created_at": None}, False),
    ],
)
def test_only_what_the_assistant_booked_for_what_is_owed_is_untold(change: dict[str, Any], is_untold: bool) -> None:
    world = World()
    chosen = offered(world)[0]
    world.taps(chosen)
    world.now += timedelta(seconds=1)
    book_slot(uuid4(), chosen, agenda=world.desk_for(claim_of(world)).agenda, attendee_name=None)
    assert world.booked[0].source == SOURCE
    world.appointments = [world.booked[0].model_copy(update=change)]
    world.answer_lease = None

    assert (untold_booking(claim_of(world)) is not None) is is_untold


def test_what_was_booked_before_the_contact_wrote_again_is_told_already() -> None:
    world = World()
    world.taps(offered(world)[0])
    world.settle_down()
    world.writes("gracias")

    assert untold_booking(claim_of(world)) is None
