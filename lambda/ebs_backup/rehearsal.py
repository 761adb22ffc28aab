"""EC2's writes as a dry run sees them: everything works, nothing happens."""

from dataclasses import replace
from datetime import UTC, datetime

from ebs_backup.labels import Labels
from ebs_backup.model import PENDING, Expiry, Run, Snapshot, Volume
from ebs_backup.settings import TAG_EXPIRES
from ebs_backup.steps import Step


def would_be(volume: Volume, run: Run) -> Snapshot:
    """Give the snapshot that `run` would make of `volume` now: newer than any that exists, and pending."""
    return Snapshot(
        id="(new)",
        volume_id=volume.id,
        period=run.period,
        run=run.id,
        state=PENDING,
        started=datetime.max.replace(tzinfo=UTC),
        size=volume.size,
    )


class Rehearsal:
    """Stands in for `Ec2` where a run writes, so that a dry run takes the very path of a real one."""

    def create(self, volume: Volume, run: Run, labels: Labels) -> Step[Snapshot]:
        """Give the snapshot that would be made, with the mark that says how far its run rotates."""
        yield from ()
        return replace(would_be(volume, run), expires_until=Expiry.parse(labels.tags.get(TAG_EXPIRES, "")))

    def delete(self, snapshot: Snapshot) -> Step[bool]:  # noqa: ARG002 - as Ec2.delete
        """Say that it would be deleted."""
        yield from ()
        return True
