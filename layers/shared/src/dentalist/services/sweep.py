"""What time does: answers that nobody was woken for, people who were not told, sends whose worker died."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol
from uuid import UUID

from dentalist.domain.errors import StoreUnavailable
from dentalist.services.ports import MediaJobs, Sweeps, WakeUps
from dentalist.services.ports_alerts import AlertBell
from dentalist.services.ports_handover import WatchedConversations
from dentalist.services.watch_conversations import watch

_PER_SWEEP = 500


class DeadLetters(Protocol):
    """A dead-letter queue that knows where its messages came from."""

    def redrive(self, *, limit: int) -> int:
        """Put up to ``limit`` messages back; how many were."""


class Swept(NamedTuple):
    """How much of each there was."""

    statuses_matched: int
    sends_expired: int
    alerts_rung: int  # 1 when somebody had to be told of a critical alert
    answers_woken: int
    media_requested: int
    conversations_resumed: int
    people_reminded: int
    holds_expired: int
    keys_expired: int
    buckets_purged: int
    redriven: int


def sweep(
    sweeps: Sweeps,
    *,
    watched: WatchedConversations,
    bell: AlertBell,
    wake_ups: WakeUps,
    media_jobs: MediaJobs,
    dead_letters: Iterable[DeadLetters],
    correlation_id: str,
    now: datetime,
) -> Swept:
    """Do once what is due. Safe at any moment and by several at once: each step only repeats what is idempotent.

    A store in trouble ends the sweep, a queue in trouble only its own step. Dead letters come last, when the store has
    answered everything before: put back into an outage, they would die again.

    Args:
        sweeps: what the store does by itself, and what it finds for others to do.
        watched: conversations that wait for a person.
        bell: wakes whoever tells critical alerts.
        wake_ups: where overdue answers and throttled messages go.
        media_jobs: where files go that were not fetched.
        dead_letters: what is put back where it came from.
        correlation_id: of this sweep, passed on to the jobs.
        now: the instant to look from at what waits for a person.

    Raises:
        StoreUnavailable: the store or a queue cannot be reached; what was not done is due in the next sweep.
    """
    queues = _Independent()
    # A status proves that a message arrived: found first, its send need not end as unknown, with an alert.
    matched = sweeps.match_statuses(_PER_SWEEP)
    expired = sweeps.expire_sends()  # before anybody is woken for the same conversation
    # Somebody may be unwell. What this sweep itself raises is told a minute later.
    rung = queues.run(lambda: _ring(bell, correlation_id)) if sweeps.alert_notices_due() else 0
    waiting = dict.fromkeys([*sweeps.overdue_answers(_PER_SWEEP), *sweeps.due_retries(_PER_SWEEP)])
    wake_up = partial(wake_ups.send_wake_up, delay_seconds=0, correlation_id=correlation_id)
    woken = queues.run(lambda: _send(waiting, wake_up))
    files = sweeps.pending_media(_PER_SWEEP)
    requested = queues.run(lambda: _send(files, partial(media_jobs.send_media_job, correlation_id=correlation_id)))
    watching = watch(watched, now=now)
    woken += queues.run(lambda: _send([id_ for id_ in watching.to_wake if id_ not in waiting], wake_up))
    swept = Swept(
        statuses_matched=matched,
        sends_expired=expired,
        alerts_rung=rung,
        answers_woken=woken,
        media_requested=requested,
        conversations_resumed=watching.resumed,
        people_reminded=watching.alerted,
        holds_expired=sweeps.expire_holds(),
        keys_expired=sweeps.expire_idempotency(),
        buckets_purged=sweeps.purge_pace(),
        redriven=sum(queues.run(partial(letters.redrive, limit=_PER_SWEEP)) for letters in dead_letters),
    )
    queues.raise_trouble()
    return swept


def _send(ids: Collection[UUID], send: Callable[[UUID], None]) -> int:
    for id_ in ids:
        send(id_)
    return len(ids)


def _ring(bell: AlertBell, correlation_id: str) -> int:
    bell.send_bell(correlation_id=correlation_id)
    return 1


class _Independent:
    """Steps that have their turn whatever became of the others; the first trouble is told once all are done."""

    def __init__(self) -> None:
        self._trouble: StoreUnavailable | None = None

    def run(self, step: Callable[[], int]) -> int:
        try:
            return step()
        except StoreUnavailable as exc:
            self._trouble = self._trouble or exc
            return 0

    def raise_trouble(self) -> None:
        if self._trouble is not None:
            raise self._trouble
