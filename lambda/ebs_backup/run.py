"""The run: list, back up and rotate every selected volume, give the outcome.

The first step reads what exists, so a run that is delivered twice, retried or resumed after a crash ends as one that
ran once.
"""

import time
from collections import defaultdict
from collections.abc import Callable

from aws_lambda_powertools import Logger

from ebs_backup.backup import Backup
from ebs_backup.ec2 import WORKERS, Ec2
from ebs_backup.model import Outcome, Run, Snapshot
from ebs_backup.rehearsal import Rehearsal
from ebs_backup.settings import SERVICE, Settings
from ebs_backup.steps import side_by_side

logger = Logger(service=SERVICE, child=True)


def execute(
    ec2: Ec2, settings: Settings, run: Run, *, clock: Callable[[], float] = time.monotonic
) -> Outcome:
    """Back up every selected volume; raises what a listing raises, for then nothing can be decided."""
    began = clock()
    volumes = {volume.id: volume for volume in ec2.volumes(settings.tag_name, settings.tag_value)}
    held: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in ec2.snapshots(run.backup_set):
        held[snapshot.volume_id].append(snapshot)
    logger.info("volumes selected", volumes=len(volumes), selector=run.selector, dry_run=run.dry_run)

    writer = Rehearsal() if run.dry_run else ec2
    backups = [
        Backup(writer=writer, settings=settings, run=run, volume=volume, held=tuple(held.pop(volume.id, ())))
        for volume in volumes.values()
    ]
    outcomes = side_by_side((backup.step() for backup in backups), workers=WORKERS)
    return Outcome(
        run=run,
        volumes=tuple(outcomes),
        unselected={volume_id: points for volume_id, rest in held.items() if (points := _points(rest, run))},
        seconds=clock() - began,
    )


def _points(snapshots: list[Snapshot], run: Run) -> int:
    """Count the restore points of this run's period among the snapshots of one volume."""
    return len({each.run for each in snapshots if each.period == run.period and each.usable})
