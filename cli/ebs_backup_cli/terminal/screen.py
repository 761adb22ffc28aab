"""Many lines on a terminal, fast: Rich's tables take longer for 11,000 rows than EC2's listing of them does.

A line is pieces of text with styles. What comes from AWS is data here: no markup is read in it, and it is one line.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from textwrap import wrap
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from ebs_backup.aws.convert import printable

SNAPSHOT = len("snap-0123456789abcdef0")
MINUTE = len("2026-11-23 01:30Z")


class Piece(NamedTuple):
    """A part of a line, and how it looks."""

    text: str
    style: str = ""


Line = Sequence[Piece]


def put(console: Console, lines: Iterable[Line]) -> None:
    """Print lines as they are: nothing is wrapped, cut or read as markup."""
    segments = [segment for line in lines for segment in _segments(line)]
    console.print(Segments(segments), soft_wrap=True, end="")


def _segments(line: Line) -> Iterator[Segment]:
    for text, style in line:
        yield Segment(text, _style(style) if style else None)
    yield Segment("\n")


@lru_cache(maxsize=32)
def _style(words: str) -> Style:
    return Style.parse(words)


def say(console: Console, text: str, style: str = "") -> None:
    """Print a sentence, wrapped where the terminal ends."""
    wrapped = wrap(printable(text), console.width, break_long_words=False, break_on_hyphens=False)
    console.print(Text("\n".join(wrapped), style=style), soft_wrap=True)


def under(text: str, indent: int, width: int, style: str = "") -> Iterator[Line]:
    """Write a text below a line, indented, on as many lines as it takes."""
    for line in wrap(text, max(width - indent, SNAPSHOT), break_long_words=False, break_on_hyphens=False):
        yield (Piece(" " * indent + line, style),)


def pad(text: str, width: int) -> str:
    """Return the text with spaces up to a width in terminal columns."""
    return text.ljust(width) if text.isascii() else text + " " * (width - cell_len(text))


def heading(name: str, volume: str, place: str, width: int) -> Iterator[Line]:
    """Write a volume's name, id and where it is, on more than one line if the id would be cut."""
    first = Piece(name or "(no name)", "bold")
    behind = "  ".join(part for part in (volume, place) if part)
    if cell_len(first.text) + 2 + len(behind) <= width:
        yield (first, Piece(f"  {behind}"))
    else:
        yield (first,)
        yield from under(behind, 2, width)


def age(since: datetime, now: datetime) -> str:
    """Write how old something is: `12 min`, `5 h`, `3 d`; nothing for what is to come."""
    past = now - since
    if past < timedelta(0):
        return ""
    if past.days:
        return f"{past.days} d"
    return f"{past.seconds // 3600} h" if past.seconds >= 3600 else f"{past.seconds // 60} min"
