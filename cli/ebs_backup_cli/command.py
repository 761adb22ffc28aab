"""The frame of every command: its common options, what it prints, its exit status.

A command is a function from an `Operator` and its own options to a `Result`. It prints nothing itself: a result is either
one JSON document or tables, and errors are one line.
"""

import inspect
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ebs_backup_cli.aws.operator import Operator, Options
from ebs_backup_cli.errors import TOLD, CommandError, as_command_error

TRACEBACK = "EBS_BACKUP_TRACEBACK"  # a variable: show where a fault of the command itself is
OK, PROBLEM, CANNOT = 0, 1, 2  # exit statuses; the last is for wrong usage and no access, too

Set = Annotated[str | None, typer.Option("--set", metavar="NAME", help="The backup set (default: default).")]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region of the stack.")]
Profile = Annotated[str | None, typer.Option("--profile", help="A profile of your AWS configuration.")]
File = Annotated[
    Path | None,
    typer.Option("--settings", help="Take the settings from this file, not from the deployed stack."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
COMMON = {"backup_set": Set, "region": Region, "profile": Profile, "settings": File, "json": Json}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command found: a JSON value (or a function that makes it), how to `show` it to people, and the exit status."""

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
        if options.json:
            document = result.document() if callable(result.document) else result.document
            print(json.dumps(document, ensure_ascii=False, indent=2))  # noqa: T201 - this is the output
        else:
            result.show(Console())
    except (CommandError, *TOLD) as error:
        return _refuse(error if isinstance(error, CommandError) else as_command_error(error), options)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        told = f"{type(error).__name__}: {error}"
        return _refuse(CommandError(told, f"Report this fault, with what {TRACEBACK}=1 prints."), options)
    return result.status


def _refuse(error: CommandError, options: Options) -> int:
    if options.json:
        print(json.dumps({"error": error.message, "advice": error.advice}, ensure_ascii=False, indent=2))  # noqa: T201
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"ebs-backup: {error.message}", markup=False)
    if error.advice:
        console.print(error.advice, markup=False)
    return CANNOT


def ask(question: str, *, yes: bool) -> None:
    """Ask before something is changed; raises a CommandError if the answer is no, or if nobody can answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"{question} This needs an answer, and there is no terminal.", "Add --yes.")
    if not typer.confirm(question, err=True):
        raise CommandError("Nothing was changed.")


def decide(question: str, *, advice: str) -> bool:
    """Ask what the operator wants, yes or no; raises a CommandError with this advice if nobody can answer."""
    if not sys.stdin.isatty():
        raise CommandError(f"{question} This needs an answer, and there is no terminal.", advice)
    return typer.confirm(question, err=True)
