"""The paragraphs of an ordinary answer: one per subject, in the order in which they are said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from dentalist.domain.understanding.intents import HandoffReason, Intent, Topic, Understanding
from dentalist.domain.wording import facts
from dentalist.domain.wording.drafts import AnswerContext, BookedAppointment, InboundMedia, Task, TaskKind
from dentalist.domain.wording.facts import clip
from dentalist.domain.wording.offers import LONGEST_NAME
from dentalist.domain.wording.presence import when_a_person_reads
from dentalist.domain.wording.safety import emergency_line
from dentalist.domain.wording.times import join, moment
from dentalist.domain.wording.voice import Voice

_LISTENS_LATER = frozenset({InboundMedia.AUDIO, InboundMedia.VIDEO})
_SEEN_LATER = frozenset({InboundMedia.IMAGE, InboundMedia.DOCUMENT})


@dataclass(frozen=True)
class Paragraph:
    """Part of an answer.

    Attributes:
        missing: facts the clinic has not filled in, as in "sobre {missing} no tengo…".
        fixed: a statement, a question or a promise that is said exactly so: no model words it, no limit shortens it.
    """

    text: str | None = None
    missing: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    fixed: bool = False


def paragraphs(understanding: Understanding, voice: Voice, context: AnswerContext) -> Iterator[Paragraph]:
    """Everything a burst asked about except times to offer, requests first."""
    if understanding.wants(Intent.CANCEL_APPOINTMENT):
        yield cancel_request(voice, context)
    yield from facts_asked(understanding, voice, context)


def facts_asked(
    understanding: Understanding, voice: Voice, context: AnswerContext, *, but: Collection[Topic] = ()
) -> Iterator[Paragraph]:
    """What a burst asked to know, without the topics ``but``, which something else in the answer speaks of."""
    if understanding.wants(Intent.REQUEST_QUOTE):
        yield Paragraph(*facts.prices(voice, understanding.treatments))
    if understanding.wants(Intent.GENERAL_INQUIRY) or understanding.primary is Intent.GENERAL_INQUIRY:
        for topic in Topic:  # in the order of the enumeration, so that the answer does not depend on a set's
            if topic in understanding.topics and topic not in but:
                yield _about(topic, understanding, voice, context)


def _about(topic: Topic, understanding: Understanding, voice: Voice, context: AnswerContext) -> Paragraph:
    fact = _fact(topic, understanding, voice, context)
    if fact is not None:
        return fact
    answer = _OWN_WORDS.get(topic)
    if answer:
        return Paragraph(voice.say(answer), tasks=_TASKS.get(topic, ()), fixed=topic in _SAID_EXACTLY)
    if topic is Topic.MY_APPOINTMENT:
        return my_appointment(voice, context)
    if topic is Topic.CONFIRM_APPOINTMENT:
        return _confirmed(voice, context)
    return Paragraph()  # greetings belong to the opening of the answer


def _fact(topic: Topic, understanding: Understanding, voice: Voice, context: AnswerContext) -> Paragraph | None:
    """What the clinic's data answers, or lacks; None for a topic that is no fact."""
    if topic in _NEVER_KNOWN:
        return Paragraph(missing=(_NEVER_KNOWN[topic],))
    if topic is Topic.TREATMENT and not understanding.wants(Intent.REQUEST_QUOTE):
        return Paragraph(*facts.treatments_done(voice, understanding.treatments))
    known: dict[Topic, tuple[str, Callable[[], str | None]]] = {
        Topic.ADDRESS: ("la dirección", lambda: facts.address(voice)),
        Topic.HOURS: ("los horarios de atención", lambda: facts.hours(voice, context.now)),
        Topic.INSURANCE: ("las coberturas", lambda: facts.insurance(voice, understanding.insurances)),
        Topic.PAYMENT: ("los medios de pago", lambda: facts.payment(voice)),
        Topic.PHONE: ("el teléfono", lambda: facts.phone(voice)),
    }
    if topic not in known:
        return None
    name, look_up = known[topic]
    text = look_up()
    return Paragraph(text) if text else Paragraph(missing=(name,))


