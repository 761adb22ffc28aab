"""`ebs-backup check`: lets the deployed function try all that a run needs, under its own role, without doing it."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ebs_backup.event import MOST_SAMPLED
from ebs_backup.names import Period
from ebs_backup_cli.aws.function import call, refuse_unused, the_function
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.command import OK, PROBLEM, Result
from ebs_backup_cli.terminal.bars import bar
from ebs_backup_cli.terminal.reporting import COLOURS, say, show_failures
from ebs_backup_cli.terminal.words import several

PERIOD = Annotated[Period, typer.Option("--period", help="The period whose tags are tried.")]
SAMPLE = Annotated[
    int | None,
    typer.Option("--sample", metavar="N", min=1, max=MOST_SAMPLED, help="Try the first N volumes only."),
]


def check(operator: Operator, *, period: PERIOD = Period.DAY, sample: SAMPLE = None) -> Result:
    """Let the function try what a run needs, under its real role, without doing it. It sends a test mail.

    It waits for the answer, up to 15 minutes, so it need not read the log. The call is never sent twice, because that
    would be two test mails.
    """
    to = the_function(operator)
    event = {"period": period.value, "check": True} | ({"sample": sample} if sample else {})
    with bar(operator, f"{to.function} tries what a run needs") as shown:
        told = call(operator, to, event)
        shown.say("Done")
    refuse_unused(told)
    bad = told["status"] in ("PROBLEM", "FAILED")
    return Result(
        document=told, show=lambda console: _show(console, told, to.function), status=PROBLEM if bad else OK
    )


def _show(console: Console, told: Mapping[str, Any], function: str) -> None:
    status = str(told["status"])
    head = Text(status, style=COLOURS.get(status, "bold"))
    part = f"{told['sample']:,} of " if told["sample"] else ""
    of = f"{part}{several(told['volumes'], 'volume')}"
    say(console, head.append(f"  {function}, tried on {of}. Nothing was changed.", style="default"))
    table = Table("tried", "allowed", "of", box=None)
    for line in told["tried"]:
        style = "red" if line["allowed"] < line["tried"] else ""
        table.add_row(line["what"], str(line["allowed"]), str(line["tried"]), style=style)
    console.print(table)
    show_failures(console, "WOULD NOT WORK", told["failures"])
    show_failures(console, "TO LOOK AT", told["checks"])
    if told["not_tried"]:
        say(console, Text(f"{told['not_tried']:,} not tried: the time was over. Use --sample."))
    for name, number in told["not_shown"].items():
        say(console, Text(f"{number:,} more {name} are in the log."))
    if any(line["what"] == "send the mail" and line["allowed"] for line in told["tried"]):
        say(console, Text("SNS accepted the test mail: check that it arrived."))
