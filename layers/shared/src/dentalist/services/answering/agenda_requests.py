"""What a burst asks of the agenda: a tap, the answer to an open question, a choice from a list, or a request.

The order is that of how surely each is meant. What nobody meant for the agenda is None, and answered elsewhere.
"""

from __future__ import annotations

import re

from dentalist.domain.answering import Appointment
from dentalist.domain.dialog import Dialog, Question, Wanted
from dentalist.domain.understanding.choice import Ambiguous
from dentalist.domain.understanding.intents import HandoffReason, Intent, Language, Topic
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.wording.answers import is_outside_hours
from dentalist.domain.wording.replies import Paragraph, facts_asked, handing_over
from dentalist.services.answering import agenda_dialog as dialogs
from dentalist.services.answering import change_appointment as changing
from dentalist.services.answering.agenda_talk import CLEAR, CLEARLY_MOVING, Part, Talk
from dentalist.services.answering.ask_in_chat import ask_verification, ask_which_time
from dentalist.services.answering.book_slot import Choice, chosen_in_words, was_just_shown
from dentalist.services.answering.change_appointment import Change
from dentalist.services.answering.hear_burst import Action
from dentalist.services.answering.offer_other_times import instead_of, other_times, turns_down
from dentalist.services.answering.offer_times import offer_to_move, wish
from dentalist.services.answering.take_time import take

# The agenda says these itself. A question or a symptom beside a request is what the appointment is for.
_SAID_BY_THE_AGENDA = frozenset({Topic.MY_APPOINTMENT, Topic.CONFIRM_APPOINTMENT, Topic.QUESTION, Topic.SYMPTOM})
_ANOTHER = re.compile(r"(?<!\w)(?:el|la) otr[oa](?!\w)")
_FOR_ONE_MORE = re.compile(
    r"(?:(?:ah|oh|uh|che|ok|dale|gracias|genial|perfecto|bueno) )*"
    r"(?:(?:y|tambien|ahora|falta|faltaria)(?: (?:uno|otro|una|otra))? para .+|para .+ tambien)"
)
_WHAT_FOR = frozenset({Topic.TREATMENT, Topic.GREETING})
_NOTHING_MORE = frozenset({Topic.GREETING, Topic.THANKS, Topic.CLOSING, Topic.HOURS, Topic.QUESTION})
_WANTED = {"cancel": Wanted.CANCEL, "move": Wanted.MOVE}


def agenda_part(talk: Talk) -> Part | None:
    """What the agenda says to a burst, after it did what was asked; None where the words are about something else.

    What an earlier attempt at this same answer did and never said is said first.

    Raises:
        StoreUnavailable: the agenda cannot be read or written.
    """
    part = _tapped(talk) or _in_words(talk)
    stated = {row.id for row in part.states} if part else set()
    left = [row for row in talk.untold if row.id not in stated]
    if not left:
        return part
    earlier = changing.told(talk, left, then_offers=part is not None and part.asks)
    return earlier.then(part) if part else earlier


def other_facts(talk: Talk, *, offering: bool = False) -> list[Paragraph]:
    """What was asked besides, from the clinic's data. "¿Otro horario?" asks for times, not for opening hours."""
    but = _SAID_BY_THE_AGENDA | {Topic.HOURS} if offering else _SAID_BY_THE_AGENDA
    return list(facts_asked(talk.understanding, talk.voice, talk.context, but=but))


# ---- taps ------------------------------------------------------------------------------------------------------------


def _tapped(talk: Talk) -> Part | None:
    part = _acted(talk, talk.burst.action) if talk.burst.action else None
    if part is None and talk.burst.tapped:
        return take(talk, talk.burst.tapped)
    return part


def _acted(talk: Talk, action: Action) -> Part | None:
    """A tap on a button of ours; None for one that concerns nothing of this contact's: its words are heard then."""
    if action.verb == "person":
        said = handing_over(HandoffReason.REQUESTED, talk.voice, talk.now)
        return Part(said, handoff=HandoffReason.REQUESTED)
    if action.target is None:
        return None
    if action.verb == "book":
        return take(talk, action.target)
    return _changed(talk, action)


