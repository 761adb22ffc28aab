"""The alarms: what they watch, what they say to the person who is woken, and when they are red."""

import re
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match, Template

from infra.settings.intervals import END, START, heartbeat_hours, longest_pause
from infra.settings.stack_settings import StackSettings
from infra.stack import BackupStack
from tests.infra.conftest import ROOT, planned, synthesize
from tests.unit.commands import check, payload_of

PAGER = "arn:aws:sns:eu-west-1:444455556666:pager"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"


def settings(**given: object) -> StackSettings:
    (target,) = planned(**given)
    return target.settings


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    """Return the properties of every alarm by its name without CloudFormation's hash."""
    found = template.find_resources("AWS::CloudWatch::Alarm")
    return {re.sub(r"[0-9A-F]{8}$", "", name): alarm["Properties"] for name, alarm in found.items()}


def written(text: Any) -> str:  # noqa: ANN401 - a text, or what CloudFormation makes into a text
    """Return a description as CloudFormation writes it, each name in it as long as it can be."""
    if isinstance(text, str):
        return text
    if "Fn::Join" in text:
        return "".join(written(part) for part in text["Fn::Join"][1])
    if "Fn::GetAtt" in text:
        return "arn:aws:lambda:ap-southeast-1:111122223333:function:" + "f" * 64
    kinds = {"Function": "f" * 64, "Log": "l" * 128}
    longest = [length for kind, length in kinds.items() if text["Ref"].startswith(kind)]
    return longest[0] if longest else "https://sqs.ap-southeast-1.amazonaws.com/111122223333/" + "q" * 80


def commands(text: str) -> list[str]:
    """List the commands of a text; each ends at a stop or comma that stands by itself, or with the text."""
    return re.findall(r"aws .+?(?= [.,](?: |$)|$)", text)


def test_the_alarms_are_these_eight_and_each_mails(template: Template) -> None:
    found = alarms(template)

    assert {name: alarm["MetricName"] for name, alarm in found.items()} == {
        "FunctionErrors": "Errors",
        "RunFailed": "ApproximateNumberOfMessagesVisible",
        "RunNotDelivered": "ApproximateNumberOfMessagesVisible",
        "NoRunCompleted": "RunCompleted",
        "NothingBackedUp": "RunsFailed",
        "OverdueDay": "VolumesOverdue",
        "OverdueWeek": "VolumesOverdue",
        "OverdueMonth": "VolumesOverdue",
    }
    assert all(len(alarm["AlarmActions"]) == 1 for alarm in found.values())


def test_what_no_data_means_to_each(template: Template) -> None:
    found = alarms(template)

    assert (
        {name: alarm["TreatMissingData"] for name, alarm in found.items()}
        == {
            "FunctionErrors": "notBreaching",
            "RunFailed": "ignore",  # SQS falls silent after six hours, and the message is still there
            "RunNotDelivered": "ignore",
            "NoRunCompleted": "breaching",
            "NothingBackedUp": "ignore",  # the newest run's word stands until the next run, however long that takes
            "OverdueDay": "ignore",
            "OverdueWeek": "ignore",
            "OverdueMonth": "ignore",
        }
    )


def test_what_the_last_run_said_is_watched_by_set_and_the_overdue_by_period_too(template: Template) -> None:
    found = alarms(template)
    watched = [name for name in found if name == "NothingBackedUp" or name.startswith("Overdue")]

    of_set = [{"Name": "set", "Value": "default"}]
    assert {name: found[name]["Dimensions"] for name in watched} == {
        "NothingBackedUp": of_set,
        "OverdueDay": [{"Name": "period", "Value": "day"}, *of_set],
        "OverdueWeek": [{"Name": "period", "Value": "week"}, *of_set],
        "OverdueMonth": [{"Name": "period", "Value": "month"}, *of_set],
    }
    for name in watched:
        alarm = found[name]
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (300, 1, 1)
        assert (alarm["Statistic"], alarm["Namespace"]) == ("Maximum", "EbsBackup")
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_a_period_that_is_off_has_no_alarm() -> None:
    found = alarms(synthesize(schedule_week="off", schedule_month="off"))

    assert {name for name in found if name.startswith("Overdue")} == {"OverdueDay"}


def test_alarms_go_to_a_topic_of_their_own_and_reports_do_not() -> None:
    template = synthesize(alarm_topic_arn=PAGER, alert_email="you@example.com")

    (function,) = template.find_resources("AWS::Lambda::Function").values()
    assert all(alarm["AlarmActions"] == [PAGER] for alarm in alarms(template).values())
    assert PAGER not in str(function)
    assert PAGER not in str(template.find_resources("AWS::IAM::Policy"))


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({}, False),
        ({"alarm_topic_arn": PAGER}, True),
        ({"alarm_topic_arn": PAGER, "kms_key_arn": KEY}, False),
    ],
)
def test_a_topic_for_alarms_that_may_be_encrypted_is_warned_of(
    given: dict[str, str], *, warned: bool
) -> None:
    (target,) = planned(**given)

    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")

    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("no alarm arrives"))
    assert bool(found) == warned


def test_the_heartbeat_counts_the_sets_own_runs_by_the_hour(template: Template) -> None:
    heartbeat = alarms(template)["NoRunCompleted"]

    assert (heartbeat["Period"], heartbeat["EvaluationPeriods"]) == (3600, 72)
    assert "DatapointsToAlarm" not in heartbeat
    assert (heartbeat["Statistic"], heartbeat["ComparisonOperator"]) == ("Sum", "LessThanThreshold")
    assert heartbeat["Dimensions"] == [{"Name": "set", "Value": "default"}]


