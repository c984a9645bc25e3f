"""One turn of the assistant: what a conversation is owed becomes at most one message.

Everything before the send may be repeated: a worker that dies loses its lease, and the next one finds the same
messages, the same booked appointment, the same hand-over. The send itself happens once, because the gate says so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, AnswerMode, NoClaim, StoredMessage
from dentalist.domain.clinic import Clinic
from dentalist.domain.errors import ConversationNotFound, DomainError, StoreUnavailable
from dentalist.domain.loops import Exchange, StopReason, is_loop, sounds_automatic
from dentalist.domain.message import Author, Content, Purpose
from dentalist.domain.message import Draft as Outgoing
from dentalist.domain.understanding.intents import HandoffReason, Intent, ScoredIntent, Understanding
from dentalist.domain.wording.drafts import Draft, DraftKind, Effect
from dentalist.services.answering.answer_context import handed_over_for, is_suggesting, memo_of, rehearsed
from dentalist.services.answering.answer_desk import Desk, Turn
from dentalist.services.answering.ask_people import AskPeople
from dentalist.services.answering.end_answer import EndAnswer
from dentalist.services.answering.hear_burst import Burst, hear
from dentalist.services.answering.hear_voice import seconds_to_wait, transcribe
from dentalist.services.answering.rehearsed_agenda import RehearsedAgenda
from dentalist.services.answering.understand import Engine, understand
from dentalist.services.answering.word_answer import Worded, word_answer
from dentalist.services.answering.write_answer import write_answer
from dentalist.services.ports_handover import DraftedAnswer, SuggestingAnswers

__all__ = ["HISTORY", "LEASE_SECONDS", "Desk", "Turn", "answer_conversation"]

LEASE_SECONDS = 30  # the longest a worker lives
HISTORY = 20
_NOT_AFTER = timedelta(minutes=2)  # from the moment the answer is written
_WORDED_WITHIN = 8.0  # seconds from the claim; an answer takes ten at most
_REWRITES_WITHIN = 8.0  # seconds; later ones get a worker with all its time, by the queue
_LEASED_AGAIN = 3  # seconds
_HISTORY = "history"  # a hand-over to people from the beginning, when a number's past was imported
_GO_ON = ("outdated", "silent")  # what is owed since can be answered at once

logger = logging.getLogger(__name__)


def answer_conversation(
    conversation_id: UUID,
    *,
    answers: SuggestingAnswers,
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
        clock: seconds, for the time that wording and rewriting may take.

    Returns:
        The outcome: ``sent``, ``unknown``, ``waiting`` (throttled by Meta, its row waits), ``failed`` (throttled to the
        end), ``silent`` (nothing was to be said), ``suggested`` (kept for a person to decide on), ``stopped`` (it goes
        in circles; a person was asked), ``superseded`` (a person or another worker answered), ``paced``, ``outdated``
        (to be written again), ``listening`` (a voice note is on its way), ``unanswered`` (left to a person),
        ``erased`` (the contact is gone), or why there was nothing to do: ``nothing``, ``not_due``, ``leased``.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached; the lease ends by itself.
        Exception: a mistake of ours; the lease was given back, so that the next attempt begins at once.
    """
    give_up_at = clock() + _REWRITES_WITHIN
    while True:
        claim = answers.claim(conversation_id, lease_seconds=LEASE_SECONDS, history=HISTORY)
        if isinstance(claim, NoClaim):
            return Turn(claim.outcome, conversation_id, again_in=_look_again(claim))
        turn = _attempt(claim, answers, desk_for, now(), clock, last_try=last_try)
        if turn.again_in != 0 or turn.outcome not in _GO_ON or clock() > give_up_at:
            return turn


def _look_again(claim: NoClaim) -> int | None:
    if claim.outcome == "leased":
        # Mostly the other worker is done in a moment; if it died, its lease is what must be waited for.
        return min(max(claim.delay_seconds, 1), _LEASED_AGAIN)
    return max(claim.delay_seconds, 1) if claim.outcome == "not_due" else None


