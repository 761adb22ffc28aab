"""A bar for work that is counted: on the error output, on a terminal only, and never beside a JSON document."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ebs_backup_cli.aws.operator import Operator


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar that is shown."""

    shown: Progress
    task: TaskID

    def say(self, words: str) -> None:
        """Show what is being done."""
        self.shown.update(self.task, description=words)

    def tell(self, done: int, of: int) -> None:
        """Show how many are done, and how many there are."""
        self.shown.update(self.task, completed=done, total=of)


@contextmanager
def bar(operator: Operator, words: str) -> Iterator[Bar]:
    """Show a bar until the block is left."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    quiet = operator.options.json or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as shown:
        yield Bar(shown, shown.add_task(words, total=None))
