"""What the sweeper does, in which order, and what stops it."""

from uuid import UUID, uuid4

import pytest

from dentalist.domain.errors import StoreRefused, StoreUnavailable
from dentalist.services.sweep import Swept, sweep
from tests.builders import NOON
from tests.fakes_inbox import FakeDeadLetters, FakeQueue, FakeSweeps, FakeWatched

STORE_STEPS = [
    "match_statuses",
    "expire_sends",
    "alert_notices_due",
    "overdue_answers",
    "due_retries",
    "pending_media",
    "resume_idle",
    "expire_holds",
    "expire_idempotency",
    "purge_pace",
]


class Minute:
    """Everything that may be due."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.store = FakeSweeps(self.log)
        self.watched = FakeWatched(self.log)
        self.replies, self.media, self.alerts = FakeQueue(), FakeQueue(), FakeQueue()
        self.dead_letters = [FakeDeadLetters(self.log, waiting) for waiting in (2, 0, 700)]

    def sweep(self) -> Swept:
        return sweep(
            self.store,
            watched=self.watched,
            bell=self.alerts,
            wake_ups=self.replies,
            media_jobs=self.media,
            dead_letters=self.dead_letters,
            correlation_id="sweep-1",
            now=NOON,
        )

    @property
    def woken(self) -> list[UUID]:
        return [told[0] for _, told in self.replies.log]


@pytest.fixture
def minute() -> Minute:
    return Minute()


def test_everything_is_asked_of_the_store_before_dead_letters_move(minute: Minute) -> None:
    minute.sweep()

    assert minute.log == [*STORE_STEPS, "redrive", "redrive", "redrive"]


def test_what_was_done_is_counted(minute: Minute) -> None:
    minute.store.overdue, minute.store.media = [uuid4(), uuid4()], [uuid4()]
    minute.store.alert_due = True
    minute.watched.idle, minute.watched.unheard_ids = [uuid4()], [uuid4()]
    minute.watched.waiting_ids = [uuid4(), uuid4()]

    assert minute.sweep() == Swept(
        statuses_matched=1,
        sends_expired=1,
        alerts_rung=1,
        answers_woken=4,
        media_requested=1,
        conversations_resumed=1,
        people_reminded=2,
        holds_expired=1,
        keys_expired=1,
        buckets_purged=1,
        redriven=502,
    )


def test_a_conversation_that_is_due_for_two_reasons_is_woken_once_and_the_overdue_come_first(minute: Minute) -> None:
    both, late, throttled = uuid4(), uuid4(), uuid4()
    minute.store.overdue, minute.store.retries = [late, both], [both, throttled]

    minute.sweep()

    assert minute.woken == [late, both, throttled]
    assert {told[1:] for _, told in minute.replies.log} == {(0, "sweep-1")}


def test_files_are_asked_for_again(minute: Minute) -> None:
    file = uuid4()
    minute.store.media = [file]

    minute.sweep()

    assert minute.media.log == [("media", (file, "sweep-1"))]


@pytest.mark.parametrize("step", STORE_STEPS)
@pytest.mark.parametrize("failure", [StoreUnavailable(), StoreRefused("42883", "a function")])
def test_no_dead_letter_moves_unless_the_store_answered_everything(
    minute: Minute, step: str, failure: Exception
) -> None:
    minute.store.failing, minute.store.failure = step, failure
    minute.watched.failure = failure if step == "resume_idle" else None

    with pytest.raises(type(failure)):
        minute.sweep()
    assert minute.log == STORE_STEPS[: STORE_STEPS.index(step) + 1]


@pytest.mark.parametrize("due", [True, False])
def test_whoever_tells_critical_alerts_is_woken_when_one_is_due(minute: Minute, due: bool) -> None:
    minute.store.alert_due = due

    assert minute.sweep().alerts_rung == int(due)
    assert minute.alerts.log == ([("bell", "sweep-1")] if due else [])


def test_conversations_that_were_given_back_and_those_nobody_heard_are_woken_once(minute: Minute) -> None:
    resumed, unheard, overdue = uuid4(), uuid4(), uuid4()
    minute.store.overdue = [overdue]
    minute.watched.idle, minute.watched.unheard_ids = [resumed, overdue], [unheard, resumed]

    minute.sweep()

    assert minute.woken == [overdue, resumed, unheard]


def test_a_mistake_about_who_waits_holds_up_no_answer_and_no_alert(minute: Minute) -> None:
    minute.store.overdue, minute.store.alert_due = [uuid4()], True
    minute.watched.failure = StoreRefused("42883", "resume_idle")

    with pytest.raises(StoreRefused):
        minute.sweep()
    assert minute.woken == minute.store.overdue
    assert minute.alerts.log


def test_a_mistake_in_the_cleaning_holds_up_no_answer(minute: Minute) -> None:
    minute.store.overdue = [uuid4()]
    minute.store.failing, minute.store.failure = "purge_pace", StoreRefused("42883", "purge_pace")

    with pytest.raises(StoreRefused):
        minute.sweep()
    assert minute.woken == minute.store.overdue


@pytest.mark.parametrize("broken", ["replies", "media", "alerts"])
def test_a_queue_in_trouble_is_told_once_everything_else_is_done(minute: Minute, broken: str) -> None:
    minute.store.overdue, minute.store.media, minute.store.alert_due = [uuid4()], [uuid4()], True
    queue: FakeQueue = getattr(minute, broken)
    queue.failure = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        minute.sweep()

    assert minute.log == [*STORE_STEPS, "redrive", "redrive", "redrive"]
    others = [name for name in ("replies", "media", "alerts") if name != broken]
    assert [len(getattr(minute, name).log) for name in others] == [1, 1]


def test_dead_letters_that_cannot_move_hold_no_others_up(minute: Minute) -> None:
    minute.dead_letters[0].failure = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        minute.sweep()
    assert minute.log.count("redrive") == 3
