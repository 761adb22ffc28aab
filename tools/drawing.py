"""A dashboard as SVG: CloudWatch's widgets on its grid, with numbered flags where something went wrong."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import pairwise
from typing import Any

COLORS = {"day": "#1f77b4", "week": "#e8871e", "month": "#2ca02c", "runs completed": "#5f6b7a"}
COLORS |= {"runs that backed up nothing": "#e8871e", "who get the mails": "#2ca02c"}
OTHER, FLAG, LINK, DARK, GRAY = "#c0392b", "#8e24aa", "#0073bb", "#232f3e", "#687078"
COLUMN, ROW, GRID = 46, 38, 24  # pixels of a column and a row of CloudWatch's grid; columns
GAP = 4  # pixels around a widget
LANE = 3  # pixels between lines that have the same value
LEGEND_ROW = 22
IN_A_ROW = 4  # alarms

Line = Mapping[date, float]
Lines = Mapping[str, Line]
Widget = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A time in which something went wrong, and the alarms that went off."""

    first: date
    last: date
    what: str
    alarms: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Where a plot's days and values are, in pixels of its widget."""

    days: tuple[date, date]
    top: float
    left: int = 44
    right: int
    head: int = 48
    foot: int

    def across(self, day: date) -> float:
        """Return the x of a day."""
        first, last = self.days
        return self.left + (self.right - self.left) * (day - first).days / max(1, (last - first).days)

    def up(self, value: float) -> float:
        """Return the y of a value."""
        return self.foot - (self.foot - self.head) * value / self.top


def picture(widgets: Sequence[Widget], lines: Mapping[str, Lines], flags: Sequence[Flag]) -> Iterator[str]:
    """Draw the widgets, each with the lines that belong to its title, and below them what each flag means."""
    board = max(widget["y"] + widget["height"] for widget in widgets) * ROW
    width, height = GRID * COLUMN, board + LEGEND_ROW * len(flags) + 2 * GAP
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">'
    yield f'<rect width="{width}" height="{height}" fill="#eef0f3"/>'
    for widget in widgets:
        yield from _framed(widget, lines, flags)
    for number, flag in enumerate(flags, 1):
        y = board + LEGEND_ROW * number - 8
        yield _badge(number, 20, y)
        yield f'<text x="36" y="{y + 4}" font-size="13" fill="{DARK}">{escape(flag.what)}</text>'
    yield "</svg>"


def _framed(widget: Widget, lines: Mapping[str, Lines], flags: Sequence[Flag]) -> Iterator[str]:
    wide, high = widget["width"] * COLUMN - 2 * GAP, widget["height"] * ROW - 2 * GAP
    x, y = widget["x"] * COLUMN + GAP, widget["y"] * ROW + GAP
    title = widget["properties"].get("title", "")
    yield f'<g transform="translate({x} {y})"><rect width="{wide}" height="{high}" rx="5" fill="#fff" stroke="#d5dbdb"/>'
    yield f'<text x="12" y="19" font-size="13" font-weight="bold" fill="{DARK}">{escape(title)}</text>'
    if widget["type"] == "alarm":
        yield from _alarms(widget["properties"]["alarms"], flags)
    elif widget["type"] == "text":
        yield from _table(widget["properties"]["markdown"])
    else:
        yield from _plot(lines[title], flags, wide, high)
    yield "</g>"


def _alarms(alarms: Iterable[str], flags: Sequence[Flag]) -> Iterator[str]:
    """Draw the alarms as they are at the end of the year, with the flags at which they went off."""
    for place, alarm in enumerate(alarms):
        x, y = 12 + place % IN_A_ROW * 272, 30 + place // IN_A_ROW * 56
        yield f'<rect x="{x}" y="{y}" width="256" height="50" rx="4" fill="#e6f4ea" stroke="#2e7d32"/>'
        yield f'<text x="{x + 12}" y="{y + 30}" fill="#1b5e20"><tspan font-weight="bold">OK</tspan>  {escape(alarm)}</text>'
        for number, flag in enumerate(flags, 1):
            if alarm in flag.alarms:
                yield f'<text x="{x + 222}" y="{y + 30}" text-anchor="end" fill="{FLAG}">was in alarm at</text>'
                yield _badge(number, x + 236, y + 26)


