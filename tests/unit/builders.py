"""Frozen data with defaults: a test names only what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ebs_backup.freshness import Freshness, Overdue
from ebs_backup.inventory import Foreign, Holding, Unselected
from ebs_backup.model import (
    COMPLETED,
    Continued,
    Decision,
    FailedSnapshot,
    Failure,
    Fate,
    Older,
    Run,
    Snapshot,
    Volume,
    check,
    note,
    problem,
)
from ebs_backup.names import Period
from ebs_backup.outcome import Outcome
from ebs_backup.selection import NearMiss
from ebs_backup.settings import Settings
from ebs_backup.volume_outcome import VolumeOutcome
from infra.settings.defaults import DEFAULTS

NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)  # a Monday: the default time of the day run
EVERY_NIGHT = "30 1 * * ? *"  # a schedule
TOPIC = "arn:aws:sns:eu-west-1:111122223333:backups"


def settings(**overrides: object) -> Settings:
    """Return the default settings with a topic and these changes."""
    defaults = {field.name: DEFAULTS[field.name] for field in fields(Settings)}
    return Settings(**{**defaults, "topic_arn": TOPIC, **overrides})  # type: ignore[arg-type] # checked at run time


def a_run(
    *,
    period: Period = Period.DAY,
    id: str = "2026-11-23T01:30:00Z",  # noqa: A002 - the field's name
    time: datetime = NIGHT,
    backup_set: str = "default",
    dry_run: bool = False,
    account: str = "111122223333",
    region: str = "eu-west-1",
    selector: str = "Backup=true",
    function: str = "ebs-backup-default",
    log_group: str = "/aws/lambda/ebs-backup-default",
    scheduled: bool = True,
    only: tuple[str, ...] = (),
    continued: Continued | None = None,
) -> Run:
    """Make the default set's day run of NIGHT."""
    return Run(
        id=id,
        time=time,
        period=period,
        backup_set=backup_set,
        dry_run=dry_run,
        account=account,
        region=region,
        selector=selector,
        function=function,
        log_group=log_group,
        scheduled=scheduled,
        only=only,
        continued=continued,
    )


def a_volume(
    *,
    id: str = "vol-0a",  # noqa: A002 - the field's name
    name: str = "web-1 data",
    state: str = "in-use",
    created: datetime = NIGHT - timedelta(days=1),
    zone: str = "eu-west-1a",
    type: str = "gp3",  # noqa: A002 - the field's name
    size: int = 100,
    iops: int | None = 3000,
    throughput: int | None = 125,
    device: str = "/dev/xvdf",
    instance: str = "i-07aa",
    instance_name: str = "",
    tags: Mapping[str, str] | None = None,
) -> Volume:
    """Make a gp3 volume of 100 GiB that is attached to an instance."""
    return Volume(
        id=id,
        name=name,
        state=state,
        created=created,
        zone=zone,
        type=type,
        size=size,
        iops=iops,
        throughput=throughput,
        device=device,
        instance=instance,
        instance_name=instance_name,
        tags={"Backup": "true", "Name": name} if tags is None else tags,
    )


def a_snapshot(
    *,
    id: str = "snap-0a",  # noqa: A002 - the field's name
    volume_id: str = "vol-0a",
    period: str = "day",
    run: str | None = None,
    state: str = COMPLETED,
    started: datetime | None = None,
    days_ago: float = 0,
    size: int = 100,
    name: str = "web-1 data",
    full_bytes: int | None = None,
    ours: bool = True,
    hold: str | None = None,
    older: Older | int | None = None,
    again: str = "",
    message: str = "",
) -> Snapshot:
    """Make a completed day snapshot, started `days_ago` before NIGHT; its run is that instant unless it is named."""
    started = started or NIGHT - timedelta(days=days_ago)
    return Snapshot(
        id=id,
        volume_id=volume_id,
        period=period,
        run=f"{started:%Y-%m-%dT%H:%M:%SZ}" if run is None else run,
        state=state,
        started=started,
        size=size,
        name=name,
        full_bytes=full_bytes,
        ours=ours,
        hold=hold,
        older=Older(stay=older) if isinstance(older, int) else older,
        again=again,
        message=message,
    )