def _attempt(
    claim: AnswerClaim,
    answers: SuggestingAnswers,
    desk_for: Callable[[AnswerClaim], Desk],
    now: datetime,
    clock: Callable[[], float],
    *,
    last_try: bool,
) -> Turn:
    try:
        return _Turn(claim, answers, desk_for(claim), now, clock).take()
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

    def __init__(
        self,
        claim: AnswerClaim,
        answers: SuggestingAnswers,
        desk: Desk,
        now: datetime,
        clock: Callable[[], float],
    ) -> None:
        self._claim = claim
        self._desk = desk
        self._now = now
        self._clock = clock
        self._word_until = clock() + _WORDED_WITHIN
        self._id = claim.conversation.id
        self._clinic = Clinic.from_row(claim.professional)
        self._end = EndAnswer(claim, answers, desk)
        self._engine: Engine | None = None

    def take(self) -> Turn:
        """Do the turn; ``outdated`` when the contact wrote again and the answer must be written anew."""
        if self._claim.retry_message is not None:
            return self._end.retry(self._claim.retry_message)
        if not self._claim.unanswered:  # taken back before they were answered
            return self._end.finish("silent")
        wait = self._seconds_to_wait()
        if wait is not None:
            return self._end.wait("listening", seconds=wait)
        self._claim = self._claim.model_copy(update={"unanswered": list(self._listen())})  # with what was spoken
        burst = hear(self._claim.unanswered)
        self._show_presence(burst)
        understanding = self._understand(burst)
        people = AskPeople(self._claim, burst, understanding, desk=self._desk, now=self._now)
        people.act_first()
        if self._claim.mode is AnswerMode.OBSERVE:
            return self._stay_silent("silent", people)
        if understanding.wants(Intent.EMERGENCY) or understanding.wants(Intent.OPT_OUT):
            return self._answer(burst, understanding, people)
        return self._answer_in_time(burst, understanding, people)

    def _answer_in_time(self, burst: Burst, understanding: Understanding, people: AskPeople) -> Turn:
        """What can wait for a person is answered while it still makes sense, and while answering leads anywhere."""
        if self._claim.late:
            return self._stay_silent("unanswered", people)
        if is_suggesting(self._claim):
            return self._suggest(burst, understanding, people)
        stopped = self._stop(burst, understanding, people)
        return stopped or self._answer(burst, self._or_person(understanding, people), people)

    def _stay_silent(self, outcome: str, people: AskPeople) -> Turn:
        people.ask(None, told=())
        return self._end.finish(outcome, unanswered=outcome == "unanswered")

    # ---- hearing

    def _seconds_to_wait(self) -> int | None:
        """A voice note that is on its way is waited for a moment, where somebody can write it down."""
        seconds = seconds_to_wait(
            self._claim.unanswered,
            first_unanswered_at=self._claim.conversation.first_unanswered_at,
            now=self._now,
        )
        return seconds if seconds is not None and self._listens and self._desk.transcriber() is not None else None

    def _listen(self) -> Sequence[StoredMessage]:
        notes = self._desk.notes() if self._listens else None
        if notes is None:
            return self._claim.unanswered
        return transcribe(self._claim.unanswered, transcriber=self._desk.transcriber, notes=notes, clock=self._clock)

    @property
    def _listens(self) -> bool:
        """Where a person has the conversation, they listen themselves; and whoever came with the history of the number
        may be a friend, whose words are no provider's."""
        came_with_history = self._claim.conversation.handoff_reason == _HISTORY
        return self._claim.mode is not AnswerMode.OBSERVE and not came_with_history

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
        is_tap = burst.tapped is not None or burst.action is not None
        asks = self._listens and burst.words and not is_tap
        interpreter = self._desk.interpreter() if asks else None
        understood = understand(burst.words, clinic=self._clinic, interpreter=interpreter)
        understanding = _with_tap(understood.understanding) if burst.tapped else understood.understanding
        self._engine = understood.engine
        seen = {"intent": understanding.primary.value, "confidence": understanding.confidence}
        self._end.understood({str(message.id): seen for message in self._claim.unanswered}, understood.engine)
        return understanding

    # ---- going in circles

    def _stop(self, burst: Burst, understanding: Understanding, people: AskPeople) -> Turn | None:
        """Say nothing more to whom every answer only makes write again."""
        if self._claim.mode is not AnswerMode.ANSWER:
            return None
        exchange = Exchange(
            words=burst.words,
            intent=understanding.primary.value,
            history=self._claim.history,
            changed=[*self._claim.appointments, *self._claim.changed],
            counts_from=self._claim.conversation.handed_back_at,
        )
        if is_loop(exchange, now=self._now):
            people.hand_over(StopReason.BOT_LOOP.value)
            return self._end.finish("stopped")
        if sounds_automatic(burst.text):  # nobody reads what would be answered
            return self._stay_silent("unanswered", people)
        return None

    def _or_person(self, understanding: Understanding, people: AskPeople) -> Understanding:
        """What the answer is about: the promise of a person, once a contact got as many answers as a day has."""
        reason = StopReason.TOO_MANY_MESSAGES.value
        is_over = self._claim.ai_answers_today >= self._clinic.policies.ai_answers_per_day
        is_owed = handed_over_for(self._claim.conversation, reason)  # by an attempt that died before it said so
        if not (is_owed or (is_over and self._claim.mode is AnswerMode.ANSWER)):
            return understanding
        people.hand_over(reason)
        person = ScoredIntent(Intent.HUMAN_HANDOFF, 1.0)
        return replace(understanding, intents=(person,), handoff_reason=HandoffReason.REQUESTED)

    # ---- writing

    def _answer(self, burst: Burst, understanding: Understanding, people: AskPeople) -> Turn:
        written = write_answer(
            self._claim,
            understanding,
            burst,
            clinic=self._clinic,
            agenda=self._desk.agenda,
            now=self._now,
            trust=self._desk.trust,
        )
        if written.draft is None:
            return self._stay_silent("silent", people)
        worded = self._word(written.draft, burst, understanding)
        people.ask(worded.draft, told=written.states)
        turn = self._end.send(self._outgoing(worded, understanding, is_effect=bool(written.states)))
        for appointment in written.states:
            self._desk.follow_up(appointment.id)
        return turn

    def _suggest(self, burst: Burst, understanding: Understanding, people: AskPeople) -> Turn:
        """Keep the answer for a person. What it would change in the agenda is noted with it, and nothing is changed."""
        claim = rehearsed(self._claim, now=self._now)
        agenda = RehearsedAgenda(self._desk.agenda, claim, clinic=self._clinic, now=self._now)
        written = write_answer(
            claim,
            understanding,
            burst,
            clinic=self._clinic,
            agenda=agenda,
            now=self._now,
            trust=agenda.trusting(self._desk.trust),
        )
        if written.draft is None:
            return self._stay_silent("silent", people)
        worded = self._word(written.draft, burst, understanding)
        people.ask(worded.draft, told=written.states)
        if worded.draft.handoff is not None:  # whoever goes on needs no draft that promises them
            return self._end.finish("silent")
        drafted = DraftedAnswer(
            epoch=self._claim.epoch,
            human_epoch=self._claim.human_epoch,
            content=_content(worded.draft),
            changes=agenda.changes,
            ai_metadata=self._metadata(worded, understanding),
        )
        return self._end.suggest(drafted)

    def _word(self, draft: Draft, burst: Burst, understanding: Understanding) -> Worded:
        return word_answer(
            draft,
            claim=self._claim,
            understanding=understanding,
            burst=burst,
            clinic=self._clinic,
            wordsmith=self._desk.wordsmith() if draft.wordable else None,
            give_up_at=self._word_until,
            now=self._now,
            clock=self._clock,
        )

    def _metadata(self, worded: Worded, understanding: Understanding) -> dict[str, Any]:
        assert self._engine is not None  # noqa: S101 - something was understood, or there were no words for it
        understood = self._engine.as_metadata(understanding, clock=time.perf_counter)
        return {**worded.as_metadata(understood), **memo_of(worded.draft)}

    def _outgoing(self, worded: Worded, understanding: Understanding, *, is_effect: bool) -> Outgoing:
        return Outgoing(
            content=_content(worded.draft),
            author=Author.AI,
            purpose=_purpose(understanding, worded.draft),
            human_epoch=self._claim.human_epoch,
            answer_epoch=self._claim.epoch,
            answer_part=0,
            lease_id=self._claim.lease_id,
            effect=is_effect,
            not_after=self._now + _NOT_AFTER,
            ai_metadata=self._metadata(worded, understanding),
        )


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
