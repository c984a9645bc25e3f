"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of one run; the defaults are those that the figures are about."""

    rate: float = 100.0  # webhooks a second
    seconds: float = 60.0
    cpu_rounds: int = 30  # of each handler, alternating
    cpu_batch: int = 100  # invocations a round
    starts: int = 15  # of each function and each floor, alternating
    conversations_per_second: tuple[float, ...] = (2.0, 20.0)
    reply_seconds: float = 30.0
    stored_messages: int = 100_000  # before the SQL functions are timed
    store_calls: int = 1_000
    agenda_rounds: int = 100


QUICK = Sizes(
    rate=20.0,
    seconds=5.0,
    cpu_rounds=5,
    cpu_batch=20,
    starts=3,
    reply_seconds=5.0,
    stored_messages=2_000,
    store_calls=50,
    agenda_rounds=5,
)
