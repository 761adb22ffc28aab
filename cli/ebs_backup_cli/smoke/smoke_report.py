"""What a smoke found: as a report in Markdown, and on the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from ebs_backup import __version__
from ebs_backup.model import Run
from ebs_backup_cli.smoke.lab import TAG
from ebs_backup_cli.terminal.reporting import say

BEGINS = "# ebs-backup smoke"
AS_BELIEVED = {True: "as believed", False: "DIFFERENT", None: "not tried"}
NOT_AGAIN = (
    f"Run the command again in an hour: it removes what is left. Or remove by hand what has the tag {TAG}."
)


def markdown(document: Mapping[str, Any], run: Run) -> str:
    """Write the report: without the account, so that it can be shown to others."""
    lines = [
        f"{BEGINS}, {run.time:%Y-%m-%d}, {document['region']}",
        "",
        f"Version {__version__}, runs by {'the core' if document['where'] == 'here' else 'the deployed function'}.",
        "",
        "| step | went well | saw |",
        "|---|---|---|",
        *(_row(step["what"], "yes" if step["well"] else "NO", step["saw"]) for step in document["steps"]),
        "",
        "| | what we believe | is it so | saw |",
        "|---|---|---|---|",
        *(
            _row(
                belief["id"],
                f"{belief['what']}: {belief['believed']}",
                AS_BELIEVED[belief["as_believed"]],
                belief["saw"],
            )
            for belief in document["beliefs"]
        ),
        "",
        f"Removed: {len(document['removed'])}. Left: {', '.join(document['left']) or 'nothing'}.",
    ]
    return "\n".join(lines).replace(document["account"], "ACCOUNT") + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def show(console: Console, document: Mapping[str, Any]) -> None:
    """Print what was found, line by line."""
    for step in document["steps"]:
        _line(console, "well" if step["well"] else "FAILED", step["what"], step["saw"], bad=not step["well"])
    console.print()
    for belief in document["beliefs"]:
        word = AS_BELIEVED[belief["as_believed"]]
        saw = belief["saw"].removeprefix("not tried: ")
        _line(console, word, f"{belief['what']}", saw, bad=belief["as_believed"] is False)
    console.print()
    say(console, Text(f"Removed again: {', '.join(document['removed']) or 'nothing'}."))
    if document["left"]:
        say(console, Text(f"LEFT: {', '.join(document['left'])}. {NOT_AGAIN}", style="bold red"))
    if any(belief["as_believed"] is False for belief in document["beliefs"]):
        say(console, Text("Something is different from what we believe: please report it, with the report."))
    say(console, Text(f"The report is in {document['report']}."))


def _line(console: Console, word: str, what: str, saw: str, *, bad: bool) -> None:
    text = Text(word.ljust(12), style="bold red" if bad else "green")
    say(console, text.append(f"{what}: {saw}", style="default"))
