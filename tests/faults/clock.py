"""Time that passes only when somebody waits for it, so that the pauses of a run cost nothing."""

import threading
from datetime import UTC, datetime

NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
HOUR = 3600.0


class VirtualClock:
    """Seconds since the epoch; stands in for the module `time` wherever the function reads or waits.

    Who sleeps wakes at the time he asked for and not before; those who sleep at once do not add up.
    """

    def __init__(self, now: float = NIGHT.timestamp()) -> None:
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> float:
        """Give the time."""
        return self._now

    monotonic = time = perf_counter = __call__

    def sleep(self, seconds: float) -> None:
        """Let the time pass until then."""
        until = self._now + seconds
        with self._lock:
            self._now = max(self._now, until)

    def advance(self, seconds: float) -> None:
        """Let so much time pass, on top of what passes elsewhere."""
        with self._lock:
            self._now += seconds
