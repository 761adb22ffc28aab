"""What is shown while a command works: on the error output, on a terminal only, and never beside a JSON document."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from ebs_backup_cli.aws.operator import Operator


@contextmanager
def progress(operator: Operator) -> Iterator[Callable[[str], None]]:
    """Show what is being done until the block is left; the function that the block gets takes the words."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    quiet = operator.options.json or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as shown:
        task = shown.add_task("", total=None)
        yield lambda words: shown.update(task, description=words)


def aside(operator: Operator) -> Console:
    """Return the console for what is printed before the result, so that it never gets into a JSON document."""
    return Console(stderr=operator.options.json, highlight=False)


def write_lines(console: Console, *lines: str) -> None:
    """Print lines as they are: AWS's names and words are no markup, and a command stays in one line."""
    for line in lines:
        console.print(Text(line), soft_wrap=True)
