"""The text of a mail: what SNS takes, and how lines are laid out. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ebs_backup.model import Run

# SNS: a subject is under 100 ASCII characters without a line break; a message, its attributes included, at most 262,144
# bytes. Text and data travel in one message, as JSON strings.
MAX_SUBJECT, MAX_MESSAGE = 99, 262_144
MAX_DATA = 60_000
MAX_BODY = MAX_MESSAGE - MAX_DATA - 1_000
WIDEST_COLUMN = 40  # one long name does not push every other line to the right


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What SNS is given: the text for people, the same report as JSON for machines, and what subscribers may filter by."""

    subject: str
    body: str
    data: str
    attributes: Mapping[str, str]

    @property
    def message(self) -> str:
        """Give the message in the structure that tells SNS which protocol gets what; all but these get the data."""
        texts = {"default": self.data, "email": self.body, "sms": self.subject}
        return json.dumps(texts, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much a mail tells.

    In the order in which they give way: lists of what went well, lists of what to look at, EC2's words, advice that
    differs under one code, how many problems.
    """

    lists: bool = True
    notes: bool = True
    words: bool = True
    advice: bool = True
    problems: int


def subject(tag: str, run: Run, headline: str) -> str:
    """Write `[OK] EBS day backup, eu-west-1: 12 created`; where it is too long, the set's name gives way first."""
    name = "" if run.backup_set == "default" else f" of {run.backup_set}"
    start, end = f"[{tag}] EBS {run.period} backup", f", {run.region}: {headline}"
    room = max(0, MAX_SUBJECT - len(start) - len(end))
    name = name if len(name) <= room else f"{name[: max(0, room - 3)]}..."
    return one_line(f"{start}{name}{end}", MAX_SUBJECT).encode("ascii", "replace").decode()


def one_line(text: str, limit: int = 300) -> str:
    """Make a text fit for one line: control characters and line breaks become spaces, a long one is cut."""
    line = text.strip()[: limit + 1]
    if not line.isprintable():
        line = "".join(char if char.isprintable() else " " for char in line)
    return line.strip() if len(line) <= limit else f"{line[: limit - 3]}..."


def counted(number: int, noun: str) -> str:
    """Write `1 volume`, `2,000 volumes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def columns(rows: Sequence[Sequence[str]], *, indent: int = 2) -> Iterator[str]:
    """Lay out rows so that their columns line up; a further column that is empty in every row takes no room."""
    first, *others = zip(*rows, strict=True)
    kept = [first, *(cells for cells in others if any(cells))]
    widths = [min(max(map(len, cells)), WIDEST_COLUMN) for cells in kept]
    for row in zip(*kept, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{' ' * indent}{line}".rstrip()


def paragraph(text: str, *, indent: int = 2) -> Iterator[str]:
    """Give a sentence as one line: the reader's screen breaks it, be it a phone's or a wide one."""
    yield f"{' ' * indent}{text}"


def size(text: str) -> int:
    """Give the bytes that a text takes inside of a message."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def text_within(parts: Iterable[Iterable[str]]) -> str | None:
    """Join parts with an empty line between them, or give None as soon as they exceed what SNS takes."""
    lines: list[str] = []
    total = 0
    for part in parts:
        for number, line in enumerate(part):
            new = ["", line] if number == 0 and lines else [line]
            lines += new
            total += sum(size(f"{each}\n") for each in new)
            if total - size("\n") > MAX_BODY:
                return None
    return "\n".join(lines)
