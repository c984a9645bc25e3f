"""The answers to what the assistant asked last. Each question has its own reading of a text, which means nothing when
nothing was asked: "Tomás y Sofía", "sí", "el de las 10"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dentalist.domain.answering import Appointment
from dentalist.domain.dialog import Attendee, Dialog, Question, Span, Wanted
from dentalist.domain.hours import Interval
from dentalist.domain.understanding import tables_changes as tables
from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.intents import HandoffReason, Intent
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.understanding.replies import full_name_given, names_given, same_name, yes_or_no
from dentalist.domain.understanding.tables_booking import BOOK
from dentalist.domain.wording import questions
from dentalist.domain.wording.drafts import Task, TaskKind
from dentalist.domain.wording.replies import Paragraph, handing_over, no_appointment
from dentalist.services.answering import change_appointment as changing
from dentalist.services.answering.agenda_talk import CERTAIN, CLEAR, Part, Talk
from dentalist.services.answering.answer_context import as_booked
from dentalist.services.answering.ask_in_chat import ask_to_book
from dentalist.services.answering.change_appointment import Change
from dentalist.services.answering.offer_other_times import instead_of, nothing_booked, turns_down
from dentalist.services.answering.offer_times import offer_for, offer_to_move, wish
from dentalist.services.answering.take_time import take
from dentalist.services.answering.who_comes import attendee_of, introduced_name

_ENOUGH = 2  # a question asked so often without an answer is left to a person
_OTHER_REQUESTS = (Intent.CANCEL_APPOINTMENT, Intent.RESCHEDULE_APPOINTMENT)
_MYSELF = re.compile(r"(?:es |seria )?(?:(?:para|pa) (?:mi|m i)|yo|mio|mia)(?: mism[oa]| sol[oa])?")
_ONE_AT_A_TIME = re.compile(r"(?<!\w)(?:de a un[oa]|un[oa] (?:solo|sola|primero|por vez|a la vez)|por separado)(?!\w)")
_COMING = r"(?:voy|vamos|ire|iremos|asisto|asistire|asistiremos|estare|(?:puedo|podre|podemos) (?:ir|asistir))"
_COMES = re.compile(rf"(?<!\w){_COMING}(?!\w)")
_COMES_NOT = re.compile(rf"(?<!\w)no (?:\w+ )?{_COMING}(?!\w)")
_CORRECTS = re.compile(
    r"(?<!\w)(?:(?:es|era|seria|va|iba|sea) (?:para|de|a nombre)|a nombre de|(?:el|mi) nombre|soy|me llamo)(?!\w)"
)
_STAYS = re.compile(r"(?<!\w)(?:esta bien|esta perfecto|es correcto|(?:queda|dejalo|esta) asi)(?!\w)")
_BEFORE_A_NAME = re.compile(r"^(?:(?:no|si|perdon|disculpa|es|uy|ah|hola) )+")
_ONE_MORE = re.compile(r"(?<!\w)(?:tambien|ademas|otr[oa]s?|y (?:uno |una )?para|falta)(?!\w)")
_NONE = re.compile(r"(?:ningun[oa]?|no,? (?:ninguno|gracias|deja\w*)|nada|deja\w*|no)(?: gracias| deja\w*)?")


def answer_question(talk: Talk, dialog: Dialog) -> Part | None:
    """What the burst answers to the open question, done; None where it answers nothing of it."""
    return _ANSWERS[dialog.asks](talk, dialog)


def asks_something_else(talk: Talk, dialog: Dialog) -> bool:
    """Whether the burst is a request of its own, which ends the question."""
    asked_to = {Wanted.CANCEL: Intent.CANCEL_APPOINTMENT, Wanted.MOVE: Intent.RESCHEDULE_APPOINTMENT}
    # Where nothing is booked "mejor a las 11" and "cancelá" are said of the time that is being chosen.
    others = [intent for intent in _OTHER_REQUESTS if intent is not asked_to.get(dialog.wanted) and talk.known]
    if talk.asks_for_person or any(_is_said(talk, intent) for intent in others):
        return True
    return dialog.asks in _CHANGES_ONE and _is_said(talk, Intent.BOOK_APPOINTMENT)


def _is_said(talk: Talk, intent: Intent) -> bool:
    """Whether it is said in so many words. Short answers sound like this or that request: "el del viernes"."""
    confidence = talk.confidence(intent)
    heard = not _RULES[intent].isdisjoint(talk.understanding.signals)
    return confidence >= CERTAIN or (confidence >= CLEAR and heard)


_CHANGES_ONE = frozenset({Question.WHICH_APPOINTMENT, Question.CONFIRM_CANCEL})
_RULES: Mapping[Intent, frozenset[str]] = {
    Intent.CANCEL_APPOINTMENT: frozenset(rule.name for rule in tables.CANCEL + tables.CANNOT_COME),
    Intent.RESCHEDULE_APPOINTMENT: frozenset(rule.name for rule in tables.RESCHEDULE),
    Intent.BOOK_APPOINTMENT: frozenset(rule.name for rule in BOOK),
}


def ask_again(talk: Talk, dialog: Dialog, *, counts: bool = True) -> Part:
    """The same question once more, or a person after the second time in vain.

    Args:
        talk: the burst.
        dialog: the question.
        counts: false where something else was answered, so that the contact had no chance to answer this.
    """
    tries = dialog.tries + counts
    if tries >= _ENOUGH:
        said = handing_over(HandoffReason.LOW_CONFIDENCE, talk.voice, talk.now)
        return Part(said, handoff=HandoffReason.LOW_CONFIDENCE)
    return replace(_asked(talk, dialog, again=counts), dialog=dialog.model_copy(update={"tries": tries}))


# ---- the questions again ---------------------------------------------------------------------------------------------


def _asked(talk: Talk, dialog: Dialog, *, again: bool) -> Part:
    voice = talk.voice
    if dialog.asks is Question.WHO_COMES:
        missing = sum(1 for attendee in dialog.attendees if attendee.name is None)
        return Part((questions.who_comes(voice, missing or None, again=again),))
    if dialog.asks is Question.WHICH_PATIENT:
        return Part((questions.which_patient(voice, again=again),))
    if dialog.asks is Question.VERIFY_NAME:
        return Part((questions.verify_name(voice, again=again),))
    if dialog.asks is Question.ONE_OF_TWO:
        names = [attendee.name or "" for attendee in dialog.attendees]
        options = (questions.ONE_AT_A_TIME, questions.PERSON)
        return Part((questions.one_of_two(voice, names),), options=options)
    if dialog.asks in (Question.FULL_NAME, Question.CONFIRM_BOOKING):
        return _asked_of_a_time(talk, dialog, again=again)
    return _asked_of_appointments(talk, dialog)


def _asked_of_a_time(talk: Talk, dialog: Dialog, *, again: bool) -> Part:
    offered = next((item for item in talk.claim.open_offers if item.id == dialog.offer_id), None)
    if offered is None or dialog.offer_id is None:  # it ran out meanwhile
        return wish(talk)
    if dialog.asks is Question.CONFIRM_BOOKING:
        return ask_to_book(talk, dialog.offer_id, offered.starts_at)
    return Part((questions.full_name(talk.voice, offered.starts_at, again=again),))


def _asked_of_appointments(talk: Talk, dialog: Dialog) -> Part:
    known = changing.by_id(talk, dialog.appointments)
    if not known:
        return Part((no_appointment(talk.voice, TaskKind.CANCEL_REQUEST),))
    if dialog.asks is Question.CONFIRM_CANCEL:
        return changing.ask_to_cancel(talk, known)
    if len(known) == 1:
        return changing.ask_to_move(talk, known[0], not_found=False)
    return changing.ask_which(talk, _CHANGES[dialog.wanted], known, tries=dialog.tries + 1)


# ---- what is answered ------------------------------------------------------------------------------------------------


def _spans(dialog: Dialog) -> tuple[Interval, ...]:
    return tuple(Interval(span.starts_at, span.ends_at) for span in dialog.spans)


def _who_comes(talk: Talk, dialog: Dialog) -> Part | None:
    if _MYSELF.fullmatch(bare_words(talk.burst.text)):
        return offer_for(talk, (), treatments=dialog.treatments, spans=_spans(dialog))
    names = list(names_given(talk.burst.text)) or [
        name for person in talk.understanding.people for name in person.names
    ]
    if not names:
        return None
    known = [attendee for attendee in dialog.attendees if attendee.name]
    missing = len(dialog.attendees) - len(known)
    attendees = [*known, *(attendee_of(name, talk.patients) for name in names)]
    if len(names) < missing:
        left = (*attendees, *(Attendee() for _ in range(missing - len(names))))
        again = dialog.model_copy(update={"attendees": left})
        return replace(_asked(talk, again, again=False), dialog=again)
    return offer_for(talk, attendees, treatments=dialog.treatments, spans=_spans(dialog))


def _full_name(talk: Talk, dialog: Dialog) -> Part | None:
    if dialog.offer_id is None:
        return None
    leaves = yes_or_no(talk.burst.text) is False or talk.understanding.wants(Intent.CANCEL_APPOINTMENT)
    if leaves and not talk.asked.wanted:  # "dejá, no importa"
        return nothing_booked(talk)
    first = next((attendee.name for attendee in dialog.attendees if attendee.name), None)
    name = full_name_given(talk.burst.text)
    names = [one for one in names_given(talk.burst.text) if re.search(r"[aeiouáéíóúy]", one.lower())]
    full = [one for one in names if " " in one]  # "Ana Pérez, DNI 30.123.456, OSDE 210"
    if name is None and len(full) == 1:
        name = full[0]
    elif name is None and first and names:
        name = f"{first} {names[0]}"
    if name is not None:
        return take(talk, dialog.offer_id, name=name)
    if not names:
        return None
    given = dialog.model_copy(update={"attendees": (Attendee(name=names[0]),), "tries": dialog.tries + 1})
    return Part((questions.full_name(talk.voice, talk.now, given=names[0]),), dialog=given)


def _correct_name(talk: Talk, dialog: Dialog) -> Part | None:
    name = _corrected_name(talk.burst.text)
    is_more = talk.understanding.wants(Intent.BOOK_APPOINTMENT) or _ONE_MORE.search(bare_words(talk.burst.text))
    if is_more or talk.asked.wanted:
        return None
    if name is None:  # "sí", "no, está bien así"
        is_fine = yes_or_no(talk.burst.text) is not None or _STAYS.search(bare_words(talk.burst.text))
        return Part((Paragraph("¡Perfecto, queda así!", fixed=True),), dialog=dialog) if is_fine else None
    return changing.name_these(talk, changing.by_id(talk, dialog.appointments), name)


def _corrected_name(text: str) -> str | None:
    """A name that is said to be the right one, or nothing but a name. Who is greeted or comes along is neither."""
    said = bare_words(text)
    corrects = bool(_CORRECTS.search(said))
    for name in (introduced_name(text), full_name_given(text), *names_given(text)):
        words = bare_words(name or "").split()
        if not words or (words[0] not in GIVEN_NAMES and (len(words) == 1 or not corrects)):
            continue
        if corrects or _BEFORE_A_NAME.sub("", said).split() == words:
            return name
    return None


def _which_patient(talk: Talk, dialog: Dialog) -> Part | None:
    names = [name for name in (full_name_given(talk.burst.text), *names_given(talk.burst.text)) if name]
    if not names:
        return None
    attendee = attendee_of(names[0], talk.patients)
    if attendee.patient_id is None and full_name_given(talk.burst.text) is None:
        return None  # a first name that is nobody's here: the surname is asked for
    return offer_for(talk, (attendee,), treatments=dialog.treatments, spans=_spans(dialog))


def _which_appointment(talk: Talk, dialog: Dialog) -> Part | None:
    among = changing.by_id(talk, dialog.appointments)
    if not among:
        return None
    if _NONE.fullmatch(bare_words(talk.burst.text)):
        return changing.keep_these(talk, dialog.appointments)
    if len(among) == 1:
        chosen: tuple[Appointment, ...] = among if yes_or_no(talk.burst.text) else ()
    else:
        meant = changing.meant_by(talk, among, places=True)
        chosen = meant.found if meant.named else ()
    return change_these(talk, _CHANGES[dialog.wanted], chosen, spans=dialog.spans) if chosen else None


_CHANGES: Mapping[Wanted, Change] = {
    Wanted.CANCEL: Change.CANCEL,
    Wanted.MOVE: Change.MOVE,
    Wanted.BOOK: Change.CONFIRM,
}


def change_these(
    talk: Talk, change: Change, chosen: Sequence[Appointment], *, spans: Sequence[Span] = ()
) -> Part | None:
    """Do to the chosen appointments what was asked, with what was asked besides: "y dame uno el jueves".

    Returns:
        What is said; None where one had to be chosen and several were.
    """
    asked_for = tuple(Interval(span.starts_at, span.ends_at) for span in spans)
    if change is Change.CANCEL:
        if talk.burst.spoken and talk.burst.action is None:
            return changing.ask_to_cancel(talk, chosen)
        gone = changing.cancel_these(talk, chosen, then_offers=bool(asked_for))
        return gone.then(offer_for(talk, (), spans=asked_for)) if asked_for and gone.states else gone
    if change is Change.CONFIRM:
        return changing.confirm_these(talk, chosen)
    return offer_to_move(talk, chosen[0], spans=asked_for) if len(chosen) == 1 else None


def _confirm_cancel(talk: Talk, dialog: Dialog) -> Part | None:
    answer = _is_to_be_cancelled(talk)
    if answer is None:
        return None
    if not answer:
        return changing.keep_these(talk, dialog.appointments)
    chosen = changing.by_id(talk, dialog.appointments)
    return change_these(talk, Change.CANCEL, chosen, spans=dialog.spans) if chosen else None


def _is_to_be_cancelled(talk: Talk) -> bool | None:
    """ "Sí, voy a ir" is a no to "¿lo cancelo?", and "no voy" is a yes."""
    said = bare_words(talk.burst.text)
    calls_off = bool(_COMES_NOT.search(said)) or _is_said(talk, Intent.CANCEL_APPOINTMENT)
    if calls_off and not changing.is_doubtful(talk):
        return True
    return False if _COMES.search(said) and not calls_off else yes_or_no(talk.burst.text)


def _confirm_booking(talk: Talk, dialog: Dialog) -> Part | None:
    if dialog.offer_id is None:
        return None
    answer = yes_or_no(talk.burst.text)
    if answer and not turns_down(talk.burst.text):
        return ask_again(talk, dialog) if talk.burst.spoken else take(talk, dialog.offer_id)
    is_no = answer is False or turns_down(talk.burst.text)
    return instead_of(talk, dialog.offer_id) if is_no else None


def _one_of_two(talk: Talk, dialog: Dialog) -> Part | None:
    said = bare_words(talk.burst.text)
    named = [item for item in dialog.attendees if item.name and bare_words(item.name).split()[0] in said.split()]
    answer = yes_or_no(talk.burst.text)
    if _ONE_AT_A_TIME.search(said) or answer or named:
        first = (named or list(dialog.attendees))[:1]
        return offer_for(talk, first, treatments=dialog.treatments, spans=_spans(dialog))
    if answer is False:
        text = "Le paso [tu|tu|su] pedido a la clínica y [te|te|le] responden por este chat."
        return Part((Paragraph(talk.voice.say(text), tasks=(Task(TaskKind.BOOK_REQUEST),), fixed=True),))
    return None


def _verify_name(talk: Talk, dialog: Dialog) -> Part | None:
    """The full name on the appointments makes the phone theirs again; only what is theirs is spoken of.

    What was booked since the doubt proves nothing: whoever has the phone now booked it, under any name they liked.
    """
    said = full_name_given(talk.burst.text)
    if said is None:
        return None
    patient = (talk.claim.patient or {}).get("full_name")
    own = [item for item in talk.known if same_name(said, item.attendee_name or patient or "")]
    since = talk.claim.conversation.phone_unverified_at
    proof = [item for item in own if since is None or item.created_at is None or item.created_at < since]
    if not proof and not (patient and same_name(said, patient)):
        return changing.tell_unproven(talk, dialog.wanted, own) if own else None
    talk.trust.trust(talk.conversation_id)
    known = _verified(talk)
    if not own:
        return Part((no_appointment(known.voice, TaskKind.CANCEL_REQUEST),))
    if dialog.wanted is Wanted.BOOK:
        return changing.tell(known, own)
    change = _CHANGES[dialog.wanted]
    if len(own) > 1:
        return changing.ask_which(known, change, own)
    return change_these(known, change, own, spans=dialog.spans)


def _verified(talk: Talk) -> Talk:
    """The talk as it goes on once the phone is theirs."""
    conversation = talk.claim.conversation.model_copy(
        update={"phone_unverified_at": None, "phone_unverified_reason": None}
    )
    upcoming = tuple(as_booked(item) for item in talk.appointments)
    return replace(
        talk,
        claim=talk.claim.model_copy(update={"conversation": conversation}),
        context=replace(talk.context, upcoming=upcoming),
    )


_ANSWERS: Mapping[Question, Callable[[Talk, Dialog], Part | None]] = {
    Question.WHO_COMES: _who_comes,
    Question.FULL_NAME: _full_name,
    Question.WHICH_APPOINTMENT: _which_appointment,
    Question.CONFIRM_CANCEL: _confirm_cancel,
    Question.CONFIRM_BOOKING: _confirm_booking,
    Question.ONE_OF_TWO: _one_of_two,
    Question.WHICH_PATIENT: _which_patient,
    Question.CORRECT_NAME: _correct_name,
    Question.VERIFY_NAME: _verify_name,
}