# The clinic's row has no column for these.
_NEVER_KNOWN = {Topic.PARKING: "el estacionamiento", Topic.QUESTION: "eso"}
_OWN_WORDS = {
    Topic.SYMPTOM: (
        "Por chat no puedo dar un diagnóstico: lo tiene que ver el equipo en una consulta. Si [querés|quieres|quiere],"
        " [te|te|le] busco {un_turno}. Si aparece hinchazón en la cara, fiebre, sangrado que no para o mucho dolor,"
        " [avisame|avísame|avíseme] enseguida."
    ),
    Topic.RUNNING_LATE: "Gracias por avisar: se lo paso a la clínica.",
    Topic.AVAILABILITY_LATER: "Perfecto, [escribime|escríbeme|escríbame] cuando [quieras|quieras|quiera].",
    Topic.WRONG_NUMBER: "Gracias por avisar y [disculpá|disculpa|disculpe] la molestia: se lo paso a la clínica.",
}
# Triage and promises to pass something on.
_SAID_EXACTLY = frozenset({Topic.SYMPTOM, Topic.RUNNING_LATE, Topic.WRONG_NUMBER})
_TASKS = {
    Topic.RUNNING_LATE: (Task(TaskKind.RUNNING_LATE),),
    Topic.WRONG_NUMBER: (Task(TaskKind.WRONG_NUMBER),),
}


def my_appointment(voice: Voice, context: AnswerContext) -> Paragraph:
    """When the contact's appointments are, and whose."""
    coming = [item for item in context.upcoming if item.starts_at > context.now]
    upcoming = sorted(coming, key=lambda item: item.starts_at)
    if not upcoming:
        return Paragraph(missing=(voice.say("[tus|tus|sus] próxim{o}s {turnos}"),))
    whens = [
        moment(item.starts_at, voice.clinic.timezone, now=context.now) + _for_whom(item, context) for item in upcoming
    ]
    return Paragraph(voice.say("[Tenés|Tienes|Tiene] {turno} {when}.", when=join(whens)))


def _for_whom(item: BookedAppointment, context: AnswerContext) -> str:
    """ " (Tomás)", where it is not clearly the contact's own."""
    name, own = item.attendee_name, context.contact_name
    if not name or (own and name.split()[0].lower() == own.split()[0].lower()):
        return ""
    return f" ({clip(name, LONGEST_NAME)})"


def _confirmed(voice: Voice, context: AnswerContext) -> Paragraph:
    upcoming = [item for item in context.upcoming if item.starts_at > context.now]
    task = (Task(TaskKind.CONFIRM_ATTENDANCE),)
    if len(upcoming) != 1:
        return Paragraph("Gracias por confirmar: se lo paso a la clínica.", tasks=task, fixed=True)
    when = moment(upcoming[0].starts_at, voice.clinic.timezone, now=context.now)
    return Paragraph(
        voice.say("¡Gracias por confirmar! [Te|Te|Le] esperamos {when}.", when=when), tasks=task, fixed=True
    )


def _request(voice: Voice, context: AnswerContext, verb: str, kind: TaskKind) -> Paragraph:
    """A change to an appointment that a person carries out."""
    upcoming = [item for item in context.upcoming if item.starts_at > context.now]
    which = ""
    if len(upcoming) == 1:
        which = f" ({moment(upcoming[0].starts_at, voice.clinic.timezone, now=context.now)})"
    text = voice.say(
        "Recibí [tu|tu|su] pedido de {verb} {el_turno}{which}: se lo paso a la clínica"
        " y [te|te|se] lo confirman por este chat.",
        verb=verb,
        which=which,
    )
    return Paragraph(text, tasks=(Task(kind),), fixed=True)


def cancel_request(voice: Voice, context: AnswerContext) -> Paragraph:
    """Cancelling where a person must do it."""
    return _request(voice, context, "cancelar", TaskKind.CANCEL_REQUEST)


def no_appointment(voice: Voice, kind: TaskKind) -> Paragraph:
    """Somebody wants to change an appointment and none is known here: it may be on paper, or under another phone."""
    text = (
        "No encuentro {un_turno} próxim{o} con este número: le paso [tu|tu|su] pedido a la clínica"
        " y [te|te|le] responden por este chat."
    )
    return Paragraph(voice.say(text), tasks=(Task(kind),), fixed=True)


def invitation(voice: Voice, context: AnswerContext) -> Paragraph:
    """What is said above a list of free times; names those whom they are for."""
    slots = context.offer or ()
    first = [one for slot in slots[:1] for one in (slot, *slot.beside)]
    family = [clip(name, LONGEST_NAME) for one in first if (name := one.attendee_name)]
    if family and len(family) < len(first):  # the author comes, too, and has not been named
        family = [voice.say("[vos|ti|usted]"), *family]
    whom = f" para {join(family)}" if family else ""
    one_by_one = ", una después de la otra" if voice.noun.feminine else ", uno después del otro"
    after = one_by_one if slots and slots[0].beside else ""
    found = "Estos son los horarios libres{whom}{after}."
    if context.requested_unavailable:
        found = "Para ese momento no hay {turnos} libres{whom}; esto es lo más cercano."
    text = found + " [Elegí|Elige|Elija] el que [te|te|le] quede mejor:"
    return Paragraph(voice.say(text, whom=whom, after=after))


