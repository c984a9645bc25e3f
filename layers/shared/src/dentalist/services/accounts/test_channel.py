"""The self-test of a channel: its whole chain, from the token to a signed event that comes in by our own webhook."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_health import diagnose
from dentalist.domain.channel_test import (
    CHAINS,
    EVENT_MISSING,
    EVENT_MISSING_DETAIL,
    IN_ORDER,
    NOT_RUN,
    UNREACHABLE,
    UNREACHABLE_DETAIL,
    ChannelTest,
    Check,
    Link,
    broken,
    no_verdict,
    passed,
)
from dentalist.domain.errors import ChannelDisconnected
from dentalist.services.accounts.examine_account import Examination, examine
from dentalist.services.accounts.look_after_account import is_current, settle
from dentalist.services.accounts.ports_care import Care, ChannelTests, SelfTestEvents
from dentalist.services.accounts.renew_token import renew

_NONCE_BYTES = 16
_EVENT_WAITS = 8.0  # seconds: the queue and a cold worker, and still an answer within API Gateway's thirty
_LOOKS_EVERY = 0.4  # seconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SelfTestBench:
    """What a test needs besides the account and its provider."""

    tests: ChannelTests
    events: SelfTestEvents
    pause: Callable[[float], None] = field(default=time.sleep)
    clock: Callable[[], float] = field(default=time.monotonic)


def test_channel(channel_id: UUID, *, care: Care, bench: SelfTestBench, now: datetime) -> ChannelTest:
    """Walk the chain and name the first broken link.

    What is found is recorded as by the daily look, so that the channel's status never says something else than its
    test: a broken one is marked, one that is well again is connected. Nothing is repaired: the test tells how it is.

    Args:
        channel_id: what to test.
        care: the professional's accounts and the providers.
        bench: our own webhook and what came in by it.
        now: the moment of the test.

    Returns:
        The links in their order. Those after the first that does not hold were not tried.

    Raises:
        ChannelNotFound: the professional has no such channel.
        ChannelDisconnected: its owner took it off.
        StoreUnavailable: the store or the key service cannot be reached.
    """
    account = care.accounts.get(channel_id)
    if account.status is ChannelStatus.DISCONNECTED:
        raise ChannelDisconnected
    nonce = secrets.token_hex(_NONCE_BYTES)
    bench.tests.begin(channel_id, nonce)
    found = examine(account, care, repair=False)
    has_event = account.channel is not ChannelType.GOOGLE_CALENDAR  # Google tells us nothing: we ask
    event_came = found.is_well and has_event and _event_comes_in(account, nonce, bench)
    if is_current(found, care) and (event_came or not found.is_well or not has_event):
        settle(found, care, now=now)
        if account.channel is ChannelType.GOOGLE_CALENDAR:
            renew(found, care, now=now, force=True)  # the hour's token that the test was made with
    return _told(found, event_came=event_came if has_event else None)


def _event_comes_in(account: LinkedAccount, nonce: str, bench: SelfTestBench) -> bool:
    give_up_at = bench.clock() + _EVENT_WAITS
    if not bench.events.send(account, nonce):
        logger.error("test event not taken", extra={"channel_id": str(account.channel_id)})
        return False
    while not bench.tests.received(account.channel_id, nonce):
        if bench.clock() >= give_up_at:
            logger.error("test event did not come in", extra={"channel_id": str(account.channel_id)})
            return False
        bench.pause(_LOOKS_EVERY)
    return True


def _told(found: Examination, *, event_came: bool | None) -> ChannelTest:
    channel = found.account.channel
    links = [*CHAINS[channel], *([] if event_came is None else [Link.TEST_EVENT])]
    checks: list[Check] = [passed(link) for link in found.held]
    detail = IN_ORDER
    if found.cause is not None:
        detail = diagnose(found.cause, channel).sentence
        checks.append(broken(links[len(checks)], found.cause, detail))
    elif found.trouble is not None:
        detail = UNREACHABLE_DETAIL
        checks.append(no_verdict(links[len(checks)], UNREACHABLE))
    elif event_came is not None:
        detail = IN_ORDER if event_came else EVENT_MISSING_DETAIL
        checks.append(passed(Link.TEST_EVENT) if event_came else no_verdict(Link.TEST_EVENT, EVENT_MISSING))
    checks += [no_verdict(link, NOT_RUN) for link in links[len(checks) :]]
    return ChannelTest(ok=all(check.ok for check in checks), cause=found.cause, detail=detail, checks=checks)
