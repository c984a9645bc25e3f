"""What was done to the agenda, in words: rendered from committed rows alone, and never worded by a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dentalist.domain.wording.drafts import BookedAppointment
from dentalist.domain.wording.facts import clip
from dentalist.domain.wording.offers import LONGEST_NAME
from dentalist.domain.wording.replies import Paragraph
from dentalist.domain.wording.times import clock, join, long_date, moment
from dentalist.domain.wording.voice import Voice

# Whoever comes: the author, a child, or a family.
_ANY_CHANGE = "Ante cualquier cambio, [avisame|avísame|avíseme] por este chat."


def booked(voice: Voice, items: Sequence[BookedAppointment]) -> Paragraph:
    """The confirmation of committed appointments: who, when, where."""
    if len(items) == 1:
        lines = [_booked_one(voice, items[0])]
    else:
        lines = [voice.say("{sign}{Turnos} confirmad{o}s en {clinic}:", sign=voice.emoji("✅"), Turnos=_title(voice))]
        lines += [f"• {_listed(voice, item)}" for item in items]
    if voice.clinic.address:
        lines.append(f"Dirección: {clip(voice.clinic.address)}.")
    lines.append(voice.say(_ANY_CHANGE))
    return Paragraph("\n".join(lines), fixed=True)


def _title(voice: Voice) -> str:
    return voice.noun.plural.capitalize()


def _booked_one(voice: Voice, item: BookedAppointment) -> str:
    return voice.say(
        "{sign}{Turno} confirmad{o}{whom} en {clinic}: {date} a las {time}.",
        sign=voice.emoji("✅"),
        Turno=voice.noun.word.capitalize(),
        whom=f" para {name_of(item)}" if item.attendee_name else "",
        date=long_date(item.starts_at, voice.clinic.timezone),
        time=clock(item.starts_at, voice.clinic.timezone),
    )


def moved(voice: Voice, items: Sequence[BookedAppointment], *, own: Sequence[str] = ()) -> Paragraph:
    """Appointments at their new time."""
    lines = [
        voice.say(
            "{sign}Listo: {which} quedó para el {when}.",
            sign=voice.emoji("✅"),
            which=which(voice, item, own=own),
            when=day_and_time(voice, item.starts_at),
        )
        for item in items
    ]
    lines.append(voice.say(_ANY_CHANGE))
    return Paragraph("\n".join(lines), fixed=True)


def cancelled(
    voice: Voice, items: Sequence[BookedAppointment], *, own: Sequence[str] = (), can_undo: bool = True
) -> Paragraph:
    """Appointments that are no more, and how to have another; without that where one is offered already."""
    said = join([f"{which(voice, item, own=own)} del {day_and_time(voice, item.starts_at)}" for item in items])
    undo = (
        " Si fue un error o [querés|quieres|quiere] otro horario, [decime|dime|dígame] y [te|te|le] busco {un_turno}."
    )
    return Paragraph(voice.say("Listo: cancelé {said}." + (undo if can_undo else ""), said=said), fixed=True)


def kept(voice: Voice, items: Sequence[BookedAppointment], *, own: Sequence[str] = ()) -> Paragraph:
    """Nothing was changed."""
    if not items:
        return Paragraph("Perfecto, no cambié nada.", fixed=True)
    said = join([f"{which(voice, item, own=own)} del {day_and_time(voice, item.starts_at)}" for item in items])
    stays = "sigue" if len(items) == 1 else "siguen"
    return Paragraph(f"Perfecto, no cambié nada: {said} {stays} en pie.", fixed=True)


def attendance(
    voice: Voice, items: Sequence[BookedAppointment], *, now: datetime, own: Sequence[str] = ()
) -> Paragraph:
    """Who comes has said so."""
    zone = voice.clinic.timezone
    others = [item for item in items if item.attendee_name and item.attendee_name not in own]
    if others:
        whens = join([f"a {name_of(item)} {moment(item.starts_at, zone, now=now)}" for item in items])
        return Paragraph(f"¡Gracias por confirmar! Esperamos {whens}.", fixed=True)
    whens = join([moment(item.starts_at, zone, now=now) for item in items])
    return Paragraph(voice.say("¡Gracias por confirmar! [Te|Te|Le] esperamos {whens}.", whens=whens), fixed=True)


def renamed(voice: Voice, item: BookedAppointment) -> Paragraph:
    """An appointment under another name."""
    text = "Listo: {el_turno} del {when} está a nombre de {name}."
    return Paragraph(voice.say(text, when=day_and_time(voice, item.starts_at), name=name_of(item)), fixed=True)


def stands(voice: Voice, item: BookedAppointment, *, own: Sequence[str] = ()) -> Paragraph:
    """An appointment that is to be moved and has not been yet."""
    text = voice.say(
        "{Which} del {when} sigue en pie hasta que [elijas|elijas|elija] otro horario.",
        Which=_capitalised(which(voice, item, own=own)),
        when=day_and_time(voice, item.starts_at),
    )
    return Paragraph(text, fixed=True)


def which(voice: Voice, item: BookedAppointment, *, own: Sequence[str] = ()) -> str:
    """ "tu turno", or "el turno de Tomás" where it is somebody else's."""
    if item.attendee_name and item.attendee_name not in own:
        return voice.say("{el_turno} de {name}", name=name_of(item))
    return voice.say("[tu|tu|su] {turno}")


def day_and_time(voice: Voice, instant: datetime) -> str:
    """ "martes 24 de noviembre a las 10:00"."""
    zone = voice.clinic.timezone
    return f"{long_date(instant, zone)} a las {clock(instant, zone)}"


def name_of(item: BookedAppointment) -> str:
    """Who comes, on one line: the name was typed by somebody."""
    return clip(item.attendee_name or "", LONGEST_NAME)


def _listed(voice: Voice, item: BookedAppointment) -> str:
    name = f"{name_of(item)}: " if item.attendee_name else ""
    return f"{name}{day_and_time(voice, item.starts_at)}"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
