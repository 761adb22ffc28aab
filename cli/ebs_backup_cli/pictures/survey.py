"""All that the page shows, as data: volume by volume what is held and how fresh it is, the nights, the totals. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ebs_backup.freshness import Overdue
from ebs_backup.inventory import at_most_gib
from ebs_backup.model import COMPLETED, Snapshot
from ebs_backup.names import Period
from ebs_backup.retention import hold
from ebs_backup.settings import Settings
from ebs_backup_cli.backups.overdue import overdue, selected
from ebs_backup_cli.backups.points import Holdings, by_volume
from ebs_backup_cli.pictures.nights import Night, calendar

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old a volume's newest completed snapshot of a period is, in days (None if there is none), and its limit."""

    period: Period
    age: float | None
    limit: int
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeView:
    """One volume: `note` says why it is not backed up (gone, not selected), or is empty; `points` are newest first."""

    id: str
    name: str
    place: str
    note: str
    points: Sequence[Snapshot]
    freshness: Sequence[Freshness]
    at_most_gib: int
    on_hold: int

    @property
    def late(self) -> list[Period]:
        """Return the periods that are overdue."""
        return [fresh.period for fresh in self.freshness if fresh.late]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A backup set as it is at one time; `start` is where the timelines begin."""

    backup_set: str
    region: str
    now: datetime
    start: datetime
    periods: Sequence[Period]
    volumes: Sequence[VolumeView]
    nights: Sequence[Night]

    @property
    def overdue(self) -> list[VolumeView]:
        """Return the volumes that are overdue."""
        return [volume for volume in self.volumes if volume.late]

    @property
    def backed_up(self) -> int:
        """Count the volumes that the set selects."""
        return sum(not volume.note for volume in self.volumes)

    @property
    def points(self) -> int:
        """Count the snapshots that are held."""
        return sum(len(volume.points) for volume in self.volumes)

    @property
    def at_most_gib(self) -> int:
        """Return an upper bound of what they take."""
        return sum(volume.at_most_gib for volume in self.volumes)


def survey(found: Holdings, settings: Settings, *, region: str, now: datetime) -> Survey:
    """Put together what the page shows; those that are overdue come first."""
    late = overdue(found, settings, now)
    views = sorted(
        _views(found, settings, late, now),
        key=lambda view: (not view.late, bool(view.note), view.name.casefold(), view.id),
    )
    oldest = min((point.snapshot.started for point in found.points), default=now)
    return Survey(
        backup_set=settings.backup_set,
        region=region,
        now=now,
        start=max(min(oldest, now - 14 * DAY), now - 400 * DAY),
        periods=settings.periods,
        volumes=views,
        nights=calendar(found, settings, now),
    )


def _views(
    found: Holdings, settings: Settings, late: Mapping[str, Sequence[Overdue]], now: datetime
) -> Iterator[VolumeView]:
    groups, names, wanted = by_volume(found.points), found.names(), set(selected(found, settings))
    for volume in {**dict.fromkeys(groups), **dict.fromkeys(wanted)}:
        there = found.volumes.get(volume)
        snapshots = [point.snapshot for point in reversed(groups.get(volume, ()))]
        missing = {miss.period for miss in late.get(volume, ())}
        yield VolumeView(
            id=volume,
            name=names[volume],
            place=there.place if there else "",
            note="" if volume in wanted else "not selected" if there else "gone",
            points=snapshots,
            freshness=[_fresh(snapshots, period, settings, missing, now) for period in settings.periods],
            at_most_gib=at_most_gib(snapshot for snapshot in snapshots if snapshot.usable),
            on_hold=sum(bool(hold(snapshot, now.date())) for snapshot in snapshots),
        )


def _fresh(
    snapshots: Sequence[Snapshot], period: Period, settings: Settings, missing: set[Period], now: datetime
) -> Freshness:
    completed = (
        (now - snapshot.started) / DAY
        for snapshot in snapshots
        if snapshot.state == COMPLETED and snapshot.period == period and snapshot.run
    )
    return Freshness(
        period=period,
        age=min(completed, default=None),
        limit=settings.max_age(period),
        late=period in missing,
    )