def _changed(talk: Talk, action: Action) -> Part | None:
    targets = [action.target] if action.target else []
    known = changing.by_id(talk, targets)
    if not known:
        again = action.verb == "cancel" and not talk.is_unverified
        return changing.cancelled_before(talk, targets) if again else None
    if talk.is_unverified:
        return ask_verification(talk, _WANTED.get(action.verb, Wanted.BOOK))
    if action.verb == "keep":
        return changing.keep_these(talk, targets)
    dialog = talk.context.dialog
    # A button of long ago must not do what a question about something else was asked for.
    is_asked = dialog is not None and action.target in dialog.appointments
    if action.verb == "cancel" and not is_asked and any(_was_moved_since_shown(talk, item) for item in known):
        return changing.ask_to_cancel(talk, known)  # "no puedo ir" was said of another time
    return dialogs.change_these(talk, Change(action.verb), known, spans=dialog.spans if dialog and is_asked else ())


def _was_moved_since_shown(talk: Talk, item: Appointment) -> bool:
    """Whether the message whose button was tapped may speak of an earlier time of this appointment."""
    if item.chat_change != "moved" or item.chat_changed_at is None:
        return False
    tapped = {row.reply_to_external_id for row in talk.claim.unanswered if row.payload.get("reply_id")} - {None}
    shown_at = next((row.created_at for row in reversed(talk.claim.history) if row.external_id in tapped), None)
    return shown_at is None or shown_at < item.chat_changed_at


# ---- words -----------------------------------------------------------------------------------------------------------


def _in_words(talk: Talk) -> Part | None:
    if not talk.burst.words or any(row.status == "booked" for row in talk.untold):
        return None  # it was booked or moved already by an earlier attempt at this answer
    answered = _answered(talk)
    if answered is not None or talk.understanding.wants(Intent.HUMAN_HANDOFF):
        return answered
    chosen = chosen_in_words(talk.burst.text, talk.understanding, claim=talk.claim, clinic=talk.clinic, now=talk.now)
    if isinstance(chosen, Ambiguous):
        return ask_which_time(talk, chosen.candidates)
    if chosen is not None:
        return take(talk, chosen.offer_id, confirmed=chosen.sure and not talk.burst.spoken)
    if talk.understanding.language is not Language.SPANISH or is_outside_hours(talk.persona, talk.clinic, talk.now):
        return None
    return _requested(talk)


def _answered(talk: Talk) -> Part | None:
    """The answer to what was asked last, or the question again; None where something else is asked instead."""
    dialog = talk.context.dialog
    if dialog is None:
        return None
    if dialogs.asks_something_else(talk, dialog):
        return None
    if talk.is_unverified and dialog.asks in (Question.WHICH_APPOINTMENT, Question.CONFIRM_CANCEL):
        return ask_verification(talk, dialog.wanted)
    part = dialogs.answer_question(talk, dialog)
    if part is not None or dialog.asks is Question.CORRECT_NAME:
        return part
    return _left_open(talk, dialog)


def _left_open(talk: Talk, dialog: Dialog) -> Part | None:
    """A question that was not answered: another time is wanted than the one it is about, or it is asked again."""
    if dialog.offer_id is not None and _takes_from_list(talk):
        return None
    if dialog.offer_id is not None and (talk.asked.wanted or turns_down(talk.burst.text)):
        return instead_of(talk, dialog.offer_id)
    # Something else was asked, and is answered: the question waits, and that does not count as a try.
    facts = any(item.text or item.missing for item in other_facts(talk))
    return dialogs.ask_again(talk, dialog, counts=not facts)


def _takes_from_list(talk: Talk) -> bool:
    """Whether another time of the same list is chosen."""
    chosen = chosen_in_words(talk.burst.text, talk.understanding, claim=talk.claim, clinic=talk.clinic, now=talk.now)
    return isinstance(chosen, Choice)


def _requested(talk: Talk) -> Part | None:
    """What is asked for in words, at last."""
    if talk.is_unverified and _speaks_of_what_exists(talk):
        return ask_verification(talk, _wanted(talk))
    another = _another_list(talk)
    if another is not None:
        return another
    if _moves(talk) and not _cancels_and_moves_another(talk):
        item = changing.appointment_to_move(talk)
        return item if isinstance(item, Part) else offer_to_move(talk, item)
    if talk.understanding.wants(Intent.CANCEL_APPOINTMENT):
        return _cancel(talk)
    if _books(talk):
        return wish(talk)
    return _confirm(talk) if _confirms(talk) else None


