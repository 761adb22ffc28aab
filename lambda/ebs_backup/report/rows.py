"""How volumes, snapshots and commands stand in a line of a mail: names first, for that is what people know. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from shlex import quote
from typing import TypeVar

from ebs_backup.model import Decision, Failure, Run, Snapshot, Volume
from ebs_backup.names import Period
from ebs_backup.report.text import one_line
from ebs_backup.selection import NearMiss
from ebs_backup.tags import minute
from ebs_backup.volume_outcome import VolumeOutcome

NO_NAME = "(no name)"
FEW = 5  # volumes that a command names one by one
SINCE_ITS_RUN = timedelta(hours=1)  # a snapshot starts after its run's time: eight nights are eight days
About = TypeVar("About", VolumeOutcome, NearMiss)


def volume_cells(volume: Volume) -> tuple[str, str]:
    """Return name and id."""
    return named(volume.name), one_line(volume.id)


def snapshot_cells(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the volume's name as it was then, the snapshot, whose it is and when it was taken."""
    whose = f"of {one_line(snapshot.volume_id)}"
    return named(snapshot.name), one_line(snapshot.id), whose, minute(snapshot.started)


def decision_rows(decisions: Iterable[Decision]) -> list[tuple[str, ...]]:
    """Return a row for each decision, with its reason, in the order of the volumes' names."""
    rows = [(*snapshot_cells(each.snapshot), one_line(each.reason)) for each in decisions]
    return sorted(rows, key=lambda row: (row[0] == NO_NAME, row[0].casefold(), row[2:]))


def failure_row(failure: Failure, decision: Decision | None, volume: VolumeOutcome | None) -> tuple[str, ...]:
    """Return what a failure is about: a snapshot on which something was decided, or a volume and what was tried on it."""
    resource, action = one_line(failure.resource), one_line(failure.action)
    if decision:
        return (*snapshot_cells(decision.snapshot), one_line(decision.reason))
    if not volume:
        return (resource, action)
    name, volume_id = volume_cells(volume.volume)
    return (name, volume_id, action) if resource == volume_id else (name, resource, f"of {volume_id}", action)


def named(name: str) -> str:
    """Return a name as far as it fits a line."""
    return one_line(name, 80) or NO_NAME


def place(volume: Volume) -> str:
    """Return `(on i-07aa db-1, /dev/xvdf)`."""
    return one_line(f"({volume.place})", 120) if volume.place else ""


def age(snapshot: Snapshot, run: Run) -> str:
    """Return `3 days old, snap-0a of 2026-11-20 01:30Z`, as of the run's time."""
    days = (run.time - snapshot.started + SINCE_ITS_RUN).days
    old = "less than a day old" if days < 1 else f"{days} day{'s' * (days > 1)} old"
    since = "newer than this run" if snapshot.started > run.time else old
    return f"{since}, {one_line(snapshot.id)} of {minute(snapshot.started)}"


def by_name(about: Iterable[About]) -> list[About]:
    """Order by the volumes' names, as people look for them, those without one last."""
    return sorted(about, key=lambda each: (not each.volume.name, each.volume.name.casefold(), each.volume.id))


def word(text: str) -> str:
    """Quote a text as one word for a shell, in one line."""
    return quote(one_line(text, 10_000))


def by_hand(run: Run, period: Period, volumes: Sequence[str] = ()) -> str:
    """Write the command that backs up these volumes, where they are few, or all of the run's.

    The run's own period is redone under its time, so that what is there already is not made again.
    """
    payload: dict[str, object] = {"period": period.value}
    if period is run.period and run.scheduled:
        payload["time"] = run.id
    if ids := volumes if 0 < len(volumes) <= FEW else run.only:
        payload["volumes"] = list(ids)
    return invoke(run.region, run.function, payload)


def invoke(region: str, function: str, payload: Mapping[str, object]) -> str:
    """Write the command that queues an event: without `Event` the CLI calls again after 60 s, and that is another run."""
    return (
        f"aws lambda invoke --region {word(region)} --function-name {word(function)} --invocation-type Event"
        f" --cli-binary-format raw-in-base64-out --payload {word(json.dumps(payload))} answer.json"
    )
