"""What a turn asks of the clinic's people and writes down of a contact's decisions, before anything is said."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from dentalist.domain.answering import AnswerClaim, AnswerMode, Appointment
from dentalist.domain.clinic import Clinic
from dentalist.domain.data_requests import data_request
from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.handover_summary import summarise
from dentalist.domain.understanding.intents import HandoffReason, Intent, Understanding
from dentalist.domain.wording.drafts import Draft
from dentalist.domain.wording.tasks import UNTOLD_BOOKING, UNTOLD_BOOKING_SENTENCE, describe_tasks
from dentalist.services.answering.answer_desk import Desk
from dentalist.services.answering.hear_burst import Burst
from dentalist.services.answering.untold_changes import untold_changes

_CRITICAL = (HandoffReason.EMERGENCY.value, HandoffReason.COMPLAINT.value)

logger = logging.getLogger(__name__)


class AskPeople:
    """For one claimed answer. Doing any of it again changes nothing."""

    def __init__(self, claim: AnswerClaim, burst: Burst, understanding: Understanding, *, desk: Desk, now: datetime):
        """Keep what was heard and understood."""
        self._claim = claim
        self._id = claim.conversation.id
        self._burst = burst
        self._understanding = understanding
        self._desk = desk
        self._now = now
        self._clinic = Clinic.from_row(claim.professional)
        self._asked = False

    def act_first(self) -> None:
        """What must happen whatever is said, and whoever has the conversation."""
        if self._understanding.wants(Intent.OPT_OUT):
            self._withdraw_consent()
        if self._understanding.wants(Intent.EMERGENCY):
            # Also while a person has the conversation: the alert is what reaches them.
            self.hand_over(HandoffReason.EMERGENCY.value)
        elif self._claim.mode is not AnswerMode.ANSWER and self._is_heard_by_law:
            self.hand_over(str(self._understanding.handoff_reason))

    def hand_over(self, reason: str) -> None:
        """Ask for a person, who is told what it is about.

        Raises:
            ConversationNotFound, StoreUnavailable: nobody was asked; nothing may be promised.
        """
        summary = summarise(self._claim, self._understanding, reason=reason, clinic=self._clinic)
        details = {"summary": summary, **self._legal_details(reason)}
        self._desk.handover.hand_over(self._id, reason, details=details)
        self._asked = True
        if reason in _CRITICAL:
            self._wake_notifier()

    def ask(self, draft: Draft | None, *, told: Sequence[Appointment]) -> None:
        """Before the words that promise it, so that no crash leaves a promise nobody knows of."""
        if untold_changes(self._claim) and not told:
            self._desk.tasks.raise_task(self._id, UNTOLD_BOOKING, UNTOLD_BOOKING_SENTENCE)
        if draft is None:
            return
        if draft.handoff is not None and not self._asked:
            self.hand_over(str(draft.handoff))
        for kind, sentence in describe_tasks(draft.tasks):
            self._desk.tasks.raise_task(self._id, kind, sentence)

    @property
    def _is_heard_by_law(self) -> bool:
        """A request about personal data has a deadline whoever has the conversation; a complaint that nobody has read
        yet must not wait either."""
        reason = self._understanding.handoff_reason
        unread_complaint = reason is HandoffReason.COMPLAINT and self._claim.mode is AnswerMode.TRIAGE
        return reason is HandoffReason.DATA_REQUEST or unread_complaint

    def _legal_details(self, reason: str) -> dict[str, str]:
        if reason != HandoffReason.DATA_REQUEST.value:
            return {}
        today = self._now.astimezone(self._clinic.timezone).date()
        asked = data_request(self._burst.text, country=self._clinic.country, asked_on=today)
        told = {"right": asked.right.value, "message": asked.message}
        return told if asked.due_on is None else {**told, "due_on": asked.due_on.isoformat()}

    def _withdraw_consent(self) -> None:
        said_at = max((item.created_at for item in self._claim.unanswered if item.created_at), default=self._now)
        for scope in ("care", "marketing"):
            self._desk.consent.record(
                self._id, scope, "withdrawn", source="chat", wording=self._burst.text, occurred_at=said_at
            )

    def _wake_notifier(self) -> None:
        try:
            self._desk.alerted()
        except StoreUnavailable:
            # The alert is stored, and the sweep finds it; the contact must not wait for a queue.
            logger.warning("alert not announced", extra={"conversation_id": str(self._id)})
