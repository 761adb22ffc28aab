"""`ebs-backup plan`: what the next run would create and delete, by the core's own dry run. Changes nothing."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from ebs_backup.model import Decision, Fate, Run
from ebs_backup.report.data import answer
from ebs_backup.settings import Settings
from ebs_backup.tags import minute
from ebs_backup_cli.aws.operator import PATIENCE, Operator
from ebs_backup_cli.backups import planning
from ebs_backup_cli.backups.finding import find
from ebs_backup_cli.backups.listing import Listing
from ebs_backup_cli.backups.planning import Plan, VolumePlan
from ebs_backup_cli.command import OK, PERIOD, PROBLEM, Result, given
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.terminal.screen import MINUTE, SNAPSHOT, Line, Piece, heading, pad, put, say, under
from ebs_backup_cli.terminal.words import several

VOLUME = Annotated[
    list[str] | None,
    typer.Option(
        "--volume", metavar="VOLUME|NAME", help="Only this volume. Repeat for more.", callback=given
    ),
]
NEXT = Annotated[bool, typer.Option("--next", help="Plan the run of the rule's next firing, not a run now.")]
MARKS = {Fate.EXPIRED: ("delete", "red"), Fate.DEFERRED: ("later", "yellow")}
ALL = 10**9  # rows of a list in the JSON document


def plan(operator: Operator, period: PERIOD, *, volume: VOLUME = None, next_: NEXT = False) -> Result:
    """Show what a run would create and delete, snapshot by snapshot, with the reasons. Nothing is changed."""
    settings = operator.deployment.settings
    listing = Listing(operator.ec2, deadline=time.monotonic() + PATIENCE)
    with listing.begin(settings.backup_set):
        now = operator.run(period, only=_only(listing, settings, volume or []))
        firing = planning.next_after(settings.schedule(period), now.time)
        later = planning.at_firing(now, firing) if firing else None
        if next_ and later is None:
            why = f"schedule_{period} is {settings.schedule(period)!r}"
            raise CommandError(f"No next run: {why}.", "Leave out --next.")
        planned = planning.make(listing, settings, later if next_ and later else now)
    return Result(
        document=lambda: _document(planned, firing),
        show=lambda console: _show(console, planned, firing),
        status=PROBLEM if planned.bad else OK,
    )


def _only(listing: Listing, settings: Settings, wanted: list[str]) -> tuple[str, ...]:
    """Return the ids of the volumes with these ids or names; raises a CommandError for an unknown one."""
    if not wanted:
        return ()
    instances = listing.instances(settings.tag_name)
    names = {volume.id: volume.name for volume in listing.volumes(instances)}
    return tuple(dict.fromkeys(id_ for word in wanted for id_ in find(word, names)))


def _document(planned: Plan, firing: datetime | None) -> dict[str, Any]:
    """Return the run's own answer, each volume's plan with every snapshot's times, and when the rule fires next."""
    run = planned.outcome.run
    left_out = ("not_shown", "created_snapshots")  # nothing is cut here, and no snapshot has an id yet
    told = answer(planned.outcome, rows=ALL)
    whole = {name: value for name, value in told.items() if name not in left_out}
    return {
        **whole,
        "time": run.time.isoformat(),
        "scheduled": run.scheduled,
        "next_firing": firing.isoformat() if firing else None,
        "plan": [_volume(volume) for volume in planned.volumes],
    }


def _volume(volume: VolumePlan) -> dict[str, Any]:
    return {
        "volume": volume.id,
        "name": volume.name,
        "gone": volume.gone,
        "selected": volume.outcome is not None,
        "create": volume.create,
        "snapshots": [_snapshot(decision) for decision in volume.decisions],
        "notes": list(volume.outcome.notes) if volume.outcome else [],
    }


def _snapshot(decision: Decision) -> dict[str, Any]:
    snapshot = decision.snapshot
    return {
        "snapshot": snapshot.id,
        "period": snapshot.period,
        "started": snapshot.started.isoformat(),
        "state": snapshot.state,
        "delete": decision.fate is Fate.EXPIRED,
        "fate": decision.fate.value,
        "reason": decision.reason,
    }


def _show(console: Console, planned: Plan, firing: datetime | None) -> None:
    run, outcome = planned.outcome.run, planned.outcome
    begins = "as the rule will start it" if run.scheduled else "as if it began now"
    say(
        console,
        f"The {run.period} run of set {run.backup_set} in {run.region}, {begins} ({minute(run.time)})",
        "bold",
    )
    console.print()
    put(console, (line for volume in planned.volumes for line in _lines(volume, run, console.width)))
    for failure in outcome.failures:
        say(console, f"PROBLEM  {failure.resource}: {failure.message}. {failure.advice}", "red")
    for failure in outcome.checks:
        say(console, f"CHECK  {failure.resource}: {failure.message}. {failure.advice}", "yellow")
    made, gone = several(outcome.created, "snapshot"), f"{planned.deleted:,} deleted, {planned.kept:,} kept"
    say(console, f"{made} would be created, {gone}. Nothing was changed.", "bold")
    say(console, f"The outcome would be {outcome.status}.", "red" if planned.bad else "")
    if run.scheduled and (waiting := planning.pending(planned)):
        say(console, f"{several(waiting, 'snapshot')} still pending: once completed, more may be deleted.")
    if firing and not run.scheduled:
        say(console, f"The rule's next firing ({minute(firing)}) may delete more: add --next to see it.")


def _lines(volume: VolumePlan, run: Run, width: int) -> Iterator[Line]:
    """Write one volume's plan: the new snapshot, then those that are there, the newest first."""
    place = "" if volume.outcome else "gone" if volume.gone else "not selected"
    yield from heading(volume.name, volume.id, place, width)
    if volume.create:
        yield (Piece("  create  ", "green"), Piece(f"{minute(run.time)}  a new restore point"))
    elif volume.outcome:
        yield (Piece("  nothing new", "yellow"),)
    for decision in volume.decisions:
        mark, style = MARKS.get(decision.fate, ("keep", ""))
        taken, id_ = pad(minute(decision.snapshot.started), MINUTE), pad(decision.snapshot.id, SNAPSHOT)
        head = (Piece(f"  {mark:6}  ", style), Piece(f"{taken}  {id_}"))
        if 14 + MINUTE + SNAPSHOT + len(decision.reason) <= width:
            yield (*head, Piece(f"  {decision.reason}", style))
        else:
            yield head
            yield from under(decision.reason, 10, width, style)
    for note in volume.outcome.notes if volume.outcome else ():
        yield from under(note, 2, width, "dim")
    yield ()
