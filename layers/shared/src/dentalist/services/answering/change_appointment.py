"""Cancelling, moving and confirming the right appointment, by words or by a tap.

What is clear is done at once and said, with how to undo it. Where several appointments fit the contact is asked which;
where the words leave a doubt, whether. The row that the store answers is what is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from dentalist.domain.answering import Appointment, StoredMessage
from dentalist.domain.dialog import Dialog, Question, Span, Wanted
from dentalist.domain.understanding.intents import Intent
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.replies import which_of
from dentalist.domain.wording import changes, questions
from dentalist.domain.wording.drafts import Task, TaskKind
from dentalist.domain.wording.replies import (
    Paragraph,
    cancel_request,
    my_appointment,
    no_appointment,
    reschedule_request,
)
from dentalist.services.answering.agenda_talk import SOURCE, SURE, Part, Talk
from dentalist.services.answering.answer_context import as_booked

# "¿Puedo cancelar?", "si no voy, ¿me cobran?", "capaz tenga que cancelar": asks or doubts, and calls nothing off yet.
_NOT_YET = re.compile(
    r"(?<!\w)(?:(?:puedo|podria|podemos|se puede|es posible|como (?:hago|puedo|se|hacemos)) (?:\w+ ){0,3}"
    r"(?:cancel\w+|anul\w+|dar(?:me)? de baja)|si (?:\w+ ){0,2}(?:cancel\w+|anul\w+|no (?:voy|puedo|llego))|que pasa si"
    r"|capaz|quizas?|tal vez|a lo mejor|creo que|puede que|no se si|todavia no se|hasta cuando)(?!\w)"
)
_ALL = re.compile(
    r"(?<!\w)(?:tod[oa]s|todo(?! (?:el|lo|bien|un|tipo))|amb[oa]s|l[oa]s (?:dos|tres|cuatro|2|3|4))(?!\w)"
)


class Change(StrEnum):
    """What is done to an appointment."""

    CANCEL = "cancel"
    MOVE = "move"
    CONFIRM = "confirm"


_VERBS = {Change.CANCEL: "cancelar", Change.MOVE: "cambiar", Change.CONFIRM: "confirmar"}
_WANTED = {Change.CANCEL: Wanted.CANCEL, Change.MOVE: Wanted.MOVE, Change.CONFIRM: Wanted.BOOK}
_TASKS = {
    Change.CANCEL: TaskKind.CANCEL_REQUEST,
    Change.MOVE: TaskKind.RESCHEDULE_REQUEST,
    Change.CONFIRM: TaskKind.CONFIRM_ATTENDANCE,
}


@dataclass(frozen=True)
class Meant:
    """The appointments that words speak of; ``named`` is false where they name none in particular."""

    found: tuple[Appointment, ...]
    named: bool


def meant_by(talk: Talk, among: Sequence[Appointment], *, places: bool = False) -> Meant:
    """Which appointments the words of a burst speak of.

    Args:
        talk: the burst.
        among: those to choose from.
        places: the appointments were listed to the contact, so that "el segundo" is one of them.
    """
    found, named = list(among), False
    said = set(bare_words(talk.burst.text).split())
    by_name = [item for item in found if _first_name(item) in said]
    if by_name and len(by_name) < len(found):
        found, named = by_name, True
    when = talk.asked.named or (talk.asked.wanted if places else talk.asked.named)
    if when:
        found, named = [item for item in found if talk.is_at(item, when)], True
    if _ALL.search(bare_words(talk.burst.text)):
        return Meant(tuple(found), named=True)
    if places and not (named and len(found) == 1):
        picked = which_of(talk.burst.text, [item.starts_at for item in among], now=talk.now.astimezone(talk.zone))
        if picked:
            return Meant(tuple(among[index] for index in picked), named=True)
    return Meant(tuple(found), named)


def _first_name(item: Appointment) -> str | None:
    words = bare_words(item.attendee_name or "").split()
    return words[0] if words else None


def cancel(talk: Talk, *, then_offers: bool = False) -> Part:
    """Cancel what the words speak of, or ask.

    Args:
        talk: the burst.
        then_offers: the same answer offers times, which is how to have another.
    """
    asked = _pick(talk, Change.CANCEL, talk.known)
    if isinstance(asked, Part):
        return asked
    if talk.confidence(Intent.CANCEL_APPOINTMENT) < SURE or is_doubtful(talk) or len(asked) > 1:
        return ask_to_cancel(talk, asked)
    return cancel_these(talk, asked, then_offers=then_offers)


def is_doubtful(talk: Talk) -> bool:
    """Whether a change has to be confirmed by a tap before it is made."""
    # A button whose appointment is not there any more must not do its work to another one.
    return talk.burst.spoken or talk.burst.action is not None or bool(_NOT_YET.search(bare_words(talk.burst.text)))


def _pick(talk: Talk, change: Change, among: Sequence[Appointment]) -> tuple[Appointment, ...] | Part:
    """The appointments that are clearly meant, or the question which of them."""
    if not among:
        return Part((no_appointment(talk.voice, _TASKS[change]),))
    meant = meant_by(talk, among)
    if len(meant.found) == 1 or (meant.found and meant.named and change is not Change.MOVE and _says_all(talk)):
        return meant.found
    if not meant.found and len(among) == 1:
        return _only_another(talk, change, among[0])
    return ask_which(talk, change, meant.found or among)


def _says_all(talk: Talk) -> bool:
    return bool(_ALL.search(bare_words(talk.burst.text)))


def _only_another(talk: Talk, change: Change, item: Appointment) -> Part:
    """ "Cancelá el del viernes", and the only one is on Tuesday."""
    if change is Change.CONFIRM:
        return confirm_these(talk, [item])
    if change is Change.CANCEL:
        return ask_to_cancel(talk, [item], not_found=True)
    return ask_to_move(talk, item)


def ask_to_move(talk: Talk, item: Appointment, *, not_found: bool = True) -> Part:
    """Whether it is this one that should be moved."""
    dialog = Dialog(
        asks=Question.WHICH_APPOINTMENT, wanted=Wanted.MOVE, appointments=(item.id,), spans=_wanted_spans(talk)
    )
    question = questions.confirm_move(talk.voice, as_booked(item), own=talk.own_names, not_found=not_found)
    return Part((question,), options=questions.move_options(item.id), dialog=dialog)


def ask_which(talk: Talk, change: Change, among: Sequence[Appointment], *, tries: int = 0) -> Part:
    """Several appointments fit: one button or row for each."""
    items = [(item.id, as_booked(item)) for item in among]
    dialog = Dialog(
        asks=Question.WHICH_APPOINTMENT,
        wanted=_WANTED[change],
        appointments=tuple(item.id for item in among),
        spans=_wanted_spans(talk),
        tries=tries,
    )
    question = questions.which_appointment(talk.voice, [item for _, item in items], _VERBS[change], again=tries > 0)
    return Part((question,), options=questions.appointment_options(talk.voice, change.value, items), dialog=dialog)


def _wanted_spans(talk: Talk) -> tuple[Span, ...]:
    return tuple(Span(starts_at=span.starts_at, ends_at=span.ends_at) for span in talk.spans(talk.asked.wanted))


def ask_to_cancel(talk: Talk, items: Sequence[Appointment], *, not_found: bool = False) -> Part:
    """Whether to cancel these: one tap."""
    ids = tuple(item.id for item in items)
    said = [as_booked(item) for item in items]
    question = questions.confirm_cancel(talk.voice, said, own=talk.own_names, not_found=not_found)
    dialog = Dialog(asks=Question.CONFIRM_CANCEL, wanted=Wanted.CANCEL, appointments=ids, spans=_wanted_spans(talk))
    return Part((question,), options=questions.cancel_options(ids), dialog=dialog)


def cancel_these(talk: Talk, items: Iterable[Appointment], *, then_offers: bool = False) -> Part:
    """Cancel, and say what the store answered of each."""
    done: list[Appointment] = []
    refused: list[str] = []
    for item in items:
        answer = talk.agenda.cancel(talk.conversation_id, item.id, source=SOURCE)
        if answer.outcome == "cancelled" and answer.appointment is not None:
            done.append(answer.appointment)
        else:
            refused.append(answer.outcome)
    return told_cancelled(talk, done, then_offers=then_offers) if done else not_changed(talk, refused, Change.CANCEL)


def cancelled_before(talk: Talk, ids: Sequence[UUID]) -> Part | None:
    """A tap on a button that did its work long ago; None for an appointment that is not this contact's."""
    answers = [talk.agenda.cancel(talk.conversation_id, one, source=SOURCE) for one in ids]
    rows = [answer.appointment for answer in answers if answer.outcome == "cancelled" and answer.appointment]
    return told_cancelled(talk, rows) if rows else None


