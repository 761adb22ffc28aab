"""A simulation in the terminal: what is held on the last day, and a line of days for every month.

Glyphs tell the periods apart, so that it reads as well without colour.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ebs_backup.names import Period
from ebs_backup_cli.pictures.simulation import RestorePoint, Simulation
from ebs_backup_cli.terminal import words

COLORS = {Period.DAY: "bright_blue", Period.WEEK: "yellow", Period.MONTH: "green"}
MOST = 4  # restore points of a period that are listed; of more, the newest and the oldest
NAME = len("Nov 2026 ")  # before a month's days
DAYS = 31


class Glyphs(NamedTuple):
    """What stands for a restore point that is held, by period, and for one that has expired."""

    held: Mapping[Period, str]
    expired: str
    ellipsis: str


UNICODE = Glyphs({Period.DAY: "●", Period.WEEK: "◆", Period.MONTH: "■"}, "·", "…")
ASCII = Glyphs({Period.DAY: "D", Period.WEEK: "W", Period.MONTH: "M"}, ".", "...")


def render(simulation: Simulation, console: Console) -> None:
    """Print it, at least 60 columns wide, and with letters where the terminal cannot show the glyphs."""
    glyphs = ASCII if console.options.ascii_only else UNICODE
    held = simulation.held(simulation.last)
    counts = Counter(point.period for point in held)
    first, last = words.short(simulation.start, simulation.last), words.day(simulation.last)
    console.print(f"One volume from {first} to {last}.", highlight=False)
    total = words.holdings({period: counts[period] for period in simulation.keeps})
    console.print(f"At the end it has {total}.", style="bold", highlight=False)
    console.print()
    console.print(_holdings(simulation, held, glyphs))
    console.print()
    for line in _months(simulation, glyphs, width=console.width):
        console.print(line, no_wrap=True)
    console.print()
    console.print(_legend(simulation, glyphs))


def _holdings(simulation: Simulation, held: Sequence[RestorePoint], glyphs: Glyphs) -> Table:
    """List what is held of each period, the newest first."""
    table = Table.grid(padding=(0, 2))
    for period, keep in simulation.keeps.items():
        points = [point for point in reversed(held) if point.period == period]
        table.add_row(
            Text(f"{glyphs.held[period]} {period}", style=COLORS[period]),
            f"keep {keep}",
            f"{len(points)} held",
            _dates(points, simulation.last, glyphs),
        )
    return table


def _dates(points: Sequence[RestorePoint], last: date, glyphs: Glyphs) -> str:
    """Write when they were taken, with the time of day where a day has several."""
    several = len({point.taken.date() for point in points}) < len(points)
    texts = [words.short(point.taken, last) + f" {point.taken:%H:%M}" * several for point in points]
    if len(texts) > MOST:
        texts = [*texts[:2], glyphs.ellipsis, texts[-1]]
    return ", ".join(texts)


def _months(simulation: Simulation, glyphs: Glyphs, *, width: int) -> Iterator[Text]:
    """Return a line of the days' numbers, then one for each month, with how many are held when it ends."""
    digits = len(str(len(simulation.points)))
    wide = 2 if width >= NAME + 2 * DAYS + digits + len("  held") else 1  # a day's columns
    numbers = "".join(f"{day or 1:<{wide * (5 if day else 4)}}" for day in range(0, DAYS, 5))
    yield Text(" " * NAME + numbers.rstrip(), style="dim")
    taken: defaultdict[date, list[RestorePoint]] = defaultdict(list)
    for point in simulation.points:
        taken[point.taken.date()].append(point)
    every_day = (simulation.start + timedelta(days=number) for number in range(simulation.days))
    for _, days in groupby(every_day, key=lambda day: (day.year, day.month)):
        month = list(days)
        line = Text(f"{words.month(month[0])} {month[0].year} " + " " * wide * (month[0].day - 1))
        for day in month:
            line.append(*_cell(taken[day], glyphs))
            line.append(" " * (wide - 1))
        held = f" {len(simulation.held(month[-1])):{digits}} held"
        yield line.append(" " * wide * (DAYS - month[-1].day)).append(held, style="dim")


def _cell(points: Sequence[RestorePoint], glyphs: Glyphs) -> tuple[str, str]:
    """Return a day's glyph and style: of the longest period that still has one of this day, else of an expired one."""
    held = [point.period for point in points if point.expired is None]
    if longest := next((period for period in reversed(Period) if period in held), None):
        return glyphs.held[longest], f"bold {COLORS[longest]}"
    return glyphs.expired if points else " ", "dim"


def _legend(simulation: Simulation, glyphs: Glyphs) -> Text:
    legend = Text("Held at the end: ")
    for period in simulation.keeps:
        legend.append(f"{glyphs.held[period]} {period}", style=COLORS[period]).append(", ")
    legend.append(f"deleted: {glyphs.expired}")
    return legend.append("\nIf a day has two, the one of the longer period is shown.", style="dim")
