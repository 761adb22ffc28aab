"""The result of making failed snapshots again, frozen; also as the answer to the queue that told of them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ebs_backup.model import FailedSnapshot, Failure, Run, Snapshot
from ebs_backup.notice import Notice
from ebs_backup.outcome import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeAgain:
    """What was done about the failed snapshots of one volume and run.

    `made` is the run's restore point that the volume has now; `fault` says why it has none. `runnable` says that a run
    by hand could make it. `left` are the failed snapshots that are still there. `unfinished` says that time was over.
    """

    volume_id: str
    failed: tuple[FailedSnapshot, ...]
    left: tuple[Snapshot, ...] = ()
    made: Snapshot | None = None
    fault: Failure | None = None
    runnable: bool = False
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAgain:
    """What was done about the failed snapshots of one run."""

    run: Run
    volumes: tuple[VolumeAgain, ...]

    @property
    def made(self) -> tuple[VolumeAgain, ...]:
        """Return the volumes that have their restore point now."""
        return tuple(volume for volume in self.volumes if volume.made)

    @property
    def lacking(self) -> tuple[VolumeAgain, ...]:
        """Return the volumes that have none."""
        return tuple(volume for volume in self.volumes if volume.fault)

    @property
    def failed(self) -> tuple[FailedSnapshot, ...]:
        """Return all failed snapshots that are reported."""
        return tuple(failed for volume in (*self.lacking, *self.made) for failed in volume.failed)


def answer(runs: Sequence[RunAgain], messages: Iterable[Notice]) -> dict[str, Any]:
    """Return counts, and the messages that must come again, because the time was over before all was done."""
    unfinished = {
        failed.id for run in runs for volume in run.volumes if volume.unfinished for failed in volume.failed
    }
    failed = sum(len(run.failed) for run in runs)
    return {
        "status": (Status.PROBLEM if failed or unfinished else Status.OK).value,
        "failed_snapshots": failed,
        "made_again": sum(len(run.made) for run in runs),
        "batchItemFailures": [
            {"itemIdentifier": message.id}
            for message in messages
            if not unfinished.isdisjoint(message.snapshots)
        ],
    }
