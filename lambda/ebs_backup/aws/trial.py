"""EC2's writes in a check: with `DryRun`, so that EC2 says what it would do, and does nothing.

EC2 first checks the caller's permissions, with every policy of the organization. It does not check keys or quotas.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ebs_backup.aws import convert
from ebs_backup.aws.errors import ERRORS, AwsError, Kind
from ebs_backup.aws.patience import Patience
from ebs_backup.aws.rate_limiter import RateLimiter
from ebs_backup.model import Snapshot, Volume
from ebs_backup.tags import Tagging
from ebs_backup.tasks import Task

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ALLOWED = "DryRunOperation"  # the code of the good answer, which is also an error
NOT_A_DRY_RUN = "NotADryRun"  # a code of our own
MOST_REFUSALS = 3  # tries after an error that may not come again; a throttled call does not count


def taken_for_a_call(service: str) -> AwsError:
    """Return the error to raise if a dry run is answered as if the call had been done."""
    message = "a dry run was answered as if it was done"
    return AwsError(kind=Kind.REJECTED, code=NOT_A_DRY_RUN, message=message, service=service)


class Trial:
    """Asks EC2, at the writes' rate limit, until `deadline`, in seconds on `clock`. Makes and deletes nothing."""

    def __init__(
        self, client: "EC2Client", *, deadline: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._patience = Patience(deadline=deadline, clock=clock)
        self._creates, self._deletes = RateLimiter(clock), RateLimiter(clock)

    def create(self, volume: Volume, tagging: Tagging) -> Task[None]:
        """Ask whether EC2 would make this snapshot; raises an AwsError if not."""
        asked = convert.new_snapshot(volume, tagging)
        return self._ask(self._creates, lambda: self._client.create_snapshot(**asked, DryRun=True))

    def delete(self, snapshot: Snapshot) -> Task[None]:
        """Ask whether EC2 would delete this snapshot; raises an AwsError if not."""
        return self._ask(
            self._deletes, lambda: self._client.delete_snapshot(SnapshotId=snapshot.id, DryRun=True)
        )

    def _ask(self, pace: RateLimiter, send: Callable[[], object]) -> Task[None]:
        fault, refusals = None, 0
        while fault is None or refusals < MOST_REFUSALS:
            yield from self._patience.turn(pace, fault)
            try:
                send()
            except ERRORS as error:
                fault = AwsError.of(error)
            else:
                raise taken_for_a_call("ec2")
            if fault.code == ALLOWED:
                return
            refusals += not fault.throttled
        raise fault
