"""Rotating the keys of the tenants' secrets, while everything runs.

A run states a goal ("all keys wrapped since this instant", "all secrets under a key made since") and works through what
is not there yet. Killed, it is simply run again; run twice at once, each step is done once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from dentalist.domain.errors import ChannelDisconnected, WrappedKeyUnreadable
from dentalist.services.ports_keys import KeyStore, SealedSecret

# Twice the time for which containers keep a data key in memory.
SUPERSEDED_KEYS_STAY = timedelta(minutes=10)

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass
class Rotation:
    """What a run did.

    ``unreadable``: credentials with a secret that no key opens; their channels have to be linked again.
    ``lost_keys``: data keys that the key service does not open; what is sealed under them is such a secret.
    """

    rewrapped: int = 0
    new_keys: int = 0
    resealed: int = 0
    dropped: int = 0
    overtaken: int = 0
    unreadable: list[UUID] = field(default_factory=list)
    lost_keys: list[UUID] = field(default_factory=list)


def rewrap_keys(store: KeyStore, *, since: datetime) -> Rotation:
    """Have the key service wrap every data key anew that it last wrapped before ``since``. Secrets stay as they are.

    Raises:
        KeyRefused: no right to use the key service's key.
        StoreUnavailable: the store or the key service cannot be reached; run it again.
    """
    done = Rotation()
    for row in store.to_rewrap(before=since):
        try:
            is_rewrapped = store.rewrap(row)
        except WrappedKeyUnreadable:  # one tenant's trouble is not the others'
            done.lost_keys.append(row.id)
            logger.error("data key cannot be opened", extra={"row_id": str(row.id)})  # noqa: TRY400 - nothing to trace
            continue
        if is_rewrapped:
            done.rewrapped += 1
        else:
            done.overtaken += 1
    return done


def renew_data_keys(store: KeyStore, *, since: datetime) -> Rotation:
    """Make a new data key for every tenant and purpose whose newest is older than ``since``, and seal all under it.

    Raises:
        StoreUnavailable: the store or the key service cannot be reached; run it again.
    """
    done = Rotation(new_keys=store.renew(before=since))
    for secret in store.to_reseal():
        _reseal(store, secret, done)
    done.dropped = store.drop_unused(idle=SUPERSEDED_KEYS_STAY)
    return done


def _reseal(store: KeyStore, secret: SealedSecret, done: Rotation) -> None:
    outcome = _or_none(lambda: store.reseal(secret))
    if outcome is None:
        done.unreadable.append(secret.credential_id)
        logger.error("secret cannot be opened", extra={"row_id": str(secret.credential_id)})
    elif outcome:
        done.resealed += 1
    else:
        done.overtaken += 1


def _or_none(step: Callable[[], T]) -> T | None:
    try:
        return step()
    except ChannelDisconnected:  # altered, moved, or its key is gone: nothing that another run could mend
        return None
