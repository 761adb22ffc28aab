"""The alarms: what they watch, what they say to whoever is woken, and when they are red."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match, Template

from ebs_backup import cron
from ebs_backup.settings import Period, Settings
from infra.context import targets
from infra.schedule import END, START, heartbeat_hours, longest_pause
from infra.stack import BackupStack
from tests.infra.conftest import ROOT, synthesize

DEFAULTS = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
HOUR = timedelta(hours=1)


def settings(**given: object) -> Settings:
    (target,) = targets(DEFAULTS | given, region="eu-west-1")
    return target.settings


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    """Give every alarm's properties by its name without CloudFormation's hash."""
    found = template.find_resources("AWS::CloudWatch::Alarm")
    return {re.sub(r"[0-9A-F]{8}$", "", name): each["Properties"] for name, each in found.items()}


def written(text: Any) -> str:  # noqa: ANN401 - a text or what CloudFormation makes one of
    """Give a description as CloudFormation writes it, each name in it as long as it can be."""
    if isinstance(text, str):
        return text
    if "Fn::Join" in text:
        return "".join(written(part) for part in text["Fn::Join"][1])
    if "Fn::GetAtt" in text:
        return "arn:aws:lambda:ap-southeast-1:111122223333:function:" + "f" * 64
    kinds = {"Function": "f" * 64, "Log": "l" * 128}
    longest = [length for kind, length in kinds.items() if text["Ref"].startswith(kind)]
    return longest[0] if longest else "https://sqs.ap-southeast-1.amazonaws.com/111122223333/" + "q" * 80


def test_the_alarms_are_these_four_and_each_mails(template: Template) -> None:
    found = alarms(template)

    assert {name: each["MetricName"] for name, each in found.items()} == {
        "FunctionErrors": "Errors",
        "RunFailed": "ApproximateNumberOfMessagesVisible",
        "RunNotDelivered": "ApproximateNumberOfMessagesVisible",
        "NoRunCompleted": "RunCompleted",
    }
    assert all(len(each["AlarmActions"]) == 1 for each in found.values())


def test_only_the_heartbeat_is_red_for_want_of_data(template: Template) -> None:
    found = alarms(template)

    heartbeat = found.pop("NoRunCompleted")
    assert {each["TreatMissingData"] for each in found.values()} == {"notBreaching"}
    assert heartbeat["TreatMissingData"] == "breaching"
    assert (heartbeat["Period"], heartbeat["EvaluationPeriods"]) == (3600, 72)
    assert (heartbeat["Statistic"], heartbeat["ComparisonOperator"]) == ("Sum", "LessThanThreshold")
    assert heartbeat["Dimensions"] == [{"Name": "set", "Value": "default"}]


@pytest.mark.parametrize("name", ["FunctionErrors", "RunFailed", "RunNotDelivered", "NoRunCompleted"])
def test_each_alarm_names_set_and_region_and_the_command_within_cloudwatchs_1024_characters(
    name: str,
) -> None:
    text = written(alarms(synthesize(backup_set="s" * 64))[name]["AlarmDescription"])

    assert text.startswith(f"For whoever looks after the EBS backups of set {'s' * 64} in eu-west-1: ")
    assert text.count("aws ") == text.count("--region eu-west-1")
    assert (
        f"aws lambda invoke --invocation-type Event --region eu-west-1 --function-name {'f' * 64} --payload"
        in text
    )
    assert len(text) <= 1024


@pytest.mark.parametrize(
    ("given", "hours"),
    [
        ({}, 72),  # the weekend: Saturday 02:30 to Monday 01:30
        ({"schedule_day": "0 1 ? * MON-THU *", "max_age_day": 5}, 74),  # Thursday 01:00 to Saturday 02:30: 49.5
        ({"schedule_day": "0 1 ? * WED *", "max_age_day": 8}, 119),  # Saturday 02:30 to Wednesday 01:00: 94.5
        ({"schedule_day": "0 1 ? * SUN *", "max_age_day": 8}, 168),  # Sunday 01:00 to Saturday 02:30: 145.5
        ({"schedule_day": "0 1 1-5 * ? *", "schedule_week": "0 2 9,16,23 * ? *", "max_age_day": 30, "max_age_week": 30}, None),
    ],
)  # fmt: skip
def test_the_heartbeat_waits_three_days_or_a_day_more_than_the_longest_pause(
    given: dict[str, object], hours: int | None
) -> None:
    assert heartbeat_hours(settings(**given)) == hours


def test_where_runs_pause_longer_than_cloudwatch_sees_no_alarm_is_made_and_synth_says_so() -> None:
    seldom = {"schedule_day": "0 2 ? * SAT *", "max_age_day": 8, "schedule_week": "0 2 ? * SAT *"}
    (target,) = targets(DEFAULTS | seldom, region="eu-west-1")

    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")

    assert "NoRunCompleted" not in alarms(Template.from_stack(stack))
    Annotations.from_stack(stack).has_warning(
        "/ebs-backup-default", Match.string_like_regexp("no alarm tells when no run comes")
    )


def test_a_schedule_that_never_fires_pauses_for_ever() -> None:
    assert longest_pause(["0 1 1 1 ? 2026"]) == END - START


class CloudWatch:
    """CloudWatch's rule for our alarm, over whole hours: red when no hour of the range has a data point.

    Every point that there is counts a run or more, so none breaches by itself. The range is the alarm's periods, and
    a few more, which CloudWatch does not tell ("Evaluating an alarm", missing data); the hour that has just begun may count or not.
    """

    def __init__(self, runs: list[datetime], *, hours: int, more: int) -> None:
        self.points = {run.replace(minute=0, second=0) for run in runs}
        self.range = hours + more

    def is_red(self, now: datetime) -> bool:
        """Say what the alarm's state is at this time."""
        hour = now.replace(minute=0, second=0)
        return not any(hour - past * HOUR in self.points for past in range(1, self.range + 1))

    def red_hours(self, start: datetime, end: datetime) -> list[datetime]:
        """Give each hour at which it is red."""
        every = (start + past * HOUR for past in range(int((end - start) / HOUR)))
        return [now for now in every if self.is_red(now)]


