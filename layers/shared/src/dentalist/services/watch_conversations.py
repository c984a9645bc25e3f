"""Conversations that wait for a person: their people are told again, or the assistant takes them back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from dentalist.domain.clinic import Clinic
from dentalist.domain.conversation import SERVICE_WINDOW
from dentalist.domain.hours import next_opening, open_interval_at
from dentalist.services.ports_handover import WaitingConversation, WatchedConversations

_PER_WATCH = 500
WINDOW_WARNING = timedelta(hours=2)


class Watch(NamedTuple):
    """How many conversations the assistant has again, how many reminders were given, and whom to wake an answer for."""

    resumed: int
    alerted: int
    to_wake: tuple[UUID, ...] = ()


def watch(watched: WatchedConversations, *, now: datetime) -> Watch:
    """Do once what is due. Safe at any moment and by several at once.

    A conversation that waits is told again after the minutes of ``Policies.waiting_alert_minutes``, while the clinic is
    open, else when it opens; and two hours before its service window closes. Each once per hand-over.

    Args:
        watched: conversations of all professionals.
        now: the instant to look from.

    Raises:
        StoreUnavailable: the store cannot be reached; what was not done is due in the next watch.
    """
    resumed = watched.resume_idle(_PER_WATCH)
    alerted = sum(_remind(waiting, watched, now) for waiting in _all_waiting(watched))
    owing = [item.conversation_id for item in resumed if item.owes]
    return Watch(len(resumed), alerted, tuple(dict.fromkeys([*owing, *watched.unheard(_PER_WATCH)])))


def _all_waiting(watched: WatchedConversations) -> Iterator[WaitingConversation]:
    """Page by page: reminders of whoever waits for a Monday must not keep back those that are due now."""
    page = watched.waiting(_PER_WATCH, after=None)
    yield from page
    while len(page) == _PER_WATCH:
        page = watched.waiting(_PER_WATCH, after=page[-1])
        yield from page


def _remind(waiting: WaitingConversation, watched: WatchedConversations, now: datetime) -> int:
    reminders = 0
    if not _told(waiting.told_at, waiting) and now >= reminder_due_at(waiting):
        reminders += watched.remind(waiting, of_window=False)
    if not _told(waiting.told_of_window_at, waiting) and _closes_soon(waiting, now):
        reminders += watched.remind(waiting, of_window=True)
    return reminders


def _told(at: datetime | None, waiting: WaitingConversation) -> bool:
    return at is not None and at >= waiting.since


def reminder_due_at(waiting: WaitingConversation) -> datetime:
    """When the clinic's people are told again: soon while they are there, else when they come in.

    Where nobody knows the hours, soon.
    """
    clinic = Clinic.from_row(waiting.professional)
    hours, zone = clinic.bookable_hours, clinic.timezone
    soon = waiting.since + timedelta(minutes=clinic.policies.waiting_alert_minutes)
    if hours is None or not hours.ever_open:
        return soon
    closed = clinic.closed_from(waiting.since)
    was_open = open_interval_at(hours, closed, zone, waiting.since) is not None
    asked_from = soon if was_open else waiting.since
    return next_opening(hours, closed, zone, asked_from) or soon


def _closes_soon(waiting: WaitingConversation, now: datetime) -> bool:
    if waiting.last_inbound_at is None:
        return False
    closes_at = waiting.last_inbound_at + SERVICE_WINDOW
    return closes_at - WINDOW_WARNING <= now < closes_at
