"""The run: list, back up and rotate every selected volume, return the outcome.

The first step reads what exists, so a run that is delivered twice, retried or resumed after a crash ends as one that
ran once.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain

from aws_lambda_powertools import Logger

from ebs_backup.aws.connection import WORKERS
from ebs_backup.aws.dry_run import DryRun
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import AwsError, failure
from ebs_backup.aws.patience import SETTLING
from ebs_backup.backup import Backup
from ebs_backup.creation import SecondTries
from ebs_backup.gone import Held, retirements, surely_gone
from ebs_backup.inventory import foreign, holdings, unselected
from ebs_backup.lookout import Lookout
from ebs_backup.model import ERROR, FailedSnapshot, Failure, Fate, Instance, Run, Snapshot, Volume
from ebs_backup.names import SERVICE
from ebs_backup.outcome import Outcome
from ebs_backup.overrides import overrides, unreadable_holds
from ebs_backup.retention import Rule, hold
from ebs_backup.selection import Selection, select
from ebs_backup.settings import Settings
from ebs_backup.tasks import Task, run_all
from ebs_backup.vanished import vanished
from ebs_backup.volume_outcome import Made

logger = Logger(service=SERVICE, child=True)


def execute(
    ec2: Ec2,
    settings: Settings,
    run: Run,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Back up every selected volume; raises an AwsError if volumes or snapshots cannot be listed."""
    began = clock()
    instances, lookup_failure = _instances(ec2, settings)
    selection = select(ec2.volumes(instances), instances, settings)
    seen = clock()
    tagged = ec2.snapshots(run.backup_set)
    held = _by_volume(snapshot for snapshot in tagged if snapshot.ours)
    _log(run, selection)
    writer = DryRun(run=run, held=tagged, now=now) if run.dry_run else ec2
    volumes = [volume for volume in selection.volumes.values() if not run.only or volume.id in run.only]
    lookout = ec2.lookout(run, [volume.id for volume in volumes], seen=seen)
    backups = _backups(writer, lookout, settings, run, volumes, held)
    _count_vanished(ec2, run, backups, held, at=now())
    outcomes = run_all((backup.step() for backup in backups), workers=_workers(run))
    outcome = Outcome(
        run=run,
        volumes=tuple(outcomes),
        holdings={},
        seconds=0,
        lookup_failure=lookup_failure,
        other_checks=tuple(_tags_refused_before(run)),
    )
    if run.only:
        outcome = replace(outcome, missing=tuple(id_ for id_ in run.only if id_ not in selection.volumes))
    else:
        unlisted = {volume: found for volume, found in held.items() if volume not in selection.names}
        outcome = _with_the_gone(outcome, ec2, writer, settings, unlisted)
        outcome = _with_the_rest(outcome, settings, selection, tagged, held)
    return replace(outcome, seconds=clock() - began)


def _workers(run: Run) -> int:
    """Return how many threads a run needs; a dry run waits for nothing."""
    return 1 if run.dry_run else WORKERS


def _backups(
    writer: Ec2 | DryRun,
    lookout: Lookout,
    settings: Settings,
    run: Run,
    volumes: Sequence[Volume],
    held: Held,
) -> list[Backup]:
    second_tries = SecondTries()
    return [
        Backup(
            writer=writer,
            lookout=lookout,
            second_tries=second_tries,
            settings=settings,
            run=run,
            volume=volume,
            overrides=overrides(volume, held.get(volume.id, ()), settings, run),
            held=_named(held.get(volume.id, ()), volume.name),
        )
        for volume in volumes
    ]


def _count_vanished(ec2: Ec2, run: Run, backups: Sequence[Backup], held: Held, *, at: datetime) -> None:
    """Tell each volume's task how many of its restore points somebody else deleted, as two listings show it."""
    rules = {backup.volume.id: backup.rotation.rule for backup in backups if not backup.left_alone}
    missing: Mapping[str, int] = vanished(rules, held, run=run, at=at)
    if missing and not run.dry_run:
        (missing,) = run_all([_second_look(ec2, run, rules, missing, at)], workers=1)
    for backup in backups:
        backup.vanished = missing.get(backup.volume.id, 0)


def _second_look(
    ec2: Ec2, run: Run, rules: Mapping[str, Rule], missing: Mapping[str, int], at: datetime
) -> Task[Mapping[str, int]]:
    """Count once more where something is missing: a listing may lag behind, and tags may be changed (0020)."""
    yield SETTLING
    try:
        found = ec2.as_made(run.backup_set, list(missing))
    except AwsError as error:
        logger.warning("not looked at again", volumes=len(missing), code=error.code)
        return missing
    return vanished({volume: rules[volume] for volume in missing}, _by_volume(found), run=run, at=at)


def _named(snapshots: Iterable[Snapshot], name: str) -> list[Snapshot]:
    """Return the snapshots of a volume, with the volume's name if they have none."""
    return [snapshot if snapshot.name else replace(snapshot, name=name) for snapshot in snapshots]