def a_decision(
    snapshot: Snapshot,
    reason: str = "1 of 4",
    fate: Fate = Fate.KEPT,
    *,
    redundant: bool = False,
    edited: bool = False,
) -> Decision:
    """Keep this snapshot as the newest, unless told otherwise; it is an occasion of its own."""
    return Decision(
        snapshot=snapshot,
        fate=fate,
        reason=reason,
        occasion=(snapshot.started, ""),
        redundant=redundant,
        edited=edited,
    )


def a_failure(
    *,
    resource: str = "vol-0a",
    action: str = "create a snapshot",
    code: str = "UnauthorizedOperation",
    message: str = "You are not authorized to perform this operation.",
    advice: str = "The role may not do this.",
) -> Failure:
    """Make a create that EC2 refused."""
    return Failure(resource=resource, action=action, code=code, message=message, advice=advice)


def a_failed_snapshot(
    *,
    id: str = "snap-0e",  # noqa: A002 - the field's name
    volume_id: str = "vol-0a",
    name: str = "web-1 data",
    period: str = "day",
    days_ago: float = 1,
    message: str = "",
) -> FailedSnapshot:
    """Make a snapshot that EC2 began the night before NIGHT, and could not finish."""
    return FailedSnapshot(
        id=id,
        volume_id=volume_id,
        name=name,
        period=period,
        started=NIGHT - timedelta(days=days_ago),
        message=message,
    )


def altered(
    outcome: VolumeOutcome,
    *,
    failures: Sequence[Failure] | None = None,
    checks: Sequence[Failure] | None = None,
    notes: Sequence[str] | None = None,
    overdue: Sequence[Overdue] | None = None,
    stale: Sequence[Snapshot] | None = None,
    newest_completed: Snapshot | None = None,
    **fields: Any,  # noqa: ANN401 - any field of it
) -> VolumeOutcome:
    """Return a volume's outcome with these values in place of its own; the others stay."""
    remarks = (
        *map(problem, outcome.failures if failures is None else failures),
        *map(check, outcome.checks if checks is None else checks),
        *map(note, outcome.notes if notes is None else notes),
    )
    fresh = Freshness(
        overdue=outcome.overdue if overdue is None else tuple(overdue),
        stale=outcome.stale if stale is None else tuple(stale),
        newest_completed=newest_completed or outcome.newest_completed,
    )
    return replace(outcome, remarks=remarks, freshness=fresh, **fields)


def an_outcome_of(volume: Volume, **fields: Any) -> VolumeOutcome:  # noqa: ANN401 - any that `altered` takes
    """Make a volume's outcome: nothing was made, unless told otherwise."""
    return altered(VolumeOutcome(volume=volume), **fields)


def an_outcome(
    *volumes: VolumeOutcome,
    run: Run | None = None,
    near_misses: tuple[NearMiss, ...] = (),
    unselected: tuple[Unselected, ...] = (),
    foreign: tuple[Foreign, ...] = (),
    strays: tuple[Snapshot, ...] = (),
    retired: tuple[Decision, ...] = (),
    missing: tuple[str, ...] = (),
    on_hold: int = 0,
    holdings: Mapping[Period, Holding] | None = None,
    seconds: float = 9.2,
) -> Outcome:
    """Make the outcome of a run over these volumes."""
    return Outcome(
        run=run or a_run(),
        volumes=volumes,
        near_misses=near_misses,
        unselected=unselected,
        foreign=foreign,
        strays=strays,
        retired=retired,
        missing=missing,
        on_hold=on_hold,
        holdings=holdings or {},
        seconds=seconds,
    )
