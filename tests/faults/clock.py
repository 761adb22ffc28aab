"""Time that passes only when every thread waits: pauses cost nothing, and one seed always gives the same events."""

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Any

NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
HOUR = 3600.0
DAY = 24 * HOUR


class VirtualClock:
    """Seconds since the epoch; stands in for the module `time` wherever the function reads or waits.

    Threads that take part run one at a time: one that sleeps hands over to the one that is due next, and the time
    moves there. So all wait side by side, and a world of several threads is repeatable. A thread that does not take
    part, such as a test between two runs, moves the time by sleeping.
    """

    def __init__(self, now: float = NIGHT.timestamp()) -> None:
        self._now = now
        self.mutex = threading.Lock()
        self._mine = threading.local()
        self._awake = 0
        self._asleep: list[tuple[float, int, threading.Event]] = []
        self._order = count()

    def __call__(self) -> float:
        """Return the time."""
        return self._now

    monotonic = time = perf_counter = __call__

    def utc(self) -> datetime:
        """Return the time as people write it."""
        return datetime.fromtimestamp(self._now, UTC)

    def sleep(self, seconds: float) -> None:
        """Let the time pass until then."""
        with self.mutex:
            if not self._takes_part:
                self._now += max(0.0, seconds)
                return
            alarm = self.set_alarm(seconds)
            self.hand_over()
        alarm.wait()

    def joining(self, work: Callable[..., Any], *, after: float = 0) -> Callable[..., Any]:
        """Return `work` for a thread that takes part: it begins at the thread's turn, in so many seconds."""
        with self.mutex:
            alarm = self.set_alarm(after)
        context = copy_context()

        def at_its_turn(*args: object) -> object:
            alarm.wait()
            self._mine.takes_part = True
            try:
                return context.run(work, *args)
            finally:
                with self.mutex:
                    self.hand_over()

        return at_its_turn

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let the others go on while this thread waits for one of them."""
        with self.mutex:
            self._awake -= self._takes_part
            self._wake_next()
        try:
            yield
        finally:
            if self._takes_part:
                with self.mutex:
                    alarm = self.set_alarm(0)
                    self._wake_next()
                alarm.wait()

    @property
    def _takes_part(self) -> bool:
        return getattr(self._mine, "takes_part", False)

    def set_alarm(self, seconds: float, alarm: threading.Event | None = None) -> threading.Event:
        """Return an event that is set when a thread's turn comes, in so many seconds; the caller holds the mutex."""
        alarm = alarm or threading.Event()
        heapq.heappush(self._asleep, (self._now + max(0.0, seconds), next(self._order), alarm))
        return alarm

    def hand_over(self) -> None:
        """End this thread's turn; the caller holds the mutex."""
        self._awake -= 1
        self._wake_next()

    def _wake_next(self) -> None:
        if not self._awake and self._asleep:
            until, _, alarm = heapq.heappop(self._asleep)
            self._now = max(self._now, until)
            self._awake += 1
            alarm.set()


class ClockLock:
    """Stands in for `threading.Lock` where the holder may sleep: while a thread waits for it, the others go on."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._clock.mutex:
            if not self._held:
                self._held = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
            self._clock.hand_over()
        mine.wait()

    def __exit__(self, *_: object) -> None:
        with self._clock.mutex:
            self._held = bool(self._waiting)
            if self._waiting:
                self._clock.set_alarm(0, self._waiting.popleft())


class ClockPool(ThreadPoolExecutor):
    """Stands in for `ThreadPoolExecutor`: its threads take part, and a thread that waits for them lets them go on."""

    def __init__(self, clock: VirtualClock, *, max_workers: int) -> None:
        super().__init__(max_workers)
        self._clock = clock

    def submit(self, work: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:  # noqa: ANN401 - as its own
        """Begin the work when it is its turn."""
        future = super().submit(self._clock.joining(work), *args)
        result = future.result

        def aside(timeout: float | None = None) -> object:
            with self._clock.aside():
                return result(timeout)

        future.result = aside  # type: ignore[method-assign]  # all that a run asks a future for
        return future

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._clock.aside():
            super().__exit__(kind, error, trace)
