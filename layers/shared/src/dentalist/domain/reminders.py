"""What a reminder of an appointment says, to whom, and at which hours it may arrive. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from dentalist.domain.wording.times import clock, long_date

_NAMESPACE = UUID("6f6b6a9e-5a3c-4f0e-9a55-3d1f5c8f7c11")
_FROM, _UNTIL = time(9), time(20)  # local: nobody is woken by a machine
_LONGEST_NAME = 60


class DueReminder(BaseModel):
    """A booked appointment whose reminder has not left; ``conversation_id`` None: one has to be begun by ``phone``."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    appointment_id: UUID
    professional_id: UUID
    starts_at: datetime
    attendee_name: str | None = None
    patient_name: str | None = None
    contact_name: str | None = None
    conversation_id: UUID | None = None
    channel_id: UUID | None = None
    phone: str | None = None
    clinic_name: str
    timezone: str
    country: str | None = None

    @property
    def request_key(self) -> UUID:
        """Names the sending of this reminder: repeated after a crash, it sends nothing again; moved, it is another."""
        return uuid5(_NAMESPACE, f"{self.appointment_id}:{self.starts_at.isoformat()}")

    @property
    def values(self) -> Mapping[str, str]:
        """The variables of the template ``appointment_reminder``."""
        zone = ZoneInfo(self.timezone)
        return {
            "name": self._addressed,
            "clinic": self.clinic_name,
            "date": long_date(self.starts_at, zone),
            "time": clock(self.starts_at, zone),
        }

    @property
    def taps(self) -> tuple[str, str]:
        """What the two buttons of the template return: they come, they cancel."""
        return f"confirm:{self.appointment_id}", f"cancel:{self.appointment_id}"

    def may_arrive(self, now: datetime) -> bool:
        """Whether it is an hour of the day at which a message of the clinic is welcome."""
        return _FROM <= now.astimezone(ZoneInfo(self.timezone)).time() < _UNTIL

    @property
    def _addressed(self) -> str:
        """Who reads it, and for whom it is where that is somebody else: "Lucía (por el turno de Tomás)"."""
        attendee = _first(self.attendee_name)
        reader = _first(self.patient_name) or _first(self.contact_name)
        if reader is None or attendee is None or reader.casefold() == attendee.casefold():
            return attendee or reader or "paciente"
        return f"{reader} (por el turno de {attendee})"


def _first(name: str | None) -> str | None:
    parts = (name or "").split()
    return parts[0][:_LONGEST_NAME] if parts else None
