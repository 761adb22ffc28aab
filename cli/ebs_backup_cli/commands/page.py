"""`ebs-backup page`: the backups of a set as one HTML file that needs no network. Changes nothing in AWS."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.points import holdings
from ebs_backup_cli.command import Result, ask
from ebs_backup_cli.pictures.page_html import document
from ebs_backup_cli.pictures.survey import Survey, survey
from ebs_backup_cli.terminal.files import write
from ebs_backup_cli.terminal.screen import say
from ebs_backup_cli.terminal.words import several

FILE = Annotated[Path, typer.Argument(metavar="FILE.html", help="The file to write.")]
YES = Annotated[bool, typer.Option("--yes", help="Overwrite an existing file without asking.")]


def page(operator: Operator, file: FILE, *, yes: YES = False) -> Result:
    """Write one self-contained page: restore points, freshness, nights and totals; for a browser or a mail."""
    if file.exists():
        ask(f"{file} already exists. Overwrite it?", yes=yes)
    settings = operator.deployment.settings
    found = holdings(operator.ec2, operator.listing(), settings.backup_set, tag_name=settings.tag_name)
    shown = survey(found, settings, region=operator.region, now=operator.now())
    text = document(shown)
    write(file, text)
    size = len(text.encode())
    return Result(
        document=_document(shown, file, size),
        show=lambda console: _show(console, shown, file, size),
    )


def _document(shown: Survey, file: Path, size: int) -> dict[str, Any]:
    return {
        "file": str(file),
        "bytes": size,
        "set": shown.backup_set,
        "region": shown.region,
        "volumes": shown.backed_up,
        "snapshots": shown.points,
        "at_most_gib": shown.at_most_gib,
        "overdue": [volume.id for volume in shown.overdue],
    }


def _show(console: Console, shown: Survey, file: Path, size: int) -> None:
    held = f"{several(shown.points, 'snapshot')} of {several(len(shown.volumes), 'volume')}"
    say(console, f"{file}: {held}, {max(size / 1e6, 0.01):.2f} MB.")
    if shown.overdue:
        say(console, f"{several(len(shown.overdue), 'volume')} overdue.", "bold red")
