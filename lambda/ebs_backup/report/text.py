"""The text of a mail: what SNS takes, and how lines are laid out. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

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
        """Return the message in the structure that tells SNS which protocol gets what; all but these get the data."""
        texts = {"default": self.data, "email": self.body, "sms": self.subject}
        return json.dumps(texts, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """How much a mail tells.

    In the order in which they give way: lists of what went well, lists of what to look at, EC2's words, how many problems.
    """

    lists: bool = True
    notes: bool = True
    words: bool = True
    problems: int


def subject(tag: str, headline: str, backup_set: str, region: str, period: str = "") -> str:
    """Write `[OK] EBS day backup, eu-west-1: 12 created`; where it is too long, the set's name gives way first."""
    name = "" if backup_set == "default" else f" of {backup_set}"
    start, end = f"[{tag}] EBS {period}{' ' * bool(period)}backup", f", {region}: {headline}"
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


def table(rows: Sequence[Sequence[str]], most: int | None = None, *, indent: int = 2) -> Iterator[str]:
    """Lay out the first `most` rows in columns, and count the others.

    A column, other than the first, that is empty in every row takes no room.
    """
    first, *others = zip_longest(*rows[:most], fillvalue="") if rows[:most] else ((),)
    kept = [first, *(cells for cells in others if any(cells))]
    widths = [min(max(map(len, cells), default=0), WIDEST_COLUMN) for cells in kept]
    for row in zip(*kept, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{' ' * indent}{line}".rstrip()
    if most is not None and len(rows) > most:
        yield f"{' ' * indent}... and {len(rows) - most:,} more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One section of the mail, left out where it has no rows: heading, what to do, rows, and a command below them."""

    heading: str
    rows: Sequence[Sequence[str]]
    before: str = ""
    why: str = ""
    command: str = ""

    def lines(self, *, listed: bool, most: int | None = None) -> Iterator[str]:
        """Return the lines, with the first `most` rows, all rows or none."""
        if self.rows:
            yield self.heading
            yield from [f"  {self.before}"] * bool(self.before)
            yield from table(self.rows, most) if listed else ()
            yield from [f"  {self.why}", f"    {self.command}"] * bool(self.command)


def size(text: str) -> int:
    """Return the bytes that a text takes inside of a message."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def text_within(parts: Iterable[Iterable[str]]) -> str | None:
    """Join parts with an empty line between them, or return None as soon as they exceed what SNS takes."""
    lines: list[str] = []
    total = 0
    for part in parts:
        for number, line in enumerate(part):
            new = ["", line] if number == 0 and lines else [line]
            lines += new
            total += sum(size(f"{text}\n") for text in new)
            if total - size("\n") > MAX_BODY:
                return None
    return "\n".join(lines)
