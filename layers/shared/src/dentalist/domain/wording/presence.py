"""Who is writing, and when a person reads: what every answer owes the contact."""

from __future__ import annotations

from datetime import datetime, timedelta

from dentalist.domain.clinic import Clinic
from dentalist.domain.hours import next_opening, open_interval_at
from dentalist.domain.understanding.intents import Language
from dentalist.domain.wording.drafts import AnswerContext
from dentalist.domain.wording.times import clock, moment
from dentalist.domain.wording.voice import Voice

DISCLOSED_FOR = timedelta(hours=24)

_DAY = timedelta(days=1)  # whoever is open as long from now on does not close today
_AS_SOON_AS_POSSIBLE = "[Te|Te|Le] va a responder por este mismo chat en cuanto pueda."

_DISCLOSURE = (
    "Soy {who} de {clinic}, no una persona. Si [preferís|prefieres|prefiere] hablar con alguien del equipo,"
    " [escribí|escribe|escriba] «persona»."
)
_FOREIGN_DISCLOSURE = {
    Language.ENGLISH: "I am the virtual assistant of {clinic}, not a person. To reach the team, write «person».",
    Language.PORTUGUESE: (
        "Sou o assistente virtual de {clinic}, não uma pessoa. Para falar com a equipe, escreva «pessoa»."
    ),
}


def disclosure_due(context: AnswerContext) -> bool:
    """First AI answer of a conversation, after 24 h without one, or after a person handed the conversation back."""
    last = context.last_ai_answer_at
    if last is None or context.now - last >= DISCLOSED_FOR:
        return True
    return context.handed_back_at is not None and context.handed_back_at > last


def disclosure(voice: Voice, language: Language = Language.SPANISH) -> str:
    """Says that an assistant is writing, for whom, and how to reach a person. No persona can change or remove it."""
    if language in _FOREIGN_DISCLOSURE:
        return _FOREIGN_DISCLOSURE[language].format(clinic=voice.clinic.name)
    name = voice.persona.name
    return voice.say(_DISCLOSURE, who=f"{name}, asistente virtual" if name else "el asistente virtual")


def is_open(clinic: Clinic, now: datetime) -> bool | None:
    """Whether the clinic is open; None when nobody knows its hours."""
    hours = clinic.bookable_hours
    if hours is None or not hours.ever_open:
        return None
    return open_interval_at(hours, clinic.closed_from(now), clinic.timezone, now) is not None


def when_a_person_reads(voice: Voice, now: datetime) -> str:
    """One sentence on when somebody of the clinic will see the message."""
    clinic = voice.clinic
    hours = clinic.bookable_hours
    if hours is None or not hours.ever_open:
        return voice.say(_AS_SOON_AS_POSSIBLE)
    current = open_interval_at(hours, clinic.closed_from(now), clinic.timezone, now)
    if current and current.ends_at - now >= _DAY:
        return voice.say(_AS_SOON_AS_POSSIBLE)
    if current:
        return voice.say(
            "[Te|Te|Le] va a responder por este mismo chat; hoy atendemos hasta las {until}.",
            until=clock(current.ends_at, clinic.timezone),
        )
    opening = next_opening(hours, clinic.closed_from(now), clinic.timezone, now)
    if opening is None:
        return voice.say("En este momento la clínica está cerrada; [te|te|le] va a responder cuando vuelva a abrir.")
    return voice.say(
        "En este momento la clínica está cerrada: el equipo vuelve a leer los mensajes {opening}.",
        opening=moment(opening, clinic.timezone, now=now),
    )
