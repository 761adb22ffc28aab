"""What the demo prints: steps as they end, the table of what is kept and why, the mails as they came."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from emulator.account import Letter

BY_HAND, BY_RULE = "hand", "rule"

console = Console(highlight=False)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show that a step is running, then that it is done and how long it took."""
    began = time.monotonic()
    with console.status(f"{what} ..."):
        yield
    _done(what, began)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[object], None]]:
    """Yield a function that moves a bar on by one and says what is being done; then show that all is done."""
    began = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda doing: bar.update(task, advance=1, description=str(doing))
    _done(what, began)


def _done(what: str, began: float) -> None:
    done(f"{what} [dim]{time.monotonic() - began:.0f} s[/]")


def done(what: str) -> None:
    """Show that something was done."""
    console.print(f"[green]✓[/] {what}")


def kept(volume: str, rows: list[tuple[str, datetime, str, str]]) -> None:
    """Show every snapshot of one volume: its period, its start, what began it, and the reason why it stays."""
    table = Table(title=f"What is kept of {volume}, and why", title_justify="left", title_style="bold")
    for column in ("period", "taken", "by", "why"):
        table.add_column(column, no_wrap=True)
    for number, (period, taken, by, why) in enumerate(rows, 1):
        last = number < len(rows) and rows[number][0] != period
        style = "cyan" if by == BY_HAND else None
        table.add_row(period, f"{taken:%a %Y-%m-%d %H:%M}Z", by, why, end_section=last, style=style)
    console.print(table)
    console.print("[cyan]The extra run by hand costs no night: it counts with the run of its own night.[/]\n")


def totals(rows: list[tuple[str, str, int]]) -> None:
    """Show how many snapshots each volume has, and who made them."""
    table = Table(title="Snapshots in the account", title_justify="left", title_style="bold")
    for column in ("volume", "made by", "snapshots"):
        table.add_column(column, no_wrap=True)
    for name, maker, count in rows:
        table.add_row(name, maker, str(count))
    console.print(table)


def mail(title: str, letter: Letter, *, only: str = "") -> None:
    """Show a mail as it was received, without breaking a line; `only` the section with this heading."""
    sections = letter.body.split("\n\n")
    shown = [section for section in sections if section.startswith(only)] if only else sections
    left_out = "\n\n..." if only else ""
    text = "\n\n".join([f"Subject: {letter.subject}", *shown])
    console.print()
    console.rule(f"[bold]{title}", align="left")
    console.print(Text(f"{text}{left_out}"), soft_wrap=True)


def command(typed: str, output: str) -> None:
    """Show a command as it is typed, and what it prints, without breaking a line."""
    console.print()
    console.rule("[bold]The volume db-1 data is deleted, and restored", align="left")
    console.print(Text(f"$ {typed}", style="bold"))
    console.print(Text(output), soft_wrap=True)
