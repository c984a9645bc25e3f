"""What one answer needs, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from dentalist.services.answering.ports_agenda import Agenda
from dentalist.services.answering.ports_models import Interpreter, Transcriber, Wordsmith
from dentalist.services.answering.ports_voice import VoiceNotes
from dentalist.services.answering.understand import Engine
from dentalist.services.ports import ChatPresence, Consent, Handover, Tasks
from dentalist.services.ports_patients import PhoneTrust
from dentalist.services.sending import Sending


@dataclass(frozen=True)
class Desk:
    """What one answer needs, for its professional and number; what may not be needed is made when it is called."""

    sending: Sending
    presence: Callable[[], ChatPresence]
    agenda: Agenda
    consent: Consent
    handover: Handover
    tasks: Tasks
    interpreter: Callable[[], Interpreter | None]
    follow_up: Callable[[UUID], object] = lambda _: None  # on an appointment, once its contact was told
    wordsmith: Callable[[], Wordsmith | None] = lambda: None
    transcriber: Callable[[], Transcriber | None] = lambda: None
    notes: Callable[[], VoiceNotes | None] = lambda: None  # None: voice notes are not written down here
    trust: PhoneTrust | None = None  # None: nobody keeps whether a contact is who they are taken for
    alerted: Callable[[], object] = lambda: None  # a critical alert was just raised


@dataclass(frozen=True)
class Turn:
    """What became of a wake-up; ``again_in``: seconds until the conversation should be looked at again."""

    outcome: str
    conversation_id: UUID
    again_in: int | None = None
    message_id: UUID | None = None
    intent: str | None = None
    engine: Engine | None = None
