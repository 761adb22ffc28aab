"""`ebs-backup smoke`: one small volume in a real account, backed up, restored and removed again, with a report."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from botocore.config import Config

from ebs_backup.aws import lambda_
from ebs_backup.model import Run
from ebs_backup.report.data import answer
from ebs_backup_cli.aws.deployment import Deployment, default_settings
from ebs_backup_cli.aws.function import call, refuse_unused, the_function
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.here import run_here
from ebs_backup_cli.command import OK, PROBLEM, YES, Result, ask
from ebs_backup_cli.errors import TOLD, CommandError, as_command_error
from ebs_backup_cli.smoke.lab import PREFIX, TAG, Lab
from ebs_backup_cli.smoke.smoke_report import BEGINS, markdown, show
from ebs_backup_cli.smoke.smoking import Smoke, Step, a_run
from ebs_backup_cli.terminal.bars import bar
from ebs_backup_cli.terminal.files import begins_with, write

DEPLOYED = Annotated[
    bool, typer.Option("--deployed", help="Let the deployed function do the runs; its mails come as always.")
]
REPORT = Annotated[Path | None, typer.Option("--report", help="Where to write the report.")]
COST = "less than 0.01 USD"


def smoke(
    operator: Operator, *, deployed: DEPLOYED = False, report: REPORT = None, yes: YES = False
) -> Result:
    """Try the whole way in a real account: a 1 GiB volume, a run, a restore, and what AWS answers. All is removed again."""
    lab = Lab(client=operator.ec2, name=f"{PREFIX}{uuid4().hex[:8]}")
    file = report or Path(f"ebs-backup-{lab.name}.md")
    _refuse_another_file(file)
    to = the_function(operator) if deployed else None
    by = f"the function {to.function}, which mails twice" if to else "the core here"
    ask(
        f"Make a volume of 1 GiB, some snapshots, an AMI and a restored volume in account {operator.account},"
        f" {operator.region}, with runs by {by}, and remove all of it again (some minutes, {COST})?",
        yes=yes,
    )
    with bar(operator, "Beginning") as shown:
        one = _smoke(operator, lab, to)
        one.say = shown.say
        try:
            one.whole()
        except (CommandError, *TOLD) as error:
            if not lab.volumes:
                raise  # nothing was made: that says nothing about AWS, such as where the operator may not do it
            told = error if isinstance(error, CommandError) else as_command_error(error)
            one.steps.append(Step("every step was done", False, f"{told.message} {told.advice}".strip()))
        finally:
            shown.say("Removing what was made")
            gone, left = lab.clean_up()
    return _result(operator, one, gone, left, file)


def _refuse_another_file(file: Path) -> None:
    """Raise a CommandError before anything is made, if the report cannot be written or another file would be lost."""
    if not file.parent.is_dir():
        raise CommandError(f"There is no folder {file.parent}.", "Choose another file.")
    if file.exists() and not begins_with(file, BEGINS):
        raise CommandError(f"{file} exists, and is not the report of a smoke.", "Choose another file.")


def _smoke(operator: Operator, lab: Lab, to: Deployment | None) -> Smoke:
    settings = to.settings if to else default_settings(backup_set=lab.name, tag_name=TAG, tag_value=lab.name)
    run = a_run(
        settings, account=operator.account, region=operator.region, function=to.function if to else ""
    )
    if not to:
        return Smoke(
            lab=lab,
            settings=settings,
            run=run,
            back_up=lambda one: answer(run_here(operator, settings, one)[0]),
            listing=operator.listing,
        )
    client = operator.session.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    return Smoke(
        lab=lab,
        settings=settings,
        run=run,
        back_up=lambda one: _by_function(operator, to, one, lab),
        listing=operator.listing,
        may_invoke=partial(lambda_.may_invoke, client, to.function),
    )


def _by_function(operator: Operator, to: Deployment, run: Run, lab: Lab) -> Mapping[str, Any]:
    """Let the function do the run of this volume alone, and wait for its answer."""
    event = {"period": run.period.value, "time": run.id, "volumes": lab.volumes[:1]}
    told = call(operator, to, event)
    refuse_unused(told)
    return told


def _result(operator: Operator, one: Smoke, gone: list[str], left: list[str], file: Path) -> Result:
    """Write the report, and return what to print."""
    document = {
        "status": "OK" if all(step.well for step in one.steps) and not left else "FAILED",
        "set": one.settings.backup_set,
        "account": operator.account,
        "region": operator.region,
        "where": one.run.function or "here",
        "steps": [{"what": step.what, "well": step.well, "saw": step.saw} for step in one.steps],
        "beliefs": one.beliefs(),
        "removed": gone,
        "left": left,
        "report": str(file),
    }
    write(file, markdown(document, one.run))
    return Result(
        document=document,
        show=lambda console: show(console, document),
        status=OK if document["status"] == "OK" else PROBLEM,
    )
