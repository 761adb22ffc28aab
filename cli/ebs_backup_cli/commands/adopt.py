"""`ebs-backup adopt`: makes the backups of another tool the set's own. It only adds tags, and only with --yes."""

import shlex
from collections.abc import Mapping
from typing import Annotated

import typer

from ebs_backup.model import Failure
from ebs_backup.names import Period
from ebs_backup_cli.adopt import adopting, foreign_backups
from ebs_backup_cli.adopt.adoption import Plan, Request, plan
from ebs_backup_cli.adopt.adoption_report import AdoptionReport
from ebs_backup_cli.adopt.foreign_backups import Found
from ebs_backup_cli.adopt.outlook import Region
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.finding import find_one
from ebs_backup_cli.backups.points import Holdings, holdings
from ebs_backup_cli.command import OK, PROBLEM, Result, given
from ebs_backup_cli.terminal.progress import progress

PERIOD = Annotated[
    Period | None, typer.Option("--period", help="The period of backups whose tool names none.")
]
VOLUME = Annotated[
    list[str] | None,
    typer.Option(
        "--volume",
        metavar="ID|NAME",
        help="Also the snapshots of this volume, though it is not selected or is gone. Repeat for more.",
        callback=given,
    ),
]
YES = Annotated[bool, typer.Option("--yes", help="Add the tags. Without this option nothing is changed.")]


def adopt(operator: Operator, *, period: PERIOD = None, volume: VOLUME = None, yes: YES = False) -> Result:
    """Make the snapshots of makesnapshots or ec2-automate-backup the set's own: they count and expire like its own."""
    settings = operator.deployment.settings
    theirs = foreign_backups.find(adopting.candidates(operator.ec2), account=operator.account)
    there = holdings(operator.ec2, operator.listing(), settings.backup_set)
    named = [_one(word, there, theirs) for word in volume or ()]
    planned = plan(
        theirs,
        Region(volumes=there.volumes, held=[point.snapshot for point in there.points]),
        Request(settings=settings, period=period, named=frozenset(named)),
        now=operator.now(),
    )
    outcome = _carried_out(operator, planned) if yes else None
    report = AdoptionReport(
        settings=settings,
        region=operator.region,
        plan=planned,
        names=there.names(),
        outcome=outcome,
        command=_command(operator, period, named),
    )
    bad = outcome is not None and any(outcome.values())
    return Result(document=report.document(), show=report.show, status=PROBLEM if bad else OK)


def _one(wanted: str, there: Holdings, theirs: Found) -> str:
    """Return the id of the volume that is meant; raises a CommandError if it is not exactly one."""
    snapshots = (
        *(backup.snapshot for backup in theirs.adoptable),
        *(refused.snapshot for refused in theirs.refused),
    )
    names = {snapshot.volume_id: "" for snapshot in snapshots} | there.names()
    return find_one(wanted, names)


def _carried_out(operator: Operator, planned: Plan) -> Mapping[str, Failure | None]:
    """Add the tags; return each snapshot's failure by its id, None where there is none."""
    outcome: dict[str, Failure | None] = {}
    with progress(operator) as show:
        for adoption, failure in adopting.adopt(operator.ec2, planned):
            outcome[adoption.backup.snapshot.id] = failure
            show(f"{len(outcome):,} of {len(planned.adoptions):,} snapshots adopted")
    return outcome


def _command(operator: Operator, period: Period | None, named: list[str]) -> str:
    """Return the command that does what is planned, with all that was asked for."""
    asked = operator.options
    given = {
        "--set": asked.backup_set if asked.backup_set != "default" else "",
        "--settings": asked.settings,
        "--profile": asked.profile,
        "--region": asked.region,
        "--period": period,
    }
    words = [f"{name} {shlex.quote(str(value))}" for name, value in given.items() if value]
    return " ".join(["ebs-backup adopt", *words, *(f"--volume {id_}" for id_ in named), "--yes"])
