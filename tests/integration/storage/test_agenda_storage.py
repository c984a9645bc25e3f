"""The agenda over the real local Supabase, alone and beside a calendar: families, moves, cancellations, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import StoreRefused
from dentalist.domain.hours import Interval
from dentalist.services.answering.linked_agenda import LinkedAgenda, LinkedCalendar
from dentalist.services.answering.ports_agenda import Agenda, Booking, SlotToOffer
from dentalist.storage.agenda import SupabaseAgenda
from dentalist.storage.database import Database
from tests.database.outbound_builders import Clinic, Connection, find, make_conversation, make_patient, update, utc_now

HALF = timedelta(minutes=30)
NINE = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=3)
DAY = (NINE - timedelta(hours=9), NINE + timedelta(hours=15))


class Calendar:
    """Busy when a test says so, in one piece as Google tells it."""

    def __init__(self) -> None:
        self.taken: list[Interval] = []

    def busy(self, start: datetime, end: datetime) -> list[Interval]:
        return [one for one in self.taken if one.overlaps(Interval(start, end))]


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def agenda(store: Database, clinic: Clinic) -> SupabaseAgenda:
    return SupabaseAgenda(store, clinic.professional_id)


@pytest.fixture
def linked(agenda: SupabaseAgenda, calendar: Calendar) -> LinkedAgenda:
    return LinkedAgenda(agenda, lambda: [LinkedCalendar("calendar", calendar)])


@pytest.fixture
def chat(db: Connection, clinic: Clinic) -> UUID:
    return make_conversation(db, clinic)


def at(halves: int, *, long: int = 1) -> SlotToOffer:
    """A slot so many half hours after nine."""
    return SlotToOffer(NINE + halves * HALF, NINE + (halves + long) * HALF)


def span(slot: SlotToOffer) -> Interval:
    return Interval(slot.starts_at, slot.ends_at)


def spans(booking: Booking) -> list[Interval]:
    return [Interval(row.starts_at, row.ends_at) for row in booking.appointments]


def choose(agenda: Agenda, chat: UUID, slot: SlotToOffer, *, moves: UUID | None = None) -> Booking:
    [offer] = agenda.offer(chat, [slot], ttl_seconds=600, moves=moves)
    held = agenda.hold(chat, offer.id)
    return agenda.commit(chat, offer.id, attendee_name=None, source="assistant") if held.outcome == "held" else held


def booked(agenda: Agenda, chat: UUID, slot: SlotToOffer) -> UUID:
    booking = choose(agenda, chat, slot)
    assert (booking.outcome, spans(booking)) == ("booked", [span(slot)])
    assert booking.appointment_id is not None
    return booking.appointment_id


def test_a_family_is_offered_as_one_and_booked_with_its_names(
    agenda: SupabaseAgenda, clinic: Clinic, db: Connection, chat: UUID
) -> None:
    sofia = make_patient(db, clinic, full_name="Sofía Prueba", phone=None)
    first = at(0)._replace(attendee_name="Tomás", beside=(at(1)._replace(attendee_name="Sofía", patient_id=sofia),))

    family, alone = agenda.offer(chat, [first, at(6)], ttl_seconds=600)
    held = agenda.hold(chat, family.id)
    booking = agenda.commit(chat, family.id, attendee_name=None, source="assistant")

    assert (family.group_part, family.group_id is None, alone.group_id) == (0, False, None)
    assert spans(held) == spans(booking) == [span(at(0)), span(at(1))]
    assert (booking.appointment, booking.appointment_id) == (booking.appointments[0], booking.appointments[0].id)
    assert [(row.attendee_name, row.patient_id) for row in booking.appointments] == [("Tomás", None), ("Sofía", sofia)]
    assert agenda.commit(chat, family.id, attendee_name=None, source="assistant") == booking


def test_an_appointment_is_moved_confirmed_and_cancelled_under_its_own_id(agenda: SupabaseAgenda, chat: UUID) -> None:
    appointment_id = booked(agenda, chat, at(0, long=2))

    moved = choose(agenda, chat, at(1, long=2), moves=appointment_id)
    confirmed = agenda.confirm(chat, appointment_id)
    cancelled = agenda.cancel(chat, appointment_id, source="assistant")

    assert (moved.outcome, moved.appointment_id, spans(moved)) == ("moved", appointment_id, [span(at(1, long=2))])
    assert moved.appointment is not None and moved.appointment.chat_change == "moved"
    assert confirmed.outcome == "confirmed"
    assert confirmed.appointment is not None and confirmed.appointment.confirmed_at is not None
    assert (cancelled.outcome, cancelled.appointment_id) == ("cancelled", appointment_id)
    assert agenda.cancel(chat, appointment_id, source="assistant") == cancelled
    assert agenda.busy(*DAY) == []


def test_what_cannot_be_changed_says_why(agenda: SupabaseAgenda, db: Connection, chat: UUID) -> None:
    appointment_id = booked(agenda, chat, at(0))

    assert agenda.cancel(chat, uuid4(), source="assistant") == Booking("not_found")
    assert agenda.offer(chat, [at(4)], ttl_seconds=600, moves=uuid4()) == []
    [offer] = agenda.offer(chat, [at(4)], ttl_seconds=600, moves=appointment_id)
    update(db, "marketing_conversations", chat, phone_unverified_at=utc_now(), phone_unverified_reason="not_me")
    assert agenda.cancel(chat, appointment_id, source="assistant") == Booking("unverified")
    assert agenda.confirm(chat, appointment_id) == Booking("unverified")
    assert agenda.hold(chat, offer.id) == Booking("unverified")
    assert agenda.commit(chat, offer.id, attendee_name=None, source="assistant") == Booking("unverified")


def test_a_person_books_by_hand_what_is_free(agenda: SupabaseAgenda, clinic: Clinic, db: Connection) -> None:
    carla = make_patient(db, clinic, full_name="Carla Prueba")

    def by_hand(slot: SlotToOffer, patient_id: UUID | None = None) -> Booking:
        return agenda.book_by_hand(
            conversation_id=None,
            patient_id=patient_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            reason="Control",
            attendee_name=None,
            actor_id=clinic.professional_id,
        )

    made = by_hand(at(0), carla)

    assert (made.outcome, spans(made)) == ("booked", [span(at(0))])
    assert made.appointment is not None
    assert (made.appointment.patient_id, made.appointment.source) == (carla, "dashboard")
    assert by_hand(at(0)) == Booking("taken")
    assert by_hand(at(-1000)) == Booking("past")
    assert by_hand(at(4), uuid4()) == Booking("not_found")
    with pytest.raises(StoreRefused):
        by_hand(at(4, long=-1))


# ---- beside a calendar, where the appointment's own event stands


def test_the_own_event_is_not_in_the_way_of_its_move(linked: LinkedAgenda, calendar: Calendar, chat: UUID) -> None:
    appointment_id = booked(linked, chat, at(0, long=2))
    calendar.taken = [span(at(0, long=2)), span(at(6))]

    assert linked.busy(*DAY) == [span(at(0, long=2)), span(at(0, long=2)), span(at(6))]
    assert linked.busy(*DAY, but=appointment_id) == [span(at(6))]
    moved = choose(linked, chat, at(1, long=2), moves=appointment_id)
    assert (moved.outcome, spans(moved)) == ("moved", [span(at(1, long=2))])


def test_what_stands_beside_the_own_event_is_in_the_way(linked: LinkedAgenda, calendar: Calendar, chat: UUID) -> None:
    """Google joins what touches: the own hour and the lunch after it are one busy time."""
    appointment_id = booked(linked, chat, at(0, long=2))
    calendar.taken = [span(at(0, long=4))]

    assert linked.busy(*DAY, but=appointment_id) == [span(at(2, long=2))]
    assert choose(linked, chat, at(1, long=2), moves=appointment_id) == Booking("taken")
    assert choose(linked, chat, at(0, long=1), moves=appointment_id).outcome == "moved"


def test_a_family_with_one_slot_busy_beside_is_not_booked(linked: LinkedAgenda, calendar: Calendar, chat: UUID) -> None:
    family = at(0)._replace(beside=(at(1), at(2)))
    calendar.taken = [span(at(2))]

    assert choose(linked, chat, family) == Booking("taken")
    calendar.taken = [span(at(3))]
    assert len(choose(linked, chat, family).appointments) == 3


def test_cancelling_confirming_and_booking_by_hand_ask_no_calendar(
    linked: LinkedAgenda, calendar: Calendar, clinic: Clinic, db: Connection, chat: UUID
) -> None:
    appointment_id = booked(linked, chat, at(0))
    calendar.taken = [Interval(*DAY)]

    assert linked.confirm(chat, appointment_id).outcome == "confirmed"
    assert linked.cancel(chat, appointment_id, source="assistant").outcome == "cancelled"
    made = linked.book_by_hand(
        conversation_id=chat,
        patient_id=None,
        starts_at=at(4).starts_at,
        ends_at=at(4).ends_at,
        reason=None,
        attendee_name="Carla",
        actor_id=clinic.professional_id,
    )
    assert made.appointment_id is not None
    assert find(db, "appointments", made.appointment_id)["attendee_name"] == "Carla"
