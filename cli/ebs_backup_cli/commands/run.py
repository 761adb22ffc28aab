"""`ebs-backup run`: a run by hand, by the deployed function or, with --local, by the core here."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from shlex import join
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ebs_backup.event import InvalidEventError, Request, parse
from ebs_backup.model import Run
from ebs_backup.report.data import answer
from ebs_backup_cli.aws.following import Trail, follow
from ebs_backup_cli.aws.function import call, queue, refuse_unused, the_function
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.here import run_here
from ebs_backup_cli.backups.naming import volume_ids
from ebs_backup_cli.command import CANNOT, OK, PERIOD, PROBLEM, YES, Result, ask, given
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.terminal.bars import bar
from ebs_backup_cli.terminal.reporting import say, show_answer
from ebs_backup_cli.terminal.words import several

VOLUME = Annotated[
    list[str] | None,
    typer.Option("--volume", metavar="ID|NAME", help="Only this volume. Repeat for more.", callback=given),
]
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Plan only. Nothing is changed.")]
TIME = Annotated[
    str | None, typer.Option("--time", metavar="TIME", help="Redo the scheduled run of this time (UTC).")
]
NO_WAIT = Annotated[bool, typer.Option("--no-wait", help="Start the run, and do not wait for its end.")]
LOCAL = Annotated[
    bool, typer.Option("--local", help="Run it here, with your credentials. No stack is needed.")
]
RUN_ID = Annotated[
    str | None, typer.Option("--run", metavar="ID", help="With --local: finish the run with this id.")
]
ID = re.compile(r"[A-Za-z0-9:._+-]{1,128}")
AHEAD = timedelta(minutes=5)  # by which this machine's clock may be behind AWS's
MAIL_TELLS = "The run goes on. Its mail will report the result."


def run(  # noqa: PLR0913 - an option each
    operator: Operator,
    period: PERIOD,
    *,
    volume: VOLUME = None,
    dry_run: DRY_RUN = False,
    at: TIME = None,
    no_wait: NO_WAIT = False,
    local: LOCAL = False,
    run_id: RUN_ID = None,
    yes: YES = False,
) -> Result:
    """Back up now: all selected volumes, or some. Without --local the deployed function does it, and mails as always."""
    _check_usage(dry_run=dry_run, at=at, no_wait=no_wait, local=local, run_id=run_id)
    event: dict[str, Any] = {"period": period.value}
    event |= {"time": at} if at else {}
    event |= {"dry_run": True} if dry_run else {}
    event |= {"volumes": list(volume_ids(operator, volume))} if volume else {}
    try:
        request = parse(event)
    except InvalidEventError as error:
        raise CommandError(str(error)) from None
    if request.time and request.time > operator.now() + AHEAD:
        raise CommandError(
            f"{at} is still to come: the rule's own run would then find everything made.",
            "--time redoes a run that should have been. Leave it out for a run now.",
        )
    if local:
        return _here(operator, request, run_id, yes=yes)
    return _there(operator, request, event, wait=not no_wait)


def _check_usage(*, dry_run: bool, at: str | None, no_wait: bool, local: bool, run_id: str | None) -> None:
    if no_wait and (local or dry_run):
        raise CommandError("--no-wait is for a run that the function does.", "Leave it out.")
    if run_id and not local:
        raise CommandError("--run is for --local.", "To redo a scheduled run, use --time.")
    if run_id and at:
        raise CommandError("--run and --time both name the run.", "Leave one of them out.")
    if run_id and not ID.fullmatch(run_id):
        raise CommandError(f"--run must be 1 to 128 letters, digits and :._+- , got {run_id[:100]!r}.")


# Here


def _here(operator: Operator, request: Request, run_id: str | None, *, yes: bool) -> Result:
    """Do the run here; raises a CommandError if the operator does not want it."""
    one = _run(operator, request, run_id)
    settings = operator.deployment.settings
    aside = Console(stderr=True, highlight=False)
    if not request.dry_run:
        _ask(operator, one, aside, yes=yes)
    with bar(operator, "Planning" if request.dry_run else "Backing up") as shown:
        outcome, stopped = run_here(operator, settings, one, tell=shown.tell, say=shown.say)
    told = answer(outcome)
    note = "" if request.dry_run else "Nothing is mailed: this is the report."
    if stopped:
        note = f"Interrupted. Finish it, as the same run: {_again(operator, one, settings.backup_set)}"
    return _result(told, one.id, "here", note, PROBLEM if stopped else None)


def _run(operator: Operator, request: Request, run_id: str | None) -> Run:
    one = operator.run(request.period, dry_run=request.dry_run, only=request.volumes)
    if request.time:
        return replace(one, id=_named(request.time), time=min(request.time, one.time), scheduled=True)
    return replace(one, id=run_id) if run_id else one


def _named(time_: datetime) -> str:
    """Return the id of a scheduled run, as the function names it."""
    return time_.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _ask(operator: Operator, one: Run, aside: Console, *, yes: bool) -> None:
    """Print where the run would be and what it would do, and ask."""
    where = (
        f"Account {one.account}, region {one.region}, set {one.backup_set} ({one.selector}), run {one.id}."
    )
    say(aside, Text(where))
    if not yes:
        with bar(operator, "Planning") as shown:
            planned, _ = run_here(
                operator, operator.deployment.settings, replace(one, dry_run=True), tell=shown.tell
            )
        say(
            aside,
            Text(
                f"It would make {several(planned.created, 'snapshot')} of {several(len(planned.volumes), 'volume')}"
                f" and delete {planned.expired:,}. `ebs-backup plan {one.period}` shows each."
            ),
        )
    ask("Run it here, with your own credentials?", yes=yes)


def _again(operator: Operator, one: Run, backup_set: str) -> str:
    """Return the command that finishes an interrupted run."""
    options = operator.options
    words = ["ebs-backup", "run", one.period.value, "--local"]
    words += ["--time", one.id] if one.scheduled else ["--run", one.id]
    for volume in one.only:
        words += ["--volume", volume]
    words += ["--set", backup_set, "--region", one.region]
    words += ["--profile", options.profile] if options.profile else []
    words += ["--settings", str(options.settings)] if options.settings else []
    return join(words)


# There


def _there(operator: Operator, request: Request, event: Mapping[str, Any], *, wait: bool) -> Result:
    to = the_function(operator)
    if request.dry_run:
        with bar(operator, "Planning") as shown:
            told = call(operator, to, event)
            shown.say("Planned")
        refuse_unused(told)
        return _result(told, str(told.get("run")), to.function, "")
    since = int(time.time() * 1000) - 60_000
    id_ = queue(operator, to, event)
    name = _named(request.time) if request.time else id_
    if not wait:
        return _unknown(name, to.function, "QUEUED", MAIL_TELLS, OK)
    trail = Trail(run=name, period=request.period.value, request=id_)
    with bar(operator, "queued") as shown:

        def seen(trail: Trail) -> None:
            shown.say(trail.words)
            if trail.volumes is not None:
                shown.tell(len(trail.done), len(request.volumes) or trail.volumes)

        why = follow(operator.session.client("logs"), to.log_group, trail, since=since, seen=seen)
    if trail.answer is not None:
        return _result(trail.answer, name, to.function, "")
    if why:
        return _unknown(name, to.function, "UNKNOWN", f"{why} {MAIL_TELLS}", CANNOT)
    broken = {"status": "FAILED", "error": f"Each of {len(trail.broken)} tries failed: {trail.broken[-1]}."}
    return _result(broken, name, to.function, f"The mail says why; so does the log group {to.log_group}.")


# What is printed


@dataclass(frozen=True, slots=True)
class _Head:
    run: str
    where: str
    note: str

    def document(self, status: str, report: Mapping[str, Any] | None) -> dict[str, Any]:
        return {"status": status, "run": self.run, "where": self.where, "note": self.note, "report": report}


def _result(told: Mapping[str, Any], run_: str, where: str, note: str, status: int | None = None) -> Result:
    head = _Head(run_, where, note)

    def show(console: Console) -> None:
        show_answer(console, told, where=f"run {run_}, done {_by(where)}")
        if note:
            say(console, Text(note))

    bad = told["status"] in ("PROBLEM", "FAILED")
    return Result(
        document=head.document(told["status"], told),
        show=show,
        status=(PROBLEM if bad else OK) if status is None else status,
    )


def _unknown(run_: str, where: str, status: str, note: str, exit_status: int) -> Result:
    words = Text(f"{status}  run {run_}, {_by(where)}. {note}")
    return Result(
        document=_Head(run_, where, note).document(status, None),
        show=lambda console: say(console, words),
        status=exit_status,
    )


def _by(where: str) -> str:
    return "here" if where == "here" else f"by {where}"
