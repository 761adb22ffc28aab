"""Failed snapshots, as soon as EC2 tells of them: each is looked up, and its restore point made again, at most once.

Nothing is rotated. Some failures come without an event, and some cannot be handled here: the next run finds both.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from aws_lambda_powertools import Logger

from ebs_backup.aws.connection import WORKERS
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import AwsError
from ebs_backup.aws.patience import SETTLING
from ebs_backup.creation import SecondTries
from ebs_backup.made_again import RunAgain
from ebs_backup.model import ERROR, PENDING, Run, Snapshot
from ebs_backup.names import SERVICE, Period
from ebs_backup.notice import Notice
from ebs_backup.remake import Remake
from ebs_backup.selection import Selection, select
from ebs_backup.settings import Settings
from ebs_backup.tasks import Task, run_all
from ebs_backup.vanished import due

logger = Logger(service=SERVICE, child=True)

PAUSES = (0.0, SETTLING, SETTLING)  # before each look at a snapshot that the listing still shows as pending


def make_again(ec2: Ec2, settings: Settings, run: Run, messages: Sequence[Notice]) -> tuple[RunAgain, ...]:
    """Make the failed snapshots of these messages again, as far as time allows; raises an AwsError if EC2 cannot list.

    `run` says which function this is; each failed snapshot's own tags say which run made it.
    """
    ids = list(dict.fromkeys(id_ for message in messages for id_ in message.snapshots))
    if unread := [message.id for message in messages if not message.snapshots]:
        logger.warning("no snapshot in these messages", messages=unread)
    (found,) = run_all([_look_up(ec2, run.backup_set, ids)], workers=1)
    failed = [_with_a_reason(snapshot, messages) for snapshot in found if snapshot.state == ERROR]
    there = {snapshot.id for snapshot in failed}
    repeated = [id_ for message in messages if message.repeated for id_ in message.snapshots]
    # An earlier delivery may have deleted the failed one, to make EC2 take the new one, and then failed to mail that.
    replaced = ec2.by_id(run.backup_set, [id_ for id_ in repeated if id_ not in there], replaced=True)
    failed += [
        _with_a_reason(_replaced_by(made), messages) for made in replaced if _counts(made) and made.usable
    ]
    logger.info("failed snapshots looked up", told=ids, failed=[snapshot.id for snapshot in failed])
    selection = select(ec2.some_volumes(sorted({snapshot.volume_id for snapshot in failed})), {}, settings)
    return tuple(_of_run(ec2, settings, run_, selection, of_it) for run_, of_it in _by_run(run, failed))


def remove(ec2: Ec2, again: RunAgain) -> None:
    """Delete the failed snapshots that were made again; what cannot be deleted is left to the next run."""
    run_all((_delete(ec2, failed) for volume in again.made for failed in volume.left), workers=WORKERS)


def _delete(ec2: Ec2, failed: Snapshot) -> Task[None]:
    try:
        yield from ec2.delete(failed, lambda: True)
    except AwsError as error:
        logger.warning("a failed snapshot is left to the next run", snapshot=failed.id, code=error.code)


def _counts(snapshot: Snapshot) -> bool:
    return snapshot.ours and snapshot.known_period


def _look_up(ec2: Ec2, backup_set: str, ids: Sequence[str]) -> Task[list[Snapshot]]:
    """Return the snapshots that are our own. A listing may lag behind the event, so look again at a pending one."""
    found: dict[str, Snapshot] = {}
    waiting = list(ids)
    for pause in PAUSES:
        yield pause
        listed = (snapshot for snapshot in ec2.by_id(backup_set, waiting) if _counts(snapshot))
        found |= {snapshot.id: snapshot for snapshot in listed}
        waiting = [id_ for id_ in waiting if id_ in found and found[id_].state == PENDING]
        if not waiting:
            break
    return list(found.values())


def _with_a_reason(snapshot: Snapshot, messages: Iterable[Notice]) -> Snapshot:
    """Return the failed snapshot with EC2's reason from the event, where the listing has none."""
    causes = (message.cause for message in messages if snapshot.id in message.snapshots)
    return replace(snapshot, message=snapshot.message or next(filter(None, causes), "")[:300])


def _replaced_by(made: Snapshot) -> Snapshot:
    """Return what is known of the deleted failed snapshot that this one replaces."""
    return replace(made, id=made.again, again="", state=ERROR, message="")


def _by_run(run: Run, failed: Iterable[Snapshot]) -> Iterator[tuple[Run, list[Snapshot]]]:
    """Return each run with its failed snapshots."""
    by_run: defaultdict[tuple[str, str], list[Snapshot]] = defaultdict(list)
    for snapshot in failed:
        by_run[snapshot.run, snapshot.period].append(snapshot)
    for (id_, period), snapshots in sorted(by_run.items()):
        yield replace(run, id=id_, period=Period(period), scheduled=due(id_) is not None), snapshots


def _of_run(
    ec2: Ec2, settings: Settings, run: Run, selection: Selection, failed: Iterable[Snapshot]
) -> RunAgain:
    by_volume: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in failed:
        by_volume[snapshot.volume_id].append(snapshot)
    there: defaultdict[str, dict[str, Snapshot]] = defaultdict(dict)
    for snapshot in ec2.of_run(run, list(by_volume)):
        there[snapshot.volume_id][snapshot.id] = snapshot
    lookout, second_tries = ec2.lookout(run, list(by_volume), seen=float("-inf")), SecondTries()
    remakes = (
        Remake(
            ec2=ec2,
            lookout=lookout,
            second_tries=second_tries,
            settings=settings,
            run=run,
            selection=selection,
            volume_id=volume_id,
            failed=snapshots,
            there=there[volume_id],
        )
        for volume_id, snapshots in by_volume.items()
    )
    return RunAgain(run=run, volumes=tuple(run_all((it.step() for it in remakes), workers=WORKERS)))
