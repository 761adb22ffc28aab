"""The dashboard by its meaning: it draws what the function emits, says what to do, and no widget covers another."""

import json
from itertools import combinations
from typing import Any

import pytest
from aws_cdk.assertions import Template

from ebs_backup.names import NAMESPACE
from tests.infra.conftest import synthesize

PERIODS = {"day", "week", "month"}
# What the function emits by period, except RunSeconds: tests/unit/handler/test_metrics.py checks the same names.
EMITTED = {
    "VolumesSelected",
    "SnapshotsCreated",
    "SnapshotsExpired",
    "Failures",
    "VolumesOverdue",
}


def body(template: Template) -> dict[str, Any]:
    """Return the dashboard, each of CloudFormation's references in it by its name."""
    (board,) = template.find_resources("AWS::CloudWatch::Dashboard").values()
    parts = board["Properties"]["DashboardBody"]["Fn::Join"][1]
    texts = (part if isinstance(part, str) else str(next(iter(part.values()))) for part in parts)
    return dict(json.loads("".join(text.replace("['", "").replace("', 'Arn']", "") for text in texts)))


def plotted(template: Template) -> list[tuple[str, str, dict[str, str]]]:
    """Return namespace, name and dimensions of every metric that is drawn."""
    rows = [row for widget in body(template)["widgets"] for row in widget["properties"].get("metrics", [])]
    return [
        (row[0], row[1], dict(zip(row[2:-1:2], row[3:-1:2], strict=True)))
        for row in rows
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["default", "s" * 64])
def test_every_metric_of_the_set_is_drawn_by_period_and_the_heartbeat_by_set_alone(name: str) -> None:
    found = plotted(synthesize(backup_set=name))

    ours = [(metric, dimensions) for namespace, metric, dimensions in found if namespace == NAMESPACE]
    assert all(dimensions["set"] == name for _, dimensions in ours)
    by_period = {(metric, dimensions["period"]) for metric, dimensions in ours if "period" in dimensions}
    assert by_period == {(metric, period) for metric in EMITTED for period in PERIODS}
    of_the_set = [metric for metric, dimensions in ours if "period" not in dimensions]
    assert of_the_set == ["RunCompleted", "RunsFailed", "Subscribers"]


def test_the_functions_own_errors_are_drawn(template: Template) -> None:
    (errors,) = [row for row in plotted(template) if row[0] != NAMESPACE]

    assert errors[:2] == ("AWS/Lambda", "Errors")
    assert errors[2]["FunctionName"].startswith("Function")


def test_it_shows_the_state_of_every_alarm(template: Template) -> None:
    (states,) = [widget for widget in body(template)["widgets"] if widget["type"] == "alarm"]

    assert set(states["properties"]["alarms"]) == set(template.find_resources("AWS::CloudWatch::Alarm"))


def test_it_says_what_to_do_about_each_plot_that_it_has_and_the_alarms(template: Template) -> None:
    widgets = body(template)["widgets"]
    (text,) = [widget["properties"]["markdown"] for widget in widgets if widget["type"] == "text"]

    advice = [row.split("|")[1].strip(" *") for row in text.splitlines()[2:]]
    named = {title for cell in advice for title in cell.split(", ")}
    titles = {widget["properties"]["title"] for widget in widgets if widget["type"] == "metric"}
    assert named == titles - {"Snapshots created"} | {"Alarms"}


def test_its_link_opens_the_log_of_the_stack(template: Template) -> None:
    (text,) = [widget for widget in body(template)["widgets"] if widget["type"] == "text"]
    (log,) = template.find_resources("AWS::Logs::LogGroup")

    assert f"(#logsV2:log-groups/log-group/{log})" in text["properties"]["markdown"]


def test_nothing_overlaps_or_leaves_the_grid(template: Template) -> None:
    widgets = body(template)["widgets"]

    for one, other in combinations(widgets, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        assert beside or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)


def test_a_year_is_shown_under_a_name_that_holds_set_and_region(template: Template) -> None:
    (board,) = template.find_resources("AWS::CloudWatch::Dashboard").values()

    assert board["Properties"]["DashboardName"] == "ebs-backup-default-eu-west-1"
    assert body(template)["start"] == "-P365D"


@pytest.mark.parametrize("off", [False, "false"])
def test_it_can_be_left_out(off: object) -> None:
    synthesize(dashboard=off).resource_count_is("AWS::CloudWatch::Dashboard", 0)