def told_cancelled(talk: Talk, rows: Sequence[Appointment], *, then_offers: bool = False) -> Part:
    """The statement that these are cancelled."""
    said = changes.cancelled(talk.voice, [as_booked(row) for row in rows], own=talk.own_names, can_undo=not then_offers)
    options = () if then_offers else (questions.another_option(talk.voice),)
    return Part((said,), states=tuple(rows), options=options)


def was_just_cancelled(history: Sequence[StoredMessage]) -> bool:
    """Whether the last thing said to the contact was that an appointment is no more."""
    said = next((message for message in reversed(history) if message.direction == "outbound"), None)
    interactive = said.payload.get("interactive") if said else None
    buttons = (interactive.get("action") or {}).get("buttons") if isinstance(interactive, dict) else None
    return any((one.get("reply") or {}).get("id") == questions.ANOTHER for one in buttons or [])


def not_changed(talk: Talk, outcomes: Sequence[str], change: Change) -> Part:
    """Nothing was changed, and why as far as the contact needs it: it has begun, is not theirs, or is gone."""
    if "past" in outcomes:
        text = (
            "Ese horario ya comenzó, así que no puedo cambiarlo desde acá: le paso [tu|tu|su] mensaje a la clínica"
            " y [te|te|le] responden por este chat."
        )
        return Part((Paragraph(talk.voice.say(text), tasks=(Task(_TASKS[change]),), fixed=True),))
    return Part((no_appointment(talk.voice, _TASKS[change]),))


