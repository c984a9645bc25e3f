"""What the assistant asks to book, move or cancel an appointment. Code decides what is asked; no model words it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dentalist.domain.wording.buttons import Option
from dentalist.domain.wording.changes import day_and_time, name_of, which
from dentalist.domain.wording.drafts import BookedAppointment
from dentalist.domain.wording.facts import clip
from dentalist.domain.wording.offers import LONGEST_NAME
from dentalist.domain.wording.replies import Paragraph
from dentalist.domain.wording.times import clock, join, short_date
from dentalist.domain.wording.voice import Voice

ANOTHER = "another"  # the id of the button under a cancellation
OTHER_TIMES = Option("other_times", "Otro horario")
PERSON = Option("person", "Hablar con alguien")
ONE_AT_A_TIME = Option("one_at_a_time", "Sí, de a uno")


def who_comes(voice: Voice, count: int | None, *, again: bool = False) -> Paragraph:
    """The names of those an appointment is for, and nothing else about them."""
    opening = "Para buscar {el_turno} necesito saber quién viene. " if again else ""
    if count == 1:
        asked = "¿Cómo se llama quien viene? Con el nombre alcanza."
    elif count:
        asked = f"¿Cómo se llaman? [Decime|Dime|Dígame] los {count} nombres y busco {{turnos}} seguid{{o}}s."
    else:
        asked = "¿Para quiénes? [Decime|Dime|Dígame] los nombres de quienes vienen y busco {turnos} seguid{o}s."
    return _question(voice, opening + asked)


def full_name(
    voice: Voice, slot: datetime, *, given: str | None = None, again: bool = False, beside: Sequence[str] = ()
) -> Paragraph:
    """Whose name the chosen time is booked under; it is kept meanwhile. ``beside``: who comes along, named before."""
    if given:
        return _question(voice, "Gracias, {name}. ¿Y el apellido?", name=clip(given, LONGEST_NAME))
    when = day_and_time(voice, slot)
    if again:
        text = "Para reservar el {when} me falta el nombre. ¿Me [decís|dices|dice] nombre y apellido de quien viene?"
        return _question(voice, text, when=when)
    if beside:
        text = (
            "[Te|Te|Le] guardo el {when} por unos minutos. Además de {names}, ¿a nombre de quién reservo?"
            " [Decime|Dime|Dígame] nombre y apellido."
        )
        return _question(voice, text, when=when, names=join([clip(name, LONGEST_NAME) for name in beside]))
    text = (
        "[Te|Te|Le] guardo el {when} por unos minutos. ¿A nombre de quién lo reservo?"
        " [Decime|Dime|Dígame] nombre y apellido."
    )
    return _question(voice, text, when=when)


def name_is_assumed(voice: Voice) -> Paragraph:
    """Below a confirmation: the name is that of the contact's profile, and can be corrected."""
    text = "El nombre es el de [tu|tu|su] WhatsApp: si va a nombre de otra persona, [decime|dime|dígame] cuál."
    return _question(voice, text)


def which_time(voice: Voice) -> Paragraph:
    """Several of the offered times fit what was said."""
    return _question(voice, "¿Cuál de estos horarios?")


def which_patient(voice: Voice, *, again: bool = False) -> Paragraph:
    """Several patients have this phone: the name is asked for, none is shown."""
    if again:
        text = "Para reservar {el_turno} necesito nombre y apellido de quien viene. ¿Me los [decís|dices|dice]?"
        return _question(voice, text)
    return _question(voice, "¿Para quién es {el_turno}? [Decime|Dime|Dígame] nombre y apellido.")


def verify_name(voice: Voice, *, again: bool = False) -> Paragraph:
    """Before appointments are named to a phone that may be somebody else's now."""
    if again:
        text = (
            "No encuentro {un_turno} con ese nombre. ¿Me lo [decís|dices|dice] completo, con nombre y apellido, como"
            " figura en la clínica?"
        )
    else:
        text = (
            "Para cuidar los datos de los pacientes necesito confirmar con quién hablo antes de ver o cambiar {turnos}."
            " ¿Me [decís|dices|dice] el nombre y el apellido de quien tiene {el_turno}?"
        )
    return _question(voice, text)


