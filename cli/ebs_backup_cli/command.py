"""The frame of every command: its common options, what it prints, its exit status.

A command is a function from an `Operator` and its own options to a `Result`. It prints nothing itself. A result is
either one JSON document or tables, and errors are one line.
"""

import inspect
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ebs_backup.names import Period
from ebs_backup_cli.aws.operator import Operator, Options
from ebs_backup_cli.errors import TOLD, CommandError, as_command_error

TRACEBACK = "EBS_BACKUP_TRACEBACK"  # a variable: show where a fault of the command itself is
OK, PROBLEM, CANNOT = 0, 1, 2  # exit statuses; the last is for wrong usage and no access, too


def given(value: Any) -> Any:  # noqa: ANN401 - a text, several, or none
    """Refuse an empty text: where a variable of the shell is not set, it would choose the default, or everything."""
    if "" in (value if isinstance(value, list) else [value]):
        raise typer.BadParameter("It is empty. Is a variable of your shell not set?")
    return value


Set = Annotated[
    str | None,
    typer.Option("--set", metavar="NAME", help="The backup set (default: default).", callback=given),
]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region of the stack.", callback=given)]
Profile = Annotated[
    str | None, typer.Option("--profile", help="A profile of your AWS configuration.", callback=given)
]
File = Annotated[
    Path | None,
    typer.Option("--settings", help="Take the settings from this file, not from the deployed stack."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
COMMON = {"backup_set": Set, "region": Region, "profile": Profile, "settings": File, "json": Json}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command found: a JSON value (or a function that makes it), how to `show` it, and the exit status."""

    document: Any
    show: Callable[[Console], None]
    status: int = OK


def common(
    context: typer.Context,
    *,
    backup_set: Set = None,
    region: Region = None,
    profile: Profile = None,
    settings: File = None,
    json: Json = False,
) -> None:
    """Take the common options that come before the command."""
    context.obj = Options(backup_set or "", region, profile, settings, json)


def register(app: typer.Typer, name: str, function: Callable[..., Result], *, example: str) -> None:
    """Add a command; the common options can also come after its name."""

    @wraps(function)
    def run(context: typer.Context, **given: Any) -> None:  # noqa: ANN401 - typer has checked them
        told = {key: given.pop(key) for key in COMMON}
        options = replace(context.obj, **{key: value for key, value in told.items() if value})
        raise typer.Exit(_finish(lambda operator: function(operator, **given), options))

    keyword = inspect.Parameter.KEYWORD_ONLY
    own = list(inspect.signature(function).parameters.values())[1:]
    shared = [
        inspect.Parameter(key, keyword, default=False if key == "json" else None, annotation=kind)
        for key, kind in COMMON.items()
    ]
    head = inspect.Parameter("context", keyword, annotation=typer.Context)
    signature = inspect.Signature([head, *(parameter.replace(kind=keyword) for parameter in own), *shared])
    run.__signature__ = signature  # type: ignore[attr-defined]
    app.command(name, epilog=f"Example: {example}")(run)


def _finish(command: Callable[[Operator], Result], options: Options) -> int:
    """Do the command's work and print the result; return the exit status."""
    try:
        result = command(Operator(options))
        _print(result, options)
    except (CommandError, *TOLD) as error:
        return _refuse(error if isinstance(error, CommandError) else as_command_error(error), options)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        told = f"{type(error).__name__}: {error}"
        return _refuse(CommandError(told, f"Report this fault, with what {TRACEBACK}=1 prints."), options)
    return result.status


def _print(result: Result, options: Options) -> None:
    """Print the result. A reader that stops early, as `head` does, is no problem of the backups."""
    document = result.document() if options.json and callable(result.document) else result.document
    try:
        with suppress(SystemExit):  # Rich's, where a pipe is closed
            _out(document) if options.json else result.show(Console())
    except OSError as error:
        with suppress(OSError):  # what is left in the buffer would fail again when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CommandError(f"The output cannot be written: {error.strerror or error}.") from None


def _out(document: Any) -> None:  # noqa: ANN401 - any JSON value
    console = Console()
    utf = console.encoding.startswith("utf")
    console.out(json.dumps(document, ensure_ascii=not utf, indent=2), highlight=False)


def _refuse(error: CommandError, options: Options) -> int:
    if options.json:
        with suppress(SystemExit, OSError):
            _out({"error": error.message, "advice": error.advice})
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"ebs-backup: {error.message}", markup=False)
    if error.advice:
        console.print(error.advice, markup=False)
    return CANNOT


UNCHANGED = "Nothing was changed."
PERIOD = Annotated[Period, typer.Argument(help="The period of the run.", show_choices=True)]
SNAPSHOTS = Annotated[
    list[str], typer.Argument(metavar="SNAPSHOT", help="The snapshots, by id.", callback=given)
]
YES = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def ask(question: str, *, yes: bool) -> None:
    """Ask before something is changed; raises a CommandError if the answer is no, or if nobody can answer."""
    if not yes and not decide(question, advice="Add --yes."):
        raise CommandError(UNCHANGED)


def decide(question: str, *, advice: str) -> bool:
    """Ask what the operator wants, yes or no; raises a CommandError with this advice if nobody can answer."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise CommandError(f"{question} This needs an answer, and there is no terminal.", advice)
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:  # Ctrl-C or Ctrl-D
        raise CommandError(UNCHANGED) from None
