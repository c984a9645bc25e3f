"""Which adapter stands behind patients, their appointments by hand, and trust in their numbers. See ``wiring.py``."""

from __future__ import annotations

from uuid import UUID

from dentalist.domain.identity import Caller
from dentalist.runtime import wiring, wiring_calendar
from dentalist.services.book_by_hand import BookingDesk
from dentalist.services.patients import PatientDesk
from dentalist.storage.clinics import SupabaseClinics
from dentalist.storage.patients import SupabasePatients, SupabasePhoneTrust, SupabaseReadablePatients


def patient_desk(caller: Caller) -> PatientDesk:
    """What naming the patient of a conversation needs."""
    return PatientDesk(
        conversations=wiring.user_conversations(caller),
        clinic=SupabaseClinics(wiring.user_db(caller), caller.professional_id),
        known=SupabaseReadablePatients(wiring.user_db(caller), caller.professional_id),
        patients=SupabasePatients(wiring.service_db(), caller.professional_id),
    )


def booking_desk(caller: Caller) -> BookingDesk:
    """What booking by hand needs; a linked Google calendar gets its event at once."""
    professional_id = caller.professional_id
    return BookingDesk(
        conversations=wiring.user_conversations(caller),
        clinic=SupabaseClinics(wiring.user_db(caller), professional_id),
        known=SupabaseReadablePatients(wiring.user_db(caller), professional_id),
        agenda=wiring.agenda(professional_id),
        follow_up=lambda appointment_id: wiring_calendar.write_event(professional_id, appointment_id),
    )


def phone_trust(professional_id: UUID) -> SupabasePhoneTrust:
    """Whether the professional's contacts are who they are taken for."""
    return SupabasePhoneTrust(wiring.service_db(), professional_id)
