"""What `doctor` says of the last check: when it last passed, by the function's metric."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ebs_backup_cli.aws.stack import Stack
from ebs_backup_cli.doctor.examine_check import last_check
from ebs_backup_cli.doctor.findings import Finding, State

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def found(*days_ago: int) -> Finding:
    asked: list[dict[str, Any]] = []

    def statistics(**parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - as CloudWatch takes them
        asked.append(parameters)
        return {"Datapoints": [{"Timestamp": NOW - timedelta(days=days), "Sum": 1.0} for days in days_ago]}

    session: Any = SimpleNamespace()
    of = Stack(session, "web", {"cloudwatch ": SimpleNamespace(get_metric_statistics=statistics)})
    (finding,) = last_check(of, NOW)
    assert asked[0]["MetricName"] == "CheckPassed"
    assert asked[0]["Dimensions"] == [{"Name": "set", "Value": "web"}]
    return finding


@pytest.mark.parametrize(
    ("days_ago", "state", "text"),
    [
        ((40, 3, 7), State.GOOD, "last passed on 22 Nov 2026, 3 days ago"),
        ((1,), State.GOOD, "last passed on 24 Nov 2026, 1 day ago"),
        ((130,), State.LOOK, "last passed on 18 Jul 2026, 130 days ago"),
        ((), State.LOOK, "none passed in the last 400 days"),
    ],
)
def test_the_newest_day_on_which_a_check_was_well_counts(
    days_ago: tuple[int, ...], state: State, text: str
) -> None:
    finding = found(*days_ago)

    assert (finding.state, finding.text) == (state, text)
