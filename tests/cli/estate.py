"""An estate for the page: what a set of the default settings holds of some volumes on a Wednesday, without AWS."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from ebs_backup.model import PENDING
from ebs_backup.names import TAG_SOURCE
from ebs_backup_cli.backups.points import Holdings, Point
from ebs_backup_cli.pictures.simulation import simulate
from tests.unit.builders import a_snapshot, a_volume, settings

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"
HISTORY = [
    point
    for point in simulate(settings(), date(2026, 8, 1), 117).held(date(2026, 11, 25))
    if point.taken < NOW
]


def a_point(volume: str, name: str, number: int, **changed: object) -> Point:
    """Make one restore point of the history: 0 is the oldest."""
    held = HISTORY[number]
    snapshot = a_snapshot(
        id=f"snap-{int(volume[4:], 16):09x}{number:08x}",
        volume_id=volume,
        name=name,
        period=held.period,
        started=held.taken + timedelta(seconds=40),
        run=f"{held.taken:%Y-%m-%dT%H:%M:%SZ}",
    )
    tags: Mapping[str, str] = {
        TAG_SOURCE: f"volume={volume} zone=eu-west-1a type=gp3 size=100 instance=i-07aa"
    }
    return Point(snapshot=replace(snapshot, **changed), backup_set="default", tags=tags, archived=False)  # type: ignore[arg-type]


def estate(count: int = 8) -> Holdings:
    """Make `count` volumes that are well, and some that are not."""
    names = [f"web-{number} data" for number in range(count)]
    odd = ["db-1 data (stopped)", SCRIPT, "log & archive", "new volume"]
    volumes = {
        f"vol-{number:017x}": name
        for number, name in enumerate([*names, *odd, "old web", "left out"], start=1)
    }
    by_name = {name: volume for volume, name in volumes.items()}
    points = sorted(_points(by_name, names), key=lambda point: point.snapshot.started)
    there = {
        volume: a_volume(
            id=volume,
            name=name,
            created=datetime(2026, 11, 25, tzinfo=UTC)
            if name == "new volume"
            else datetime(2025, 1, 1, tzinfo=UTC),
            instance_name="web-1",
            tags={"Name": name} | ({} if name == "left out" else {"Backup": "true"}),
        )
        for volume, name in volumes.items()
        if name != "old web"
    }
    return Holdings(points=points, volumes=there, instances={})


def _points(by_name: Mapping[str, str], well: list[str]) -> Iterator[Point]:
    for name in (*well, SCRIPT, "old web", "left out"):
        yield from (a_point(by_name[name], name, number) for number in range(len(HISTORY)))
    stopped, log = "db-1 data (stopped)", "log & archive"
    yield from (a_point(by_name[stopped], stopped, number) for number in range(len(HISTORY) - 4))
    newest = len(HISTORY) - 1
    yield from (
        a_point(
            by_name[log],
            log,
            number,
            **({"state": PENDING} if number == newest else {}),
            hold="true" if number == 0 else None,
        )
        for number in range(len(HISTORY))
        if number != newest - 1
    )
