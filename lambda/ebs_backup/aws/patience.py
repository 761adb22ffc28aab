"""How long a write waits for its turn: only while waiting can help, and never past the deadline."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from ebs_backup.aws.errors import CONCURRENT, OUT_OF_TIME, AwsError, Kind
from ebs_backup.aws.rate_limiter import RateLimiter
from ebs_backup.tasks import Task

SETTLING = 5.0  # seconds that EC2's listings may lag behind its writes
LONGEST_PAUSE = 20.0  # seconds between two tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Waits until `deadline`, in seconds on `clock`."""

    deadline: float
    clock: Callable[[], float]

    def turn(self, pace: RateLimiter, fault: AwsError | None) -> Task[None]:
        """Wait until the next call may be made; raises `fault`, the last call's error, if waiting cannot help.

        Do not wait for a turn that would come after the deadline.
        """
        if fault and fault.kind in (Kind.NOT_FOUND, Kind.REJECTED, Kind.KEPT):
            raise fault
        if fault and not fault.throttled:
            yield self.in_time(random.uniform(SETTLING, LONGEST_PAUSE), fault)  # noqa: S311 - jitter, not a secret
        turn = pace.throttled() if fault and fault.throttled else pace.reserve()
        while wait := self.in_time(pace.wait(turn), fault):
            yield wait

    def in_time(self, wait: float, fault: AwsError | None) -> float:
        """Return the wait in seconds; raises the last error if the wait passes the deadline."""
        if self.clock() + wait < self.deadline:
            return wait
        met = fault or AwsError(
            kind=Kind.RETRY, code=OUT_OF_TIME, message="the function's time ended before its turn"
        )
        # A further invocation would wait for the same snapshots of other tools, and delay the whole mail.
        unfinished = met.code != CONCURRENT
        raise met.but(unfinished=unfinished)
