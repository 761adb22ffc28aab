"""What volumes that are gone have left behind: it expires where the set says so, within the limit of every run."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from aws_lambda_powertools import Logger

from ebs_backup.aws.dry_run import DryRun
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import failure
from ebs_backup.deletion import Deleter
from ebs_backup.model import Decision, Failure, Run, Snapshot
from ebs_backup.names import SERVICE
from ebs_backup.retention import Rule, expire_all
from ebs_backup.settings import Settings
from ebs_backup.tasks import Task

logger = Logger(service=SERVICE, child=True)
Retired = tuple[tuple[Decision, ...], tuple[Failure, ...]]


def retirements(
    writer: Ec2 | DryRun, settings: Settings, run: Run, gone: Mapping[str, Sequence[Snapshot]]
) -> Iterator[Task[Retired]]:
    """Return a step for each volume whose newest snapshot, of any period, is older than `expire_gone_after_days`.

    `gone` are the set's own snapshots of volumes that do not exist any more. A step returns its decisions and failures.
    """
    days = settings.expire_gone_after_days
    for volume_id, held in gone.items():
        newest = max(snapshot.started for snapshot in held)
        if days is not None and run.time - newest > timedelta(days=days):
            yield _retire(writer, settings, run, volume_id, held)


def _retire(
    writer: Ec2 | DryRun, settings: Settings, run: Run, volume_id: str, held: Sequence[Snapshot]
) -> Task[Retired]:
    days = settings.expire_gone_after_days
    rule = Rule(keep=0, source="expire_gone_after_days", schedule=settings.schedule(run.period))
    reason = f"its volume is gone, beyond expire_gone_after_days={days}"

    def judge(snapshots: Sequence[Snapshot]) -> Sequence[Decision]:
        ours = (each for each in snapshots if each.period == run.period and each.run and each.ours)
        return expire_all(ours, rule=rule, reason=reason, today=run.time.date())

    deleter = Deleter(
        writer=writer,
        there={snapshot.id: snapshot for snapshot in held},
        look=lambda: writer.snapshots(run.backup_set, volume_id=volume_id),
        judge=judge,
    )
    decisions = yield from deleter.delete(judge(held), room=settings.max_expired_per_volume)
    snapshots = {decision.snapshot.id: decision.sentence for decision in decisions}
    logger.info("volume is gone", volume=volume_id, snapshots=snapshots)
    refused = (failure(error, resource=of.id, action="delete a snapshot") for of, error in deleter.errors)
    return decisions, tuple(refused)
