"""The one message that answers a burst: the agenda is asked and changed first, then it is worded. Nothing is sent here.

What is done to the agenda is decided by code and by the store; what is said of it is rendered from the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, AnswerMode, Appointment
from dentalist.domain.clinic import Clinic
from dentalist.domain.dialog import Wanted
from dentalist.domain.persona import parse_persona
from dentalist.domain.understanding.intents import HandoffReason, Intent, ScoredIntent, Topic, Understanding
from dentalist.domain.understanding.replies import denies_identity
from dentalist.domain.wording.answers import UNCLEAR_BELOW, compose_answer, compose_media_answer
from dentalist.domain.wording.assembly import assemble
from dentalist.domain.wording.drafts import Draft
from dentalist.domain.wording.replies import handing_over, media
from dentalist.services.answering.agenda_requests import agenda_part, other_facts
from dentalist.services.answering.agenda_talk import Part, Talk, Trust
from dentalist.services.answering.answer_context import answer_context, is_suggesting
from dentalist.services.answering.hear_burst import Burst
from dentalist.services.answering.ports_agenda import Agenda

_CANNOT_WAIT = frozenset({Intent.EMERGENCY, Intent.OPT_OUT, Intent.HUMAN_HANDOFF})
_INTENTS = {
    Wanted.BOOK: Intent.BOOK_APPOINTMENT,
    Wanted.MOVE: Intent.RESCHEDULE_APPOINTMENT,
    Wanted.CANCEL: Intent.CANCEL_APPOINTMENT,
}


@dataclass(frozen=True)
class Written:
    """What is to be said, None for nothing, and the committed changes of the agenda that it states."""

    draft: Draft | None
    states: tuple[Appointment, ...] = ()


class _NoTrust:
    """Where nobody keeps whether a contact is who they are taken for."""

    def doubt(self, conversation_id: UUID, reason: str) -> None:
        """Nothing."""

    def trust(self, conversation_id: UUID) -> None:
        """Nothing."""


def write_answer(
    claim: AnswerClaim,
    understanding: Understanding,
    burst: Burst,
    *,
    clinic: Clinic,
    agenda: Agenda,
    now: datetime,
    trust: Trust | None = None,
) -> Written:
    """Book, move and cancel what was asked for, offer what is free, ask what is missing, and word the answer.

    With a linked calendar that cannot be read nothing is offered or booked: the answer says so, and a person is asked.
    Doing it again leads to the same appointments, and to a new offer in place of the last.

    Raises:
        StoreUnavailable: the agenda cannot be read or written; nothing is to be said then.
    """
    talk = Talk(
        claim=claim,
        understanding=understanding,
        burst=burst,
        clinic=clinic,
        persona=parse_persona(claim.credential.get("ai_persona")),
        context=answer_context(claim, understanding, media=burst.media, now=now),
        agenda=agenda,
        trust=trust or _NoTrust(),
        now=now,
    )
    if talk.is_unverified:  # neither an appointment nor anybody is named before the name on it was given
        talk = replace(talk, context=replace(talk.context, upcoming=(), contact_name=None))
    denies = denies_identity(burst.text)
    if denies:
        talk = _doubted(talk)
    part = agenda_part(talk) if _is_in_charge(talk) and not denies else None
    if part is None:
        return Written(_composed(talk))
    return Written(_assembled(talk, part), states=part.states)


def _is_in_charge(talk: Talk) -> bool:
    """Whether the agenda may be touched: no emergency, no opt-out, and nobody else has the conversation.

    Handed over by an earlier attempt at this same answer, what that attempt did is done again, and leads to the same.
    """
    urgent = talk.understanding.wants(Intent.EMERGENCY) or talk.understanding.wants(Intent.OPT_OUT)
    mine = talk.claim.mode is not AnswerMode.OBSERVE and not is_suggesting(talk.claim)
    return mine and not urgent and not talk.context.handed_over


def _doubted(talk: Talk) -> Talk:
    """ "Número equivocado", "no soy Marta": kept, told to people, and the contact is thanked."""
    is_wrong_number = Topic.WRONG_NUMBER in talk.understanding.topics
    talk.trust.doubt(talk.conversation_id, "wrong_number" if is_wrong_number else "not_me")
    # Whatever else the words sound like: "ya no es de ella" calls nothing off.
    cannot_wait = [item for item in talk.understanding.intents if item.intent in _CANNOT_WAIT]
    understood = replace(
        talk.understanding,
        intents=(*cannot_wait, ScoredIntent(Intent.GENERAL_INQUIRY, 0.9)),
        topics=talk.understanding.topics | {Topic.WRONG_NUMBER},
    )
    return replace(
        talk, understanding=understood, context=replace(talk.context, upcoming=(), contact_name=None, dialog=None)
    )


# ---- words -----------------------------------------------------------------------------------------------------------


def _assembled(talk: Talk, part: Part) -> Draft:
    """The agenda's part with what was asked besides: statements, facts, and last what is offered or asked."""
    unread = media(talk.voice, talk.context)
    facts = [*other_facts(talk, offering=bool(part.offer)), *([unread] if unread else [])]
    said = [*part.said[:-1], *facts, part.said[-1]] if part.asks else [*part.said, *facts]
    handoff = part.handoff
    if handoff is None and talk.asks_for_person:  # asked for besides: a person comes too
        handoff = talk.understanding.handoff_reason or HandoffReason.REQUESTED
        said += handing_over(handoff, talk.voice, talk.now)
    draft = assemble(
        said,
        talk.voice,
        replace(talk.context, offer=part.offer or None),
        offering=bool(part.offer),
        greets=not part.states,
        what=part.what,
        options=part.options,
        wordable=bool(part.offer),
    )
    return replace(draft, handoff=handoff, memo=_memo(talk, part))


def _memo(talk: Talk, part: Part) -> dict[str, Any]:
    """The question that waits, and what the burst was about where only a question tells: "Tomás y Sofía"."""
    memo = part.dialog.as_memo() if part.dialog else {}
    wanted = talk.context.dialog.wanted if talk.context.dialog else Wanted.BOOK  # "el segundo" of what was offered
    if talk.understanding.confidence < UNCLEAR_BELOW and part.handoff is None:
        memo |= {"intent": _INTENTS[wanted].value, "confidence": 1.0}
    return memo


def _composed(talk: Talk) -> Draft | None:
    """An answer in which the agenda has no part."""
    if talk.burst.words or not talk.burst.media:
        return compose_answer(talk.understanding, talk.clinic, talk.persona, talk.context)
    draft = compose_media_answer(talk.clinic, talk.persona, talk.context)
    if draft is None or talk.context.dialog is None:
        return draft
    return replace(draft, memo=talk.context.dialog.as_memo())  # a photo answers no question: it waits
