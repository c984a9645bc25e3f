"""Appointments are reminded of by an approved template, with buttons that confirm or cancel them."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.errors import (
    ChannelDisconnected,
    ConsentRequired,
    DomainError,
    MetaError,
    RateLimited,
    StoreUnavailable,
    TemplateNotApproved,
    TemplateNotFound,
    TemplateVariablesMismatch,
)
from dentalist.domain.message import Author, Draft, MessageStatus
from dentalist.domain.patient_errors import PhoneUnverified
from dentalist.domain.reminders import DueReminder
from dentalist.domain.standard_templates import StandardTemplate, language_of
from dentalist.services.ports import ConversationOpener, Templates
from dentalist.services.sending import Sending

_PAGE = 200
# All but what Meta refuses may pass, so that it stays due; the first that fits counts.
_REFUSALS: tuple[tuple[type[DomainError], str], ...] = (
    (TemplateNotFound, "blocked"),
    (TemplateNotApproved, "blocked"),
    (TemplateVariablesMismatch, "blocked"),
    (ConsentRequired, "without_consent"),
    (ChannelDisconnected, "unreachable"),
    (PhoneUnverified, "unreachable"),
    (RateLimited, "later"),
)

logger = logging.getLogger(__name__)


class ReminderBook(Protocol):
    """Which reminders are due, of all professionals."""

    def due(self, at: datetime, *, limit: int, after: DueReminder | None) -> list[DueReminder]:
        """The next page, in the order of time."""

    def note(self, reminder: DueReminder, outcome: str, message_id: UUID | None) -> None:
        """It left, or never will: it is not due again."""

    def alert_blocked(self, professional_id: UUID, reason: str) -> None:
        """Tell the professional once that no reminder leaves, and why."""


@dataclass(frozen=True)
class ReminderDesk:
    """What sending a reminder needs, for one professional."""

    templates: Templates
    opener: ConversationOpener
    sending: Sending


class Reminded(NamedTuple):
    """How many of each there were."""

    due: int
    sent: int
    waiting: int  # throttled: its row waits for another attempt
    unknown: int
    night: int  # not an hour at which it may arrive
    unreachable: int  # no chat and no phone, one that may be another's now, or no number of the clinic that works
    without_consent: int
    blocked: int  # the template is missing or not approved
    refused: int  # by Meta, for good
    later: int  # the pace, or a conversation in which another message is being sent
    failed: int  # a mistake of ours
    not_reached: int  # 1 when the time was over before the last one


def remind(
    book: ReminderBook,
    *,
    desk_for: Callable[[UUID], ReminderDesk],
    now: datetime,
    budget: timedelta,
    clock: Callable[[], float] = time.monotonic,
) -> Reminded:
    """Send every reminder that is due, once.

    What could not be sent for a reason that may pass stays due, and the next run tries again until two hours before the
    appointment.

    Args:
        book: what is due.
        desk_for: what sending needs, by professional.
        now: the moment this run stands for.
        budget: no further reminder is begun after it.
        clock: seconds, for the budget.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached. Running again sends nothing twice.
    """
    run = _Run(book, desk_for, now)
    give_up_at = clock() + budget.total_seconds()
    for reminder in _all(book, now):
        if clock() >= give_up_at:
            run.counts["not_reached"] = 1
            break
        run.take(reminder)
    return Reminded(**{name: run.counts[name] for name in Reminded._fields})


def _all(book: ReminderBook, now: datetime) -> Iterator[DueReminder]:
    last: DueReminder | None = None
    while page := book.due(now, limit=_PAGE, after=last):
        yield from page
        last = page[-1]


@dataclass
class _Run:
    book: ReminderBook
    desk_for: Callable[[UUID], ReminderDesk]
    now: datetime

    def __post_init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def take(self, reminder: DueReminder) -> None:
        self.counts["due"] += 1
        try:
            outcome = self._outcome(reminder)
        except StoreUnavailable:
            raise
        except Exception as exc:  # noqa: BLE001 - one reminder, whatever its trouble, does not cost the others theirs
            extra = {"appointment_id": str(reminder.appointment_id), "error": type(exc).__name__}
            logger.error("reminder failed", extra=extra)  # noqa: TRY400 - a traceback may quote what was sent
            outcome = "failed"
        self.counts[outcome] += 1

    def _outcome(self, reminder: DueReminder) -> str:
        if not reminder.may_arrive(self.now):
            return "night"
        if reminder.channel_id is None or (reminder.conversation_id is None and reminder.phone is None):
            return "unreachable"
        try:
            return self._sent(reminder, reminder.channel_id)
        except StoreUnavailable:
            raise
        except DomainError as refusal:
            return self._refused(reminder, refusal)

    def _refused(self, reminder: DueReminder, refusal: DomainError) -> str:
        extra = {"appointment_id": str(reminder.appointment_id), "error_code": refusal.code}
        logger.info("reminder not sent", extra=extra)
        outcome = next((name for kind, name in _REFUSALS if isinstance(refusal, kind)), "refused")
        if outcome == "blocked":
            self.book.alert_blocked(reminder.professional_id, refusal.code)
        elif isinstance(refusal, MetaError):
            self.book.note(reminder, outcome, None)
        return outcome

    def _sent(self, reminder: DueReminder, channel_id: UUID) -> str:
        desk = self.desk_for(reminder.professional_id)
        language = language_of(reminder.country)
        template = desk.templates.get(channel_id, StandardTemplate.REMINDER.value, language)
        content = template.fill(reminder.values, taps=reminder.taps)
        draft = Draft(
            content, Author.SYSTEM, not_after=reminder.starts_at - timedelta(hours=1), request_key=reminder.request_key
        )
        conversation_id = reminder.conversation_id or desk.opener.open(channel_id, reminder.phone or "")
        message = desk.sending.send(conversation_id, draft)
        outcome = _OUTCOMES.get(message.status, "sent")
        self.book.note(reminder, outcome, message.message_id)
        return outcome


_OUTCOMES = {
    MessageStatus.UNKNOWN: "unknown",
    MessageStatus.SENDING: "waiting",
    MessageStatus.FAILED: "refused",
}
