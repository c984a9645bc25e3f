"""The rates above which Meta refuses: per pair of numbers, per business number, per WABA and hour."""

from collections import OrderedDict, deque

from infra.sandbox.behaviour import Limits
from infra.sandbox.clock import Clock
from infra.sandbox.errors import business_usage, graph_error

_MOST_PAIRS = 50_000
_HOUR_SECONDS = 3600.0
_MOST_REGISTRATIONS = 10
_REGISTRATION_SECONDS = 72 * 3600


class _Bucket:
    """A token bucket: so many at once, then one every ``interval``."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, capacity: float, now: float) -> None:
        self._tokens = capacity
        self._at = now

    def take(self, capacity: float, interval: float, now: float) -> bool:
        """Take a token, if there is one."""
        refilled = capacity if interval == 0 else self._tokens + max(now - self._at, 0.0) / interval
        self._tokens, self._at = min(capacity, refilled), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class RateLimits:
    """Counters in memory. Meta lets a pair borrow a burst of 45 from its future, which is what a bucket does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pairs: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._numbers: dict[str, _Bucket] = {}
        self._waba_calls: dict[str, deque[float]] = {}
        self._service_messages: dict[tuple[str, str], int] = {}
        self._registrations: dict[str, deque[float]] = {}

    def check_send(self, limits: Limits, phone_number_id: str, recipient: str) -> None:
        """Count one message of a number to a recipient.

        Raises:
            GraphError: 130429 the number's throughput, 131056 the pair's rate. A refused message is not counted
                against the pair.
        """
        if not limits.enforce:
            return
        now = self._clock.now()
        if not self._take_throughput(limits, phone_number_id, now):
            raise graph_error(130429)
        pair = (phone_number_id, recipient)
        bucket = self._pairs.get(pair)
        if bucket is None:
            bucket = self._pairs[pair] = _Bucket(limits.pair_burst, now)
            if len(self._pairs) > _MOST_PAIRS:
                self._pairs.popitem(last=False)
        if not bucket.take(limits.pair_burst, limits.pair_interval_seconds, now):
            raise graph_error(131056)

    def count_inbound(self, limits: Limits, phone_number_id: str) -> None:
        """Inbound messages use the same throughput; they are never refused, Meta has delivered them already."""
        self._take_throughput(limits, phone_number_id, self._clock.now())

    def check_management_call(self, limits: Limits, waba_id: str) -> dict[str, str]:
        """Count one management call of a WABA and return the usage header of its answer.

        Raises:
            GraphError: 80007, with the minutes until calls are possible again in its header.
        """
        now = self._clock.now()
        calls = self._waba_calls.setdefault(waba_id, deque(maxlen=limits.waba_calls_per_hour))
        if calls.maxlen != limits.waba_calls_per_hour:
            calls = self._waba_calls[waba_id] = deque(calls, maxlen=limits.waba_calls_per_hour)
        while calls and now - calls[0] >= _HOUR_SECONDS:
            calls.popleft()
        if limits.enforce and len(calls) >= limits.waba_calls_per_hour:
            minutes = int((_HOUR_SECONDS - (now - calls[0])) / 60) + 1
            refusal = graph_error(80007)
            refusal.headers = business_usage(waba_id, 100, minutes)
            raise refusal
        calls.append(now)
        return business_usage(waba_id, 100 * len(calls) // limits.waba_calls_per_hour, 0)

    def check_registration(self, limits: Limits, phone_number_id: str) -> None:
        """Count one attempt to register or deregister a number.

        Raises:
            GraphError: 133016, ten were made within 72 hours.
        """
        now = self._clock.now()
        attempts = self._registrations.setdefault(phone_number_id, deque(maxlen=_MOST_REGISTRATIONS))
        if limits.enforce and len(attempts) == _MOST_REGISTRATIONS and now - attempts[0] < _REGISTRATION_SECONDS:
            raise graph_error(133016)
        attempts.append(now)

    def service_message_is_free(self, limits: Limits, phone_number_id: str, month: str) -> bool:
        """Count one free-form message; the first of each number and month cost nothing."""
        used = self._service_messages.get((phone_number_id, month), 0) + 1
        self._service_messages[phone_number_id, month] = used
        return used <= limits.free_service_messages

    def clear(self) -> None:
        """Forget all counters."""
        self._pairs.clear()
        self._numbers.clear()
        self._waba_calls.clear()
        self._service_messages.clear()
        self._registrations.clear()

    def _take_throughput(self, limits: Limits, phone_number_id: str, now: float) -> bool:
        capacity = float(limits.throughput_per_second)
        bucket = self._numbers.setdefault(phone_number_id, _Bucket(capacity, now))
        return bucket.take(capacity, 1 / capacity, now)
