"""How a claimed answer ends: sent, kept for a person, left alone, or given back to be tried again."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dentalist.domain.answering import AnswerClaim, StoredMessage
from dentalist.domain.errors import ConversationNotFound, DomainError, StoreUnavailable
from dentalist.domain.message import Author, Content, Draft, Message, MessageStatus, Purpose
from dentalist.domain.sending_errors import AlreadyAnswered, AnswerOutdated, ConversationBusy, OutdatedHuman, Paced
from dentalist.services.answering.answer_desk import Desk, Turn
from dentalist.services.answering.understand import Engine
from dentalist.services.ports_handover import DraftedAnswer, SuggestingAnswers

_SHORTEST_WAIT = 2  # seconds
_FIRST_RETRY = 4  # seconds until a throttled message may be tried again, at the earliest
_OUTCOMES = {MessageStatus.UNKNOWN: "unknown", MessageStatus.SENDING: "waiting", MessageStatus.FAILED: "failed"}

logger = logging.getLogger(__name__)


class EndAnswer:
    """The ends of one claim; each gives its lease back."""

    def __init__(self, claim: AnswerClaim, answers: SuggestingAnswers, desk: Desk) -> None:
        """Nothing was understood yet."""
        self._claim = claim
        self._answers = answers
        self._desk = desk
        self._id = claim.conversation.id
        self._classified: Mapping[str, Mapping[str, Any]] = {}
        self._engine: Engine | None = None

    def understood(self, classified: Mapping[str, Mapping[str, Any]], engine: Engine) -> None:
        """Keep what was understood of each message, for the store, and by whom."""
        self._classified = classified
        self._engine = engine

    def send(self, outgoing: Draft) -> Turn:
        """Send the answer, once."""
        return self._sent(outgoing, epoch=self._claim.epoch)

    def retry(self, row: StoredMessage) -> Turn:
        """Another attempt of a message that Meta throttled; what else is owed comes in the next turn."""
        outgoing = Draft(
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
        # Only this message's epoch ends: what the contact wrote since is still owed.
        return self._sent(outgoing, epoch=row.answer_epoch or 0)

    def suggest(self, drafted: DraftedAnswer) -> Turn:
        """Keep the answer for a person to decide on."""
        kept = self._answers.keep_suggestion(self._id, self._claim.lease_id, drafted)
        return self.finish("suggested" if kept == "kept" else "superseded")

    def wait(self, outcome: str, *, seconds: int) -> Turn:
        """Not now: the answer stays owed."""
        self._answers.release(self._id, self._claim.lease_id, delay_seconds=seconds)
        return self._turn(outcome, again_in=seconds)

    def finish(
        self,
        outcome: str,
        *,
        unanswered: bool = False,
        epoch: int | None = None,
        message_id: UUID | None = None,
        again_in: int | None = None,
    ) -> Turn:
        """Nothing more is to be sent; ``unanswered``: a person finds it in "sin responder"."""
        ended = self._claim.epoch if epoch is None else epoch
        finished = self._answers.finish(self._id, self._claim.lease_id, ended, self._classified, unanswered=unanswered)
        if finished.outcome == "owed":
            again_in = finished.delay_seconds
        return self._turn(outcome, again_in=again_in, message_id=message_id)

    def _sent(self, outgoing: Draft, *, epoch: int) -> Turn:
        try:
            message = self._desk.sending.send(self._id, outgoing)
        except AnswerOutdated:
            self._answers.release(self._id, self._claim.lease_id, delay_seconds=0)
            return self._turn("outdated", again_in=0)
        except (ConversationBusy, Paced) as exc:
            return self.wait("paced", seconds=max(_SHORTEST_WAIT, math.ceil(exc.retry_after.total_seconds())))
        except (StoreUnavailable, ConversationNotFound):
            raise
        except DomainError as refusal:
            return self._refused(refusal, epoch=epoch)
        return self._settled(message, epoch=epoch)

    def _settled(self, message: Message, *, epoch: int) -> Turn:
        outcome = _OUTCOMES.get(message.status, "sent")
        again_in = _FIRST_RETRY if outcome == "waiting" else None
        return self.finish(outcome, epoch=epoch, message_id=message.message_id, again_in=again_in)

    def _refused(self, refusal: DomainError, *, epoch: int) -> Turn:
        """The gate or Meta said no for good. Unless somebody has answered, it is a person's to answer."""
        superseded = isinstance(refusal, OutdatedHuman | AlreadyAnswered)
        logger.warning("answer refused", extra={"conversation_id": str(self._id), "refusal": refusal.code})
        return self.finish("superseded" if superseded else "unanswered", unanswered=not superseded, epoch=epoch)

    def _turn(self, outcome: str, *, again_in: int | None, message_id: UUID | None = None) -> Turn:
        intent = next((str(item["intent"]) for item in self._classified.values()), None)
        return Turn(outcome, self._id, again_in, message_id, intent, self._engine)
