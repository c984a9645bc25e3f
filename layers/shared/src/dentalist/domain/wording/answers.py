"""From what was understood to one message: everything that is said without the agenda being touched.

Whatever is said, one burst gets one message: every answer that leaves costs money and a person's attention. What is
booked, moved, cancelled or asked for that is worded in ``changes`` and ``questions``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dentalist.domain.clinic import Clinic
from dentalist.domain.hours import next_opening, open_interval_at
from dentalist.domain.persona import Persona
from dentalist.domain.understanding.intents import HandoffReason, Intent, Language, Topic, Understanding
from dentalist.domain.wording.assembly import assemble
from dentalist.domain.wording.drafts import AnswerContext, Draft, Effect, Task, TaskKind
from dentalist.domain.wording.presence import disclosure, disclosure_due, when_a_person_reads
from dentalist.domain.wording.replies import (
    Paragraph,
    handing_over,
    invitation,
    media,
    no_times,
    paragraphs,
    reschedule_request,
)
from dentalist.domain.wording.safety import emergency_line, safety_text, safety_text_due
from dentalist.domain.wording.times import moment
from dentalist.domain.wording.voice import Voice

_CLARIFICATIONS = 2  # not understood so often in a row: a person takes over
UNCLEAR_BELOW = 0.4  # confidence: not understood

_FOREIGN = {
    Language.ENGLISH: "Thanks for your message. I can only answer in Spanish; I have passed it on to the team.",
    Language.PORTUGUESE: "Obrigado pela mensagem. Só consigo responder em espanhol; já a encaminhei para a equipe.",
}


def compose_answer(
    understanding: Understanding, clinic: Clinic, persona: Persona, context: AnswerContext
) -> Draft | None:
    """Decide and word the one message that answers a burst.

    Emergencies and opt-outs come first, also outside the assistant's hours. While a person has the conversation only
    the safety text is sent, by the rule of ``safety_text_due``.

    Returns:
        The draft with the tasks, the handoff and the effects that belong to it; None when nothing is to be said. An
        opt-out that was already confirmed still withdraws consent: the caller does that by the intent, not the draft.
    """
    voice = Voice(clinic, persona)
    if understanding.wants(Intent.EMERGENCY):
        return _emergency(understanding, voice, context)
    if understanding.wants(Intent.OPT_OUT):
        return None if context.opt_out_confirmed else _opt_out(understanding, voice, context)
    if context.handed_over:
        return None
    if is_outside_hours(persona, clinic, context.now):
        return _outside_hours_answer(voice, context)
    return _in_charge(understanding, voice, context)


def _in_charge(understanding: Understanding, voice: Voice, context: AnswerContext) -> Draft:
    """The assistant has the conversation, within its hours, and nothing is urgent."""
    if understanding.wants(Intent.HUMAN_HANDOFF):
        return _handoff(understanding.handoff_reason or HandoffReason.REQUESTED, understanding, voice, context)
    if understanding.language is not Language.SPANISH:
        return _foreign(understanding, voice, context)
    return _ordinary(understanding, voice, context)


def compose_media_answer(clinic: Clinic, persona: Persona, context: AnswerContext) -> Draft | None:
    """Answer a burst without words by ``context.media``; None for what needs no answer, such as a sticker."""
    voice = Voice(clinic, persona)
    paragraph = media(voice, context)
    if paragraph is None or context.handed_over:
        return None
    if is_outside_hours(persona, clinic, context.now):
        said = _outside_hours_answer(voice, context)
        return said and replace(said, tasks=(*said.tasks, *paragraph.tasks))
    reads = Paragraph(when_a_person_reads(voice, context.now))
    return assemble([paragraph, reads], voice, context)


# Each kind of answer --------------------------------------------------------------------------------------------------


def _emergency(understanding: Understanding, voice: Voice, context: AnswerContext) -> Draft | None:
    due = safety_text_due(
        now=context.now,
        handed_over=context.handed_over,
        handed_over_at=context.handed_over_at,
        last_person_message_at=context.last_person_message_at,
        sent_at=context.safety_text_sent_at,
    )
    if not due:
        return None
    effects = {Effect.RAISE_EMERGENCY_ALERT}
    parts = [safety_text(voice, context.now, understanding.language)]
    if understanding.wants(Intent.OPT_OUT):
        effects.add(Effect.WITHDRAW_CONSENT)
        parts.append(_opted_out(voice))
    discloses = disclosure_due(context)
    if discloses:
        parts.append(disclosure(voice, understanding.language))
    return Draft(
        body="\n".join(parts),
        plain="\n".join(parts),
        handoff=HandoffReason.EMERGENCY,
        effects=frozenset(effects),
        discloses=discloses,
    )


def _opt_out(understanding: Understanding, voice: Voice, context: AnswerContext) -> Draft:
    draft = assemble(
        [Paragraph(_opted_out(voice), fixed=True)], voice, context, greets=False, language=understanding.language
    )
    return replace(draft, effects=frozenset({Effect.WITHDRAW_CONSENT}))


def _opted_out(voice: Voice) -> str:
    return voice.say(
        "Listo: {clinic} no [te|te|le] va a enviar más mensajes por este medio."
        " Si algún día [necesitás|necesitas|necesita] algo, [podés|puedes|puede] volver a escribirnos."
    )


def _handoff(reason: HandoffReason, understanding: Understanding, voice: Voice, context: AnswerContext) -> Draft:
    if understanding.language is not Language.SPANISH:
        return replace(_foreign(understanding, voice, context), handoff=reason)
    said = handing_over(reason, voice, context.now)
    return replace(assemble(said, voice, context, greets=False), handoff=reason)


def _foreign(understanding: Understanding, voice: Voice, context: AnswerContext) -> Draft:
    said = [Paragraph(_FOREIGN[understanding.language], tasks=(Task(TaskKind.FOREIGN_LANGUAGE),), fixed=True)]
    return assemble(said, voice, context, greets=False, language=understanding.language)


def is_outside_hours(persona: Persona, clinic: Clinic, now: datetime) -> bool:
    """Whether the assistant is off now; without hours of its own it never is."""
    return persona.hours is not None and open_interval_at(persona.hours, (), clinic.timezone, now) is None


def _outside_hours_answer(voice: Voice, context: AnswerContext) -> Draft | None:
    """Said once per stretch of closed time: what happens next."""
    hours, zone = voice.persona.hours, voice.clinic.timezone
    said_at = context.outside_hours_said_at
    if hours is None:
        return None
    if said_at and next_opening(hours, (), zone, said_at) == next_opening(hours, (), zone, context.now):
        return None
    opening = next_opening(hours, (), zone, context.now)
    back = f" y vuelvo a responder {moment(opening, zone, now=context.now)}" if opening else ""
    text = voice.say(
        "Recibí [tu|tu|su] mensaje. Ahora estoy fuera de mi horario{back}."
        " Si es una urgencia, [llamá|llama|llame] {line}.",
        back=back,
        line=emergency_line(voice),
    )
    return assemble([Paragraph(text, tasks=(Task(TaskKind.UNANSWERED),), fixed=True)], voice, context)


def _ordinary(understanding: Understanding, voice: Voice, context: AnswerContext) -> Draft:
    said = [*paragraphs(understanding, voice, context)]
    offering = False
    if understanding.wants(Intent.RESCHEDULE_APPOINTMENT) or understanding.wants(Intent.BOOK_APPOINTMENT):
        offering = bool(context.offer) and not context.agenda_unreadable
        if offering:
            said.append(invitation(voice, context))
        elif understanding.wants(Intent.RESCHEDULE_APPOINTMENT):
            said.append(reschedule_request(voice, context))
        else:
            said.append(no_times(voice, context))
    heard = media(voice, context)
    if heard:
        said.append(heard)
    if any(paragraph.text or paragraph.missing for paragraph in said):
        what = understanding.treatments[0] if understanding.treatments else ""
        return assemble(said, voice, context, offering=offering, what=what, wordable=True)
    return _small_talk(understanding, voice, context)


def _small_talk(understanding: Understanding, voice: Voice, context: AnswerContext) -> Draft:
    """Greetings and thanks; or nothing was understood."""
    topics = understanding.topics
    if Topic.GREETING in topics:
        help_offered = (
            "¿En qué [te|te|le] puedo ayudar? Puedo [darte|darte|darle] {turnos}, precios, horarios o la dirección."
        )
        return assemble([Paragraph(voice.say(help_offered))], voice, context, wordable=True)
    if Topic.ARE_YOU_A_BOT in topics:
        return assemble([], voice, context, greets=False, always_disclose=True)
    if topics & {Topic.THANKS, Topic.CLOSING}:
        bye = "¡De nada!" if Topic.THANKS in topics else "¡Hasta luego!"
        said = [Paragraph(f"{bye} {voice.emoji('😊')}".strip())]
        return assemble(said, voice, context, greets=False, wordable=True)
    if understanding.confidence < UNCLEAR_BELOW and context.clarifications + 1 >= _CLARIFICATIONS:
        return _handoff(HandoffReason.LOW_CONFIDENCE, understanding, voice, context)
    unclear = (
        "No entendí bien el mensaje. ¿Me lo [decís|dices|dice] con otras palabras?"
        " Puedo ayudar con {turnos}, precios, horarios y la dirección."
    )
    return assemble([Paragraph(voice.say(unclear))], voice, context, wordable=True)
