"""One turn of the assistant: what a conversation is owed becomes at most one message.

Everything before the send may be repeated: a worker that dies loses its lease, and the next one finds the same
messages, the same booked appointment, the same hand-over. The send itself happens once, because the gate says so.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, AnswerMode, Appointment, NoClaim, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.errors import ConversationNotFound, DomainError, RateLimited, StoreUnavailable
from dentalist.domain.message import Author, Content, Message, MessageStatus, Purpose
from dentalist.domain.message import Draft as Outgoing
from dentalist.domain.sending_errors import AlreadyAnswered, AnswerOutdated, ConversationBusy, OutdatedHuman, Paced
from dentalist.domain.understanding.intents import HandoffReason, Intent, ScoredIntent, Understanding
from dentalist.domain.wording.drafts import Draft, DraftKind, Effect
from dentalist.domain.wording.tasks import UNTOLD_BOOKING, UNTOLD_BOOKING_SENTENCE, describe_tasks
from dentalist.services.answer_context import is_suggesting, memo_of
from dentalist.services.book_slot import untold_booking
from dentalist.services.hear_burst import Burst, hear
from dentalist.services.ports import Agenda, Answers, ChatPresence, Consent, Handover, Interpreter, Tasks
from dentalist.services.sending import Sending
from dentalist.services.understand import Engine, understand
from dentalist.services.write_answer import write_answer

LEASE_SECONDS = 30  # the longest a worker lives
HISTORY = 20
_NOT_AFTER = timedelta(minutes=2)  # from the moment the answer is written
_REWRITES_WITHIN = 8.0  # seconds; later ones get a worker with all its time, by the queue
_SHORTEST_WAIT = 2  # seconds
_LEASED_AGAIN = 3  # seconds
_FIRST_RETRY = 4  # seconds until a throttled message may be tried again, at the earliest

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Desk:
    """What one answer needs, for its professional and number; what may not be needed is made when it is called."""

    sending: Sending
    presence: Callable[[], ChatPresence]
    agenda: Agenda
    consent: Consent
    handover: Handover
    tasks: Tasks
    interpreter: Callable[[], Interpreter | None]
    follow_up: Callable[[UUID], object] = lambda _: None  # on an appointment, once its contact was told


@dataclass(frozen=True)
class Turn:
    """What became of a wake-up; ``again_in``: seconds until the conversation should be looked at again."""

    outcome: str
    conversation_id: UUID
    again_in: int | None = None
    message_id: UUID | None = None
    intent: str | None = None
    engine: Engine | None = None


def answer_conversation(
    conversation_id: UUID,
    *,
    answers: Answers,
    desk_for: Callable[[AnswerClaim], Desk],
    last_try: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> Turn:
    """Answer what the conversation is owed, if it is due and nobody else does.

    Args:
        conversation_id: merges are followed.
        answers: the leases.
        desk_for: what an answer in the claimed conversation needs.
        last_try: leave the conversation to a person when this attempt fails of a mistake of ours.
        now: the instant an answer is written at.
        clock: seconds, for the time that rewriting may take.

    Returns:
        The outcome: ``sent``, ``unknown``, ``waiting`` (throttled by Meta, its row waits), ``failed`` (throttled to the
        end), ``silent`` (nothing was to be said), ``superseded`` (a person or another worker answered), ``paced``,
        ``outdated`` (to be written again), ``unanswered`` (left to a person), ``erased`` (the contact is gone), or why
        there was nothing to do: ``nothing``, ``not_due``, ``leased``.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached; the lease ends by itself.
        Exception: a mistake of ours; the lease was given back, so that the next attempt begins at once.
    """
    give_up_at = clock() + _REWRITES_WITHIN
    while True:
        claim = answers.claim(conversation_id, lease_seconds=LEASE_SECONDS, history=HISTORY)
        if isinstance(claim, NoClaim):
            return Turn(claim.outcome, conversation_id, again_in=_look_again(claim))
        turn = _attempt(claim, answers, desk_for, now(), last_try=last_try)
        if turn.outcome != "outdated" or clock() > give_up_at:
            return turn


def _look_again(claim: NoClaim) -> int | None:
    if claim.outcome == "leased":
        # Mostly the other worker is done in a moment; if it died, its lease is what must be waited for.
        return min(max(claim.delay_seconds, 1), _LEASED_AGAIN)
    return max(claim.delay_seconds, 1) if claim.outcome == "not_due" else None


def _attempt(
    claim: AnswerClaim, answers: Answers, desk_for: Callable[[AnswerClaim], Desk], now: datetime, *, last_try: bool
) -> Turn:
    try:
        return _Turn(claim, answers, desk_for(claim), now).take()
    except StoreUnavailable:
        raise
    except ConversationNotFound:
        # The contact was erased meanwhile: there is nobody to answer, and the lease went with the conversation.
        return Turn("erased", claim.conversation.id)
    except Exception:
        if last_try:
            answers.finish(claim.conversation.id, claim.lease_id, claim.epoch, {}, unanswered=True)
        else:
            answers.release(claim.conversation.id, claim.lease_id, delay_seconds=0)
        raise


class _Turn:
    """One claimed answer on its way."""

    def __init__(self, claim: AnswerClaim, answers: Answers, desk: Desk, now: datetime) -> None:
        self._claim = claim
        self._answers = answers
        self._desk = desk
        self._now = now
        self._id = claim.conversation.id
        self._clinic = Clinic.from_row(claim.professional)
        self._classified: Mapping[str, Mapping[str, Any]] = {}
        self._engine: Engine | None = None

    def take(self) -> Turn:
        """Do the turn; ``outdated`` when the contact wrote again and the answer must be written anew."""
        if self._claim.retry_message is not None:
            return self._retry(self._claim.retry_message)
        if not self._claim.unanswered:  # taken back before they were answered
            return self._finish("silent")
        burst = hear(self._claim.unanswered)
        self._show_presence(burst)
        understanding = self._understand(burst)
        self._act_on(understanding, burst)
        cannot_wait = understanding.wants(Intent.EMERGENCY) or understanding.wants(Intent.OPT_OUT)
        if self._claim.mode is AnswerMode.OBSERVE:
            return self._stay_silent("silent")
        if self._claim.late and not cannot_wait:
            return self._stay_silent("unanswered")
        written = write_answer(
            self._claim, understanding, burst, clinic=self._clinic, agenda=self._desk.agenda, now=self._now
        )
        if written.draft is None:
            return self._stay_silent("silent")
        self._ask_people(written.draft, told=written.states)
        turn = self._send(written.draft, understanding, is_effect=bool(written.states))
        for appointment in written.states:
            self._desk.follow_up(appointment.id)
        return turn

    # ---- what must happen whatever is said

    def _show_presence(self, burst: Burst) -> None:
        answers = self._claim.mode is AnswerMode.ANSWER and not self._claim.late and not is_suggesting(self._claim)
        if not answers or burst.last_external_id is None:
            return
        try:
            self._desk.presence().mark_read(burst.last_external_id, typing=True)
        except StoreUnavailable:
            raise
        except DomainError as exc:
            # Nobody is harmed without blue ticks, and the send that follows meets the same trouble and classifies it.
            logger.info("not marked as read", extra={"conversation_id": str(self._id), "error_code": exc.code})

    def _understand(self, burst: Burst) -> Understanding:
        # The model is asked where there are words and an answer may follow; taps and files it would only guess at.
        asks = self._claim.mode is not AnswerMode.OBSERVE and burst.words and burst.tapped is None
        interpreter = self._desk.interpreter() if asks else None
        understood = understand(burst.words, clinic=self._clinic, interpreter=interpreter)
        understanding = _with_tap(understood.understanding) if burst.tapped else understood.understanding
        self._engine = understood.engine
        self._classified = {
            str(message.id): {"intent": understanding.primary.value, "confidence": understanding.confidence}
            for message in self._claim.unanswered
        }
        return understanding

    def _act_on(self, understanding: Understanding, burst: Burst) -> None:
        if understanding.wants(Intent.OPT_OUT):
            self._withdraw_consent(burst)
        if understanding.wants(Intent.EMERGENCY):
            # Also while a person has the conversation: the alert is what reaches them.
            self._desk.handover.hand_over(self._id, HandoffReason.EMERGENCY.value)

    def _withdraw_consent(self, burst: Burst) -> None:
        said_at = max((item.created_at for item in self._claim.unanswered if item.created_at), default=self._now)
        for scope in ("care", "marketing"):
            self._desk.consent.record(
                self._id, scope, "withdrawn", source="chat", wording=burst.text, occurred_at=said_at
            )

    def _ask_people(self, draft: Draft | None, *, told: Sequence[Appointment]) -> None:
        """Before the words that promise it, so that no crash leaves a promise nobody knows of."""
        untold = untold_booking(self._claim)
        if untold is not None and not told:
            self._desk.tasks.raise_task(self._id, UNTOLD_BOOKING, UNTOLD_BOOKING_SENTENCE)
        if draft is None:
            return
        if draft.handoff not in (None, HandoffReason.EMERGENCY):  # an emergency was handed over before it was worded
            self._desk.handover.hand_over(self._id, str(draft.handoff))
        for kind, sentence in describe_tasks(draft.tasks):
            self._desk.tasks.raise_task(self._id, kind, sentence)

    def _stay_silent(self, outcome: str) -> Turn:
        self._ask_people(None, told=())
        return self._finish(outcome, unanswered=outcome == "unanswered")

    # ---- sending

    def _send(self, draft: Draft, understanding: Understanding, *, is_effect: bool) -> Turn:
        assert self._engine is not None  # noqa: S101 - something was understood, or there were no words for it
        outgoing = Outgoing(
            content=_content(draft),
            author=Author.AI,
            purpose=_purpose(understanding, draft),
            human_epoch=self._claim.human_epoch,
            answer_epoch=self._claim.epoch,
            answer_part=0,
            lease_id=self._claim.lease_id,
            effect=is_effect,
            not_after=self._now + _NOT_AFTER,
            ai_metadata={**self._engine.as_metadata(understanding, clock=time.perf_counter), **memo_of(draft)},
        )
        try:
            message = self._desk.sending.send(self._id, outgoing)
        except AnswerOutdated:
            self._answers.release(self._id, self._claim.lease_id, delay_seconds=0)
            return self._turn("outdated", again_in=0)
        except (ConversationBusy, Paced) as exc:
            return self._wait(exc)
        except (StoreUnavailable, ConversationNotFound):
            raise
        except DomainError as refusal:
            return self._refused(refusal, epoch=self._claim.epoch)
        return self._sent(message, epoch=self._claim.epoch)

    def _retry(self, row: StoredMessage) -> Turn:
        """Another attempt of a message that Meta throttled; what else is owed comes in the next turn."""
        outgoing = Outgoing(
            content=Content.of_row(row.model_dump(mode="json")),
            author=Author(row.sender),
            purpose=Purpose(row.purpose or Purpose.CARE),
            human_epoch=row.human_epoch,
            answer_epoch=row.answer_epoch,
            answer_part=row.answer_part,
            lease_id=self._claim.lease_id,
            not_after=row.not_after,
            message_id=row.id,
        )
        try:
            message = self._desk.sending.send(self._id, outgoing)
        except (ConversationBusy, Paced) as exc:
            return self._wait(exc)
        except (StoreUnavailable, ConversationNotFound):
            raise
        except DomainError as refusal:
            # Only this message's epoch ends: what the contact wrote since is still owed.
            return self._refused(refusal, epoch=row.answer_epoch or 0)
        return self._sent(message, epoch=row.answer_epoch or 0)

    def _wait(self, throttle: RateLimited) -> Turn:
        delay = max(_SHORTEST_WAIT, math.ceil(throttle.retry_after.total_seconds()))
        self._answers.release(self._id, self._claim.lease_id, delay_seconds=delay)
        return self._turn("paced", again_in=delay)

    def _sent(self, message: Message, *, epoch: int) -> Turn:
        outcome = _OUTCOMES.get(message.status, "sent")
        again_in = _FIRST_RETRY if outcome == "waiting" else None
        return self._finish(outcome, epoch=epoch, message_id=message.message_id, again_in=again_in)

    def _refused(self, refusal: DomainError, *, epoch: int) -> Turn:
        """The gate or Meta said no for good. Unless somebody has answered, a person finds it in "sin responder"."""
        superseded = isinstance(refusal, OutdatedHuman | AlreadyAnswered)
        logger.warning("answer refused", extra={"conversation_id": str(self._id), "refusal": refusal.code})
        return self._finish("superseded" if superseded else "unanswered", unanswered=not superseded, epoch=epoch)

    def _finish(
        self,
        outcome: str,
        *,
        unanswered: bool = False,
        epoch: int | None = None,
        message_id: UUID | None = None,
        again_in: int | None = None,
    ) -> Turn:
        ended = self._claim.epoch if epoch is None else epoch
        finished = self._answers.finish(self._id, self._claim.lease_id, ended, self._classified, unanswered=unanswered)
        if finished.outcome == "owed":
            again_in = finished.delay_seconds
        return self._turn(outcome, again_in=again_in, message_id=message_id)

    def _turn(self, outcome: str, *, again_in: int | None, message_id: UUID | None = None) -> Turn:
        intent = next((str(item["intent"]) for item in self._classified.values()), None)
        return Turn(outcome, self._id, again_in, message_id, intent, self._engine)


_OUTCOMES = {MessageStatus.UNKNOWN: "unknown", MessageStatus.SENDING: "waiting", MessageStatus.FAILED: "failed"}


def _with_tap(understanding: Understanding) -> Understanding:
    """A tap on an offered slot is a booking, whatever its title reads like; what was asked for besides stays."""
    beside = (Intent.EMERGENCY, Intent.OPT_OUT, Intent.HUMAN_HANDOFF)
    others = [item for item in understanding.intents if item.intent in beside]
    tap = ScoredIntent(Intent.BOOK_APPOINTMENT, 1.0)
    urgent = [item for item in others if item.intent is not Intent.HUMAN_HANDOFF]
    return replace(understanding, intents=(*urgent, tap, *(item for item in others if item not in urgent)))


def _content(draft: Draft) -> Content:
    if draft.kind is DraftKind.INTERACTIVE and draft.interactive is not None:
        return replace(Content.interactive(draft.interactive), body=draft.body)
    return Content.text(draft.body)


def _purpose(understanding: Understanding, draft: Draft) -> Purpose:
    if Effect.RAISE_EMERGENCY_ALERT in draft.effects:
        return Purpose.SAFETY
    if understanding.wants(Intent.OPT_OUT):
        return Purpose.CONSENT_CONFIRMATION
    return Purpose.CARE