def too_many(voice: Voice, limit: int, now: datetime) -> tuple[Paragraph, ...]:
    """More appointments than a chat may have: a person books the next."""
    text = (
        "Por este chat puedo reservar hasta {limit} {turnos} próxim{o}s. Le paso [tu|tu|su] pedido a una persona del"
        " equipo de {clinic}."
    )
    return (
        Paragraph(voice.say(text, limit=str(limit)), fixed=True),
        Paragraph(when_a_person_reads(voice, now), fixed=True),
    )


def handing_over(reason: HandoffReason, voice: Voice, now: datetime) -> tuple[Paragraph, ...]:
    """That a person has been asked, and when one reads."""
    opening = _HANDING_OVER.get(reason, "Le paso [tu|tu|su] mensaje")
    return (
        Paragraph(voice.say(opening + " a una persona del equipo de {clinic}."), fixed=True),
        Paragraph(when_a_person_reads(voice, now), fixed=True),
    )


_HANDING_OVER = {
    HandoffReason.COMPLAINT: "Lamento lo que pasó. Le paso [tu|tu|su] reclamo",
    HandoffReason.DATA_REQUEST: "Le paso [tu|tu|su] pedido sobre [tus|tus|sus] datos",
    HandoffReason.LOW_CONFIDENCE: "Prefiero no equivocarme: le paso [tu|tu|su] mensaje",
}


def reschedule_request(voice: Voice, context: AnswerContext) -> Paragraph:
    """Moving an appointment without times to offer."""
    return _request(voice, context, "cambiar", TaskKind.RESCHEDULE_REQUEST)


def no_times(voice: Voice, context: AnswerContext) -> Paragraph:
    """Somebody wants a time and none can be offered: say why, and let a person look."""
    task = (Task(TaskKind.BOOK_REQUEST),)
    if context.agenda_unreadable:
        text = (
            "En este momento no puedo consultar la agenda: le paso [tu|tu|su] pedido a la clínica"
            " para que [te|te|le] ofrezca {un_turno}."
        )
        return Paragraph(voice.say(text), tasks=(Task(TaskKind.CALENDAR_UNREADABLE),), fixed=True)
    if context.offer is None:
        text = "Le paso [tu|tu|su] pedido de {turno} a la clínica y [te|te|le] responden por este chat."
        return Paragraph(voice.say(text), tasks=task, fixed=True)
    text = (
        "No encuentro {turnos} libres en los próximos días: le paso [tu|tu|su] pedido a la clínica"
        " y [te|te|le] avisan por este chat."
    )
    return Paragraph(voice.say(text), tasks=task, fixed=True)


def media(voice: Voice, context: AnswerContext) -> Paragraph | None:
    """What is said about voice notes, images and the like; None for what needs no word, such as a sticker."""
    kinds = context.media
    if kinds & _LISTENS_LATER:
        text = (
            "{unheard} ¿Me lo [escribís|escribes|escribe] en un mensaje?"
            " También lo va a revisar el equipo. Si es una urgencia, [llamá|llama|llame] {line}."
        )
        unheard = "No pude escuchar el audio." if InboundMedia.AUDIO in kinds else "Por este chat no puedo ver videos."
        return Paragraph(
            voice.say(text, unheard=unheard, line=emergency_line(voice)),
            tasks=(Task(TaskKind.UNREAD_MEDIA, "audio"),),
            fixed=True,
        )
    if kinds & _SEEN_LATER:
        text = (
            "Recibí el archivo y se lo dejo al equipo: por chat no puedo interpretar fotos ni estudios. Si es una"
            " urgencia, [llamá|llama|llame] {line}."
        )
        return Paragraph(
            voice.say(text, line=emergency_line(voice)), tasks=(Task(TaskKind.UNREAD_MEDIA, "file"),), fixed=True
        )
    if InboundMedia.UNSUPPORTED in kinds:
        text = "No pude leer ese tipo de mensaje. ¿Me lo [escribís|escribes|escribe] con palabras?"
        return Paragraph(voice.say(text), tasks=(Task(TaskKind.UNREAD_MEDIA, "unsupported"),), fixed=True)
    if kinds & {InboundMedia.LOCATION, InboundMedia.CONTACTS}:
        return Paragraph(
            "Recibido: se lo paso a la clínica.", tasks=(Task(TaskKind.UNREAD_MEDIA, "other"),), fixed=True
        )
    return None
