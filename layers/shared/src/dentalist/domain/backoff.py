"""How long to leave something alone that failed because somebody else is down."""

from __future__ import annotations

from datetime import timedelta

_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(minutes=5)
_GROWTH = 1.5  # gentle: after a short outage nothing waits much longer than the outage lasted

# Meta hands a file out for seven days, but who could not fetch it for so long will not on the last of them.
MOST_FILE_ATTEMPTS = 13
FILE_LIFETIME = timedelta(days=7)


def outage_pause(receive_count: int) -> timedelta:
    """The pause after the n-th failed delivery of a record: 5 s, growing by half each time, at most 5 minutes.

    Args:
        receive_count: how often the record was delivered, 1 for the first time.
    """
    exponent = min(max(receive_count, 1) - 1, 20)  # beyond that the cap holds anyway
    return min(_FIRST * _GROWTH**exponent, _LONGEST)


def is_file_due(attempts: int, age: timedelta) -> bool:
    """Whether to ask Meta for a file now: at once, then 2, 4, 8 … minutes after its message came; last after 68 hours.

    However often it is asked for in between, only these attempts count. ``pending_media`` in SQL, which asks again,
    says the same.

    Args:
        attempts: that failed so far.
        age: of the message.
    """
    return attempts == 0 or age > timedelta(minutes=2**attempts)
