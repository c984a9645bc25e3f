"""The emergency text. It needs no model, no budget, no opening hours and no filled-in field: every part that needs one
is left out when it is missing, and what remains still says what to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from dentalist.domain.emergency_numbers import ANYWHERE, emergency_number
from dentalist.domain.hours import next_opening
from dentalist.domain.understanding.intents import Language
from dentalist.domain.wording.facts import clip
from dentalist.domain.wording.presence import is_open
from dentalist.domain.wording.times import moment
from dentalist.domain.wording.voice import Voice

REPEATED_AFTER = timedelta(minutes=30)
_LONGEST_INSTRUCTIONS = 900

_FOREIGN = {
    Language.ENGLISH: (
        "If you have trouble breathing or swallowing, bleeding that does not stop, or a bad injury, call {number} now"
        " or go to the nearest emergency room. I am alerting the team of {clinic}, but they may not be reading this"
        " chat: do not wait for an answer here."
    ),
    Language.PORTUGUESE: (
        "Se houver dificuldade para respirar ou engolir, sangramento que não para ou uma pancada forte, ligue já para"
        " {number} ou vá ao pronto-socorro mais próximo. Estou avisando a equipe de {clinic}, mas talvez ninguém esteja"
        " lendo este chat: não espere a resposta aqui."
    ),
}


def emergency_line(voice: Voice) -> str:
    """ "al 107 o al 911", or what can be said without knowing the country."""
    number = emergency_number(voice.clinic.country)
    return f"al {number}" if number else voice.say(f"al {ANYWHERE} o al número de emergencias de [tu|tu|su] país")


def safety_text(voice: Voice, now: datetime, language: Language = Language.SPANISH) -> str:
    """What somebody in an emergency must read, whatever else is going on."""
    clinic = voice.clinic
    if language in _FOREIGN:
        number = emergency_number(clinic.country) or f"{ANYWHERE} (or your local emergency number)"
        foreign = _FOREIGN[language].format(number=number.replace(" o al ", " / "), clinic=clinic.name)
        return "\n".join([foreign, *([clip(clinic.emergency_phone)] if clinic.emergency_phone else [])])
    lines = [
        voice.say(
            "{sign}Si hay dificultad para respirar o tragar, sangrado que no para, fiebre con la cara hinchada"
            " o un golpe fuerte, [llamá|llama|llame] ya {line} o [andá|ve|vaya] a la guardia de urgencias más cercana.",
            sign=voice.emoji("🚨"),
            line=emergency_line(voice),
        )
    ]
    if clinic.emergency_phone:
        lines.append(f"Teléfono de urgencias de la clínica: {clip(clinic.emergency_phone)}.")
    if clinic.emergency_instructions:
        lines.append(clip(clinic.emergency_instructions, _LONGEST_INSTRUCTIONS))
    lines.append(_who_reads(voice, now))
    return "\n".join(lines)


def _who_reads(voice: Voice, now: datetime) -> str:
    clinic = voice.clinic
    alerting = "Estoy avisando al equipo de {clinic}. "
    opened = is_open(clinic, now)
    if opened is None:
        return voice.say(
            alerting
            + "Es posible que nadie lea este chat en este momento: no [esperes|esperes|espere] la respuesta acá."
        )
    if opened:
        return voice.say(
            alerting + "Estamos en horario de atención, pero pueden tardar en leer este chat: si empeora, no"
            " [esperes|esperes|espere] la respuesta acá."
        )
    hours = clinic.bookable_hours
    opening = next_opening(hours, clinic.closed_from(now), clinic.timezone, now) if hours else None
    until = f" hasta {moment(opening, clinic.timezone, now=now)}" if opening else ""
    return voice.say(
        alerting
        + "La clínica está cerrada y nadie lee este chat{until}: no [esperes|esperes|espere] la respuesta acá.",
        until=until,
    )


def safety_text_due(
    *,
    now: datetime,
    handed_over: bool,
    handed_over_at: datetime | None,
    last_person_message_at: datetime | None,
    sent_at: datetime | None,
) -> bool:
    """Whether the safety text is owed.

    While a person has the conversation it is sent only if that person has not written since, and at most every thirty
    minutes; an assistant that is in charge answers every emergency.
    """
    if not handed_over:
        return True
    if last_person_message_at and (handed_over_at is None or last_person_message_at >= handed_over_at):
        return False
    return sent_at is None or now - sent_at >= REPEATED_AFTER
