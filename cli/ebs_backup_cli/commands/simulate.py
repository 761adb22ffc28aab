"""`ebs-backup simulate`: what one volume would hold on any day, with these settings. Asks AWS only for the settings."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore import exceptions
from rich.console import Console

from ebs_backup.names import Period
from ebs_backup.settings import Settings
from ebs_backup_cli.aws.deployment import default_settings
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.command import Result
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.pictures import svg as picture
from ebs_backup_cli.pictures.simulation import Simulation, simulate
from ebs_backup_cli.pictures.timeline import render
from ebs_backup_cli.terminal.files import begins_with, write
from ebs_backup_cli.terminal.screen import say

DAYS = Annotated[int, typer.Option("--days", min=1, max=3660, help="How many days.")]
SVG = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Write the picture to this file, too.")
]
START = Annotated[
    datetime | None,
    typer.Option(
        "--start", formats=["%Y-%m-%d"], metavar="DATE", help="The first day (default: today, UTC)."
    ),
]
# Without a stack, a region or credentials the default settings are simulated: that needs nothing of AWS.
WITHOUT_AWS = (exceptions.NoRegionError, exceptions.NoCredentialsError, exceptions.PartialCredentialsError)


def simulate_(operator: Operator, *, days: DAYS = 92, svg: SVG = None, start: START = None) -> Result:
    """Show what one new volume would hold on any day: what would be taken, and when it would expire."""
    settings, source = _settings(operator)
    simulation = simulate(settings, start.date() if start else datetime.now(UTC).date(), days)
    if svg:
        if svg.exists() and not begins_with(svg, "<svg"):
            raise CommandError(f"{svg} exists, and is not an SVG picture.", "Choose another file.")
        write(svg, picture.draw(simulation))
    return Result(
        document=_document(simulation, settings, source, svg),
        show=lambda console: _show(console, simulation, source, svg),
    )


def _settings(operator: Operator) -> tuple[Settings, str]:
    """Return the settings of the file or the stack, or else the defaults; and which of these they are."""
    options = operator.options
    try:
        settings = operator.deployment.settings
    except (*WITHOUT_AWS, CommandError):
        if options.settings or options.backup_set or options.profile:
            raise
        return default_settings(), "the default settings (no stack was found)"
    where = options.settings or f"the stack of set {settings.backup_set}"
    return settings, f"the settings of {where}"


def _document(simulation: Simulation, settings: Settings, source: str, svg: Path | None) -> dict[str, Any]:
    return {
        "set": settings.backup_set,
        "settings": source,
        "start": simulation.start.isoformat(),
        "last": simulation.last.isoformat(),
        "days": simulation.days,
        "keep": {period.value: keep for period, keep in simulation.keeps.items()},
        "held": list(_held(simulation)),
        "restore_points": [
            {
                "period": point.period.value,
                "taken": point.taken.isoformat(),
                "expired": point.expired.isoformat() if point.expired else None,
            }
            for point in simulation.points
        ],
        "svg": str(svg) if svg else None,
    }


def _held(simulation: Simulation) -> Iterator[dict[str, Any]]:
    """Count what is held at the end of each day."""
    changes = [(point.taken.date(), point.period, 1) for point in simulation.points]
    changes += [(point.expired.date(), point.period, -1) for point in simulation.points if point.expired]
    by_day: dict[date, list[tuple[date, Period, int]]] = {
        day: list(those) for day, those in groupby(sorted(changes), key=lambda change: change[0])
    }
    counts: Counter[Period] = Counter()
    for number in range(simulation.days):
        day = simulation.start + timedelta(days=number)
        for _, period, change in by_day.get(day, ()):
            counts[period] += change
        held = {period.value: counts[period] for period in simulation.keeps}
        yield {"date": day.isoformat(), "snapshots": sum(held.values()), **held}


def _show(console: Console, simulation: Simulation, source: str, svg: Path | None) -> None:
    say(console, f"With {source}.")
    render(simulation, console)
    if svg:
        say(console, f"The picture is in {svg}.")
