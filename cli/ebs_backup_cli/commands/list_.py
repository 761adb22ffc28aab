"""`ebs-backup list`: the restore points that there are, volume by volume. Changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ebs_backup.freshness import freshness
from ebs_backup.names import Period
from ebs_backup.settings import Settings
from ebs_backup.tags import minute
from ebs_backup_cli.command import OK, PROBLEM, Result
from ebs_backup_cli.operator import Operator
from ebs_backup_cli.points import Holdings, Point, by_volume, holdings

VOLUME = Annotated[str | None, typer.Argument(metavar="[VOLUME|NAME]", help="One volume, by id or name.")]
PERIOD = Annotated[Period | None, typer.Option("--period", help="Only this period.")]
INSTANCE = Annotated[
    str | None, typer.Option("--instance", help="Only the volumes of this instance (id or name).")
]
GONE = Annotated[bool, typer.Option("--gone", help="Only volumes that no longer exist.")]
ALL_SETS = Annotated[
    bool, typer.Option("--all-sets", help="Every set in the region, also of stacks that are gone.")
]


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
    found = holdings(
        operator.ec2,
        operator.listing(),
        "" if settings is None else settings.backup_set,
        tag_name="" if settings is None else settings.tag_name,
    )
    wanted = set(found.names())
    if volume:
        wanted &= set(found.find(volume))
    if instance:
        wanted &= set(found.on_instance(instance))
    if gone:
        wanted -= found.volumes.keys()
    points = [
        point
        for point in found.points
        if point.snapshot.volume_id in wanted and (period is None or point.snapshot.period == period)
    ]
    late = _late(operator, found, settings, wanted, period) if settings else {}
    names = found.names()
    return Result(
        document=[_document(point, names, found) for point in points],
        show=lambda console: _show(console, points, names, found, late, operator.now()),
        status=PROBLEM if late else OK,
    )


def _late(
    operator: Operator, found: Holdings, settings: Settings, wanted: Iterable[str], period: Period | None
) -> dict[str, list[Period]]:
    """Return the periods for which each selected volume has no completed restore point that is young enough."""
    groups = by_volume(found.points)
    run = operator.run(period or Period.DAY)
    late = {}
    for volume_id in wanted:
        volume = found.volumes.get(volume_id)
        if volume is None or volume.tags.get(settings.tag_name) != settings.tag_value:
            continue
        there = [point.snapshot for point in groups.get(volume_id, [])]
        missing = [miss.period for miss in freshness(volume, there, there, settings, run).overdue]
        if told := [missed for missed in missing if period in (None, missed)]:
            late[volume_id] = told
    return late


def _document(point: Point, names: Mapping[str, str], found: Holdings) -> dict[str, Any]:
    snapshot = point.snapshot
    return {
        "volume": snapshot.volume_id,
        "name": names[snapshot.volume_id],
        "gone": snapshot.volume_id not in found.volumes,
        "instance": point.source.instance,
        "snapshot": snapshot.id,
        "set": point.backup_set,
        "period": snapshot.period,
        "run": snapshot.run,
        "started": snapshot.started.isoformat(),
        "state": snapshot.state,
        "size_gib": snapshot.size,
        "hold": snapshot.hold,
    }


def _show(
    console: Console,
    points: Sequence[Point],
    names: Mapping[str, str],
    found: Holdings,
    late: Mapping[str, Sequence[Period]],
    now: datetime,
) -> None:
    groups = {volume: list[Point]() for volume in late} | by_volume(points)
    for volume_id, group in sorted(groups.items(), key=lambda item: (names[item[0]].casefold(), item[0])):
        gone = "" if volume_id in found.volumes else " (gone)"
        console.print(f"[bold]{escape(names[volume_id] or '(no name)')}[/] {volume_id}{gone}")
        if volume_id in late:
            console.print(f"  [red]OVERDUE: {', '.join(late[volume_id])}[/]")
        console.print(_table(group, now))
    sizes = sum(point.snapshot.size for point in points)
    console.print(f"{len(points):,} snapshots of {len(groups):,} volumes, at most {sizes:,} GiB.")


def _table(group: Sequence[Point], now: datetime) -> Table:
    """Return the restore points of one volume, newest first."""
    table = Table(
        "taken", "period", "snapshot", "state", "GiB", "age", "hold", "run", box=None, pad_edge=True
    )
    for point in reversed(group):
        snapshot = point.snapshot
        days = (now - snapshot.started).days
        table.add_row(
            minute(snapshot.started),
            snapshot.period,
            snapshot.id,
            "archived" if point.archived else snapshot.state,
            str(snapshot.size),
            f"{days} d" if days >= 0 else "",
            escape(snapshot.hold or ""),
            escape(snapshot.run),
        )
    return table
