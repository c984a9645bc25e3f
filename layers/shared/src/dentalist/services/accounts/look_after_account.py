"""Look at one linked account as it is today: repair what can be repaired, renew its token, warn, or say what is wrong.

Idempotent: a second look on the same day finds the same, tells nothing twice and renews nothing twice.
"""

from __future__ import annotations

import logging
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from dentalist.domain.accounts import ChannelType, LinkedAccount
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.channel_health import (
    AlertKind,
    Cause,
    can_heal,
    data_access_sentence,
    diagnose,
    due_warning,
    expiring_sentence,
    repaired_sentence,
    restored_sentence,
    warning_severity,
)
from dentalist.domain.channel_test import Link
from dentalist.domain.errors import ChannelDisconnected, MetaError
from dentalist.services.accounts.examine_account import Examination, examine
from dentalist.services.accounts.ports_care import Care
from dentalist.services.accounts.renew_token import Renewal, is_fresh, renew

_LATE_WARNINGS = 7  # days: while a provider is silent, only an end that is near is worth a warning

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What a look found."""

    WELL = "well"
    BROKEN = "broken"
    UNCLEAR = "unclear"  # the provider gave no verdict: nothing was changed
    CHANGED = "changed"  # linked anew or taken off while we looked


class Look(NamedTuple):
    """What became of one account."""

    outcome: Outcome
    cause: Cause | None = None
    is_renewed: bool = False
    is_repaired: bool = False
    is_healed: bool = False
    reason: str | None = None  # why the token was not renewed
    warnings: int = 0


def look_after_account(account: LinkedAccount, *, care: Care, now: datetime, force: bool = False) -> Look:
    """Inspect, heal, renew, warn.

    Args:
        account: one that is not disconnected.
        care: the professional's accounts and the providers.
        now: the moment this look stands for.
        force: somebody asked for the token to be renewed now, whatever its age.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached; look again.
    """
    if not force and account.status is ChannelStatus.CONNECTED and is_fresh(account, now):
        return Look(Outcome.WELL, reason="not_due")
    found = examine(account, care, repair=True)
    if found.trouble is None and not is_current(found, care):
        return Look(Outcome.CHANGED, reason="changed")
    settle(found, care, now=now)
    # Also of an account that is restricted, say: by the time that is lifted, its token must not have ended.
    renewal = renew(found, care, now=now, force=force) if Link.TOKEN in found.held else None
    return Look(
        outcome=_outcome(found),
        cause=found.cause,
        is_renewed=renewal is not None and renewal.is_renewed,
        is_repaired=found.is_repaired,
        is_healed=found.is_well and can_heal(account.status),
        reason=found.cause.value if found.cause else _reason(renewal),
        warnings=_warn(found, renewal, care, now=now),
    )


def settle(found: Examination, care: Care, *, now: datetime) -> None:
    """Record what an examination found: facts, a broken channel, one that is well again. No verdict changes nothing."""
    account, accounts = found.account, care.accounts
    if found.trouble is not None:
        _log_trouble(found)
        return
    accounts.record_check(account, found.facts, now=now)
    if found.cause is not None:
        told = diagnose(found.cause, account.channel)
        accounts.mark(
            account.channel_id,
            told.status,
            told.cause.value,
            message=told.sentence,
            severity=told.severity,
            linked_at=account.linked_at,
        )
        return
    if found.is_repaired:
        _tell(found, care, AlertKind.WEBHOOK_REPAIRED, "warning", repaired_sentence(account.channel), now=now)
    if can_heal(account.status):
        sentence = restored_sentence(account.channel)
        connected = ChannelStatus.CONNECTED
        accounts.mark(
            account.channel_id, connected, None, message=sentence, severity="info", linked_at=account.linked_at
        )
        _tell(found, care, AlertKind.CHANNEL_RESTORED, "info", sentence, now=now)


def is_current(found: Examination, care: Care) -> bool:
    """Whether the token that was examined is still the stored one: a verdict about an old one is nobody's any more."""
    try:
        return care.accounts.access_token(found.account.credential_id, even_if_dead=True) == found.token
    except ChannelDisconnected:
        # Taken off meanwhile, which marking respects; or unreadable, as it was a moment ago.
        return found.token is None


def _outcome(found: Examination) -> Outcome:
    if found.trouble is not None:
        return Outcome.UNCLEAR
    return Outcome.WELL if found.cause is None else Outcome.BROKEN


def _reason(renewal: Renewal | None) -> str | None:
    return renewal.reason if renewal else "provider_unreachable"


def _warn(found: Examination, renewal: Renewal | None, care: Care, *, now: datetime) -> int:
    account = found.account
    if account.channel is ChannelType.GOOGLE_CALENDAR or (found.cause is not None and renewal is None):
        return 0  # an hour's token ends every hour; a dead one has been told
    if renewal is not None and renewal.is_renewed:
        return 0
    from_days = {"from_days": _LATE_WARNINGS} if found.trouble is not None else {}
    facts = found.token_facts
    ends = {
        AlertKind.TOKEN_EXPIRING: (renewal.end if renewal else account.token_expires_at, expiring_sentence),
        AlertKind.DATA_ACCESS_ENDING: (
            facts.data_access_expires_at if facts else account.data_access_expires_at,
            data_access_sentence,
        ),
    }
    told = 0
    for kind, (end, sentence) in ends.items():
        days = due_warning(end, now, **from_days) if end is not None else None
        if end is None or days is None:
            continue
        care.accounts.alert(
            account.channel_id,
            kind.value,
            warning_severity(days),
            sentence(account.channel, end, now),
            dedup_key=f"{kind.value}:{account.channel_id}:{end:%Y-%m-%d}:{days}",
        )
        told += 1
    return told


def _tell(found: Examination, care: Care, kind: AlertKind, severity: str, sentence: str, *, now: datetime) -> None:
    channel_id = found.account.channel_id
    care.accounts.alert(
        channel_id, kind.value, severity, sentence, dedup_key=f"{kind.value}:{channel_id}:{now:%Y-%m-%d}"
    )


def _log_trouble(found: Examination) -> None:
    trouble = found.trouble
    fault = trouble.fault if isinstance(trouble, MetaError) else None
    told = {"meta_code": fault.code, "meta_subcode": fault.subcode} if fault else {}
    logger.warning(
        "account not judged",
        extra={
            "channel_id": str(found.account.channel_id),
            "after": [link.value for link in found.held],
            "error_code": trouble.code if trouble else None,
            **told,
        },
    )
