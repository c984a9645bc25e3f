"""The daily look at every linked account, of all professionals."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from dentalist.domain.accounts import LinkedAccount
from dentalist.domain.errors import StoreUnavailable
from dentalist.services.accounts.look_after_account import Look, Outcome, look_after_account
from dentalist.services.accounts.ports_accounts import LiveAccounts
from dentalist.services.accounts.ports_care import Care

_PAGE = 100
_THREADS = 8  # providers are waited for, and each account asks for some five answers

logger = logging.getLogger(__name__)

CareOf = Callable[[UUID], Care]  # by professional


class Looked(NamedTuple):
    """How many accounts there were of each kind."""

    accounts: int
    well: int
    broken: int
    unclear: int
    changed: int
    failed: int  # a mistake of ours
    renewed: int
    repaired: int
    healed: int
    not_reached: int  # 1 when the time was over before the last account: tomorrow begins elsewhere


@dataclass
class _Run:
    """One day's looks, counted by whichever thread took them."""

    care_of: CareOf
    now: datetime

    def __post_init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def look(self, account: LinkedAccount) -> None:
        try:
            look = look_after_account(account, care=self.care_of(account.professional_id), now=self.now)
        except StoreUnavailable:
            raise
        except Exception as exc:  # noqa: BLE001 - one account, whatever its trouble, does not cost the others their look
            # Not the exception's text: it may quote what the provider answered.
            extra = {"channel_id": str(account.channel_id), "error": type(exc).__name__}
            logger.error("account not looked after", extra=extra)  # noqa: TRY400 - the traceback quotes it too
            self._count("accounts", "failed")
            return
        if look.outcome is Outcome.BROKEN:
            extra = {"channel_id": str(account.channel_id), "cause": str(look.cause)}
            logger.info("account is broken", extra=extra)
        self._count("accounts", *_names(look))

    def _count(self, *names: str) -> None:
        with self._lock:
            self.counts.update(names)


def look_after_accounts(
    live: LiveAccounts,
    *,
    care_of: CareOf,
    now: datetime,
    budget: timedelta,
    threads: int = _THREADS,
    clock: Callable[[], float] = time.monotonic,
) -> Looked:
    """Look after every account once, several at a time, page by page, for as long as the budget lasts.

    Each day begins at another place of the accounts' order, so that those at its end are not always the ones for which
    no time is left.

    Args:
        live: the accounts.
        care_of: what looking after one needs, by professional.
        now: the moment this run stands for.
        budget: no further look begins after it; those that have begun end.
        threads: how many at a time.
        clock: seconds, for the budget.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached. Running again repeats nothing that was done.
    """
    run = _Run(care_of, now)
    give_up_at = clock() + budget.total_seconds()
    waiting: set[Future[None]] = set()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            for account in _all(live, beginning=_place_of_day(now)):
                if len(waiting) >= threads:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    _raise_trouble(done)
                if clock() >= give_up_at:
                    run.counts["not_reached"] = 1
                    break
                waiting.add(pool.submit(run.look, account))
            _raise_trouble(wait(waiting).done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Looked(**{name: run.counts[name] for name in Looked._fields})


def _all(live: LiveAccounts, *, beginning: UUID) -> Iterator[LinkedAccount]:
    """Every account once: from one place of their order to its end, then from its start to that place."""
    yield from _pages(live, after=beginning)
    for account in _pages(live, after=None):
        if account.credential_id > beginning:
            return
        yield account


def _pages(live: LiveAccounts, *, after: UUID | None) -> Iterator[LinkedAccount]:
    while page := live.to_look_after(limit=_PAGE, after=after):
        yield from page
        after = page[-1].credential_id


def _place_of_day(now: datetime) -> UUID:
    return UUID(bytes=hashlib.sha256(now.date().isoformat().encode()).digest()[:16])


def _raise_trouble(done: set[Future[None]]) -> None:
    for look in done:
        look.result()


def _names(look: Look) -> Iterator[str]:
    yield look.outcome.value
    for name, happened in (
        ("renewed", look.is_renewed),
        ("repaired", look.is_repaired),
        ("healed", look.is_healed),
    ):
        if happened:
            yield name
