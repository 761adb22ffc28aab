"""EC2's writes as a dry run sees them: everything works, nothing happens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ebs_backup.aws.ec2 import Created
from ebs_backup.lookout import Lookout
from ebs_backup.model import PENDING, Run, Snapshot, Volume
from ebs_backup.settings import TAG_OLDER
from ebs_backup.tags import Labels
from ebs_backup.tasks import Step


def would_be(volume: Volume, run: Run, at: datetime) -> Snapshot:
    """Return the snapshot that `run` would make of `volume` at this time."""
    return Snapshot(
        id="(new)",
        volume_id=volume.id,
        period=run.period,
        run=run.id,
        state=PENDING,
        started=at,
        size=volume.size,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Stands in for `Ec2` where a run writes, so that a dry run takes the very path of a real one."""

    run: Run
    held: Sequence[Snapshot]
    now: Callable[[], datetime]

    def create(
        self,
        volume: Volume,
        labels: Callable[[datetime], Labels],
        lookout: Lookout,  # noqa: ARG002 - as Ec2.create
        *,
        blocked: bool = False,  # noqa: ARG002 - as Ec2.create
    ) -> Step[Created]:
        """Return the snapshot that would be made."""
        yield from ()
        at = self.now()
        labelled = labels(at)
        made = replace(would_be(volume, self.run, at), older=int(labelled.tags[TAG_OLDER]))
        return Created(snapshot=made, labels=labelled)

    def delete(self, snapshot: Snapshot) -> Step[bool]:  # noqa: ARG002 - as Ec2.delete
        """Say that it would be deleted."""
        yield from ()
        return True

    def snapshots(self, backup_set: str, *, volume_id: str = "") -> list[Snapshot]:  # noqa: ARG002 - as Ec2.snapshots
        """Return what there is of a volume, as it was listed."""
        return [snapshot for snapshot in self.held if snapshot.volume_id == volume_id]
