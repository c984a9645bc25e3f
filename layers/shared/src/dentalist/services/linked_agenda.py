"""The agenda together with the calendars beside it: what is busy in any of them is not free.

A calendar that cannot be read books nothing: who asks for free times, or is about to book one, gets CalendarUnreadable
and leaves it to a person. Without a linked calendar it is the agenda alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dentalist.domain.answering import Appointment, Offer
from dentalist.domain.calendars import CalendarUnreadable
from dentalist.domain.errors import DomainError, StoreUnavailable
from dentalist.domain.hours import Interval
from dentalist.services.ports import Agenda, Booking, SlotToOffer
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
        self._held: dict[UUID, Appointment] = {}

    def busy(self, start: datetime, end: datetime) -> list[Interval]:
        """What is taken between two instants, in the agenda or beside it; sorted.

        Raises:
            CalendarUnreadable: one of the linked calendars does not say when it is busy.
            StoreUnavailable: the store or the key service cannot be reached.
        """
        return sorted([*self._agenda.busy(start, end), *self._busy_beside(start, end)])

    def offer(self, conversation_id: UUID, slots: Sequence[SlotToOffer], *, ttl_seconds: int) -> list[Offer]:
        """As the agenda's."""
        return self._agenda.offer(conversation_id, slots, ttl_seconds=ttl_seconds)

    def hold(self, conversation_id: UUID, offer_id: UUID) -> Booking:
        """As the agenda's; the calendars are asked when it is committed."""
        held = self._agenda.hold(conversation_id, offer_id)
        if held.appointment is not None:
            self._held[offer_id] = held.appointment
        return held

    def commit(self, conversation_id: UUID, offer_id: UUID, *, attendee_name: str | None, source: str) -> Booking:
        """Book an offered slot unless a calendar has become busy since: then it is ``taken``.

        What is booked already is answered as such, whatever the calendars say: its own event stands in one of them.

        Raises:
            CalendarUnreadable: one of the linked calendars does not say whether it is free; it stays held.
            StoreUnavailable: not known whether it was booked; asking again tells.
        """
        slot = self._held.pop(offer_id, None)
        if slot is None:
            held = self._agenda.hold(conversation_id, offer_id)
            slot = held.appointment
            if held.outcome not in ("held", "booked") or slot is None:
                return held
        if slot.status != "booked":
            wanted = Interval(slot.starts_at, slot.ends_at)
            if any(wanted.overlaps(taken) for taken in self._busy_beside(slot.starts_at, slot.ends_at)):
                return Booking("taken")
        return self._agenda.commit(conversation_id, offer_id, attendee_name=attendee_name, source=source)

    def _busy_beside(self, start: datetime, end: datetime) -> list[Interval]:
        return [taken for calendar in self._linked() for taken in calendar.busy(start, end)]

    def _linked(self) -> Sequence[LinkedCalendar]:
        try:
            return self._calendars()
        except StoreUnavailable:
            raise
        except DomainError as exc:  # there is one, and how to reach it does not open
            raise CalendarUnreadable(exc.code) from exc
