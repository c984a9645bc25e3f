"""The agenda together with the calendars beside it: what is busy in any of them is not free.

A calendar that cannot be read books nothing: who asks for free times, or is about to book one, gets CalendarUnreadable
and leaves it to a person. Without a linked calendar it is the agenda alone.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dentalist.domain.answering import Offer
from dentalist.domain.calendars import CalendarUnreadable
from dentalist.domain.errors import DomainError, StoreUnavailable
from dentalist.domain.hours import Interval
from dentalist.services.answering.ports_agenda import Agenda, Booking, SlotToOffer
from dentalist.services.ports_calendar import BusyTimes

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LinkedCalendar:
    """A calendar, and what is to be done when it refuses: an account that is dead is marked as such."""

    name: str
    times: BusyTimes
    refused: Callable[[DomainError], None] = lambda _: None

    def busy(self, start: datetime, end: datetime) -> list[Interval]:
        """When it is busy.

        Raises:
            CalendarUnreadable: it does not say.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        try:
            return self.times.busy(start, end)
        except StoreUnavailable:
            raise
        except DomainError as exc:
            logger.warning("calendar not read", extra={"calendar": self.name, "error_code": exc.code})
            self.refused(exc)
            raise CalendarUnreadable(exc.code) from exc


class LinkedAgenda:
    """An agenda like any other, for whoever offers and books."""

    def __init__(self, agenda: Agenda, calendars: Callable[[], Sequence[LinkedCalendar]]) -> None:
        """Keep both.

        Args:
            agenda: the professional's appointments.
            calendars: those that are linked at the moment it is called, which is at every look.
        """
        self._agenda = agenda
        self._calendars = calendars
        self._held: dict[UUID, Booking] = {}

    def busy(self, start: datetime, end: datetime, *, but: UUID | None = None) -> list[Interval]:
        """What is taken between two instants, in the agenda or beside it; sorted.

        ``but``: an appointment that is about to be moved. Its own event stands in the calendars under no name of ours,
        so that its time counts as free there, too.

        Raises:
            CalendarUnreadable: one of the linked calendars does not say when it is busy.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        taken = self._agenda.busy(start, end, but=but)
        beside = self._busy_beside(start, end)
        if but is not None and beside:
            for own in (Counter(self._agenda.busy(start, end)) - Counter(taken)).elements():
                beside = _without(beside, own)
        return sorted([*taken, *beside])

    def offer(
        self, conversation_id: UUID, slots: Sequence[SlotToOffer], *, ttl_seconds: int, moves: UUID | None = None
    ) -> list[Offer]:
        """As the agenda's."""
        return self._agenda.offer(conversation_id, slots, ttl_seconds=ttl_seconds, moves=moves)

    def hold(self, conversation_id: UUID, offer_id: UUID) -> Booking:
        """As the agenda's; the calendars are asked when it is committed."""
        held = self._agenda.hold(conversation_id, offer_id)
        if held.outcome == "held":
            self._held[offer_id] = held
        return held

    def commit(self, conversation_id: UUID, offer_id: UUID, *, attendee_name: str | None, source: str) -> Booking:
        """Book an offered slot, or move an appointment, unless a calendar has become busy since: then it is ``taken``.

        What is booked already is answered as such, whatever the calendars say: its own event stands in one of them.

        Raises:
            CalendarUnreadable: one of the linked calendars does not say whether it is free; it stays held.
            StoreUnavailable: not known whether it was booked; asking again tells.
        """
        held = self._held.pop(offer_id, None) or self._agenda.hold(conversation_id, offer_id)
        if held.outcome not in ("held", "booked"):
            return held
        if self._is_busy_beside(held):
            return Booking("taken")
        return self._agenda.commit(conversation_id, offer_id, attendee_name=attendee_name, source=source)

    def cancel(self, conversation_id: UUID, appointment_id: UUID, *, source: str) -> Booking:
        """As the agenda's: to make room needs no calendar."""
        return self._agenda.cancel(conversation_id, appointment_id, source=source)

    def confirm(self, conversation_id: UUID, appointment_id: UUID) -> Booking:
        """As the agenda's."""
        return self._agenda.confirm(conversation_id, appointment_id)

    def name_attendee(self, conversation_id: UUID, appointment_id: UUID, *, attendee_name: str) -> Booking:
        """As the agenda's."""
        return self._agenda.name_attendee(conversation_id, appointment_id, attendee_name=attendee_name)

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
        """As the agenda's: a person knows their own calendar."""
        return self._agenda.book_by_hand(
            conversation_id=conversation_id,
            patient_id=patient_id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            attendee_name=attendee_name,
            actor_id=actor_id,
        )

    def _is_busy_beside(self, held: Booking) -> bool:
        wanted = [Interval(slot.starts_at, slot.ends_at) for slot in held.appointments if slot.status == "held"]
        if not wanted:  # booked already
            return False
        # One look for a family: its slots stand side by side.
        beside = self._busy_beside(min(wanted).starts_at, max(slot.ends_at for slot in wanted))
        if held.frees is not None:
            beside = _without(beside, held.frees)
        return any(slot.overlaps(taken) for slot in wanted for taken in beside)

    def _busy_beside(self, start: datetime, end: datetime) -> list[Interval]:
        return [taken for calendar in self._linked() for taken in calendar.busy(start, end)]

    def _linked(self) -> Sequence[LinkedCalendar]:
        try:
            return self._calendars()
        except StoreUnavailable:
            raise
        except DomainError as exc:  # there is one, and how to reach it does not open
            raise CalendarUnreadable(exc.code) from exc


def _without(taken: Sequence[Interval], own: Interval) -> list[Interval]:
    """What is left of busy times where one of them, or a part of it, is an event of our own."""
    left = []
    for one in taken:
        left.append(Interval(one.starts_at, min(one.ends_at, own.starts_at)))
        left.append(Interval(max(one.starts_at, own.ends_at), one.ends_at))
    return [one for one in left if one.starts_at < one.ends_at]
