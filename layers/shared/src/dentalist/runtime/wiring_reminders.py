"""Which adapter stands behind reminders. See ``wiring.py``."""

from __future__ import annotations

from uuid import UUID

from dentalist.runtime import wiring
from dentalist.services.remind import ReminderDesk
from dentalist.storage.reminders import SupabaseReminders
from dentalist.storage.templates import SupabaseTemplates


def reminders() -> SupabaseReminders:
    """Which are due, of all professionals."""
    return SupabaseReminders(wiring.service_db())


def desk(professional_id: UUID) -> ReminderDesk:
    """What sending a reminder of this professional needs."""
    return ReminderDesk(
        templates=SupabaseTemplates(wiring.service_db(), professional_id),
        opener=wiring.conversation_opener(professional_id),
        sending=wiring.sending(professional_id),
    )
