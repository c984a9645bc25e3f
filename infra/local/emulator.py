"""MiniStack, with one thing made cheaper. Runs in the emulator's own environment, so it imports nothing of ours.

At every message to a FIFO queue it rebuilds the table of deduplication ids of the last five minutes: at a hundred
messages a second that becomes most of what it does, and the webhook waits for it. Once a second is enough.
"""

import time
from typing import Any

from ministack.app import main
from ministack.services import sqs

_EVERY_SECONDS = 1.0

# There is no other door; a release without this function fails here, at start.
_prune_now = sqs._prune_dedup
_pruned_at: dict[int, float] = {}


def _prune_sometimes(queue: dict[str, Any]) -> None:
    now = time.monotonic()
    if now - _pruned_at.get(id(queue), 0.0) >= _EVERY_SECONDS:
        _pruned_at[id(queue)] = now
        _prune_now(queue)


sqs._prune_dedup = _prune_sometimes

if __name__ == "__main__":
    main()
