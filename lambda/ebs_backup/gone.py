"""Snapshots of volumes that are gone: they expire if the set says so, within the limit of every run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from aws_lambda_powertools import Logger

from ebs_backup.aws.dry_run import DryRun
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import AwsError, failure
from ebs_backup.deletion import Deleter
from ebs_backup.model import Decision, Failure, Run, Snapshot
from ebs_backup.names import SERVICE
from ebs_backup.retention import Rule, expire_all
from ebs_backup.settings import Settings
from ebs_backup.tasks import Task

logger = Logger(service=SERVICE, child=True)
Held = Mapping[str, Sequence[Snapshot]]  # the set's own snapshots by volume id
Retired = tuple[tuple[Decision, ...], tuple[Failure, ...]]


def retirements(writer: Ec2 | DryRun, settings: Settings, run: Run, gone: Held) -> Iterator[Task[Retired]]:
    """Return a task for each volume that `surely_gone` returned; a task returns its decisions and failures."""
    for volume_id, held in gone.items():
        yield _retire(writer, settings, run, volume_id, held)


def surely_gone(ec2: Ec2, settings: Settings, run: Run, unlisted: Held) -> tuple[Held, tuple[Failure, ...]]:
    """Return the volumes whose snapshots may expire, and the failure if this could not be decided.

    The newest snapshot, of any period, must be older than `expire_gone_after_days`. EC2 must not know the volume's
    id either: a listing that lacks a volume is not enough to delete its backups.
    """
    if settings.expire_gone_after_days is None:
        return {}, ()
    old = {volume_id: held for volume_id, held in unlisted.items() if old_enough(held, settings, run)}
    try:
        known = ec2.known(list(old))
    except AwsError as error:
        action = "ask whether they are gone; nothing of theirs expires in this run"
        return {}, (failure(error, resource="volumes that are not listed", action=action),)
    for volume_id in known:
        logger.warning("volume was not listed, but is there", volume=volume_id)
    return {volume_id: held for volume_id, held in old.items() if volume_id not in known}, ()


def old_enough(held: Sequence[Snapshot], settings: Settings, run: Run) -> bool:
    """Return whether a gone volume's snapshots may expire: the newest one, of any period, is older than the limit."""
    days = settings.expire_gone_after_days
    return days is not None and run.time - max(snapshot.started for snapshot in held) > timedelta(days=days)


def decide(snapshots: Iterable[Snapshot], settings: Settings, run: Run) -> tuple[Decision, ...]:
    """Return decisions for the snapshots of a gone volume that are of the run's period."""
    days = settings.expire_gone_after_days
    rule = Rule(keep=0, source="expire_gone_after_days", schedule=settings.schedule(run.period))
    of_the_period = (snapshot for snapshot in snapshots if snapshot.period == run.period and snapshot.run)
    reason = f"its volume is gone, beyond expire_gone_after_days={days}"
    return expire_all(of_the_period, rule=rule, reason=reason, today=run.time.date())


def _retire(
    writer: Ec2 | DryRun, settings: Settings, run: Run, volume_id: str, held: Sequence[Snapshot]
) -> Task[Retired]:
    def look() -> Sequence[Snapshot]:
        listed = writer.snapshots(run.backup_set, volume_id=volume_id)
        return [snapshot for snapshot in listed if snapshot.ours]

    def judge(snapshots: Sequence[Snapshot]) -> Sequence[Decision]:
        return decide(snapshots, settings, run)

    deleter = Deleter(
        writer=writer, there={snapshot.id: snapshot for snapshot in held}, look=look, judge=judge
    )
    decisions = yield from deleter.delete(judge(held), room=settings.max_expired_per_volume)
    snapshots = {decision.snapshot.id: decision.sentence for decision in decisions}
    logger.info("volume is gone", volume=volume_id, snapshots=snapshots)
    refused = (failure(error, resource=of.id, action="delete a snapshot") for of, error in deleter.errors)
    return decisions, tuple(refused)
