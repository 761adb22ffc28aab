"""The picture of a simulation: this code draws README's, and every picture is complete, safe and described in words."""

import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ebs_backup.names import Period
from ebs_backup_cli.pictures.simulation import Simulation, simulate
from ebs_backup_cli.pictures.svg import WIDTH, draw
from tests.cli.quarter import DAYS, START, quarter
from tests.unit.builders import settings

SVG = "{http://www.w3.org/2000/svg}"
PICTURE = Path(__file__).parent.parent.parent / "docs" / "keep.svg"
SIMULATIONS = {
    "the defaults": quarter(),
    "a long time": simulate(settings(keep_day=30), date(2026, 1, 10), 1500),
    "hourly": simulate(settings(schedule_day="0 * * * ? *", keep_day=48), date(2026, 11, 16), 10),
    "one period": quarter(schedule_day="off", schedule_week="off"),
    "keep one": quarter(keep_day=1, keep_week=1, keep_month=1),
    "nothing yet": simulate(settings(), date(2026, 11, 15), 1),
}
every_simulation = pytest.mark.parametrize("simulation", SIMULATIONS.values(), ids=SIMULATIONS)


def parsed(simulation: Simulation) -> ET.Element:
    return ET.fromstring(draw(simulation))  # noqa: S314 - our own text


def bars(root: ET.Element) -> list[ET.Element]:
    """Return the bars of the restore points: what has a title of its own."""
    return [rect for rect in root.iter(f"{SVG}rect") if rect.find(f"{SVG}title") is not None]


def test_the_picture_of_the_readme_is_what_this_code_draws(request: pytest.FixtureRequest) -> None:
    """`pytest tests/unit tests/cli --update-golden` draws it anew; then look at it, light and dark."""
    text = draw(simulate(settings(), START, DAYS))

    if request.config.getoption("--update-golden", default=False):
        PICTURE.write_text(text, encoding="utf-8", newline="\n")

    assert PICTURE.read_bytes() == text.encode()


@every_simulation
def test_every_restore_point_has_a_bar_and_those_that_are_held_are_strong(simulation: Simulation) -> None:
    drawn = Counter(bar.attrib["class"] for bar in bars(parsed(simulation)))

    points = simulation.points
    assert drawn == Counter(
        point.period if point.expired is None else f"{point.period} expired" for point in points
    )


@every_simulation
def test_every_bar_is_inside_the_canvas(simulation: Simulation) -> None:
    root = parsed(simulation)

    *_, width, height = map(float, root.attrib["viewBox"].split())
    for bar in bars(root):
        x, y, wide, tall = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert wide > 0
        assert tall > 0
        assert x + wide <= width == WIDTH
        assert y + tall <= height


@every_simulation
def test_no_two_bars_lie_on_each_other(simulation: Simulation) -> None:
    lines: dict[tuple[str, str], float] = {}
    for bar in bars(parsed(simulation)):
        line = (bar.attrib["class"].split()[0], bar.attrib["y"])
        assert float(bar.attrib["x"]) >= lines.get(line, 0) - 2  # a bar has a least width
        lines[line] = float(bar.attrib["x"]) + float(bar.attrib["width"])


@every_simulation
def test_months_that_are_named_stand_apart(simulation: Simulation) -> None:
    root = parsed(simulation)
    lowest = max(float(text.attrib["y"]) for text in root.iter(f"{SVG}text"))

    labels = [
        float(text.attrib["x"]) for text in root.iter(f"{SVG}text") if float(text.attrib["y"]) == lowest
    ]

    assert all(later - earlier >= 40 for earlier, later in pairwise(labels))


def test_a_screen_reader_is_told_what_the_picture_shows() -> None:
    root = parsed(quarter())

    assert root.attrib["role"] == "img"
    told = {element.attrib.get("id"): element.text for element in root}
    title, description = (told[name] for name in root.attrib["aria-labelledby"].split())
    assert title == "Keep the newest 4 days, 4 weeks and 3 months"
    assert description == (
        "One volume from 1 Oct 2026 to 31 Dec 2026."
        " At the end it has 11 snapshots: 4 days, 4 weeks, 3 months, the oldest from 1 Oct 2026."
        " 71 more snapshots had expired by then."
    )


def test_the_line_of_the_last_day_says_how_many_of_each_period_it_crosses() -> None:
    texts = ["".join(text.itertext()).strip() for text in parsed(quarter()).iter(f"{SVG}text")]

    for said in ("11 snapshots", "4 days", "4 weeks", "3 months", "back to 1 Oct"):
        assert said in texts


def test_the_picture_follows_a_dark_page_and_fetches_and_runs_nothing() -> None:
    text = draw(quarter())

    assert "prefers-color-scheme: dark" in text
    fetches_or_runs = r"<script|href|url\(|@import|@font-face|\son\w+="
    assert re.findall(fetches_or_runs, text) == []


def test_each_period_has_a_colour_in_both_modes() -> None:
    style = parsed(quarter()).findtext(f"{SVG}style") or ""

    assert [style.count(f".{period} {{ fill: ") for period in Period] == [2, 2, 2]
