"""The picture of a simulation: a bar for every restore point, from the day it was taken to the day it expired.

A line of today crosses what is held. Written with the standard library: these are bars and words, and a chart library
would bring megabytes and change the bytes of the picture with each of its releases.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ebs_backup.names import Period
from ebs_backup_cli.pictures.simulation import RestorePoint, Simulation, midnight
from ebs_backup_cli.terminal import words

WIDTH, LEFT, RIGHT = 960, 120, 776  # of the canvas; where time begins and ends on it
TOP, GAP, FOOT = 124, 28, 40  # above the first row, between rows, below the last
PITCH, TALLEST = 15, 180  # from bar to bar; a row of more bars than fit in `TALLEST` has thinner ones
BETWEEN_LABELS = 44

STYLE = """
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1f2328 }
  .card { fill: #ffffff; stroke: #d0d7de }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .today { stroke: #1f2328; stroke-width: 2 }
  .quiet { fill: #59636e; font-size: 14px }
  .head { font-size: 22px; font-weight: 600 }
  .name { font-size: 18px; font-weight: 600 }
  .count { font-size: 26px; font-weight: 700 }
  .day { fill: #0969da } .week { fill: #d4700c } .month { fill: #1a7f37 }
  .expired { opacity: 0.2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .card { fill: #0d1117; stroke: #3d444d }
    .grid { stroke: #2a313c }
    .today { stroke: #f0f6fc }
    .quiet { fill: #9198a1 }
    .day { fill: #4aa3ff } .week { fill: #ffa657 } .month { fill: #3fb950 }
    .expired { opacity: 0.28 }
  }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One period's bars; each bar has a lane, which is free again when the bar has ended."""

    period: Period
    keep: int
    bars: Sequence[tuple[int, RestorePoint]]
    top: float

    @property
    def lanes(self) -> int:
        """Return how many bars lie above each other, at least one."""
        return max((lane for lane, _ in self.bars), default=0) + 1

    @property
    def pitch(self) -> float:
        """Return how far the lanes lie apart."""
        return min(PITCH, TALLEST / self.lanes)

    @property
    def bottom(self) -> float:
        """Return where it ends; it is high enough for its name and what it keeps."""
        return self.top + max(3 * PITCH, self.lanes * self.pitch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Where an instant is on the canvas."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        """Return how far from the canvas's left side."""
        return LEFT + (RIGHT - LEFT) * ((at - self.start) / (self.end - self.start))


def draw(simulation: Simulation) -> str:
    """Return the picture; the same simulation gives the same text."""
    rows = list(_rows(simulation))
    bottom = rows[-1].bottom
    height = round(bottom + FOOT)
    scale = Scale(
        start=midnight(simulation.start), end=midnight(simulation.start + timedelta(days=simulation.days))
    )
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img",
            "aria-labelledby": "title description",
        },
    )
    _text(root, "title", _title(simulation), id="title")
    _text(root, "desc", _description(simulation), id="description")
    _text(root, "style", STYLE)
    _add(root, "rect", x=0.5, y=0.5, width=WIDTH - 1, height=height - 1, rx=10, class_="card")
    _head(root, simulation)
    _grid(root, scale, top=TOP - 14, bottom=bottom + 8)
    for row in rows:
        _row(root, row, scale)
    _today(root, simulation, rows)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _rows(simulation: Simulation) -> Iterator[Row]:
    top: float = TOP
    for period, keep in simulation.keeps.items():
        points = [point for point in simulation.points if point.period == period]
        row = Row(period=period, keep=keep, bars=list(_lanes(points)), top=top)
        top = row.bottom + GAP
        yield row


def _lanes(points: Iterable[RestorePoint]) -> Iterator[tuple[int, RestorePoint]]:
    """Put each bar into the first lane that is free when it begins."""
    busy: list[RestorePoint] = []
    for point in points:
        free = (
            lane
            for lane, other in enumerate(busy)
            if other.expired is not None and other.expired <= point.taken
        )
        lane = next(free, len(busy))
        busy[lane : lane + 1] = [point]
        yield lane, point


def _title(simulation: Simulation) -> str:
    return f"Keep the newest {words.keeps(simulation.keeps)}"


def _description(simulation: Simulation) -> str:
    held = simulation.held(simulation.last)
    counts = Counter(point.period for point in held)
    since = f", the oldest from {words.day(min(point.taken for point in held))}" if held else ""
    return (
        f"One volume from {words.day(simulation.start)} to {words.day(simulation.last)}."
        f" At the end it has {words.holdings({period: counts[period] for period in simulation.keeps})}{since}."
        f" {words.several(len(simulation.points) - len(held), 'more snapshot')} had expired by then."
    )


def _head(root: Element, simulation: Simulation) -> None:
    _text(root, "text", _title(simulation), x=24, y=40, class_="head")
    first = next(iter(simulation.keeps))
    _add(root, "rect", x=24, y=58, width=34, height=10, rx=4, class_=first)
    _text(root, "text", "a snapshot that is held", x=66, y=68, class_="quiet")
    _add(root, "rect", x=250, y=58, width=34, height=10, rx=4, class_=f"{first} expired")
    _text(root, "text", "deleted when newer ones came", x=292, y=68, class_="quiet")


def _grid(root: Element, scale: Scale, *, top: float, bottom: float) -> None:
    for on, label in _ticks(scale):
        x = scale.x(midnight(on))
        _add(root, "path", d=f"M{_number(x)} {_number(top)}V{_number(bottom)}", class_="grid")
        if x <= RIGHT - BETWEEN_LABELS:
            _text(root, "text", label, x=x + 4, y=bottom + 14, class_="quiet")


def _ticks(scale: Scale) -> Iterator[tuple[date, str]]:
    """Return the first days of months (if there are many, of every second, third, ...); for few weeks, the Mondays."""
    days = [scale.start.date() + timedelta(days=day) for day in range((scale.end - scale.start).days)]
    firsts = [day for day in days if day.day == 1]
    if len(firsts) < 2:
        yield from ((day, f"{day.day} {words.month(day)}") for day in days if day.weekday() == 0)
        return
    steps = (1, 2, 3, 6, 12, 24, 60, 120, 240)
    room = (RIGHT - LEFT) / (len(days) / 30.4)
    step = next((step for step in steps if step * room >= BETWEEN_LABELS), steps[-1])
    for day in firsts:
        if (12 * day.year + day.month - 1) % step == 0:
            yield day, words.month(day) if day.month > 1 else str(day.year)


def _row(root: Element, row: Row, scale: Scale) -> None:
    middle = (row.top + row.bottom) / 2
    _text(root, "text", row.period.capitalize(), x=24, y=middle - 2, class_="name")
    _text(root, "text", f"keep {row.keep}", x=24, y=middle + 17, class_="quiet")
    group = SubElement(root, "g")
    tall = row.pitch * 0.7
    for lane, point in row.bars:
        begin, end = scale.x(point.taken), scale.x(point.expired or scale.end)
        wide = max(end - begin - 1.5, min(tall, 2))
        bar = _add(
            group,
            "rect",
            x=min(begin, RIGHT - wide),
            y=row.top + lane * row.pitch + (row.pitch - tall) / 2,
            width=wide,
            height=tall,
            rx=min(4, tall / 2, wide / 2),
            class_=row.period if point.expired is None else f"{row.period} expired",
        )
        _text(bar, "title", _told(point))


def _told(point: RestorePoint) -> str:
    until = "held" if point.expired is None else f"until {words.day(point.expired)}"
    return f"{point.period}: {words.day(point.taken)}, {until}"


def _today(root: Element, simulation: Simulation, rows: Sequence[Row]) -> None:
    """Draw the line at the end of the last day, and what of each period it crosses."""
    last, held = simulation.last, simulation.held(simulation.last)
    _add(root, "path", d=f"M{RIGHT} {TOP - 36}V{_number(rows[-1].bottom + 8)}", class_="today")
    _text(root, "text", f"{words.day(last)}:", x=RIGHT + 14, y=TOP - 42, class_="quiet")
    _text(root, "text", words.several(len(held), "snapshot"), x=RIGHT + 14, y=TOP - 20, class_="name")
    for row in rows:
        taken = [point.taken for point in held if point.period == row.period]
        middle = (row.top + row.bottom) / 2
        text = _add(root, "text", x=RIGHT + 14, y=middle + 2, class_="name")
        count = _text(text, "tspan", str(len(taken)), class_=f"count {row.period}")
        count.tail = f" {row.period}" if len(taken) == 1 else f" {row.period}s"
        if taken:
            _text(
                root,
                "text",
                f"back to {words.short(min(taken), last)}",
                x=RIGHT + 14,
                y=middle + 21,
                class_="quiet",
            )


def _add(parent: Element, tag: str, **attributes: object) -> Element:
    """Append an element; `class_` stands for a name that Python does not take."""
    return SubElement(parent, tag, {name.rstrip("_"): _number(value) for name, value in attributes.items()})


def _text(parent: Element, tag: str, text: str, **attributes: object) -> Element:
    element = _add(parent, tag, **attributes)
    element.text = text
    return element


def _number(value: object) -> str:
    """Write a length to a tenth, and anything else as it is."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
