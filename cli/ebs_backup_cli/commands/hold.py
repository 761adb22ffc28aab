"""`ebs-backup hold` and `unhold`: the tag that keeps a snapshot, whatever rotation decides."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console

from ebs_backup.aws import convert
from ebs_backup.model import ERROR, Snapshot
from ebs_backup.names import TAG_HOLD, TAG_SET
from ebs_backup.retention import hold_until
from ebs_backup.tags import minute
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.holding import FOR_EVER, parts, put_on_hold
from ebs_backup_cli.command import SNAPSHOTS, Result
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.terminal.progress import write_lines

UNTIL = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="DATE",
        help="The last day of the hold (UTC), such as 2026-12-24; without it, for ever.",
    ),
]


def hold(operator: Operator, snapshots: SNAPSHOTS, *, until: UNTIL = None) -> Result:
    """Keep snapshots whatever the rotation says, for ever or until a day; a second time changes the day."""
    value = FOR_EVER if until is None else _day(until, operator)
    there = _ours(operator, snapshots)
    if failed := [id_ for id_, snapshot in there.items() if snapshot.state == ERROR]:
        raise CommandError(
            f"{', '.join(failed)} failed: a failed snapshot holds nothing, so a hold does not keep it.",
            "`ebs-backup list` shows the completed ones.",
        )
    changed = [id_ for id_, snapshot in there.items() if snapshot.hold != value]
    put_on_hold(operator.ec2, changed, value)
    return _result(there, changed, value)


def unhold(operator: Operator, snapshots: SNAPSHOTS) -> Result:
    """End the hold of snapshots: the next run of their period treats them like all others."""
    there = _ours(operator, snapshots)
    changed = [id_ for id_, snapshot in there.items() if snapshot.hold is not None]
    for part in parts(changed):
        operator.ec2.delete_tags(Resources=part, Tags=[{"Key": TAG_HOLD}])
    return _result(there, changed, None)


def _day(text: str, operator: Operator) -> str:
    """Return a day as the function reads it; raises a CommandError for anything else, and for a day that is over."""
    last = hold_until(text)
    if last is None or last == date.max:
        raise CommandError(f"--until must be a date such as 2026-12-24, got {text!r}.")
    if last < operator.now().date():
        raise CommandError(
            f"{text} is in the past: a hold until then keeps nothing.", "`ebs-backup unhold` ends a hold."
        )
    return text


def _ours(operator: Operator, wanted: Sequence[str]) -> dict[str, Snapshot]:
    """Return each snapshot by its id; raises a CommandError unless all of them are the set's own."""
    mine = operator.backup_set
    listed: dict[str, Mapping[str, Any]] = {}
    for part in parts(list(dict.fromkeys(wanted))):
        filters = convert.filters({"snapshot-id": part})
        pages = operator.ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
        listed |= dict(convert.rows(pages, "Snapshots", lambda raw: (raw["SnapshotId"], raw)))
    there: dict[str, Snapshot] = {}
    for id_ in dict.fromkeys(wanted):
        if id_ not in listed:
            raise CommandError(
                f"There is no snapshot {id_!r} here.", "`ebs-backup list` shows all restore points."
            )
        raw = listed[id_]
        snapshot = convert.snapshot(raw)
        backup_set = next((tag["Value"] for tag in raw.get("Tags", []) if tag["Key"] == TAG_SET), "")
        if not snapshot.ours or not backup_set:
            raise CommandError(
                f"{id_} is not a backup of this tool: it is never rotated, so it needs no hold.",
                "Nothing was changed.",
            )
        if backup_set != mine:
            raise CommandError(
                f"{id_} is of set {backup_set!r}, not of {mine!r}.", f"Add --set {backup_set}."
            )
        there[id_] = snapshot
    return there


def _result(there: Mapping[str, Snapshot], changed: Sequence[str], value: str | None) -> Result:
    words = "not on hold" if value is None else "on hold" if value == FOR_EVER else f"on hold until {value}"

    def show(console: Console) -> None:
        for id_, snapshot in there.items():
            before = "" if id_ in changed else " already"
            write_lines(
                console,
                f"{id_} ({snapshot.name or snapshot.volume_id}, {minute(snapshot.started)}) is{before} {words}.",
            )

    document = [
        {
            "snapshot": id_,
            "volume": snapshot.volume_id,
            "hold": value,
            "changed": id_ in changed,
        }
        for id_, snapshot in there.items()
    ]
    return Result(document=document, show=show)
