"""The agenda of one professional. No double booking is the database's own constraint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.domain.answering import Appointment, Offer
from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.hours import Interval
from dentalist.services.answering.ports_agenda import Booking, SlotToOffer
from dentalist.storage.database import Database


class SupabaseAgenda:
    """Offers, holds, books and changes with the secret key, for the verified professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Keep both."""
        self._db = db
        self._professional_id = professional_id

    def busy(self, start: datetime, end: datetime, *, but: UUID | None = None) -> list[Interval]:
        """What is booked, or held and not yet run out, between two instants; sorted.

        Args:
            start, end: what only touches them is not within.
            but: an appointment that is about to be moved, which is not in its own way.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return [_interval(row) for row in self._ask("busy_intervals", **{"from": start, "to": end, "but": but})]

    def offer(
        self, conversation_id: UUID, slots: Sequence[SlotToOffer], *, ttl_seconds: int, moves: UUID | None = None
    ) -> list[Offer]:
        """Issue an opaque id for each slot; earlier open offers of the conversation are withdrawn.

        Returns:
            The offers in the order of the slots, without those of what is beside a slot. None, and the earlier ones
            stay, when the appointment to be moved is not to be found in this conversation, or has begun.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: the store cannot be reached.
        """
        answer = self._ask(
            "create_offers",
            conversation_id=conversation_id,
            slots=[_slot(slot) for slot in slots],
            ttl_seconds=ttl_seconds,
            moves=moves,
        )
        if answer["outcome"] == "not_found":
            raise ConversationNotFound
        return [Offer.model_validate(row) for row in answer["offers"]]

    def hold(self, conversation_id: UUID, offer_id: UUID) -> Booking:
        """Keep an offered slot, and those beside it, free of others for ten minutes.

        Returns:
            held, taken, expired or not_found; of a move also past or unverified.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return _booking(self._ask("hold_slot", conversation_id=conversation_id, offer_id=offer_id))

    def commit(self, conversation_id: UUID, offer_id: UUID, *, attendee_name: str | None, source: str) -> Booking:
        """Book an offered slot and those beside it, or move what the offer is about. Again: the same appointments.

        Returns:
            booked, moved, taken, expired, not_found or too_many; of a move also past or unverified.

        Raises:
            StoreUnavailable: not known whether it was booked; asking again tells.
        """
        answer = self._ask(
            "commit_slot",
            conversation_id=conversation_id,
            offer_id=offer_id,
            attendee_name=attendee_name,
            source=source,
        )
        return _booking(answer)

    def cancel(self, conversation_id: UUID, appointment_id: UUID, *, source: str) -> Booking:
        """Cancel an appointment of this conversation or of its patient. Again: cancelled again.

        Returns:
            cancelled, past, not_found or unverified.

        Raises:
            StoreUnavailable: not known whether it was cancelled; asking again tells.
        """
        named = {"conversation_id": conversation_id, "appointment_id": appointment_id}
        return _booking(self._ask("cancel_appointment", **named, source=source))

    def confirm(self, conversation_id: UUID, appointment_id: UUID) -> Booking:
        """Keep that the contact said that they come.

        Returns:
            confirmed, cancelled (it is no more), past, not_found or unverified.

        Raises:
            StoreUnavailable: not known whether it was kept; asking again tells.
        """
        named = {"conversation_id": conversation_id, "appointment_id": appointment_id}
        return _booking(self._ask("confirm_appointment", **named))

    def name_attendee(self, conversation_id: UUID, appointment_id: UUID, *, attendee_name: str) -> Booking:
        """Correct whom an appointment is for.

        Returns:
            named, cancelled, past, not_found or unverified.

        Raises:
            StoreUnavailable: not known whether it was corrected; asking again tells.
        """
        named = {"conversation_id": conversation_id, "appointment_id": appointment_id}
        return _booking(self._ask("name_attendee", **named, attendee_name=attendee_name))

    def book_by_hand(
        self,
        *,
        conversation_id: UUID | None,
        patient_id: UUID | None,
        starts_at: datetime,
        ends_at: datetime,
        reason: str | None,
        attendee_name: str | None,
        actor_id: UUID,
    ) -> Booking:
        """Book what a person of the clinic decided, at any hour; only what stands there already is in the way.

        Returns:
            booked, taken, past or not_found.

        Raises:
            StoreRefused: it ends before it begins.
            StoreUnavailable: not known whether it was booked.
        """
        answer = self._ask(
            "book_by_hand",
            conversation_id=conversation_id,
            patient_id=patient_id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            attendee_name=attendee_name,
            actor_id=actor_id,
        )
        return _booking(answer)

    def _ask(self, function: str, **arguments: Any) -> Any:
        return self._db.rpc(function, {"professional_id": self._professional_id, **arguments})


def _slot(slot: SlotToOffer) -> dict[str, Any]:
    return {
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "reason": slot.reason,
        "attendee_name": slot.attendee_name,
        "patient_id": str(slot.patient_id) if slot.patient_id else None,
        "beside": [_slot(part) for part in slot.beside],
    }


def _booking(answer: dict[str, Any]) -> Booking:
    rows = [Appointment.model_validate(row) for row in answer.get("appointments", ())]
    frees = answer.get("frees")
    return Booking.of(answer["outcome"], *rows, frees=_interval(frees) if frees else None)


def _interval(row: dict[str, Any]) -> Interval:
    return Interval(datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"]))