def appointment_to_move(talk: Talk) -> Appointment | Part:
    """The one that is to be moved, or the question which."""
    picked = _pick(talk, Change.MOVE, talk.appointments)
    return picked if isinstance(picked, Part) else picked[0]


def confirm(talk: Talk) -> Part:
    """The contact says that they come."""
    picked = _pick(talk, Change.CONFIRM, talk.appointments)
    return picked if isinstance(picked, Part) else confirm_these(talk, picked)


def confirm_these(talk: Talk, items: Iterable[Appointment]) -> Part:
    """Keep that they come, and thank."""
    done: list[Appointment] = []
    refused: list[str] = []
    for item in items:
        answer = talk.agenda.confirm(talk.conversation_id, item.id)
        if answer.outcome == "confirmed":
            done.append(answer.appointment or item)
        else:
            refused.append(answer.outcome)
    if not done:
        return not_changed(talk, refused, Change.CONFIRM)
    said = changes.attendance(talk.voice, [as_booked(row) for row in done], now=talk.now, own=talk.own_names)
    return Part((said,))


def name_these(talk: Talk, items: Iterable[Appointment], name: str) -> Part | None:
    """Whom they are for, corrected; None where none of them can be changed any more."""
    answers = [talk.agenda.name_attendee(talk.conversation_id, item.id, attendee_name=name) for item in items]
    rows = [answer.appointment for answer in answers if answer.outcome == "named" and answer.appointment]
    said = tuple(changes.renamed(talk.voice, as_booked(row)) for row in rows)
    return Part(said, states=tuple(rows)) if rows else None


def keep_these(talk: Talk, ids: Sequence[UUID]) -> Part:
    """Nothing is changed."""
    known = [as_booked(item) for item in talk.appointments if item.id in ids]
    return Part((changes.kept(talk.voice, known, own=talk.own_names),))


def tell_unproven(talk: Talk, wanted: Wanted, items: Sequence[Appointment]) -> Part:
    """When these are, to whoever booked them; that anything else is theirs is not proven, so a person changes them."""
    if wanted is Wanted.BOOK:
        return tell(talk, items)
    context = replace(talk.context, upcoming=tuple(as_booked(item) for item in items))
    request = cancel_request if wanted is Wanted.CANCEL else reschedule_request
    return Part((request(talk.voice, context),))


def tell(talk: Talk, items: Sequence[Appointment]) -> Part:
    """When these appointments are."""
    context = replace(talk.context, upcoming=tuple(as_booked(item) for item in items))
    return Part((my_appointment(talk.voice, context),))


def by_id(talk: Talk, ids: Sequence[UUID]) -> tuple[Appointment, ...]:
    """The contact's own future appointments among these, in this order."""
    known = {item.id: item for item in talk.known}
    return tuple(known[one] for one in ids if one in known)


def told(talk: Talk, rows: Sequence[Appointment], *, then_offers: bool = False) -> Part:
    """What was done and never said, or has just been done: bookings, moves, cancellations."""
    booked = [row for row in rows if row.status == "booked" and row.chat_change != "moved"]
    moved = [row for row in rows if row.status == "booked" and row.chat_change == "moved"]
    gone = [row for row in rows if row.status == "cancelled"]
    part = told_cancelled(talk, gone, then_offers=then_offers or bool(booked or moved)) if gone else Part()
    said = part.said
    if moved:
        said += (changes.moved(talk.voice, [as_booked(row) for row in moved], own=talk.own_names),)
    if booked:
        said += (changes.booked(talk.voice, [as_booked(row) for row in booked]),)
    return replace(part, said=said, states=(*gone, *moved, *booked))
