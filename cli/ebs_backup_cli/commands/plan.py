"""`ebs-backup plan`: what the next run would create and delete, by the core's own dry run. Changes nothing."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ebs_backup.model import Decision, Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Outcome, Status
from ebs_backup.report.data import answer
from ebs_backup.run import execute
from ebs_backup.tags import minute
from ebs_backup.volume_outcome import Made, VolumeOutcome
from ebs_backup_cli.command import OK, PROBLEM, Result
from ebs_backup_cli.operator import Operator

PERIOD = Annotated[Period, typer.Argument(help="The period of the run.", show_choices=True)]


def plan(operator: Operator, period: PERIOD) -> Result:
    """Show what the next run would create and delete, volume by volume. Nothing is changed."""
    outcome = planned(operator, period)
    bad = outcome.status in (Status.PROBLEM, Status.FAILED)
    return Result(
        document=_document(outcome),
        show=lambda console: _show(console, outcome),
        status=PROBLEM if bad else OK,
    )


def planned(operator: Operator, period: Period, only: tuple[str, ...] = ()) -> Outcome:
    """Return the outcome of a dry run, made here with the operator's credentials."""
    run = operator.run(period, only=only)
    return execute(operator.listing(), operator.deployment.settings, run)


def _document(outcome: Outcome) -> dict[str, Any]:
    """Return the run's own answer, and each volume's plan with every snapshot's times."""
    whole = answer(outcome)
    return {**whole, "plan": [_volume(volume) for volume in outcome.volumes]}


def _volume(volume: VolumeOutcome) -> dict[str, Any]:
    return {
        "volume": volume.volume.id,
        "name": volume.volume.name,
        "create": volume.when is Made.NOW,
        "snapshots": [_snapshot(decision) for decision in volume.decisions],
        "notes": list(volume.notes),
    }


def _snapshot(decision: Decision) -> dict[str, Any]:
    return {
        "snapshot": decision.snapshot.id,
        "started": decision.snapshot.started.isoformat(),
        "delete": decision.fate is Fate.EXPIRED,
        "fate": decision.fate.value,
        "reason": decision.reason,
    }


def _show(console: Console, outcome: Outcome) -> None:
    table = Table(
        "volume", "snapshot", "taken", "what would happen", "why", title=f"{outcome.run.period} run"
    )
    for volume in outcome.volumes:
        name = f"{volume.volume.name} {volume.volume.id}".strip()
        for decision in volume.decisions:
            snapshot = decision.snapshot
            table.add_row(name, snapshot.id, minute(snapshot.started), decision.fate, decision.reason)
            name = ""
    console.print(table)
    console.print(f"{outcome.created:,} would be created, {outcome.expired:,} deleted. Nothing was changed.")