def _confirm(talk: Talk) -> Part | None:
    """ "Sí, voy" is said of what is booked; of what was cancelled just now it is not true any more."""
    if talk.appointments:
        return changing.confirm(talk)
    if not changing.was_just_cancelled(talk.claim.history):
        return None
    gone = Paragraph(talk.voice.say("Ese {turno} ya quedó cancelad{o}."), fixed=True)
    return Part((gone,)).then(wish(talk))


def _cancels_and_moves_another(talk: Talk) -> bool:
    """ "Cancelá el de mañana y el otro pasalo al viernes"."""
    both = talk.understanding.wants(Intent.CANCEL_APPOINTMENT) and _moves(talk)
    return both and len(talk.known) > 1 and bool(_ANOTHER.search(bare_words(talk.burst.text)))


def _cancel(talk: Talk) -> Part:
    """ "Cancelá el de mañana y dame uno el jueves" is one message."""
    if _cancels_and_moves_another(talk):
        gone = changing.cancel(talk, then_offers=True)
        left = [item for item in talk.appointments if item.id not in {row.id for row in gone.states}]
        return gone if gone.asks or len(left) != 1 else gone.then(offer_to_move(talk, left[0]))
    books = _books(talk)
    part = changing.cancel(talk, then_offers=books)
    return part.then(wish(talk)) if books and not part.asks else part


def _another_list(talk: Talk) -> Part | None:
    """Other times than those just shown, unless more was said than that."""
    understanding = talk.understanding
    if understanding.wants(Intent.REQUEST_QUOTE) or _is_about_an_appointment(talk):
        return None
    more = understanding.treatments or any(person.attends for person in understanding.people)
    return None if more or understanding.topics - _NOTHING_MORE else other_times(talk)


def _is_about_an_appointment(talk: Talk) -> bool:
    """Whether one that exists is to be moved or cancelled: "mañana no puedo" is said of the list where none is then."""
    moves = talk.confidence(Intent.RESCHEDULE_APPOINTMENT) >= CLEARLY_MOVING
    cancels = talk.confidence(Intent.CANCEL_APPOINTMENT) >= CLEAR
    named = talk.asked.named
    known = any(talk.is_at(item, named) for item in talk.known) if named else bool(talk.known)
    return known and (moves or cancels)


def _books(talk: Talk) -> bool:
    if _is_for_one_more(talk) or _says_what_for(talk):
        return True
    vaguely = 0 < talk.confidence(Intent.RESCHEDULE_APPOINTMENT) < CLEARLY_MOVING
    return talk.understanding.wants(Intent.BOOK_APPOINTMENT) or vaguely


def _says_what_for(talk: Talk) -> bool:
    """ "Limpieza", to a list of times: another treatment may take another time."""
    only = talk.understanding.primary is Intent.GENERAL_INQUIRY and not talk.understanding.topics - _WHAT_FOR
    return only and bool(talk.understanding.treatments) and was_just_shown(talk.claim.history)


def _is_for_one_more(talk: Talk) -> bool:
    """ "¿Y para Sofía?"."""
    named = any(person.attends for person in talk.understanding.people)
    only = talk.understanding.primary is Intent.GENERAL_INQUIRY and talk.understanding.topics <= {Topic.QUESTION}
    return named and only and bool(_FOR_ONE_MORE.fullmatch(bare_words(talk.burst.text)))


def _moves(talk: Talk) -> bool:
    confidence = talk.confidence(Intent.RESCHEDULE_APPOINTMENT)
    return confidence >= CLEARLY_MOVING or (confidence > 0 and bool(talk.appointments))


def _confirms(talk: Talk) -> bool:
    understanding = talk.understanding
    return Topic.CONFIRM_APPOINTMENT in understanding.topics and understanding.primary is Intent.GENERAL_INQUIRY


def _speaks_of_what_exists(talk: Talk) -> bool:
    asks = talk.understanding.wants(Intent.CANCEL_APPOINTMENT) or Topic.MY_APPOINTMENT in talk.understanding.topics
    return asks or _moves(talk) or _confirms(talk)


def _wanted(talk: Talk) -> Wanted:
    if _moves(talk):
        return Wanted.MOVE
    return Wanted.CANCEL if talk.understanding.wants(Intent.CANCEL_APPOINTMENT) else Wanted.BOOK
