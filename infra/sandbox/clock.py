"""Time that a test can move: windows, token and URL expiry, and the timestamps of webhooks all read this clock."""

import time


class Clock:
    """Wall-clock seconds plus an offset."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def now(self) -> float:
        """Seconds since the epoch, as the simulated platform sees them."""
        return time.time() + self.offset_seconds
