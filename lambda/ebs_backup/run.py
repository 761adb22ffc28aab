"""The run: list, back up and rotate every selected volume, give the outcome.

The first step reads what exists, so a run that is delivered twice, retried or resumed after a crash ends as one that
ran once.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from aws_lambda_powertools import Logger

from ebs_backup.backup import Backup
from ebs_backup.ec2 import WORKERS, Ec2
from ebs_backup.faults import AwsError, failure
from ebs_backup.holdings import holdings, unselected
from ebs_backup.model import Failure, Instance, Run, Snapshot
from ebs_backup.outcome import Outcome, Unselected, VolumeOutcome
from ebs_backup.overrides import overrides
from ebs_backup.rehearsal import Rehearsal
from ebs_backup.selection import Selection, select
from ebs_backup.settings import SERVICE, Settings
from ebs_backup.steps import side_by_side

logger = Logger(service=SERVICE, child=True)
Held = Mapping[str, Sequence[Snapshot]]  # the set's snapshots by volume id


def execute(
    ec2: Ec2, settings: Settings, run: Run, *, clock: Callable[[], float] = time.monotonic
) -> Outcome:
    """Back up every selected volume; raises what a listing of volumes or snapshots raises: then nothing can be decided."""
    began = clock()
    instances, unnamed = _instances(ec2, settings)
    selection = select(ec2.volumes(instances), instances, settings)
    held = _by_volume(ec2, run)
    others = unselected(
        {volume: found for volume, found in held.items() if volume not in selection.volumes},
        selection.others,
        time=run.time,
        max_age=settings.max_age(run.period),
    )
    _log(run, selection, others)
    backups = _backups(Rehearsal() if run.dry_run else ec2, settings, run, selection, held)
    outcomes = tuple(side_by_side((backup.step() for backup in backups), workers=WORKERS))
    return Outcome(
        run=run,
        volumes=outcomes,
        near_misses=selection.near_misses,
        unselected=others,
        holdings=holdings(_left(held, () if run.dry_run else outcomes)),
        seconds=clock() - began,
        unnamed=unnamed,
    )


def _backups(
    writer: Ec2 | Rehearsal, settings: Settings, run: Run, selection: Selection, held: Held
) -> list[Backup]:
    return [
        Backup(
            writer=writer,
            settings=settings,
            run=run,
            volume=volume,
            overrides=overrides(volume, settings, run),
            held=held.get(volume.id, ()),
        )
        for volume in selection.volumes.values()
    ]


def _log(run: Run, selection: Selection, others: Iterable[Unselected]) -> None:
    """Log what was selected, and what no volume's step tells: a mail that was cut refers to the log."""
    logger.info(
        "volumes selected",
        volumes=len(selection.volumes),
        near_misses=len(selection.near_misses),
        selector=run.selector,
        dry_run=run.dry_run,
    )
    for miss in selection.near_misses:
        logger.info("near miss", volume=miss.volume.id, volume_name=miss.volume.name, why=miss.why)
    for each in others:
        logger.info(
            "no longer backed up",
            volume=each.volume_id,
            volume_name=each.name,
            there=each.there,
            snapshots=each.snapshots,
        )


def _instances(ec2: Ec2, settings: Settings) -> tuple[Mapping[str, Instance], Failure | None]:
    """Look up the instances; without them volumes are backed up all the same, and the mail says what it lacks."""
    try:
        return ec2.instances(settings.tag_name), None
    except AwsError as error:
        failed = failure(error, resource="instances", action="list the tags of the instances")
        logger.exception("failed", action=failed.action, code=failed.code, advice=failed.advice)
        return {}, failed


def _by_volume(ec2: Ec2, run: Run) -> Held:
    held: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in ec2.snapshots(run.backup_set):
        held[snapshot.volume_id].append(snapshot)
    return dict(held)


def _left(held: Held, outcomes: Sequence[VolumeOutcome]) -> Iterator[Snapshot]:
    """Give what there is after the run: all that was listed and made, without what went."""
    gone = {decision.snapshot.id for each in outcomes for decision in each.expired}
    made = (each.made for each in outcomes if each.made and not each.found)
    return (each for each in chain(*held.values(), made) if each.id not in gone)
