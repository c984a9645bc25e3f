"""One deadline for a whole call. Clients know timeouts for connecting and for each read, and these add up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from dentalist.services.answering.ports_models import ModelUnavailable

Result = TypeVar("Result")


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """What ``work`` returns, unless it takes longer.

    It works in a thread of its own, which is left alone when the time is over: nothing can end a read from outside. So
    it needs timeouts of its own as well, and must change nothing.

    Raises:
        ModelUnavailable: ``timeout``.
        Exception: whatever ``work`` raises.
    """
    outcome: Future[Result] = Future()
    Thread(target=_settle, args=(outcome, work), name="model-call", daemon=True).start()
    try:
        return outcome.result(timeout=seconds)
    except TimeoutError:
        raise ModelUnavailable("timeout") from None


def _settle(outcome: Future[Result], work: Callable[[], Result]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as exc:  # noqa: BLE001 - raised again where it is waited for
        outcome.set_exception(exc)
