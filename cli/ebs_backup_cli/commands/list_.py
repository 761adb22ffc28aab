"""`ebs-backup list`: the restore points that exist, volume by volume. Changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from ebs_backup.aws.convert import printable
from ebs_backup.freshness import Overdue
from ebs_backup.inventory import at_most_gib
from ebs_backup.model import COMPLETED
from ebs_backup.names import Period
from ebs_backup.retention import hold
from ebs_backup.settings import Settings
from ebs_backup.tags import minute
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.overdue import overdue, selected
from ebs_backup_cli.backups.points import Holdings, Point, by_volume, holdings
from ebs_backup_cli.command import OK, PROBLEM, Result, given
from ebs_backup_cli.terminal.screen import MINUTE, SNAPSHOT, Line, Piece, age, heading, pad, put, say, under
from ebs_backup_cli.terminal.words import several

VOLUME = Annotated[
    str | None, typer.Argument(metavar="VOLUME|NAME", help="One volume, by id or name.", callback=given)
]
PERIOD = Annotated[Period | None, typer.Option("--period", help="Only this period.")]
INSTANCE = Annotated[
    str | None,
    typer.Option("--instance", help="Only the volumes of this instance (id or name).", callback=given),
]
GONE = Annotated[bool, typer.Option("--gone", help="Only volumes that no longer exist.")]
ALL_SETS = Annotated[
    bool, typer.Option("--all-sets", help="Every set in the region, also of stacks that are gone.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is listed: the points of each volume, newest first, in the order of names; and what is overdue."""

    found: Holdings
    names: Mapping[str, str]
    groups: Mapping[str, Sequence[Point]]
    late: Mapping[str, Sequence[Overdue]]
    now: datetime
    all_sets: bool = False

    @property
    def points(self) -> Iterator[Point]:
        """Return all points in the order in which they are listed."""
        return (point for group in self.groups.values() for point in group)

    def overdue(self, point: Point) -> bool:
        """Return whether its volume went too long without a restore point of its period."""
        late = self.late.get(point.snapshot.volume_id, ())
        return any(miss.period == point.snapshot.period for miss in late)


def list_(
    operator: Operator,
    volume: VOLUME = None,
    *,
    period: PERIOD = None,
    instance: INSTANCE = None,
    gone: GONE = False,
    all_sets: ALL_SETS = False,
) -> Result:
    """List the restore points that there are, volume by volume, and what is overdue."""
    settings = None if all_sets else operator.deployment.settings
    backup_set, tag_name = (settings.backup_set, settings.tag_name) if settings else ("", "")
    found = holdings(operator.ec2, operator.listing(), backup_set, tag_name=tag_name)
    wanted = _wanted(found, volume, instance, gone=gone)
    shown = _shown(found, settings, operator.now(), wanted, period, named=bool(volume or instance))
    return Result(
        document=lambda: [_document(point, shown) for point in shown.points],
        show=lambda console: _show(console, shown, settings),
        status=PROBLEM if shown.late else OK,
    )


def _wanted(found: Holdings, volume: str | None, instance: str | None, *, gone: bool) -> set[str]:
    """Return the ids of the volumes that the options name; raises a CommandError for an unknown name."""
    wanted = set(found.find(volume)) if volume else set(found.names())
    if instance:
        wanted &= set(found.on_instance(instance))
    return wanted - found.volumes.keys() if gone else wanted


def _shown(
    found: Holdings,
    settings: Settings | None,
    now: datetime,
    wanted: set[str],
    period: Period | None,
    *,
    named: bool,
) -> Shown:
    """Return what is listed: volumes with points, overdue volumes without any, and volumes that were named."""
    every = by_volume(found.points)
    every_late = overdue(found, settings, now, every) if settings else {}
    late = {
        volume: told
        for volume, missing in every_late.items()
        if volume in wanted and (told := [miss for miss in missing if period in (None, miss.period)])
    }
    groups: dict[str, list[Point]] = {}
    for volume in wanted:
        points = [point for point in every.get(volume, ()) if period in (None, point.snapshot.period)]
        if points or volume in late or named:
            groups[volume] = points[::-1]
    names = found.names()
    in_order = sorted(groups.items(), key=lambda group: (names[group[0]].casefold(), group[0]))
    return Shown(
        found=found, names=names, groups=dict(in_order), late=late, now=now, all_sets=settings is None
    )


