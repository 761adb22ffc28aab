"""`ebs-backup bin`: the set's deleted snapshots that can still be brought back. Changes nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from ebs_backup.aws.convert import printable
from ebs_backup.names import Period
from ebs_backup.tags import minute
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.command import Result, given
from ebs_backup_cli.recycle_bin.contents import Contents, Deleted, contents, names_of, of_volume
from ebs_backup_cli.terminal.screen import SNAPSHOT, Line, Piece, age, heading, pad, put, say, under
from ebs_backup_cli.terminal.words import several

VOLUME = Annotated[
    str | None,
    typer.Argument(
        metavar="VOLUME|NAME", help="One volume, by id or by its name at the backup.", callback=given
    ),
]
PERIOD = Annotated[Period | None, typer.Option("--period", help="Only this period.")]
ALL_SETS = Annotated[
    bool, typer.Option("--all-sets", help="Every set in the region, also of stacks that are gone.")
]


def bin_(
    operator: Operator, volume: VOLUME = None, *, period: PERIOD = None, all_sets: ALL_SETS = False
) -> Result:
    """List the deleted restore points that are in the Recycle Bin, and until when they can be brought back."""
    found = contents(operator.ec2)
    listed = list(found.ours) if all_sets else found.of_set(operator.backup_set)
    if volume and listed:
        listed = of_volume(listed, volume)
    listed = [deleted for deleted in listed if period in (None, deleted.made.period)]
    return Result(
        document=lambda: [_document(deleted) for deleted in listed],
        show=lambda console: _show(console, operator, found, listed, all_sets=all_sets),
    )


def _document(deleted: Deleted) -> dict[str, Any]:
    made = deleted.made
    return {
        "snapshot": deleted.snapshot,
        "volume": made.volume_id,
        "name": made.name,
        "set": made.backup_set,
        "period": made.period,
        "run": made.run,
        "entered": deleted.entered.isoformat(),
        "leaves": deleted.leaves.isoformat(),
    }


def _show(
    console: Console, operator: Operator, found: Contents, listed: Sequence[Deleted], *, all_sets: bool
) -> None:
    put(console, _lines(listed, operator.now(), console.width, all_sets=all_sets))
    if listed:
        volumes = several(len({deleted.made.volume_id for deleted in listed}), "volume")
        say(console, f"{several(len(listed), 'snapshot')} of {volumes} can be brought back.", "bold")
        say(console, "`ebs-backup undelete SNAPSHOT` does it, and puts the snapshot on hold.")
    else:
        whose = "any set" if all_sets else f"set {operator.backup_set}"
        say(console, f"The Recycle Bin of {operator.region} has no such snapshot of {whose}.")
        say(console, "Deleted snapshots go there while the setting recycle_days is on, for so many days.")
    others = 0 if all_sets else len(found.ours) - len(found.of_set(operator.backup_set))
    if others:
        say(console, f"Not listed: {several(others, 'snapshot')} of other sets (--all-sets).")
    if found.foreign:
        say(console, f"Not listed: {several(len(found.foreign), 'snapshot')} that no set made.")


def _lines(listed: Sequence[Deleted], now: datetime, width: int, *, all_sets: bool) -> Iterator[Line]:
    names, run = names_of(listed), max((len(deleted.made.run) for deleted in listed), default=0)
    for number, deleted in enumerate(listed):
        volume = deleted.made.volume_id
        if not number or volume != listed[number - 1].made.volume_id:
            yield from heading(printable(names[volume]), volume, "", width)
        yield from _point(deleted, now, width, run, of_set=all_sets)
        if number + 1 == len(listed) or volume != listed[number + 1].made.volume_id:
            yield ()


def _point(deleted: Deleted, now: datetime, width: int, run: int, *, of_set: bool) -> Iterator[Line]:
    """Write one snapshot on one line, or on two where the terminal is narrow; ids are never cut."""
    made = deleted.made
    first = f"  {pad(made.period, 5)}  {pad(deleted.snapshot, SNAPSHOT)}"
    rest = (
        f"run {pad(made.run, run)}",
        *((f"set {made.backup_set}",) if of_set else ()),
        f"deleted {minute(deleted.entered)}",
        f"until {minute(deleted.leaves)} ({age(now, deleted.leaves) or 'over'})",
    )
    whole = "  ".join((first, *rest))
    if len(whole) <= width:
        yield (Piece(whole),)
    else:
        yield (Piece(first),)
        yield from under(", ".join(part.strip() for part in rest), 4, width)