def which_appointment(voice: Voice, items: Sequence[BookedAppointment], verb: str, *, again: bool = False) -> Paragraph:
    """Of several, which one to cancel, move or confirm."""
    lines = [
        f"• {day_and_time(voice, item.starts_at)}" + (f", {name_of(item)}" if item.attendee_name else "")
        for item in items
    ]
    opening = "No entendí cuál. " if again else ""
    listed = voice.say(opening + "[Tenés|Tienes|Tiene] {count} {turnos}:", count=str(len(items)))
    asked = voice.say("¿Cuál [querés|quieres|quiere] {verb}?", verb=verb)
    return Paragraph("\n".join([listed, *lines, asked]), fixed=True)


def appointment_options(voice: Voice, verb: str, items: Sequence[tuple[UUID, BookedAppointment]]) -> tuple[Option, ...]:
    """One button or row for each appointment."""
    zone = voice.clinic.timezone
    return tuple(
        Option(
            f"{verb}:{appointment_id}",
            f"{short_date(item.starts_at, zone)} · {clock(item.starts_at, zone)}",
            name_of(item) or clip(item.reason or "", LONGEST_NAME),
        )
        for appointment_id, item in items
    )


def confirm_cancel(
    voice: Voice, items: Sequence[BookedAppointment], *, own: Sequence[str] = (), not_found: bool = False
) -> Paragraph:
    """Whether to cancel what is named."""
    said = join([f"{which(voice, item, own=own)} del {day_and_time(voice, item.starts_at)}" for item in items])
    if not_found:
        text = (
            "No encuentro {un_turno} para ese momento; veo {said}. ¿Es {ese} {el} que [querés|quieres|quiere] cancelar?"
        )
        return _question(voice, text, said=said)
    return _question(voice, "¿[Confirmás|Confirmas|Confirma] que cancele {said}?", said=said)


def cancel_options(ids: Sequence[UUID]) -> tuple[Option, ...]:
    """Yes and no. For several appointments the words on the buttons are the answer."""
    if len(ids) == 1:
        return Option(f"cancel:{ids[0]}", "Sí, cancelar"), Option(f"keep:{ids[0]}", "No, mantener")
    return Option("cancel_all", "Sí, cancelar"), Option("keep_all", "No, mantener")


def confirm_move(
    voice: Voice, item: BookedAppointment, *, own: Sequence[str] = (), not_found: bool = True
) -> Paragraph:
    """Whether it is this appointment that should be moved: the one spoken of was not found, or the words were none."""
    said = f"{which(voice, item, own=own)} del {day_and_time(voice, item.starts_at)}"
    opening = "No encuentro {un_turno} para ese momento; veo {said}. " if not_found else "Veo {said}. "
    return _question(voice, opening + "¿Es {ese} {el} que [querés|quieres|quiere] cambiar?", said=said)


def move_options(appointment_id: UUID) -> tuple[Option, ...]:
    """Yes and no."""
    return Option(f"move:{appointment_id}", "Sí, cambiarlo"), Option(f"keep:{appointment_id}", "No, mantener")


def confirm_booking(voice: Voice, starts_at: datetime) -> Paragraph:
    """A time that was heard in a voice note is booked by a tap."""
    return _question(
        voice,
        "Entendí que [querés|quieres|quiere] el {when}. ¿Lo reservo? [Tocá|Toca|Toque] el botón para confirmar.",
        when=day_and_time(voice, starts_at),
    )


def booking_options(offer_id: UUID) -> tuple[Option, ...]:
    """Yes, or another time."""
    return Option(f"book:{offer_id}", "Sí, reservar"), OTHER_TIMES


def another_option(voice: Voice) -> Option:
    """After a cancellation; a tap on it is heard as its words."""
    return Option(ANOTHER, voice.say("Pedir otr{o} {turno}"))


def one_of_two(voice: Voice, names: Sequence[str]) -> Paragraph:
    """A family does not fit one after the other: one at a time, or a person looks."""
    text = (
        "No encuentro {count} {turnos} seguid{o}s en los próximos días. ¿[Querés|Quieres|Quiere] que busque de a un{o},"
        " empezando por {first}?"
    )
    return _question(voice, text, count=str(len(names)), first=clip(names[0], LONGEST_NAME))


def _question(voice: Voice, text: str, **facts: str) -> Paragraph:
    noun = {"ese": "esa", "el": "la"} if voice.noun.feminine else {"ese": "ese", "el": "el"}
    return Paragraph(voice.say(text, **noun, **facts), fixed=True)
