"""The rate limiter of one EC2 action: our own token bucket, which stays within EC2's; turns are booked in advance.

EC2 gives each of CreateSnapshot and DeleteSnapshot 100 tokens and 5 more a second, per account and region, shared with
everybody else there (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
"""

import threading
from collections.abc import Callable

BURST, RATE = (
    95.0,
    4.9,
)  # tokens, tokens a second: a little below EC2's, because calls that arrive late arrive closer together
PAUSE = 2.0  # seconds without a call after EC2 throttled one: somebody else uses the bucket too


class RateLimiter:
    """Gives out turns: in any t seconds there are never more than `BURST + RATE * t`.

    A caller books a turn and learns once how long to wait, so nobody competes for a token. If EC2 throttles anyway,
    others have emptied its bucket. Then all turns move back in their order, and the callers that wait ask again.
    Safe for threads; times are seconds on `clock`. `full_bucket` is False if the bucket was used up just before.
    """

    def __init__(self, clock: Callable[[], float], *, full_bucket: bool = True) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._late = 0.0  # seconds that the schedule has moved back: a turn is a time on the schedule
        self._resumes = 0.0  # until then no call is made
        # When the bucket is full again. This gives the number of tokens, or of turns that are booked beyond them.
        self._full = clock() + (0.0 if full_bucket else BURST / RATE)

    def reserve(self) -> float:
        """Return the next free turn, which is then taken."""
        with self._lock:
            self._full = max(self._full, self._clock() - self._late) + 1 / RATE
            return self._full - BURST / RATE

    def wait(self, turn: float) -> float:
        """Return the seconds until a turn, to the millisecond; 0 is now. Ask again after this wait."""
        with self._lock:
            return max(0.0, round(turn - (self._clock() - self._late), 3))

    def throttled(self) -> float:
        """Empty the bucket, because EC2's is empty. Return the throttled caller's new turn, before all others."""
        with self._lock:
            now = self._clock()
            resumes = now + PAUSE
            self._late += resumes - max(self._resumes, now) + 1 / RATE
            self._resumes = resumes
            turn = resumes - self._late
            self._full = max(self._full, turn + BURST / RATE)
            return turn
