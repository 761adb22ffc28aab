"""Lines on a terminal: an id is never cut, whatever stands beside it. And work in a thread beside the rest."""

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from ebs_backup_cli.backups.beside import Beside
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.terminal.files import begins_with, write
from ebs_backup_cli.terminal.screen import Line, Piece, age, heading, pad, put
from tests.cli.conftest import NOW

VOLUME = "vol-0123456789abcdef0"


def texts(lines: list[Line]) -> list[str]:
    return ["".join(piece.text for piece in line) for line in lines]


def test_a_name_that_leaves_no_room_has_a_line_of_its_own() -> None:
    lines = texts(
        list(heading("a name of some length", VOLUME, "on i-0123456789abcdef0 web-1, /dev/xvdf", 60))
    )

    assert lines == [
        "a name of some length",
        f"  {VOLUME}  on i-0123456789abcdef0 web-1,",
        "  /dev/xvdf",
    ]


def test_a_wide_character_takes_two_columns() -> None:
    assert pad("数据", 6) == "数据  "
    assert texts(list(heading("数" * 20, VOLUME, "", 60)))[0] == "数" * 20


def test_a_piece_is_shown_as_it_is_and_in_its_style_on_a_terminal_alone() -> None:
    plain, colored = io.StringIO(), io.StringIO()

    for file, terminal in ((plain, False), (colored, True)):
        console = Console(
            file=file, width=20, force_terminal=terminal, color_system="standard" if terminal else None
        )
        put(console, [(Piece("[red]no markup[/]", "green"), Piece(" and not wrapped at all")), ()])

    assert plain.getvalue() == "[red]no markup[/] and not wrapped at all\n\n"
    assert colored.getvalue().startswith("\x1b[32m[red]no markup[/]\x1b[0m")


@pytest.mark.parametrize(
    ("past", "told"),
    [
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=3, hours=5), "3 d"),
        (timedelta(minutes=-5), ""),
    ],
)
def test_an_age_is_told_in_one_unit(past: timedelta, told: str) -> None:
    assert age(NOW - past, NOW) == told


def test_what_fails_beside_the_rest_is_raised_where_it_is_needed() -> None:
    def fail() -> int:
        raise ValueError("no answer")

    beside = Beside(fail)

    with pytest.raises(ValueError, match="no answer"):
        beside.result()


def test_a_block_ends_when_what_is_done_beside_it_has_ended() -> None:
    begin, done = threading.Event(), []

    def block() -> None:
        with Beside(lambda: done.append(begin.wait(10))):
            begin.set()
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        block()

    assert done == [True]


def test_a_file_is_whole_or_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    write(file, "first")

    with pytest.raises(UnicodeEncodeError):
        write(file, "a lone surrogate \ud800")

    assert file.read_text("utf-8") == "first"
    assert [found.name for found in tmp_path.iterdir()] == ["page.html"]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"cannot be written: (Is a directory|No such file or directory)\."
    ):
        write(tmp_path / "nowhere" / "page.html", "text")
    with pytest.raises(CommandError, match="cannot be written"):
        write(tmp_path, "text")
    assert not begins_with(tmp_path, "<svg")