def ends(given: Settings, *, stop: datetime = END) -> list[datetime]:
    """Give when the runs of two years come to their end: after a second or after three hours, in turn."""
    every = {run for period in Period for run in cron.instants(given.schedule(period), start=START, end=stop)}
    return [run + timedelta(hours=3 * (number % 2), seconds=1) for number, run in enumerate(sorted(every))]


@pytest.mark.parametrize(
    "given", [{}, {"schedule_day": "0 1 ? * WED *", "max_age_day": 8}, {"schedule_day": "0 1 ? * SUN *", "max_age_day": 8}]
)  # fmt: skip
def test_in_two_years_of_runs_the_heartbeat_is_never_red_once_the_first_was_done(
    given: dict[str, object],
) -> None:
    hours = heartbeat_hours(settings(**given))
    assert hours is not None
    runs = ends(settings(**given))

    watch = CloudWatch(runs, hours=hours, more=0)

    assert watch.red_hours(runs[0] + HOUR, END) == []
    assert watch.is_red(runs[0] - HOUR)  # from the deploy on, until then


@pytest.mark.parametrize("more", [0, 1, 5])
@pytest.mark.parametrize("stop", [datetime.fromisoformat(f"2027-06-{day:02}T12:00Z") for day in range(1, 8)])
def test_when_runs_stop_the_heartbeat_is_red_within_three_days_and_a_bit(stop: datetime, more: int) -> None:
    runs = ends(settings(), stop=stop)

    watch = CloudWatch(runs, hours=72, more=more)

    first = watch.red_hours(runs[-1], runs[-1] + timedelta(days=4))[0]
    assert timedelta(days=3) <= first - runs[-1] <= timedelta(days=3, hours=more + 1)
