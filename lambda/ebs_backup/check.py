"""The check: is a run allowed to do everything that it needs? Each of its calls is tried, the writes as dry runs.

So policies and boundaries that would stop a run are found on the day of the deploy. Nothing is made or deleted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from aws_lambda_powertools import Logger

from ebs_backup.aws.connection import WORKERS
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import TAG_REFUSALS, AwsError, Kind, failure
from ebs_backup.aws.trial import NOT_A_DRY_RUN, Trial
from ebs_backup.checked import CREATE, DELETE, GO_ON, LIST, LISTENERS, Checked, Probe
from ebs_backup.creation import MOST_IN_VAIN, SecondTries
from ebs_backup.explanation import explain
from ebs_backup.listeners import Count, Listeners
from ebs_backup.model import COMPLETED, Failure, Instance, Older, Run, Snapshot, Volume
from ebs_backup.names import SERVICE
from ebs_backup.selection import select
from ebs_backup.settings import Settings
from ebs_backup.tags import tagging
from ebs_backup.tasks import Task, run_all

logger = Logger(service=SERVICE, child=True)
T = TypeVar("T")

NOTHING = (
    "Give a volume the tag, or correct tag_name and tag_value in settings.toml and run `npx cdk deploy`."
)
NOT_COUNTED = (
    "Run `npx cdk deploy` if the role is older than this version. For a topic of another account, its policy must allow this"
    " role sns:GetTopicAttributes. Until then no run notices that nobody gets its mail."
)
NEVER = (
    "Look for snapshots of this minute in the EC2 console, and in CloudTrail for what answered. Then report it: this must"
    " not happen."
)


def refused(what: str, error: AwsError, resource: str, *, action: str = "", hinders: bool = True) -> Probe:
    """Return the probe of something that would not work, and log it, because a mail names only the first ones."""
    if error.unfinished:
        return Probe(what=what, tried=False)
    fault = failure(error, resource=resource, action=action or what)
    if error.code == NOT_A_DRY_RUN:
        fault = replace(fault, advice=NEVER)
    logger.error(
        "would not work",
        resource=resource,
        action=fault.action,
        code=fault.code,
        error_message=fault.message,
        advice=fault.advice,
    )
    return Probe(what=what, fault=fault, hinders=hinders)


def check(
    ec2: Ec2,
    trial: Trial,
    may_invoke: Callable[[], None],
    settings: Settings,
    run: Run,
    *,
    sample: int | None = None,
) -> Checked:
    """Try all that a run needs, except its mail and who gets it. Return what would not work, without raising it."""
    instances, probe = _listed("instances", lambda: ec2.instances(settings.tag_name), dict[str, Instance]())
    probes = [probe]
    found, probe = _listed(
        "volumes",
        lambda: dict(select(ec2.volumes(instances), instances, settings).volumes),
        dict[str, Volume](),
    )
    probes.append(probe)
    tagged, probe = _listed("snapshots", lambda: ec2.snapshots(run.backup_set), list[Snapshot]())
    probes.append(probe)
    volumes = list(found.values())[:sample]
    second_tries = SecondTries()
    creates = (_create(trial, volume, settings, run, second_tries) for volume in volumes)
    deletes = (_delete(trial, snapshot) for snapshot in _one_each(tagged, volumes))
    probes += run_all([*creates, *deletes], workers=WORKERS)
    if not found and not probes[1].fault:
        probes.append(Probe(what=CREATE, fault=_nothing_selected(run)))
    probes.append(_invoke(run, may_invoke))
    return Checked(run=run, probes=tuple(probes), selected=len(found), sample=sample)


def _listed(what: str, list_: Callable[[], T], nothing: T) -> tuple[T, Probe]:
    try:
        return list_(), Probe(what=LIST)
    except AwsError as error:
        return nothing, refused(LIST, error, what, action=f"list {what}")


def _one_each(tagged: Iterable[Snapshot], volumes: Sequence[Volume]) -> Iterator[Snapshot]:
    """Return each volume's oldest completed snapshot of our own, if it has one: rotation deletes it first."""
    oldest: dict[str, Snapshot] = {}
    for snapshot in sorted(tagged, key=lambda snapshot: snapshot.started):
        if snapshot.ours and snapshot.state == COMPLETED:
            oldest.setdefault(snapshot.volume_id, snapshot)
    return (oldest[volume.id] for volume in volumes if volume.id in oldest)


def _create(
    trial: Trial,
    volume: Volume,
    settings: Settings,
    run: Run,
    second_tries: SecondTries,
) -> Task[Probe]:
    """Try to create with a real snapshot's tags. If a policy refuses the copied ones, try without, as a run does."""
    tagged_as = tagging(volume, run, settings, at=run.time, older=Older(stay=0))
    try:
        yield from trial.create(volume, tagged_as)
    except AwsError as error:
        gone = error.kind is Kind.NOT_FOUND  # deleted since it was listed
        if error.code in TAG_REFUSALS and tagged_as.copied and second_tries.in_vain < MOST_IN_VAIN:
            bare = tagging(volume, run, settings, at=run.time, older=Older(stay=0), copy=False)
            try:
                yield from trial.create(volume, bare)
            except AwsError:
                second_tries.in_vain += 1
            else:
                action = f"copy its tags {', '.join(tagged_as.copied)}"
                return refused(CREATE, error, volume.id, action=action, hinders=False)
        return refused(CREATE, error, volume.id, hinders=not gone)
    return Probe(what=CREATE)


def _delete(trial: Trial, snapshot: Snapshot) -> Task[Probe]:
    """Try to delete. If the snapshot is gone, or AWS keeps it in place, the role was allowed to delete it."""
    try:
        yield from trial.delete(snapshot)
    except AwsError as error:
        allowed = error.kind in (Kind.NOT_FOUND, Kind.KEPT)
        return Probe(what=DELETE) if allowed else refused(DELETE, error, snapshot.id)
    return Probe(what=DELETE)


def _invoke(run: Run, may_invoke: Callable[[], None]) -> Probe:
    try:
        may_invoke()
    except AwsError as error:
        return refused(GO_ON, error, run.function)
    return Probe(what=GO_ON)


def who_listens(topic_arn: str, count: Count) -> Probe:
    """Try to count who gets the mails. If nobody does, the reports are lost; if that is not known, nothing is lost."""
    try:
        confirmed = count()
    except AwsError as error:
        probe = refused(LISTENERS, error, topic_arn, hinders=False)
        return replace(probe, fault=probe.fault and replace(probe.fault, advice=NOT_COUNTED))
    return Probe(what=LISTENERS, fault=Listeners(topic_arn=topic_arn, confirmed=confirmed).failure)


def _nothing_selected(run: Run) -> Failure:
    return Failure(
        resource=run.selector,
        action=CREATE,
        code="NothingSelected",
        message=f"no volume carries the tag {run.selector}: a run would back up nothing",
        advice=NOTHING,
    )


def not_done(what: str, error: Exception) -> Probe:
    """Return the probe of something that broke for a reason that is no answer of AWS."""
    code, message, what_to_do = explain(error)
    fault = Failure(resource=what, action=what, code=code, message=message, advice=what_to_do)
    return Probe(what=what, fault=fault)
