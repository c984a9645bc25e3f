"""What happened, for the tests to read: the Graph calls received and the messages accepted."""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

_MOST_CALLS = 5_000
_MOST_SENDS = 50_000
_SECRET_PARAMETERS = frozenset(
    {"access_token", "appsecret_proof", "client_secret", "code", "code_challenge", "code_verifier", "fb_exchange_token"}
    | {"input_token", "pin", "refresh_token", "state", "token"}
)
_SECRET_ANSWERS = frozenset({"access_token", "refresh_token"})


def fingerprint(secret: str) -> str:
    """A short name for a token, so that logs can be compared without holding it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def without_secrets(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call as they may be kept: secrets by their short names."""
    return {
        name: fingerprint(value) if name in _SECRET_PARAMETERS and isinstance(value, str) and value else value
        for name, value in parameters.items()
    }


def answer_without_secrets(content: Any) -> Any:
    """An answer as it may be kept; tokens can stand inside of lists."""
    if isinstance(content, list):
        return [answer_without_secrets(item) for item in content]
    if not isinstance(content, dict):
        return content
    return {
        name: fingerprint(value)
        if name in _SECRET_ANSWERS and isinstance(value, str)
        else answer_without_secrets(value)
        for name, value in content.items()
    }


class Journal:
    """Bounded logs, oldest forgotten first; the totals count everything since the last reset."""

    def __init__(self) -> None:
        self.calls: deque[dict[str, Any]] = deque(maxlen=_MOST_CALLS)
        self.sends: deque[dict[str, Any]] = deque(maxlen=_MOST_SENDS)
        self.call_count = 0
        self.send_count = 0

    def record_call(self, call: dict[str, Any]) -> None:
        """Log one call of the Graph API."""
        self.call_count += 1
        self.calls.append(call)

    def record_send(self, send: dict[str, Any]) -> None:
        """Log one accepted message."""
        self.send_count += 1
        self.sends.append(send)

    def clear(self) -> None:
        """Forget everything."""
        self.calls.clear()
        self.sends.clear()
        self.call_count = self.send_count = 0


def matching(entries: Iterable[dict[str, Any]], limit: int, **wanted: str | None) -> list[dict[str, Any]]:
    """The newest entries whose keys have the wanted values; None means any. Oldest first, as they happened."""
    found = [e for e in entries if all(value is None or e.get(key) == value for key, value in wanted.items())]
    return found[-limit:]
