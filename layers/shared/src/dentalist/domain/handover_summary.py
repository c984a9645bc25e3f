"""What a person should know who goes on with a conversation. By rules alone, from the conversation's own rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dentalist.domain.answering import AnswerClaim, Appointment, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Dialog, Question
from dentalist.domain.understanding.intents import Intent, Understanding
from dentalist.domain.wording.facts import clip
from dentalist.domain.wording.times import clock, join, short_date

_LONGEST_QUOTE = 300
_MOST_TIMES = 4

_REASONS = {
    "requested": "pidió hablar con una persona",
    "complaint": "hizo un reclamo",
    "data_request": "pide ver, corregir o borrar sus datos",
    "emergency": "describió una posible urgencia",
    "low_confidence": "el asistente no entendió dos veces seguidas",
    "bot_loop": "la conversación se repetía",
    "too_many_messages": "se llegó al límite de respuestas automáticas del día",
}
_INTENTS = {
    Intent.BOOK_APPOINTMENT.value: "un turno",
    Intent.REQUEST_QUOTE.value: "un precio",
    Intent.RESCHEDULE_APPOINTMENT.value: "mover un turno",
    Intent.CANCEL_APPOINTMENT.value: "cancelar un turno",
    Intent.GENERAL_INQUIRY.value: "información",
    Intent.EMERGENCY.value: "ayuda por una urgencia",
    Intent.HUMAN_HANDOFF.value: "hablar con una persona",
    Intent.OPT_OUT.value: "no recibir más mensajes",
}
_QUESTIONS = {
    Question.WHO_COMES: "para quién es el turno",
    Question.FULL_NAME: "el nombre completo",
    Question.WHICH_APPOINTMENT: "de qué turno se trata",
    Question.CONFIRM_CANCEL: "si cancela el turno",
    Question.CONFIRM_BOOKING: "si confirma el horario",
    Question.ONE_OF_TWO: "si reserva un solo turno",
    Question.WHICH_PATIENT: "para qué paciente es",
    Question.CORRECT_NAME: "si el nombre del turno es el correcto",
    Question.VERIFY_NAME: "el nombre completo que figura en el turno",
}


def summarise(claim: AnswerClaim, understanding: Understanding, *, reason: str, clinic: Clinic) -> str:
    """The reason, what was asked, offered and booked, what is open, and the contact's last words."""
    zone = clinic.timezone
    lines = [
        f"Resumen del asistente: {_REASONS.get(reason, reason)}.",
        f"Pidió: {join(_asked(claim, understanding))}.",
        *_of_treatments(understanding),
        *_of_times("Se le ofreció", [offer.starts_at for offer in claim.open_offers if offer.group_part == 0], zone),
        *_of_changes(claim.changed, zone),
        *_of_appointments(claim.appointments, zone),
        *_open_question(claim.history),
        *_last_words(claim.unanswered),
    ]
    return "\n".join(lines)


def _asked(claim: AnswerClaim, understanding: Understanding) -> list[str]:
    before = [str((item.ai_metadata or {}).get("intent")) for item in claim.history if item.direction == "inbound"]
    now = [scored.intent.value for scored in understanding.intents]
    named = [_INTENTS[intent] for intent in dict.fromkeys([*before, *now]) if intent in _INTENTS]
    return named or ["algo que no se entendió"]


def _of_treatments(understanding: Understanding) -> Iterator[str]:
    if understanding.treatments:
        yield f"Tratamientos: {join([clip(name) for name in understanding.treatments])}."


def _of_times(label: str, instants: Sequence[datetime], zone: ZoneInfo) -> Iterator[str]:
    times = [_time(at, zone) for at in sorted(set(instants))[:_MOST_TIMES]]
    if times:
        more = len(set(instants)) - len(times)
        yield f"{label}: {'; '.join(times)}{f' y {more} más' if more > 0 else ''}."


def _of_changes(changed: Sequence[Appointment], zone: ZoneInfo) -> Iterator[str]:
    for row in changed:
        if row.chat_change == "cancelled":
            yield f"Se canceló: {_appointment(row, zone)}."


def _of_appointments(booked: Sequence[Appointment], zone: ZoneInfo) -> Iterator[str]:
    if booked:
        yield f"Turnos que tiene: {'; '.join(_appointment(row, zone) for row in booked[:_MOST_TIMES])}."


def _open_question(history: Sequence[StoredMessage]) -> Iterator[str]:
    said = [item for item in history if item.direction == "outbound"]
    dialog = Dialog.recall(said[-1].ai_metadata) if said else None
    if dialog is not None:
        yield f"Quedó por saber: {_QUESTIONS[dialog.asks]}."


def _last_words(unanswered: Sequence[StoredMessage]) -> Iterator[str]:
    words = " / ".join(item.body.strip() for item in unanswered if item.body and item.body.strip())
    if words:
        yield f"Último mensaje: «{clip(words, _LONGEST_QUOTE)}»"


def _appointment(row: Appointment, zone: ZoneInfo) -> str:
    who = f" ({clip(row.attendee_name)})" if row.attendee_name else ""
    return f"{_time(row.starts_at, zone)}{who}"


def _time(at: datetime, zone: ZoneInfo) -> str:
    return f"{short_date(at, zone)} {clock(at, zone)}"
