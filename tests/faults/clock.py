"""Time that passes only when somebody waits for it, so that the pauses of a run cost nothing."""

import threading
import time
from datetime import UTC, datetime

NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
HOUR = 3600.0


class VirtualClock:
    """Seconds since the epoch; stands in for the module `time` wherever the function reads or waits.

    Who sleeps wakes at the time he asked for and not before; those who sleep at once do not add up. Time does not wait
    for who is at work meanwhile, as if he were slow, unless `patience` says for how many real seconds all must have been
    quiet; then the sleepers wake one by one, the earliest first.
    """

    def __init__(self, now: float = NIGHT.timestamp(), *, patience: float = 0) -> None:
        self.patience = patience
        self._now = now
        self._lock = threading.Lock()
        self._stirred = 0.0  # when, in real time, something last happened
        self._sleepers: list[float] = []

    def __call__(self) -> float:
        """Give the time."""
        return self._now

    monotonic = time = perf_counter = __call__

    def sleep(self, seconds: float) -> None:
        """Let the time pass until then."""
        until = self._now + seconds
        self._sleepers.append(until)
        while not self._is_quiet(until):
            time.sleep(self.patience / 10)
        with self._lock:
            self._sleepers.remove(until)
            self._now = max(self._now, until)
            self._stirred = time.monotonic()

    def advance(self, seconds: float) -> None:
        """Let so much time pass, on top of what passes elsewhere."""
        with self._lock:
            self._now += seconds
            self._stirred = time.monotonic()

    def _is_quiet(self, until: float) -> bool:
        if not self.patience:
            return True
        return time.monotonic() - self._stirred > self.patience and until <= min(self._sleepers)
