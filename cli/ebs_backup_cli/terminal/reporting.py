"""A run's report on the terminal, from the answer that the function gives and logs: the facts of the mail."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ebs_backup.aws.convert import printable
from ebs_backup.aws.dry_run import NEW
from ebs_backup_cli.terminal.words import several

COLOURS = {"OK": "bold green", "CHECK": "bold yellow", "PROBLEM": "bold red", "FAILED": "bold red"}
COUNTS = {
    "created": "created",
    "already_made": "already made",
    "expired": "deleted",
    "deferred": "deferred",
    "undeletable": "kept by AWS",
    "skipped": "skipped",
    "on_hold": "on hold",
}
ALWAYS = ("created", "expired")


def show_answer(console: Console, answer: Mapping[str, Any], *, where: str) -> None:
    """Print a run's answer; what AWS says is printed as it is, one line each."""
    status = str(answer["status"])
    head = Text(status, style=COLOURS.get(status, "bold"))
    say(console, head.append(f"  {where}", style="default"))
    if "error" in answer:
        say(console, Text(printable(str(answer["error"]))))
        return
    dry = bool(answer.get("dry_run"))
    counted = [(name, answer.get(name, 0)) for name in COUNTS]
    parts = [f"{number:,} {COUNTS[name]}" for name, number in counted if number or name in ALWAYS]
    told = ", ".join((several(answer.get("volumes", 0), "volume"), *parts))
    say(console, Text(told + (". Nothing was changed: a dry run." if dry else ".")))
    show_failures(console, "WRONG", answer.get("failures", ()))
    show_failures(console, "TO LOOK AT", answer.get("checks", ()))
    for heading, rows in _lists(answer):
        console.print()
        say(console, Text(heading, style="bold"))
        for row in rows:
            say(console, Text(f"  {printable(row)}"))
    if plan := answer.get("plan"):
        _show_plan(console, plan)
    for name, number in answer.get("not_shown", {}).items():
        say(console, Text(f"{number:,} more of {name} are in the log."))


def say(console: Console, text: Text) -> None:
    """Print a text as it is."""
    console.print(text, soft_wrap=True, highlight=False)


def show_failures(console: Console, heading: str, failures: Sequence[Mapping[str, Any]]) -> None:
    """Print what failed, AWS's words, and what to do about it: advice that several have in common only once."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for failure in failures:
        key = str(failure["action"]), f"{failure['code']}: {failure['message']}", str(failure["advice"])
        groups.setdefault(key, []).append(str(failure["resource"]))
    for (action, words, advice), resources in groups.items():
        console.print()
        say(console, Text(f"{heading}: {printable(action)} ({len(resources):,})", style="bold"))
        say(console, Text(f"  {printable(words)}"))
        say(console, Text(f"  To do: {printable(advice)}"))
        say(console, Text(f"  On: {printable(', '.join(resources))}"))


def _lists(answer: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Return the other lists of the answer that are not empty, as a heading and lines."""
    rows = {
        "OVERDUE": [
            f"{row['name']} {row['volume']}: {row['period']}, none of the last {row['max_age']} days"
            for row in answer.get("overdue", ())
        ],
        "VANISHED: somebody else deleted restore points": [
            f"{row['name']} {row['volume']}: {row['vanished']} vanished, {row['left']} older ones left"
            for row in answer.get("vanished", ())
        ],
        "KEPT BY AWS": _decided(answer.get("undeletable_snapshots", ())),
        "EDITED TAGS": _decided(answer.get("edited", ())),
        "WITHOUT A RUN OR OF AN UNKNOWN PERIOD": _of(answer.get("strays", ())),
        "PENDING FOR TOO LONG": _of(answer.get("stale", ())),
        "NOT SELECTED, though named": [str(row) for row in answer.get("missing", ())],
        "NEAR MISSES": [f"{row['volume']}: {row['why']}" for row in answer.get("near_misses", ())],
        "NO LONGER BACKED UP": [
            f"{row['name']} {row['volume_id']}: {row['snapshots']} snapshots"
            for name in ("deselected", "unselected")
            for row in answer.get(name, ())
        ],
        "SNAPSHOTS OF OTHER TOOLS WITH OUR TAGS": [
            f"{row['name']} {row['volume_id']}: {', '.join(row['snapshots'])}"
            for row in answer.get("foreign", ())
        ],
    }
    return ((heading, lines) for heading, lines in rows.items() if lines)


def _decided(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{row['id']} of {row['volume_id']}: {row['why']}" for row in rows]


def _of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{row['id']} of {row['volume_id']}, started {row['started']}" for row in rows]


def _show_plan(console: Console, plan: Sequence[Mapping[str, Any]]) -> None:
    """Print what a dry run says of every volume."""
    table = Table("volume", "snapshot", "what would become of it", box=None)
    for volume in plan:
        name = f"{volume['name']} {volume['volume']}".strip()
        sentences = ({NEW: "would be made"} if volume["create"] else {}) | {
            snapshot: sentence for snapshot, sentence in volume["snapshots"].items() if snapshot != NEW
        }
        for number, (snapshot, sentence) in enumerate(sentences.items()):
            table.add_row(Text("" if number else printable(name)), snapshot, Text(printable(sentence)))
    console.print()
    console.print(table)
