"""The text of a mail: what SNS takes, and how lines are laid out. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from ebs_backup.model import Run

# SNS: a subject is under 100 ASCII characters without a line break, a message at most 262,144 bytes.
MAX_SUBJECT, MAX_BODY = 99, 262_144
WIDTH = 100  # where sentences are wrapped
WIDEST_COLUMN = 40  # one long name does not push every other line to the right


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What SNS is given."""

    subject: str
    body: str


def subject(tag: str, run: Run, headline: str) -> str:
    """Write `[OK] EBS day backup, eu-west-1: 12 created`; where it is too long, the set's name gives way first."""
    name = "" if run.backup_set == "default" else f" of {run.backup_set}"
    start, end = f"[{tag}] EBS {run.period} backup", f", {run.region}: {headline}"
    room = max(0, MAX_SUBJECT - len(start) - len(end))
    name = name if len(name) <= room else f"{name[: max(0, room - 3)]}..."
    return one_line(f"{start}{name}{end}", MAX_SUBJECT).encode("ascii", "replace").decode()


def one_line(text: str, limit: int = 300) -> str:
    """Make a text fit for one line: control characters and line breaks become spaces, a long one is cut."""
    line = text[: limit + 1]
    if not line.isprintable():
        line = "".join(char if char.isprintable() else " " for char in line)
    line = line.strip()
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def counted(number: int, noun: str) -> str:
    """Write `1 volume`, `2 volumes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def columns(rows: Sequence[Sequence[str]], *, indent: int = 2) -> Iterator[str]:
    """Lay out rows so that their columns line up; a further column that is empty in every row takes no room."""
    first, *others = zip(*rows, strict=True)
    kept = [first, *(cells for cells in others if any(cells))]
    widths = [min(max(map(len, cells)), WIDEST_COLUMN) for cells in kept]
    for row in zip(*kept, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{' ' * indent}{line}".rstrip()


def paragraph(text: str, *, indent: int = 2) -> Iterator[str]:
    """Wrap a sentence, further lines indented; ids are never broken."""
    return iter(
        wrap(
            text,
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 4),
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def text_within(parts: Iterable[Iterable[str]]) -> str | None:
    """Join parts with an empty line between them, or give None as soon as they exceed what SNS takes."""
    lines: list[str] = []
    size = 0
    for part in parts:
        for number, line in enumerate(part):
            new = ["", line] if number == 0 and lines else [line]
            lines += new
            size += len(line.encode()) + len(new)
            if size - 1 > MAX_BODY:
                return None
    return "\n".join(lines)
