"""Time that passes only when somebody waits for it, so that the pauses of a run cost nothing."""

import threading
import time
from datetime import UTC, datetime

NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
HOUR = 3600.0


LOOKS = 10  # that must find nothing stirring: a machine that stalls stalls who looks, too


class VirtualClock:
    """Seconds since the epoch; stands in for the module `time` wherever the function reads or waits.

    Who sleeps wakes at the time he asked for and not before; those who sleep at once do not add up. Time does not wait
    for who is at work meanwhile, as if he were slow. With `patience`, in real seconds, it does: when nothing has stirred
    for so long the sleepers wake one by one, the earliest first.
    """

    def __init__(self, now: float = NIGHT.timestamp(), *, patience: float = 0) -> None:
        self.patience = patience
        self._now = now
        self._lock = threading.Lock()
        self._stirs = 0
        self._sleepers: list[float] = []

    def __call__(self) -> float:
        """Give the time."""
        return self._now

    monotonic = time = perf_counter = __call__

    def sleep(self, seconds: float) -> None:
        """Let the time pass until then."""
        until = self._now + seconds
        self._sleepers.append(until)
        if self.patience:
            self._await_quiet(until)
        with self._lock:
            self._sleepers.remove(until)
            self._now = max(self._now, until)
            self._stirs += 1

    def advance(self, seconds: float) -> None:
        """Let so much time pass, on top of what passes elsewhere."""
        with self._lock:
            self._now += seconds
            self._stirs += 1

    def _await_quiet(self, until: float) -> None:
        looks, seen = 0, self._stirs
        while looks < LOOKS:
            time.sleep(self.patience / LOOKS)
            is_quiet = seen == self._stirs and until <= min(self._sleepers)
            looks, seen = (looks + 1 if is_quiet else 0), self._stirs
