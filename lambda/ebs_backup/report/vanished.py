"""The part of a report that says which restore points somebody else deleted, and how to find out who did it. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ebs_backup.model import Run
from ebs_backup.outcome import Outcome
from ebs_backup.report.text import Command, Part, by_name, counted, named, one_line, word


def vanished(outcome: Outcome) -> Iterator[Part]:
    """Return the volumes of which somebody else deleted restore points, those with the fewest left first."""
    run = outcome.run
    found = sorted((it for it in by_name(outcome.volumes) if it.vanished), key=lambda volume: volume.left)
    if not found:
        return
    number = counted(sum(volume.vanished for volume in found), f"{run.period} restore point")
    since = min((volume.newest_before or run.time - timedelta(days=90)) for volume in found)
    yield Part(
        heading=f"VANISHED  {number} of {counted(len(found), 'volume')}",
        news=f"{number} vanished",
        lead=f"{number} vanished:",
        text="An earlier run left them in place, and they are not there any more. ebs-backup did not delete them.",
        rows=[
            (
                named(volume.volume.name),
                f"{volume.vanished:,} vanished, {volume.left:,} older ones left",
                one_line(volume.volume.id),
                one_line(volume.volume.place),
            )
            for volume in found
        ],
        to_do="Find out who deleted them, and stop that. `ebs-backup bin` shows whether the Recycle Bin has them, and"
        " `ebs-backup undelete` brings them back (docs/operating.md, Vanished restore points).",
        commands=[
            Command("Who deleted snapshots", _deleted_by_others(run, since)),
            Command("What is in the Recycle Bin", _in_recycle_bin(run)),
        ],
        problem=True,
    )


def _deleted_by_others(run: Run, since: datetime) -> str:
    """Return the command that lists who has deleted snapshots since then: everybody but the function itself."""
    query = f"Events[?Username!='{run.function}'].[EventTime, Username, Resources[0].ResourceName]"
    return (
        f"aws cloudtrail lookup-events --region {word(run.region)} --start-time {since:%Y-%m-%dT%H:%M:%SZ}"
        " --lookup-attributes AttributeKey=EventName,AttributeValue=DeleteSnapshot"
        f" --query {word(query)} --output table"
    )


def _in_recycle_bin(run: Run) -> str:
    """Return the command that lists deleted snapshots that can be brought back."""
    return f"aws ec2 list-snapshots-in-recycle-bin --region {word(run.region)}"