LAST_RUN = ["NothingBackedUp", "OverdueDay", "OverdueWeek", "OverdueMonth"]
ALL = ["FunctionErrors", "RunFailed", "RunNotDelivered", "NoRunCompleted", *LAST_RUN]


@pytest.fixture(scope="module")
def longest() -> dict[str, str]:
    """Return each alarm's text with the longest names that there are."""
    return texts(synthesize(backup_set="s" * 64))


def texts(template: Template) -> dict[str, str]:
    return {name: written(alarm["AlarmDescription"]) for name, alarm in alarms(template).items()}


@pytest.mark.parametrize("name", ALL)
def test_each_alarm_names_set_and_region_within_cloudwatchs_1024_characters(
    name: str, longest: dict[str, str]
) -> None:
    text = longest[name]

    assert text.startswith(f"EBS backups of set {'s' * 64} in eu-west-1: ")
    assert text.count("aws ") == text.count("--region eu-west-1")
    assert len(text.replace("eu-west-1", "us-isof-south-1")) <= 1024


@pytest.mark.parametrize("name", ALL)
def test_no_alarm_prints_a_command_that_deletes_or_that_forgets_settings(
    name: str, longest: dict[str, str]
) -> None:
    text = longest[name]

    operations = {" ".join(command.split()[1:3]) for command in commands(text)}
    assert operations <= {
        "lambda invoke",
        "logs tail",
        "sqs receive-message",
        "sqs purge-queue",
        "events list-rule-names-by-target",
        "events enable-rule",
    }
    assert "-c " not in text


@pytest.mark.parametrize("name", ALL)
def test_every_command_of_an_alarm_is_one_that_the_aws_cli_takes(name: str, longest: dict[str, str]) -> None:
    found = commands(longest[name])

    assert found
    assert len(found) == longest[name].count("aws ")
    for command in found:
        check(command.replace("PERIOD", "day").replace("TIME", "2026-11-23T01:30:00Z"))


@pytest.mark.parametrize("name", ["RunFailed", "RunNotDelivered"])
def test_a_run_is_redone_under_its_own_time(name: str, longest: dict[str, str]) -> None:
    (invoke,) = (command for command in commands(longest[name]) if "lambda invoke" in command)

    assert payload_of(invoke) == {"period": "PERIOD", "time": "TIME"}


def test_what_lambda_tries_again_by_itself_needs_no_command(longest: dict[str, str]) -> None:
    assert "lambda invoke" not in longest["FunctionErrors"]


def test_the_log_command_finds_time_outs_and_want_of_memory_too(longest: dict[str, str]) -> None:
    """A time-out is logged as `"status":"timeout"`, too little memory as `Runtime.OutOfMemory`, both without ERROR."""
    pattern = re.findall(r"--filter-pattern '(.*?)'", longest["FunctionErrors"])

    assert pattern == ['?ERROR ?timeout ?"Runtime."']


@pytest.mark.parametrize("name", LAST_RUN)
def test_what_the_last_run_said_is_read_in_the_log_and_the_period_is_run_again(
    name: str, longest: dict[str, str]
) -> None:
    log, again = commands(longest[name])

    period = name.removeprefix("Overdue").lower() if name.startswith("Overdue") else "PERIOD"
    assert log.startswith("aws logs tail ")
    assert payload_of(again) == {"period": period}
    assert "turns green with the" in longest[name]


def test_the_heartbeat_names_the_rules_that_there_are() -> None:
    text = texts(synthesize(schedule_week="off"))["NoRunCompleted"]

    assert """'{"period":"day"}'""" in text
    assert "(then do the same with month)" in text
    assert "nobody is subscribed" in text
    assert "one each for day, month." in text
    assert "week" not in text


@pytest.mark.parametrize(
    ("given", "hours"),
    [
        ({}, 72),  # the weekend: Saturday 02:30 to Monday 01:30
        ({"schedule_day": "0 1 ? * MON-THU *", "max_age_day": 5}, 74),  # Thursday 01:00 to Saturday 02:30: 49.5
        ({"schedule_day": "0 1 ? * WED *", "max_age_day": 8}, 119),  # Saturday 02:30 to Wednesday 01:00: 94.5
        ({"schedule_day": "0 1 ? * SUN *", "max_age_day": 8}, 168),  # Sunday 01:00 to Saturday 02:30: 145.5
        ({"schedule_week": "off"}, 96),  # Friday 01:30 to Monday 01:30: 72 hours
        ({"schedule_day": "off", "schedule_month": "off"}, None),
        ({"schedule_day": "0 1 1-5 * ? *", "schedule_week": "0 2 9,16,23 * ? *", "max_age_day": 30, "max_age_week": 30}, None),
    ],
)  # fmt: skip
def test_the_heartbeat_waits_three_days_or_a_day_more_than_the_longest_pause(
    given: dict[str, object], hours: int | None
) -> None:
    assert heartbeat_hours(settings(**given)) == hours


def test_where_runs_pause_longer_than_cloudwatch_sees_no_alarm_is_made_and_synth_says_so() -> None:
    seldom = {"schedule_day": "0 2 ? * SAT *", "max_age_day": 8, "schedule_week": "0 2 ? * SAT *"}
    (target,) = planned(**seldom)

    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")

    assert "NoRunCompleted" not in alarms(Template.from_stack(stack))
    Annotations.from_stack(stack).has_warning(
        "/ebs-backup-default", Match.string_like_regexp("no alarm can tell you that the runs have stopped")
    )


def test_a_schedule_that_never_fires_pauses_for_ever() -> None:
    assert longest_pause(["0 1 1 1 ? 2026"]) == END - START
