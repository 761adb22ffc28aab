"""What one volume would hold: the function's own rotation, run at each firing of the schedules. Pure, without AWS."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar, cast

from ebs_backup import cron
from ebs_backup.aws.dry_run import DryRun
from ebs_backup.deletion import Deleter
from ebs_backup.model import COMPLETED, PENDING, Fate, Snapshot
from ebs_backup.names import Period
from ebs_backup.retention import Rule
from ebs_backup.rotation import Rotation
from ebs_backup.settings import Settings
from ebs_backup.tasks import Task
from ebs_backup_cli.backups.moment import moment

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePoint:
    """One snapshot of the volume: when a run took it, and when a later run deleted it, None while it is held (UTC)."""

    period: Period
    taken: datetime
    expired: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Every restore point that was taken in these days, in order; `keeps` has the periods that have a schedule."""

    start: date
    days: int
    keeps: Mapping[Period, int]
    points: tuple[RestorePoint, ...]

    @property
    def last(self) -> date:
        """Return the last day."""
        return self.start + timedelta(days=self.days - 1)

    def held(self, on: date) -> tuple[RestorePoint, ...]:
        """Return what is held at the end of a day, the oldest first."""
        end = midnight(on + timedelta(days=1))
        return tuple(
            point
            for point in self.points
            if point.taken < end and (point.expired is None or point.expired >= end)
        )


def simulate(settings: Settings, start: date, days: int) -> Simulation:
    """Return what would be taken and deleted of a volume that is new on `start`, over at least one day."""
    if days < 1:
        raise ValueError(f"days must be a whole number from 1, got {days}")
    first, end = midnight(start), midnight(start + timedelta(days=days))
    points = [point for period in settings.periods for point in _points(settings, period, first, end)]
    return Simulation(
        start=start,
        days=days,
        keeps={period: settings.keep(period) for period in settings.periods},
        points=tuple(sorted(points, key=lambda point: point.taken)),
    )


def midnight(day: date) -> datetime:
    """Return the first instant of a day (UTC)."""
    return datetime.combine(day, time(tzinfo=UTC))


def _points(settings: Settings, period: Period, start: datetime, end: datetime) -> Iterator[RestorePoint]:
    """Run the period at each of its firings; each snapshot is completed before the next run."""
    schedule = settings.schedule(period)
    rule = Rule(keep=settings.keep(period), source=f"keep_{period}", schedule=schedule)
    held: tuple[Snapshot, ...] = ()
    for at in cron.instants(schedule, start=start, end=end):
        run = moment(settings, at, period)
        rotation = Rotation(rule=rule, run=run, limit=settings.max_expired_per_volume)
        new = _taken(rotation, held)
        gone = _deleted(rotation, (*held, new))
        yield from (_point(snapshot, expired=at) for snapshot in held if snapshot.id in gone)
        kept = (snapshot for snapshot in held if snapshot.id not in gone)
        held = (*kept, replace(new, state=COMPLETED))
    yield from (_point(snapshot) for snapshot in held)


def _taken(rotation: Rotation, held: Sequence[Snapshot]) -> Snapshot:
    """Return the run's new snapshot, tagged with how many older occasions stay beside it."""
    run = rotation.run
    new = Snapshot(
        id=run.id, volume_id="", period=run.period, run=run.id, state=PENDING, started=run.time, size=0
    )
    return replace(new, older=rotation.leaves(rotation.decide([*held, new]), new, freed=0))


def _deleted(rotation: Rotation, there: Sequence[Snapshot]) -> frozenset[str]:
    """Return the ids of what the run deletes, as far as its limit goes; the newest snapshot is its own."""
    deleter = Deleter(
        writer=DryRun(run=rotation.run, held=there, now=lambda: rotation.run.time),
        there={snapshot.id: snapshot for snapshot in there},
        look=lambda: there,
        judge=rotation.decide,
    )
    decisions = rotation.decide(there)
    room = rotation.room(decisions, there[-1], freed=0)
    done = _result(deleter.delete(decisions, room=room))
    return frozenset(decision.snapshot.id for decision in done if decision.fate is Fate.EXPIRED)


def _result(task: Task[T]) -> T:
    """Return what a task returns; a dry run never has to wait."""
    while True:
        try:
            next(task)
        except StopIteration as end:
            return cast("T", end.value)


def _point(snapshot: Snapshot, *, expired: datetime | None = None) -> RestorePoint:
    return RestorePoint(period=Period(snapshot.period), taken=snapshot.started, expired=expired)