def _document(point: Point, shown: Shown) -> dict[str, Any]:
    snapshot = point.snapshot
    return {
        "volume": snapshot.volume_id,
        "name": shown.names[snapshot.volume_id],
        "gone": snapshot.volume_id not in shown.found.volumes,
        "instance": point.source.instance,
        "snapshot": snapshot.id,
        "set": point.backup_set,
        "period": snapshot.period,
        "run": snapshot.run,
        "started": snapshot.started.isoformat(),
        "age_days": (shown.now - snapshot.started).days,
        "state": snapshot.state,
        "archived": point.archived,
        "size_gib": snapshot.size,
        "hold": snapshot.hold,
        "on_hold": bool(hold(snapshot, shown.now.date())),
        "overdue": shown.overdue(point),
    }


def _show(console: Console, shown: Shown, settings: Settings | None) -> None:
    backed_up = set(selected(shown.found, settings)) if settings else None
    put(
        console,
        (
            line
            for volume, group in shown.groups.items()
            for line in _volume(volume, group, shown, backed_up, console.width)
        ),
    )
    points = list(shown.points)
    if not points:
        say(console, "No restore points." if shown.groups else "No restore points here.")
        return
    gib = at_most_gib(point.snapshot for point in points if point.snapshot.usable)
    volumes = several(len({point.snapshot.volume_id for point in points}), "volume")
    say(console, f"{several(len(points), 'snapshot')} of {volumes}, at most {gib:,} GiB.", "bold")
    if shown.late:
        say(console, f"{several(len(shown.late), 'volume')} overdue.", "bold red")
    if shown.found.foreign:
        others = several(len(shown.found.foreign), "snapshot")
        say(console, f"Not listed: {others} to which other tools copied our labels (`ebs-backup doctor`).")


def _volume(
    volume: str, group: Sequence[Point], shown: Shown, backed_up: AbstractSet[str] | None, width: int
) -> Iterator[Line]:
    there = shown.found.volumes.get(volume)
    place = "gone" if there is None else there.place
    yield from heading(shown.names[volume], volume, place, width)
    for miss in shown.late.get(volume, ()):
        yield (Piece(f"  OVERDUE  {_late(miss, shown.now)}", "bold red"),)
    if not group:
        alone = "" if backed_up is None or volume in backed_up else ": it is not selected"
        yield (Piece(f"  no restore point{alone}"),)
    for point in group:
        yield from _point(point, shown, width)
    yield ()


def _late(miss: Overdue, now: datetime) -> str:
    if miss.newest is None:
        return f"{miss.period}: it has none"
    return f"{miss.period}: the newest is {age(miss.newest.started, now)} old, limit {miss.limit} d"


def _point(point: Point, shown: Shown, width: int) -> Iterator[Line]:
    """Write one restore point on one line, or on two where the terminal is narrow; ids are never cut."""
    snapshot = point.snapshot
    state = f"{snapshot.state}, archived" if point.archived else snapshot.state
    taken, period = pad(minute(snapshot.started), MINUTE), pad(printable(snapshot.period), 5)
    first = f"  {taken}  {period}  {pad(snapshot.id, SNAPSHOT)}"
    parts = [f"{snapshot.size:>5} GiB", f"{age(snapshot.started, shown.now):>5}"]
    held = hold(snapshot, shown.now.date())
    run = f"run {printable(snapshot.run) or '(none)'}"
    of = f"set {printable(point.backup_set)}" if shown.all_sets else ""
    rest = [*parts, *filter(None, (run, of, held))]
    style = "" if snapshot.state == COMPLETED else "yellow"
    whole = "  ".join((first, pad(state, 9), *rest))
    if len(whole) <= width:
        styled = Piece(f"{first}  "), Piece(pad(state, 9), style), Piece("  " + "  ".join(rest))
        yield styled if style else (Piece(whole),)
    else:
        yield (Piece(first),)
        yield from under(
            ", ".join((state, *(part.strip() for part in rest if part.strip()))), 4, width, style
        )
