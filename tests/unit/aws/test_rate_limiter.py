"""The rate limiter: never more turns than the bucket holds, in order, and none lost when EC2 throttles anyway."""

import heapq
import threading
from dataclasses import dataclass, field
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.aws.rate_limiter import BURST, PAUSE, RATE, RateLimiter

START = 1_800_000_000.0  # as large as a clock's seconds are: rounding must not matter


@dataclass(slots=True)
class StillClock:
    """Stands still unless it is moved."""

    now: float = START

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass(slots=True)
class Queue:
    """Callers of a rate limiter on their own clock: each reserves, waits as long as it says, asks again, and calls."""

    clock: StillClock = field(default_factory=StillClock)
    full_bucket: bool = True
    limiter: RateLimiter = field(init=False)
    waiting: list[tuple[float, int, float]] = field(default_factory=list)  # when to ask again, who, its turn
    calls: list[tuple[float, int]] = field(default_factory=list)
    refused: list[tuple[float, int]] = field(default_factory=list)
    callers: int = 0

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(self.clock, full_bucket=self.full_bucket)

    def reserve(self, count: int = 1) -> None:
        """Let so many callers come."""
        for _ in range(count):
            self.callers += 1
            self.ask(self.callers, self.limiter.reserve())

    def ask(self, caller: int, turn: float) -> None:
        """Let the callers whose turn it is call; let the others wait."""
        if wait := self.limiter.wait(turn):
            heapq.heappush(self.waiting, (self.clock.now + wait, caller, turn))
        else:
            self.calls.append((self.clock.now, caller))

    def throttle_last(self, count: int = 1) -> None:
        """Let EC2 refuse the calls that came last."""
        count = min(count, len(self.calls))
        refused = self.calls[len(self.calls) - count :]
        del self.calls[len(self.calls) - count :]
        self.refused += refused
        for _, caller in reversed(refused):
            self.ask(caller, self.limiter.throttled())

    def run(self, seconds: float) -> None:
        """Let time pass; each caller asks again after the wait that it was given."""
        end = self.clock.now + seconds
        while self.waiting and self.waiting[0][0] <= end:
            due, caller, turn = heapq.heappop(self.waiting)
            self.clock.now = max(self.clock.now, due)
            self.ask(caller, turn)
        self.clock.now = end

    def do(self, moves: list[tuple[str, float]]) -> None:
        """Carry out these steps (book, let time pass, throttle), then let all callers finish."""
        for move, much in moves:
            if move == "run":
                self.run(much)
            elif move == "book":
                self.reserve(int(much))
            else:
                self.throttle_last(int(much))
        self.run(1e6)

    def times(self) -> list[float]:
        """Return the seconds at which the calls went that EC2 took."""
        return [round(at - START, 2) for at, _ in self.calls]


def test_a_full_bucket_lets_a_burst_go_at_once_and_then_its_rate() -> None:
    queue = Queue()

    queue.reserve(int(BURST) + 3)
    queue.run(10)

    assert queue.times() == [0.0] * int(BURST) + [round(n / RATE, 2) for n in (1, 2, 3)]


def test_where_an_invocation_just_before_used_the_bucket_up_there_is_no_burst() -> None:
    queue = Queue(full_bucket=False)

    queue.reserve(3)
    queue.run(10)

    assert queue.times() == [round(n / RATE, 2) for n in (1, 2, 3)]


def test_tokens_come_back_with_time_but_never_more_than_the_bucket_holds() -> None:
    queue = Queue()
    queue.reserve(int(BURST))
    queue.run(1000)
    queue.calls.clear()

    queue.reserve(int(BURST) + 1)

    assert len(queue.calls) == int(BURST)


def test_whom_ec2_throttles_goes_first_after_a_pause_and_the_others_follow_at_the_rate() -> None:
    queue = Queue()
    queue.reserve(3)

    queue.throttle_last()
    queue.reserve(2)
    queue.run(10)

    assert [caller for _, caller in queue.calls] == [1, 2, 3, 4, 5]
    assert queue.times()[2:] == [round(PAUSE + n / RATE, 2) for n in (0, 1, 2)]


def test_many_throttled_at_once_are_one_pause_and_do_not_come_back_at_once() -> None:
    queue = Queue()
    queue.reserve(16)

    queue.throttle_last(16)
    queue.run(10)

    assert queue.times() == [round(PAUSE + n / RATE, 2) for n in range(16)]


def test_who_was_told_to_wait_waits_longer_when_ec2_throttles_meanwhile() -> None:
    queue = Queue()
    queue.reserve(int(BURST) + 1)

    queue.throttle_last()
    queue.run(10)

    assert queue.times()[-2:] == [PAUSE, round(PAUSE + 2 / RATE, 2)]


def test_turns_booked_by_many_threads_are_all_different() -> None:
    limiter = RateLimiter(StillClock(), full_bucket=False)
    turns: list[float] = []

    threads = [
        threading.Thread(target=lambda: turns.extend(limiter.reserve() for _ in range(200))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({round(turn, 3) for turn in turns}) == 1600


moves = st.lists(
    st.tuples(st.just("book"), st.integers(1, 150))
    | st.tuples(st.just("run"), st.floats(0, 40))
    | st.tuples(st.just("throttle"), st.integers(1, 16)),
    max_size=8,
)


@given(moves, st.booleans())
def test_no_window_of_time_sees_more_than_the_bucket_gives(
    moves: list[tuple[str, float]],
    full_bucket: bool,  # noqa: FBT001 - drawn
) -> None:
    queue = Queue(full_bucket=full_bucket)
    queue.do(moves)

    times = sorted(at - START for at, _ in queue.calls + queue.refused)
    # A window from the i-th to the j-th call holds the calls that the rate allows, and at most a burst more.
    beyond = [number - RATE * at for number, at in enumerate(times)]
    assert all(now - least < BURST + 0.1 for now, least in zip(beyond, accumulate(beyond, min), strict=True))


@given(moves)
def test_nobody_is_forgotten_and_without_throttling_all_keep_their_order(
    moves: list[tuple[str, float]],
) -> None:
    queue = Queue()
    queue.do([(move, much) for move, much in moves if move != "throttle"])

    assert [caller for _, caller in queue.calls] == list(range(1, queue.callers + 1))


@given(moves)
def test_throttled_or_not_everybody_has_a_turn_in_the_end(moves: list[tuple[str, float]]) -> None:
    queue = Queue()
    queue.do(moves)

    assert sorted(caller for _, caller in queue.calls) == list(range(1, queue.callers + 1))


@pytest.mark.parametrize("late", [0.0, 3.0])
def test_who_asks_after_its_turn_has_come_goes_at_once(late: float) -> None:
    clock = StillClock()
    limiter = RateLimiter(clock, full_bucket=False)
    turn = limiter.reserve()

    clock.now += 1 / RATE + late

    assert limiter.wait(turn) == 0.0
