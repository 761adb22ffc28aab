"""How volumes and snapshots stand in a line of a mail: names first, for that is what people know. Pure."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from ebs_backup.labels import minute
from ebs_backup.mail import one_line
from ebs_backup.model import Run, Snapshot, Volume
from ebs_backup.outcome import NearMiss, VolumeOutcome

NO_NAME = "(no name)"
SINCE_ITS_RUN = timedelta(hours=1)  # a snapshot starts after its run's time: eight nights are eight days
About = TypeVar("About", VolumeOutcome, NearMiss)


def volume_cells(volume: Volume) -> tuple[str, str]:
    """Give name and id."""
    return named(volume.name), one_line(volume.id)


def snapshot_cells(volume: Volume, snapshot: Snapshot) -> tuple[str, ...]:
    """Give the volume's name, the snapshot, whose it is and when it was taken."""
    return (
        named(volume.name),
        one_line(snapshot.id),
        f"of {one_line(volume.id)}",
        minute(snapshot.started),
    )


def named(name: str) -> str:
    """Give a name as far as it fits a line."""
    return one_line(name, 80) or NO_NAME


def place(volume: Volume) -> str:
    """Give `(on i-07aa db-1, /dev/xvdf)`."""
    return one_line(f"({volume.place})", 120) if volume.place else ""


def age(snapshot: Snapshot, run: Run) -> str:
    """Give `3 days old, snap-0a of 2026-11-20 01:30Z`, as of the run's time."""
    days = (run.time - snapshot.started + SINCE_ITS_RUN).days
    old = "less than a day old" if days < 1 else f"{days} day{'s' * (days > 1)} old"
    since = "newer than this run" if snapshot.started > run.time else old
    return f"{since}, {one_line(snapshot.id)} of {minute(snapshot.started)}"


def by_name(about: Iterable[About]) -> list[About]:
    """Order by the volumes' names, as people look for them, those without one last."""
    return sorted(about, key=lambda each: (not each.volume.name, each.volume.name.casefold(), each.volume.id))
