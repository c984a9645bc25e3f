"""What offering, booking and changing appointments asks of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.answering import Appointment, Offer
from dentalist.domain.hours import Interval


class SlotToOffer(NamedTuple):
    """A free slot about to be offered in a conversation.

    Attributes:
        patient_id: whose record it is for; None for the contact's own, or for somebody without one.
        beside: the slots of a family that are held and booked together with it, or not at all.
    """

    starts_at: datetime
    ends_at: datetime
    reason: str | None = None
    attendee_name: str | None = None
    patient_id: UUID | None = None
    beside: tuple[SlotToOffer, ...] = ()


class Booking(NamedTuple):
    """What became of an appointment.

    Attributes:
        outcome: ``held``, ``booked``, ``moved``, ``named``, ``cancelled`` or ``confirmed`` when it is done, now or
            before; ``taken``, ``expired``, ``not_found``, ``too_many``, ``past`` or ``unverified`` when nothing was
            changed.
        appointment: the row as it is now, of a group the first; of a held move as it would be.
        appointment_id: of that row.
        appointments: all rows, those of a group in the order of time.
        frees: the time that a held move will set free: its own event may stand there in a calendar.
    """

    outcome: str
    appointment: Appointment | None = None
    appointment_id: UUID | None = None
    appointments: tuple[Appointment, ...] = ()
    frees: Interval | None = None

    @classmethod
    def of(cls, outcome: str, *rows: Appointment, frees: Interval | None = None) -> Booking:
        """An outcome with its rows, in the order of time."""
        return cls(outcome, rows[0] if rows else None, rows[0].id if rows else None, rows, frees)


class Agenda(Protocol):
    """The agenda of one professional.

    Somebody else may have an unverified phone: what is booked already is then neither moved, cancelled nor confirmed
    from it (``unverified``); new appointments are.
    """

    def busy(self, start: datetime, end: datetime, *, but: UUID | None = None) -> list[Interval]:
        """What is booked or held between two instants.

        ``but``: an appointment that is about to be moved, which is not in its own way.
        """

    def offer(
        self, conversation_id: UUID, slots: Sequence[SlotToOffer], *, ttl_seconds: int, moves: UUID | None = None
    ) -> list[Offer]:
        """Issue ids for slots, valid in this conversation; earlier open offers are withdrawn.

        Args:
            conversation_id: where the ids will be valid.
            slots: in the order in which they will be shown.
            ttl_seconds: how long the ids can be chosen.
            moves: choosing one moves this appointment; such slots stand alone.

        Returns:
            One offer per slot, in order: the ids of what is beside it are nobody's to choose. None at all when the
            appointment to be moved is not to be found here, or has begun.
        """

    def hold(self, conversation_id: UUID, offer_id: UUID) -> Booking:
        """Keep an offered slot, and those beside it, free of others for ten minutes.

        ``held`` (also when it is booked already), ``taken``, ``expired``, ``not_found``; of a move also ``past`` and
        ``unverified``.
        """

    def commit(self, conversation_id: UUID, offer_id: UUID, *, attendee_name: str | None, source: str) -> Booking:
        """Book an offered slot and those beside it, all or none; or move the appointment that the offer is about.

        Doing it again answers the same appointments. ``attendee_name`` is who comes; each of a group, and whoever is
        moved, keeps a name given before.

        ``booked``, ``moved`` (the same appointment at its new time), ``taken``, ``expired``, ``not_found``,
        ``too_many`` (a group counts whole, a move not at all); of a move also ``past`` and ``unverified``.
        """

    def cancel(self, conversation_id: UUID, appointment_id: UUID, *, source: str) -> Booking:
        """Cancel an appointment of this conversation or of its patient; again: ``cancelled`` again.

        Otherwise ``past`` (it has begun), ``not_found`` or ``unverified``.
        """

    def confirm(self, conversation_id: UUID, appointment_id: UUID) -> Booking:
        """Keep that the contact said that they come: ``confirmed``.

        Otherwise ``cancelled`` (it is no more), ``past``, ``not_found`` or ``unverified``.
        """

    def name_attendee(self, conversation_id: UUID, appointment_id: UUID, *, attendee_name: str) -> Booking:
        """Correct whom an appointment of this conversation is for: ``named``.

        Otherwise ``cancelled``, ``past``, ``not_found`` or ``unverified``.
        """

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
        """Book what a person of the clinic decided, at any hour.

        ``booked``, ``taken``, ``past``, or ``not_found`` for a conversation or patient that is not the professional's.
        """
