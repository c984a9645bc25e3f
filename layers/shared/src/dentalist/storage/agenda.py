"""The agenda of one professional. No double booking is the database's own constraint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.domain.answering import Appointment, Offer
from dentalist.domain.errors import ConversationNotFound
from dentalist.domain.hours import Interval
from dentalist.services.ports import Booking, SlotToOffer
from dentalist.storage.database import Database


class SupabaseAgenda:
    """Offers, holds and books with the secret key, for the verified professional."""

    def __init__(self, db: Database, professional_id: UUID) -> None:
        """Keep both."""
        self._db = db
        self._professional_id = professional_id

    def busy(self, start: datetime, end: datetime) -> list[Interval]:
        """What is booked, or held and not yet run out, between two instants; sorted.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        rows = self._ask("busy_intervals", **{"from": start, "to": end})
        return [
            Interval(datetime.fromisoformat(row["starts_at"]), datetime.fromisoformat(row["ends_at"])) for row in rows
        ]

    def offer(self, conversation_id: UUID, slots: Sequence[SlotToOffer], *, ttl_seconds: int) -> list[Offer]:
        """Issue an opaque id for each slot; earlier open offers of the conversation are withdrawn.

        Raises:
            ConversationNotFound: the professional has no such conversation.
            StoreUnavailable: the store cannot be reached.
        """
        wanted = [
            {
                "starts_at": slot.starts_at.isoformat(),
                "ends_at": slot.ends_at.isoformat(),
                "reason": slot.reason,
                "attendee_name": slot.attendee_name,
            }
            for slot in slots
        ]
        answer = self._ask("create_offers", conversation_id=conversation_id, slots=wanted, ttl_seconds=ttl_seconds)
        if answer["outcome"] == "not_found":
            raise ConversationNotFound
        return [Offer.model_validate(row) for row in answer["offers"]]

    def hold(self, conversation_id: UUID, offer_id: UUID) -> Booking:
        """Keep an offered slot free of others for ten minutes: held, taken, expired or not_found.

        Raises:
            StoreUnavailable: the store cannot be reached.
        """
        return _booking(self._ask("hold_slot", conversation_id=conversation_id, offer_id=offer_id))

    def commit(self, conversation_id: UUID, offer_id: UUID, *, attendee_name: str | None, source: str) -> Booking:
        """Book an offered slot: booked, taken, expired, not_found or too_many. Again: the same appointment.

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

    def _ask(self, function: str, **arguments: Any) -> Any:
        return self._db.rpc(function, {"professional_id": self._professional_id, **arguments})


def _booking(answer: dict[str, Any]) -> Booking:
    row = answer.get("appointment")
    appointment = Appointment.model_validate(row) if row else None
    return Booking(answer["outcome"], appointment, appointment.id if appointment else None)
