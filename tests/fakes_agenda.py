"""The agenda of one conversation in memory, by the rules of the SQL functions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.answering import Appointment, Offer
from dentalist.domain.conversation import Conversation
from dentalist.domain.hours import Interval
from dentalist.domain.policies import Policies
from dentalist.services.answering.ports_agenda import Booking, SlotToOffer

HELD_FOR = timedelta(minutes=10)


class AgendaRules:
    """What the store does with offers and appointments; whoever mixes it in has these."""

    now: datetime
    conversation: Conversation
    professional: dict[str, Any]
    patient: dict[str, Any] | None
    appointments: list[Appointment]
    offers: dict[UUID, Offer]
    open_offers: list[UUID]
    limit_of_appointments: int | None

    @property
    def booked(self) -> list[Appointment]:
        return [row for row in self.appointments if row.status == "booked"]

    def is_theirs(self, row: Appointment) -> bool:
        """Of this conversation, or of its patient."""
        patient = self.conversation.patient_id
        return row.conversation_id == self.conversation.id or (patient is not None and row.patient_id == patient)

    def taken_times(self, *, but: UUID | None = None) -> list[Interval]:
        return [
            Interval(row.starts_at, row.ends_at)
            for row in self.appointments
            if row.id != but and (row.status == "booked" or self._is_held(row))
        ]

    def issue_offers(self, slots: Sequence[SlotToOffer], moves: UUID | None) -> list[Offer]:
        if moves is not None and self._changeable(moves) is None:
            return []
        self._withdraw()
        firsts = []
        for slot in slots:
            family = (slot, *slot.beside)
            group_id = uuid4() if len(family) > 1 else None
            made = [
                Offer(
                    id=uuid4(),
                    **{key: value for key, value in one._asdict().items() if key != "beside"},
                    group_id=group_id,
                    group_part=part,
                    moves_appointment_id=moves,
                )
                for part, one in enumerate(family)
            ]
            self.offers |= {offer.id: offer for offer in made}
            self.open_offers += [offer.id for offer in made]
            firsts.append(made[0])
        return firsts

    def hold_offer(self, offer_id: UUID) -> Booking:
        known = self._rows_of(offer_id)
        if known and all(row.status == "booked" or self._is_held(row) for row in known):
            return booking("held", known)
        if offer_id not in self.open_offers:
            return Booking("expired" if offer_id in self.offers else "not_found")
        offer = self.offers[offer_id]
        if offer.moves_appointment_id is not None:
            return self._hold_move(offer, offer.moves_appointment_id)
        family = self._family(offer)
        self._drop_holds()
        if any(self._is_taken(one) for one in family):
            return Booking("taken")
        held = [self._held_row(one) for one in family]
        self.appointments += held
        return booking("held", held)

    def commit_offer(self, offer_id: UUID, attendee_name: str | None, source: str) -> Booking:
        known = self._rows_of(offer_id)
        offer = self.offers[offer_id]
        if any(row.status == "booked" for row in known):
            return booking("moved" if offer.moves_appointment_id else "booked", known)
        if offer.moves_appointment_id is not None:
            return self._move(offer, offer.moves_appointment_id)
        assert known, "nothing was held"
        coming = [
            row for row in self.booked if row.conversation_id == self.conversation.id and row.starts_at > self.now
        ]
        if len(coming) + len(known) > self._limit():
            return Booking("too_many")
        single = len(known) == 1
        rows = [
            self._change(
                row,
                "booked",
                status="booked",
                source=source,
                hold_expires_at=None,
                attendee_name=(attendee_name or row.attendee_name) if single else (row.attendee_name or attendee_name),
            )
            for row in known
        ]
        self._withdraw()
        return booking("booked", rows)

    def cancel_appointment(self, appointment_id: UUID) -> Booking:
        row = next((row for row in self.appointments if row.id == appointment_id and self.is_theirs(row)), None)
        if row is None:
            return Booking("not_found")
        if self.conversation.phone_unverified_at is not None:
            return Booking("unverified")
        if row.status == "cancelled":
            return booking("cancelled", [row])
        if row.starts_at <= self.now:
            return Booking("past")
        return booking("cancelled", [self._change(row, "cancelled", status="cancelled")])

    def confirm_appointment(self, appointment_id: UUID) -> Booking:
        row = self._changeable(appointment_id)
        if row is None:
            return Booking("not_found")
        if self.conversation.phone_unverified_at is not None:
            return Booking("unverified")
        return booking("confirmed", [self._put(row.model_copy(update={"confirmed_at": self.now}))])

    def rename_attendee(self, appointment_id: UUID, name: str) -> Booking:
        row = self._changeable(appointment_id)
        if row is None:
            return Booking("not_found")
        if self.conversation.phone_unverified_at is not None:
            return Booking("unverified")
        return booking("named", [self._put(row.model_copy(update={"attendee_name": name}))])

    # ---- the machinery

    def _limit(self) -> int:
        if self.limit_of_appointments is not None:
            return self.limit_of_appointments
        return Policies.of(self.professional.get("policies")).max_future_appointments

    def _is_held(self, row: Appointment) -> bool:
        return row.status == "held" and row.hold_expires_at is not None and row.hold_expires_at > self.now

    def _is_taken(self, offer: Offer, *, but: UUID | None = None) -> bool:
        wanted = Interval(offer.starts_at, offer.ends_at)
        return any(taken.overlaps(wanted) for taken in self.taken_times(but=but))

    def _family(self, offer: Offer) -> list[Offer]:
        if offer.group_id is None:
            return [offer]
        return [one for one in self.offers.values() if one.group_id == offer.group_id]

    def _rows_of(self, offer_id: UUID) -> list[Appointment]:
        offer = self.offers.get(offer_id)
        ids = {one.id for one in self._family(offer)} if offer else {offer_id}
        return [row for row in self.appointments if row.offer_id in ids]

    def _changeable(self, appointment_id: UUID) -> Appointment | None:
        coming = (row for row in self.booked if row.id == appointment_id and row.starts_at > self.now)
        return next((row for row in coming if self.is_theirs(row)), None)

    def _hold_move(self, offer: Offer, appointment_id: UUID) -> Booking:
        row = self._changeable(appointment_id)
        if row is None:
            return Booking("past")
        if self.conversation.phone_unverified_at is not None:
            return Booking("unverified")
        if self._is_taken(offer, but=appointment_id):
            return Booking("taken")
        to_be = row.model_copy(update={"starts_at": offer.starts_at, "ends_at": offer.ends_at, "status": "held"})
        return booking("held", [to_be])

    def _move(self, offer: Offer, appointment_id: UUID) -> Booking:
        held = self._hold_move(offer, appointment_id)
        if held.outcome != "held":
            return held
        row = self._changeable(appointment_id)
        assert row is not None
        times = {"starts_at": offer.starts_at, "ends_at": offer.ends_at, "offer_id": offer.id, "confirmed_at": None}
        moved = self._change(row, "moved", **times)
        self._withdraw()
        return booking("moved", [moved])

    def _held_row(self, offer: Offer) -> Appointment:
        return Appointment(
            id=uuid4(),
            conversation_id=self.conversation.id,
            patient_id=offer.patient_id or (None if offer.attendee_name else self.conversation.patient_id),
            status="held",
            source="assistant",
            offer_id=offer.id,
            hold_expires_at=self.now + HELD_FOR,
            created_at=self.now,
            **offer.model_dump(include={"starts_at", "ends_at", "reason", "attendee_name"}),
        )

    def _change(self, row: Appointment, change: str, **fields: Any) -> Appointment:
        return self._put(row.model_copy(update={**fields, "chat_change": change, "chat_changed_at": self.now}))

    def _put(self, row: Appointment) -> Appointment:
        index = next(index for index, known in enumerate(self.appointments) if known.id == row.id)
        self.appointments[index] = row
        return row

    def _drop_holds(self) -> None:
        self.appointments[:] = [
            row
            for row in self.appointments
            if row.status != "held" or (row.conversation_id != self.conversation.id and self._is_held(row))
        ]

    def _withdraw(self) -> None:
        self._drop_holds()
        self.open_offers.clear()


def booking(outcome: str, rows: Sequence[Appointment]) -> Booking:
    """The answer about these rows."""
    ordered = sorted(rows, key=lambda row: row.starts_at)
    return Booking(outcome, ordered[0], ordered[0].id, tuple(ordered))
