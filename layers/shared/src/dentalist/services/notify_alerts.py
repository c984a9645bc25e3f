"""Critical alerts leave the product: by mail, and by the professional's own WhatsApp.

Not through the send gate: it guards what is sent to contacts. Here the professional is told, in no conversation: there
is no consent to ask for, no window, no takeover and no answer to outdate, and an emergency must leave also where the
assistant is off or the pace of the number is used up. It may be sent twice rather than not at all.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NamedTuple

from dentalist.domain.errors import DomainError, OutcomeUnknown, RateLimited, StoreUnavailable
from dentalist.domain.mail_errors import MailUnavailable
from dentalist.domain.message import Recipient
from dentalist.domain.notices import Medium, Notice, NoticeNumber, mail_of, template_values
from dentalist.domain.sending_errors import MetaTransient, MetaUnreachable
from dentalist.services.ports_alerts import NoticeDesk, NoticeOutcome, Notices

_THREADS = 8  # Meta and the mail service are waited for: one that hangs holds no other notice up
_AT_A_TIME = _THREADS
_LEASE_SECONDS = 120  # longer than all numbers of a professional take to time out
_PASSING = (MailUnavailable, MetaTransient, MetaUnreachable, RateLimited, StoreUnavailable)
_NO_MAILER = "mail_not_configured"
_UNEXPECTED = "unexpected_error"

logger = logging.getLogger(__name__)


class Notified(NamedTuple):
    """How many notices ended how."""

    sent: int
    unknown: int
    failed: int
    skipped: int
    later: int
    lost: int  # somebody else had taken over: the notice may have been sent twice


def notify_alerts(
    notices: Notices, *, desk: NoticeDesk, budget: timedelta, clock: Callable[[], float] = time.monotonic
) -> Notified:
    """Send every notice that is due, several at a time. What becomes of one changes nothing for the others.

    Args:
        notices: what is due, and where it is kept what became of it.
        desk: the ways out.
        budget: no further notices are begun after it.
        clock: seconds, for the budget.

    Raises:
        StoreUnavailable: the store cannot be reached; what was claimed is due again when its lease ends.
    """
    run = _Run(notices, desk)
    give_up_at = clock() + budget.total_seconds()
    while clock() < give_up_at:
        due = notices.claim(limit=_AT_A_TIME, lease_seconds=_LEASE_SECONDS)
        if not due:
            break
        with ThreadPoolExecutor(max_workers=_THREADS) as pool:
            begun = [pool.submit(run.deliver, notice) for notice in due]
        for notice in begun:  # after all have ended: a store in trouble is told once each had its turn
            notice.result()
    return Notified(**{name: run.counts[name] for name in Notified._fields})


class _Run:
    def __init__(self, notices: Notices, desk: NoticeDesk) -> None:
        self.counts: Counter[str] = Counter()
        self._notices = notices
        self._desk = desk
        self._lock = threading.Lock()

    def deliver(self, notice: Notice) -> None:
        outcome = self._outcome_of(notice)
        kept = self._notices.settle(notice, outcome)
        with self._lock:
            self.counts["lost" if kept is None else outcome.status] += 1
        told = {"alert_id": str(notice.alert.id), "medium": notice.medium.value, "attempt": notice.attempts}
        level = logging.INFO if outcome.status == "sent" else logging.WARNING
        logger.log(level, "alert notice settled", extra={**told, "outcome": outcome.status, "reason": outcome.reason})

    def _outcome_of(self, notice: Notice) -> NoticeOutcome:
        send = send_mail if notice.medium is Medium.EMAIL else send_whatsapp
        try:
            return send(notice, self._desk)
        except _PASSING as exc:
            return NoticeOutcome("later", exc.code)
        except DomainError as exc:
            return NoticeOutcome("failed", exc.code)
        except Exception as exc:  # noqa: BLE001 - a mistake of ours in one notice does not cost the others theirs
            # Not the exception's text: it may quote an address or a phone.
            logger.error("alert notice failed", extra={"error": type(exc).__name__})  # noqa: TRY400 - see above
            return NoticeOutcome("later", _UNEXPECTED)


def send_mail(notice: Notice, desk: NoticeDesk) -> NoticeOutcome:
    """Tell by mail, with the way to acknowledge the alert.

    Raises:
        MailRefused: never to this address.
        MailUnavailable: not now.
    """
    if desk.mailer is None:
        return NoticeOutcome("skipped", _NO_MAILER)
    return NoticeOutcome("sent", external_id=desk.mailer.send(mail_of(notice, dashboard_url=desk.dashboard_url)))


def send_whatsapp(notice: Notice, desk: NoticeDesk) -> NoticeOutcome:
    """Tell the alert phone, from whichever of the professional's numbers works first.

    Raises:
        DomainError: no number worked; a refusal that may pass is told before one that will not.
    """
    phone = notice.professional.alert_phone
    if (obstacle := notice.obstacle) is not None or not phone:
        return NoticeOutcome("skipped", obstacle)
    refusals: list[DomainError] = []
    for number in notice.usable_numbers:
        try:
            return NoticeOutcome(
                "sent", None, _send_from(number, Recipient(phone=phone), notice, desk), number.channel_id
            )
        except OutcomeUnknown as exc:  # by another number it might arrive twice, and the next round says it again
            return NoticeOutcome("unknown", exc.code, channel_id=number.channel_id)
        except DomainError as exc:
            refusals.append(exc)
            told = {"channel_id": str(number.channel_id), "reason": exc.code}
            logger.info("number carries no notice", extra=told)
    raise max(refusals, key=lambda refusal: isinstance(refusal, _PASSING))


def _send_from(number: NoticeNumber, recipient: Recipient, notice: Notice, desk: NoticeDesk) -> str:
    template = number.template_for(notice.professional.country)
    assert template is not None  # usable_numbers have one  # noqa: S101
    content = template.fill(template_values(notice))
    sender = desk.number_for(notice.professional.id, number)
    return sender.send(recipient, content.as_graph(), reference=notice.delivery_id)
