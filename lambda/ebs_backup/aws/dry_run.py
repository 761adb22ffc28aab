"""EC2's writes in a dry run: everything works, and nothing happens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ebs_backup.aws.ec2 import Created
from ebs_backup.lookout import Lookout
from ebs_backup.model import PENDING, Run, Snapshot, Volume
from ebs_backup.names import TAG_OLDER
from ebs_backup.tags import Tagging, read_older
from ebs_backup.tasks import Task

NEW = "(new)"  # the id of what would be made


def would_be(volume: Volume, run: Run, at: datetime) -> Snapshot:
    """Return the snapshot that `run` would make of `volume` at this time."""
    return Snapshot(
        id=NEW,
        volume_id=volume.id,
        period=run.period,
        run=run.id,
        state=PENDING,
        started=at,
        size=volume.size,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """Replaces `Ec2` where a run writes, so that a dry run takes the same path as a real run."""

    run: Run
    held: Sequence[Snapshot]
    now: Callable[[], datetime]

    def create(
        self,
        volume: Volume,
        tagging: Callable[[datetime], Tagging],
        lookout: Lookout,  # noqa: ARG002 - as Ec2.create
        *,
        blocked: bool = False,  # noqa: ARG002 - as Ec2.create
    ) -> Task[Created]:
        """Return the snapshot that would be made."""
        yield from ()
        at = self.now()
        tagged_as = tagging(at)
        made = replace(would_be(volume, self.run, at), older=read_older(tagged_as.tags[TAG_OLDER]))
        return Created(snapshot=made, tagging=tagged_as)

    def delete(
        self,
        snapshot: Snapshot,  # noqa: ARG002 - as Ec2.delete
        still_goes: Callable[[], bool],
    ) -> Task[bool | None]:
        """Return True, or None if the snapshot is not to be deleted any more; nothing is deleted."""
        yield from ()
        return True if still_goes() else None

    def snapshots(self, backup_set: str, *, volume_id: str = "") -> list[Snapshot]:  # noqa: ARG002 - as Ec2.snapshots
        """Return the snapshots of a volume that were listed at the beginning."""
        return [snapshot for snapshot in self.held if snapshot.volume_id == volume_id]
