"""Draws the dashboard of the docs: the widgets of the real template, over a simulated year of the real handler.

make picture writes docs/dashboard.svg.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from aws_cdk import App  # noqa: TID251 - the picture is of the real template
from aws_cdk.assertions import Template  # noqa: TID251 - the same

from ebs_backup.names import Period

ROOT = Path(__file__).parent.parent
COLORS = {Period.DAY: "#1f77b4", Period.WEEK: "#e8871e", Period.MONTH: "#2ca02c"}
OTHER = "#c0392b"
COLUMN, ROW = 46, 34  # pixels of CloudWatch's grid: 24 columns
STATISTICS: Mapping[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max}
Series = Mapping[date, float]


def main() -> None:
    """Write the picture."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    from demo.year import REGION, simulated  # noqa: PLC0415 - moto reads the environment when imported
    from infra.context import targets  # noqa: PLC0415, TID251 - the picture is of the real template
    from infra.stack import BackupStack  # noqa: PLC0415, TID251 - the same

    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    (target,) = targets(context, region=REGION)
    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")
    (board,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    parts = board["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(part if isinstance(part, str) else _name(part) for part in parts))

    data: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for point in simulated(target.settings):
        data[f"{point.metric} {point.dimensions.get('period', '')}"].append((point.at, point.value))
    (ROOT / "docs" / "dashboard.svg").write_text(
        "\n".join(_svg(body["widgets"], data)) + "\n", encoding="utf-8"
    )


def _name(reference: Mapping[str, Any]) -> str:
    target = next(iter(reference.values()))
    return str(target if isinstance(target, str) else target[0])[:-8]  # without the hash


def _svg(
    widgets: Sequence[Mapping[str, Any]], data: Mapping[str, list[tuple[datetime, float]]]
) -> Iterator[str]:
    width, height = 24 * COLUMN, max(each["y"] + each["height"] for each in widgets) * ROW
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">'
    yield f'<rect width="{width}" height="{height}" fill="#eef0f3"/>'
    for widget in widgets:
        x, y, wide, high = (
            widget["x"] * COLUMN,
            widget["y"] * ROW,
            widget["width"] * COLUMN,
            widget["height"] * ROW,
        )
        yield f'<g transform="translate({x + 4} {y + 4})"><rect width="{wide - 8}" height="{high - 8}" rx="5" fill="#fff" stroke="#d5dbdb"/>'
        yield f'<text x="12" y="19" font-size="13" font-weight="bold" fill="#232f3e">{escape(widget["properties"]["title"])}</text>'
        yield from _states(widget) if widget["type"] == "alarm" else _plot(widget, data, wide - 8, high - 8)
        yield "</g>"
    yield "</svg>"


def _states(widget: Mapping[str, Any]) -> Iterator[str]:
    """Draw the alarms as they stand at the end of this year: the last days of it were good ones."""
    for number, alarm in enumerate(widget["properties"]["alarms"]):
        yield f'<rect x="{12 + number * 272}" y="32" width="256" height="46" rx="4" fill="#e6f4ea" stroke="#2e7d32"/>'
        yield f'<text x="{24 + number * 272}" y="60" fill="#1b5e20"><tspan font-weight="bold">OK</tspan>  {escape(alarm)}</text>'


def _plot(
    widget: Mapping[str, Any], data: Mapping[str, list[tuple[datetime, float]]], wide: int, high: int
) -> Iterator[str]:
    properties = widget["properties"]
    series: dict[str, Series] = {}
    for row in properties["metrics"]:
        options = row[-1]
        period = row[row.index("period") + 1] if "period" in row else ""
        statistic = STATISTICS[options.get("stat", "Average")]
        series[options["label"]] = _daily(data[f"{row[1]} {period}"], statistic)
    days = sorted(day for each in series.values() for day in each)
    top = max((value for each in series.values() for value in each.values()), default=0) or 1
    left, right, head, foot = 44, wide - 14, 34, high - 36

    def across(day: date) -> float:
        return left + (right - left) * (day - days[0]).days / max(1, (days[-1] - days[0]).days)

    def up(value: float) -> float:
        return foot - (foot - head) * value / top

    for value in (0, top / 2, top):
        yield f'<path d="M{left} {up(value):.1f}H{right}" stroke="#e4e8eb"/><text x="{left - 5}" y="{up(value) + 4:.1f}" text-anchor="end" fill="#687078">{value:.3g}</text>'
    for month in range(1, 13, 2):
        day = date(days[0].year, month, 1)
        yield f'<text x="{across(day):.1f}" y="{foot + 14}" fill="#687078">{day:%b}</text>'
    for number, (label, each) in enumerate(series.items()):
        color = COLORS.get(Period(label), OTHER) if label in set(Period) else OTHER
        yield f'<circle cx="{left + 4 + number * 80}" cy="{high - 10}" r="4" fill="{color}"/><text x="{left + 12 + number * 80}" y="{high - 6}" fill="#232f3e">{label}</text>'
        line = "".join(
            f"{'L' if day - timedelta(1) in each else 'M'}{across(day):.1f} {up(each[day]):.1f}h.01"
            for day in each
        )
        yield f'<path d="{line}" fill="none" stroke="{color}" stroke-width="2.2" stroke-linecap="round"/>'


def _daily(points: list[tuple[datetime, float]], statistic: Callable[[list[float]], float]) -> Series:
    by_day: dict[date, list[float]] = defaultdict(list)
    for at, value in points:
        by_day[at.date()].append(value)
    return {day: statistic(values) for day, values in sorted(by_day.items())}


if __name__ == "__main__":
    main()