def _table(markdown: str) -> Iterator[str]:
    """Draw a table of two columns, with its links and bold words, without their Markdown marks."""
    rows = [line.strip("| ").split(" | ") for line in markdown.splitlines() if not line.startswith("|--")]
    for number, (seen, then) in enumerate(rows):
        y = 28 + 34 * number
        color = DARK if number else GRAY  # the first row is the head
        linked = re.sub(r"\[(.+?)\]\(.+?\)", rf'<tspan fill="{LINK}">\1</tspan>', escape(then))
        yield f'<text x="12" y="{y}" font-size="13" fill="{color}" font-weight="bold">{escape(seen.strip("*"))}</text>'
        yield f'<text x="230" y="{y}" font-size="13" fill="{color}">{linked}</text>'
        yield f'<path d="M12 {y + 11}H1080" stroke="#e4e8eb"/>'


def _plot(lines: Lines, flags: Sequence[Flag], wide: int, high: int) -> Iterator[str]:
    days = sorted(day for line in lines.values() for day in line)
    top = max((value for line in lines.values() for value in line.values()), default=0) or 1
    plot = Plot(days=(days[0], days[-1]), top=top, right=wide - 14, foot=high - 36)
    yield from _flagged(flags, plot)
    yield from _axes(plot)
    for place, (label, line) in enumerate(lines.items()):
        color = COLORS.get(label, OTHER)
        x = plot.left + sum(30 + 6 * len(before) for before in [*lines][:place])
        yield f'<circle cx="{x + 4}" cy="{high - 10}" r="4" fill="{color}"/><text x="{x + 12}" y="{high - 6}" fill="{DARK}">{escape(label)}</text>'
        yield _path(line, plot, color, shift=LANE * ((len(lines) - 1) / 2 - place))


def _flagged(flags: Sequence[Flag], plot: Plot) -> Iterator[str]:
    """Shade the time of each flag, and put its number above."""
    for number, flag in enumerate(flags, 1):
        left, right = plot.across(flag.first), plot.across(flag.last)
        wide = max(4.0, right - left)
        yield f'<rect x="{left:.1f}" y="{plot.head - 6}" width="{wide:.1f}" height="{plot.foot - plot.head + 6}" fill="#f3e5f5"/>'
        yield _badge(number, left + wide / 2, plot.head - 14)


def _axes(plot: Plot) -> Iterator[str]:
    for value in (0, plot.top / 2, plot.top):
        y = plot.up(value)
        yield f'<path d="M{plot.left} {y:.1f}H{plot.right}" stroke="#e4e8eb"/><text x="{plot.left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{GRAY}">{value:.3g}</text>'
    for month in range(1, 13):
        day = date(plot.days[0].year, month, 1)
        yield f'<text x="{plot.across(day):.1f}" y="{plot.foot + 16}" fill="{GRAY}">{day:%b}</text>'


def _path(line: Line, plot: Plot, color: str, *, shift: float) -> str:
    """Draw a line: runs of a few days apart are joined, a longer pause is a gap."""
    joined = {after for before, after in pairwise(line) if after - before <= timedelta(days=3)}
    steps = "".join(
        f"{'L' if day in joined else 'M'}{plot.across(day):.1f} {plot.up(value) - shift:.1f}h.01"
        for day, value in line.items()
    )
    wide = 2.4 if joined else 4.6  # single dots would hardly be seen
    return f'<path d="{steps}" fill="none" stroke="{color}" stroke-width="{wide}" stroke-linecap="round"/>'


def _badge(number: int, x: float, y: float) -> str:
    circle = f'<circle cx="{x:.1f}" cy="{y}" r="8" fill="{FLAG}"/>'
    return f'{circle}<text x="{x:.1f}" y="{y + 4}" text-anchor="middle" font-weight="bold" fill="#fff">{number}</text>'
