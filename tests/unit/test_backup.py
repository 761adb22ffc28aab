"""One volume's part of a run, against an EC2 that is behind: what two deliveries at once do to one volume."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from ebs_backup.backup import Backup
from ebs_backup.ec2 import Ec2
from ebs_backup.labels import Labels
from ebs_backup.model import Expiry, Run, Snapshot, Volume
from ebs_backup.outcome import VolumeOutcome
from ebs_backup.overrides import Overrides
from ebs_backup.steps import Step
from tests.unit.builders import NIGHT, a_run, a_snapshot, a_volume, settings


@dataclass(slots=True)
class Elsewhere:
    """An EC2 in which another delivery of the run has made the snapshot already: a create finds that one."""

    made: Snapshot
    deleted: list[str] = field(default_factory=list)

    def create(self, volume: Volume, run: Run, labels: Labels) -> Step[Snapshot]:  # noqa: ARG002 - as Ec2.create
        """Give what the other delivery made."""
        yield from ()
        return self.made

    def delete(self, snapshot: Snapshot) -> Step[bool]:
        """Delete it."""
        yield from ()
        self.deleted.append(snapshot.id)
        return True


def finish(step: Step[VolumeOutcome]) -> VolumeOutcome:
    """Run a step to its end without waiting."""
    while True:
        try:
            next(step)
        except StopIteration as end:
            return cast("VolumeOutcome", end.value)


def test_two_deliveries_at_once_delete_no_more_than_one_where_the_listing_lacked_what_the_other_made() -> (
    None
):
    """The other one deleted two of eight, as far as the limit lets it; this one listed before it could see the new one."""
    held = [a_snapshot(id=f"snap-{days}", days_ago=days) for days in range(1, 7)]
    mark = Expiry(until=NIGHT - timedelta(days=4), leaving=3)
    ec2 = Elsewhere(a_snapshot(id="snap-new", state="pending", expires_until=mark))
    backup = Backup(
        writer=cast("Ec2", ec2),
        settings=settings(keep_day=4, max_expired_per_volume=2),
        run=a_run(),
        volume=a_volume(),
        overrides=Overrides(keeps={}),
        held=held,
    )

    outcome = finish(backup.step())

    assert ec2.deleted == []
    assert [each.snapshot.id for each in outcome.left] == ["snap-6", "snap-5", "snap-4"]
