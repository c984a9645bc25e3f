"""What a claimed conversation says about itself, in the terms in which an answer is worded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from dentalist.domain.answering import AnswerClaim, AnswerMode, Appointment, StoredMessage
from dentalist.domain.conversation import Conversation
from dentalist.domain.dialog import Dialog
from dentalist.domain.loops import StopReason
from dentalist.domain.message import Author, Purpose
from dentalist.domain.understanding.intents import HandoffReason, Intent, Understanding
from dentalist.domain.wording.answers import UNCLEAR_BELOW
from dentalist.domain.wording.drafts import AnswerContext, BookedAppointment, Draft, InboundMedia, TaskKind
from dentalist.domain.wording.safety import REPEATED_AFTER

_APOLOGY_AFTER = timedelta(minutes=10)
_OUTSIDE_HOURS = "outside_hours"
_OWN_REASONS = frozenset([*(reason.value for reason in HandoffReason), StopReason.TOO_MANY_MESSAGES.value])


def answer_context(
    claim: AnswerClaim, understanding: Understanding, *, media: frozenset[InboundMedia], now: datetime
) -> AnswerContext:
    """The state of a claimed conversation at ``now``."""
    conversation = claim.conversation
    return AnswerContext(
        now=now,
        last_ai_answer_at=conversation.last_ai_at,
        handed_back_at=conversation.handed_back_at,
        contact_name=conversation.name_they_gave,
        late=_has_waited(claim, now) > _APOLOGY_AFTER,
        handed_over=_is_with_a_person(claim, understanding, now),
        handed_over_at=conversation.handoff_at,
        last_person_message_at=conversation.last_human_at,
        safety_text_sent_at=conversation.last_safety_at,
        upcoming=tuple(as_booked(item) for item in claim.appointments),
        media=media,
        **_remembered(claim.history),
    )


def is_suggesting(claim: AnswerClaim) -> bool:
    """A person decides what is sent on this number; only what cannot wait goes out by itself."""
    return bool(claim.channel.get("ai_mode") == "suggest")


def as_booked(appointment: Appointment) -> BookedAppointment:
    """A committed row, as far as the words need it."""
    return BookedAppointment(appointment.starts_at, appointment.ends_at, appointment.attendee_name, appointment.reason)


def memo_of(draft: Draft) -> dict[str, Any]:
    """What a later turn must remember of this answer; a part of its ``ai_metadata``."""
    outside = any(task.kind is TaskKind.UNANSWERED for task in draft.tasks)
    return {**draft.memo, **({_OUTSIDE_HOURS: True} if outside else {})}


def rehearsed(claim: AnswerClaim, *, now: datetime) -> AnswerClaim:
    """The claim as it is for an answer that a person will send: as if it were sent, and by them.

    Nobody says that they are an assistant then, so who is writing was said just now.
    """
    conversation = claim.conversation.model_copy(update={"last_ai_at": now, "handed_back_at": None})
    return claim.model_copy(update={"channel": {**claim.channel, "ai_mode": "auto"}, "conversation": conversation})


def handed_over_for(conversation: Conversation, reason: str) -> bool:
    """Whether an earlier attempt at this same answer handed over for this reason, without getting to say so."""
    return conversation.handoff_reason == reason and _handed_over_by_this_answer(conversation)


def _is_with_a_person(claim: AnswerClaim, understanding: Understanding, now: datetime) -> bool:
    if claim.mode is AnswerMode.TRIAGE:
        return not _handed_over_by_this_answer(claim.conversation)
    if not is_suggesting(claim):
        return False
    # In charge of what cannot wait, an emergency is answered each time; unless a person has just been there.
    spoke_at = claim.conversation.last_human_at
    is_there = spoke_at is not None and now - spoke_at < REPEATED_AFTER
    return is_there or not understanding.wants(Intent.EMERGENCY)


def _handed_over_by_this_answer(conversation: Conversation) -> bool:
    """Whether an earlier attempt at this same answer handed over, without getting to say so.

    The words that a person was asked for, or the safety text, are still owed then. A person who took the conversation
    themself, or has written since, owes nobody these words.
    """
    handed_over_at, owed_since = conversation.handoff_at, conversation.first_unanswered_at
    if conversation.handoff_reason not in _OWN_REASONS or handed_over_at is None or owed_since is None:
        return False
    since = (conversation.last_ai_at, conversation.last_human_at)
    return handed_over_at >= owed_since and not any(moment and moment >= handed_over_at for moment in since)


def _has_waited(claim: AnswerClaim, now: datetime) -> timedelta:
    """How long the contact waits, by when they wrote: after an outage we heard of it late ourselves."""
    return now - min((at for message in claim.unanswered if (at := message.sent_at or message.created_at)), default=now)


def _remembered(history: Sequence[StoredMessage]) -> dict[str, Any]:
    """What the assistant said lately, as far as it must not say it again."""
    said = [message for message in history if message.direction == "outbound"]
    answers = [message for message in said if message.sender == Author.AI.value]
    closed = [message.created_at for message in answers if (message.ai_metadata or {}).get(_OUTSIDE_HOURS)]
    return {
        "opt_out_confirmed": bool(said) and said[-1].purpose == Purpose.CONSENT_CONFIRMATION.value,
        "outside_hours_said_at": closed[-1] if closed else None,
        "clarifications": sum(1 for _ in _unclear(answers)),
        # A suggestion that a person sent as it was asks its question too; what they write themselves asks none.
        "dialog": Dialog.recall(said[-1].ai_metadata) if said else None,
    }


def _unclear(answers: Sequence[StoredMessage]) -> Iterator[StoredMessage]:
    return takewhile(lambda message: _confidence(message) < UNCLEAR_BELOW, reversed(answers))


def _confidence(message: StoredMessage) -> float:
    value = (message.ai_metadata or {}).get("confidence")
    return float(value) if isinstance(value, int | float) else 1.0
