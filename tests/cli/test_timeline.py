"""The simulation in a terminal: whole screens as golden files, and what holds at every width."""

from collections.abc import Callable
from datetime import date
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ebs_backup_cli.pictures.simulation import Simulation, simulate
from ebs_backup_cli.pictures.timeline import render
from tests.cli.quarter import quarter
from tests.unit.builders import settings

Golden = Callable[[str, str], None]
LONG = simulate(settings(keep_day=30, schedule_week="off"), date(2026, 1, 10), 400)
DENSE = simulate(settings(keep_day=48, schedule_day="0 * * * ? *"), date(2026, 11, 16), 10)


def screen(simulation: Simulation, width: int, *, colour: bool = False) -> str:
    """Return what a terminal shows, without the blanks at the ends of lines."""
    console = Console(
        file=StringIO(), width=width, force_terminal=colour, color_system="truecolor" if colour else None
    )
    with console.capture() as capture:
        render(simulation, console)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def test_a_quarter_with_the_defaults(golden: Golden) -> None:
    golden("simulate-quarter.txt", screen(quarter(), 80))


def test_four_hundred_days_on_a_narrow_terminal(golden: Golden) -> None:
    golden("simulate-400-days.txt", screen(LONG, 60))


def test_many_of_one_day_tell_their_times(golden: Golden) -> None:
    golden("simulate-hourly.txt", screen(DENSE, 120))


def test_a_terminal_without_unicode_gets_letters(golden: Golden) -> None:
    written = BytesIO()
    console = Console(file=TextIOWrapper(written, encoding="ascii", write_through=True), width=80)

    render(LONG, console)

    lines = written.getvalue().decode("ascii").splitlines()
    golden("simulate-ascii.txt", "".join(f"{line.rstrip()}\n" for line in lines))


def test_a_day_on_which_nothing_fires_holds_nothing() -> None:
    sunday = simulate(settings(), date(2026, 11, 15), 1)

    text = screen(sunday, 80)

    assert "One volume from 15 Nov to 15 Nov 2026." in text
    assert "0 snapshots: 0 days, 0 weeks, 0 months" in text


@pytest.mark.parametrize("width", [60, 79, 80, 81, 100, 200])
@pytest.mark.parametrize("simulation", [quarter(), LONG], ids=["quarter", "long"])
def test_no_line_is_wider_than_the_terminal_or_broken(simulation: Simulation, width: int) -> None:
    lines = screen(simulation, width).splitlines()

    assert max(cell_len(line) for line in lines) <= width
    assert len(lines) == len(screen(simulation, 200).splitlines())


def test_colour_adds_nothing_that_the_glyphs_do_not_say() -> None:
    coloured = screen(quarter(), 80, colour=True)

    assert "\x1b[" in coloured
    plain = Text.from_ansi(coloured).plain
    assert [line.rstrip() for line in plain.splitlines()] == screen(quarter(), 80).splitlines()