def _with_the_gone(
    outcome: Outcome, ec2: Ec2, writer: Ec2 | DryRun, settings: Settings, unlisted: Held
) -> Outcome:
    """Delete what has expired of volumes that are gone."""
    gone, doubts = surely_gone(ec2, settings, outcome.run, unlisted)
    retired = run_all(retirements(writer, settings, outcome.run, gone), workers=_workers(outcome.run))
    failures = chain.from_iterable(failures for _, failures in retired)
    return replace(
        outcome,
        retired=tuple(chain.from_iterable(decisions for decisions, _ in retired)),
        other_checks=(*outcome.other_checks, *doubts, *failures),
    )


def _with_the_rest(
    outcome: Outcome, settings: Settings, selection: Selection, tagged: Sequence[Snapshot], held: Held
) -> Outcome:
    """Return the outcome, with what the set holds, lacks and leaves out, besides the volumes of the run."""
    run = outcome.run
    left = list(_left(held, outcome))
    of_others = [
        snapshot
        for snapshot in left
        if snapshot.volume_id not in selection.volumes and snapshot.state != ERROR
    ]
    others = unselected(
        _by_volume(of_others),
        selection.names,
        time=run.time,
        max_age=settings.max_age(run.period),
    )
    for other in others:
        logger.info(
            "no longer backed up",
            volume=other.volume_id,
            volume_name=other.name,
            there=other.there,
            snapshots=other.snapshots,
        )
    return replace(
        outcome,
        near_misses=selection.near_misses,
        unselected=others,
        other_checks=(*outcome.other_checks, *unreadable_holds(of_others)),
        foreign=foreign(tagged, selection.names, selection.spreading),
        strays=tuple(snapshot for snapshot in left if not snapshot.known_period),
        failed_elsewhere=tuple(_failed_elsewhere(chain(*held.values()), outcome, settings)),
        on_hold=sum(bool(hold(snapshot, run.time.date())) for snapshot in left),
        holdings=holdings(left, (stale for volume in outcome.volumes for stale in volume.stale)),
    )


def _failed_elsewhere(
    listed: Iterable[Snapshot], outcome: Outcome, settings: Settings
) -> Iterator[FailedSnapshot]:
    """Return the recent failed snapshots that no volume's task has told: nobody may know yet that they hold nothing."""
    run, told = outcome.run, {failed.id for failed in outcome.failed}
    recent = timedelta(days=settings.max_age(run.period))
    for snapshot in listed:
        if snapshot.state == ERROR and snapshot.id not in told and run.time - snapshot.started <= recent:
            yield FailedSnapshot.of(snapshot, name=snapshot.name)


def _log(run: Run, selection: Selection) -> None:
    """Log what was selected, and what no volume's task logs: a mail that was cut refers to the log."""
    logger.info(
        "volumes selected",
        volumes=len(selection.volumes),
        near_misses=len(selection.near_misses),
        selector=run.selector,
        dry_run=run.dry_run,
    )
    for miss in selection.near_misses:
        logger.info("near miss", volume=miss.volume.id, volume_name=miss.volume.name, why=miss.why)


def _instances(ec2: Ec2, settings: Settings) -> tuple[Mapping[str, Instance], Failure | None]:
    """Look up the instances; if that fails, volumes are still backed up, and the mail says what is missing."""
    try:
        return ec2.instances(settings.tag_name), None
    except AwsError as error:
        failed = failure(error, resource="instances", action="list the tags of the instances")
        logger.exception("failed", action=failed.action, code=failed.code, advice=failed.advice)
        return {}, failed


def _tags_refused_before(run: Run) -> Iterator[Failure]:
    """Return the check about tags that were refused only in earlier invocations of this run."""
    if run.continued and run.continued.tags_refused:
        yield Failure(
            resource=f"{run.continued.tags_refused:,} of the new snapshots",
            action="copy the tags of their volumes",
            code="TagsNotCopied",
            message="a policy refused them in an earlier invocation of this run",
            advice="The log of the run names the volumes, the tags and the policy's words.",
        )


def _by_volume(snapshots: Iterable[Snapshot]) -> Held:
    held: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots:
        held[snapshot.volume_id].append(snapshot)
    return dict(held)


def _left(held: Held, outcome: Outcome) -> Iterator[Snapshot]:
    """Return the snapshots after the run: those listed and made, without those deleted; a dry run changes nothing."""
    if outcome.run.dry_run:
        return chain.from_iterable(held.values())
    gone = {decision.snapshot.id for decision in outcome.of(Fate.EXPIRED)}
    made = [volume.made for volume in outcome.volumes if volume.made and volume.when is Made.NOW]
    there = {snapshot.id: snapshot for snapshot in chain(*held.values(), made)}
    return (snapshot for snapshot in there.values() if snapshot.id not in gone)
