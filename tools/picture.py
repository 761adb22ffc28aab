"""Draws the dashboard of the docs: the widgets of the real template, over a simulated year of the real handler.

make picture writes docs/dashboard.svg.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import App  # noqa: TID251 - the picture is of the real template
from aws_cdk.assertions import Template  # noqa: TID251 - the same

from tools.drawing import Flag, Lines, picture

if TYPE_CHECKING:
    from tools.year import MetricPoint

ROOT = Path(__file__).parent.parent
STATISTICS: Mapping[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max, "Minimum": min}
Widget = Mapping[str, Any]
HASH = 8  # characters that CloudFormation's names end with


def main() -> None:
    """Write the picture."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "testing")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "testing")
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    from infra.settings.source import Source  # noqa: PLC0415, TID251 - the picture is of the real template
    from infra.settings.targets import targets  # noqa: PLC0415, TID251 - the same
    from tools.year import INCIDENTS, REGION, simulated  # noqa: PLC0415 - moto reads the environment when imported

    (target,) = targets(Source(), region=REGION)
    points = list(simulated(target.settings))
    flags = [
        Flag(
            first=incident.first.date(), last=incident.last.date(), what=incident.what, alarms=incident.alarms
        )
        for incident in INCIDENTS
    ]
    widgets = _widgets(target)
    drawn = picture(widgets, {_title(widget): _lines(widget, points) for widget in widgets}, flags)
    (ROOT / "docs" / "dashboard.svg").write_text("\n".join(drawn) + "\n", encoding="utf-8")


def _widgets(target: Any) -> list[Widget]:  # noqa: ANN401 - a target of infra, which is imported late
    """List the widgets of the dashboard in the template of a target."""
    from infra.stack import BackupStack  # noqa: PLC0415, TID251 - the picture is of the real template

    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")
    (board,) = Template.from_stack(stack).find_resources("AWS::CloudWatch::Dashboard").values()
    parts = board["Properties"]["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(part if isinstance(part, str) else _name(part) for part in parts))
    return list(body["widgets"])


def _name(reference: Mapping[str, Any]) -> str:
    target = next(iter(reference.values()))
    return str(target if isinstance(target, str) else target[0])[:-HASH]


def _title(widget: Widget) -> str:
    return str(widget["properties"].get("title", ""))


def _lines(widget: Widget, points: Iterable["MetricPoint"]) -> Lines:
    """Return the lines of a widget by their labels: a value a day."""
    lines = {}
    for row in widget["properties"].get("metrics", []):
        period = row[row.index("period") + 1] if "period" in row else ""
        options = row[-1]
        by_day: dict[date, list[float]] = defaultdict(list)
        for point in points:
            if (point.metric, point.dimensions.get("period", "")) == (row[1], period):
                by_day[point.at.date()].append(point.value)
        statistic = STATISTICS[options["stat"]]
        lines[str(options["label"])] = {day: statistic(values) for day, values in sorted(by_day.items())}
    return lines


if __name__ == "__main__":
    main()
