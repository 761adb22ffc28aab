"""What a restore is going to do and has done, for people and for machines. Pure, except for the printing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ebs_backup.aws.convert import printable
from ebs_backup.model import Volume
from ebs_backup.tags import minute
from ebs_backup_cli.backups.points import Point
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.restore import aws_commands
from ebs_backup_cli.restore.restoring import NewVolume
from ebs_backup_cli.terminal.progress import write_lines


@dataclass(slots=True, kw_only=True)
class Restore:
    """One volume of a restore: what is to be made of which restore point, and what came of it."""

    point: Point
    volume: NewVolume
    token: str
    made: str = ""
    fault: CommandError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restores:
    """All of a restore; `there` are the volumes that exist now, `missing` those with nothing to restore."""

    every: Sequence[Restore]
    there: Mapping[str, Volume]
    notes: Sequence[str]
    missing: Sequence[str]
    backed_up: bool
    region: str

    def commands(self) -> list[str]:
        """Return it as commands of the AWS CLI."""
        waiting = aws_commands.wait("VOLUME_ID", self.region)
        return [
            line
            for one in self.every
            for line in (aws_commands.create(one.volume, one.token, self.region), waiting)
        ]

    def document(self, *, dry_run: bool) -> dict[str, Any]:
        """Return it as docs/schemas/restore.json says."""
        return {
            "dry_run": dry_run,
            "backed_up": self.backed_up,
            "notes": list(self.notes),
            "missing": list(self.missing),
            "volumes": [_document(one) for one in self.every],
            **({"commands": self.commands()} if dry_run else {}),
        }

    def tell(self, console: Console) -> None:
        """Show exactly what is going to be made."""
        for one in self.every:
            write_lines(console, f"New volume {printable(one.volume.tags['Name'])}")
            table = Table.grid(padding=(0, 2))
            for name, value in _lines(one, self.there):
                table.add_row(f"  {name}", Text(printable(value)))
            console.print(table)
        write_lines(console, *self.notes)

    def show(self, console: Console) -> None:
        """Show what was made, and how to attach and mount it."""
        for one in self.every:
            if one.fault:
                write_lines(console, one.fault.message, one.fault.advice)
                continue
            snapshot = one.point.snapshot
            write_lines(
                console, f"{one.made} is available: {snapshot.volume_id} as of {minute(snapshot.started)}."
            )
            write_lines(
                console, *aws_commands.hints(one.made, one.point, one.volume, self.there, self.region)
            )


def _lines(one: Restore, there: Mapping[str, Volume]) -> list[tuple[str, str]]:
    snapshot, volume = one.point.snapshot, one.volume
    gone = "" if snapshot.volume_id in there else ", which is gone"
    performance = [f"{volume.iops:,} IOPS"] if volume.iops else []
    performance += [f"{volume.throughput:,} MiB/s"] if volume.throughput else []
    return [
        ("of", f"{snapshot.id}, taken {minute(snapshot.started)} ({snapshot.period}, run {snapshot.run})"),
        ("volume", f"{snapshot.volume_id}{gone}"),
        ("zone", volume.zone),
        ("type", ", ".join([volume.type, f"{volume.size:,} GiB", *performance])),
        ("encrypted", (f"with {volume.key}" if volume.key else "yes") if volume.encrypted else "no"),
        ("tags", ", ".join(f"{key}={value}" for key, value in volume.tags.items())),
    ]


def _document(one: Restore) -> dict[str, Any]:
    snapshot, volume = one.point.snapshot, one.volume
    return {
        "volume": one.made or None,
        "of": snapshot.volume_id,
        "snapshot": snapshot.id,
        "period": snapshot.period,
        "run": snapshot.run,
        "started": snapshot.started.isoformat(),
        "zone": volume.zone,
        "type": volume.type,
        "size_gib": volume.size,
        "iops": volume.iops,
        "throughput": volume.throughput,
        "encrypted": volume.encrypted,
        "key": volume.key or None,
        "tags": dict(volume.tags),
        "error": one.fault.message if one.fault else None,
    }
