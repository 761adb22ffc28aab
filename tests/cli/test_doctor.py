"""`doctor`: every line is good, or bad with what to do; it says what it may not read, and never guesses."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from boto3.session import Session
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from ebs_backup import __version__
from ebs_backup_cli.doctor.findings import SHOWN, some
from tests.cli.conftest import ACCOUNT, NOW, REGION, Command
from tests.cli.schemas import assert_conforms
from tests.unit.commands import check as check_command

pytestmark = pytest.mark.usefixtures("wednesday")
SCHEDULES = {"day": "30 1 ? * MON-FRI *", "week": "30 2 ? * SAT *", "month": "30 3 1 * ? *"}
# What a real account answers and moto here does not: CloudFormation, IAM's simulation and the quota.
ALLOWED = {"EvaluationResults": [{"EvalActionName": "ec2:CreateSnapshot", "EvalDecision": "allowed"}]}
DENIED = {"EvaluationResults": [{"EvalActionName": "ec2:DeleteSnapshot", "EvalDecision": "explicitDeny"}]}
Answers = dict[str, Any]
TOPIC, PAGER = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("topic", "pager"))


def client(service: str) -> Any:  # noqa: ANN401 - a client of any service
    any_service: Any = Session(region_name=REGION).client
    return any_service(service)


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Return what AWS answers instead of moto, by operation: an answer, or an error to raise."""
    told: Answers = {"SimulatePrincipalPolicy": ALLOWED, "GetServiceQuota": {"Quota": {"Value": 100_000.0}}}
    call = BaseClient._make_api_call  # type: ignore[attr-defined] # all calls pass it, and it has no public name

    def answer(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - any answer
        if isinstance(told.get(operation), Exception):
            raise told[operation]
        return told[operation] if operation in told else call(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", answer):
        yield told


@pytest.fixture
def well(command: Command, answers: Answers) -> Command:
    """Return an account in which all is well: a stack, a confirmed subscription, a volume with its restore points."""
    command.deploy()
    answers |= {"DescribeStackResources": {"StackResources": list(_resources())}}
    answers |= {"DescribeStacks": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}}
    sns = client("sns")
    sns.create_topic(Name="topic")
    sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox")
    sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="you@example.com")
    web = command.volume("web-1 data", Backup="true")
    command.nights(web, 4)
    command.point(web, NOW - timedelta(days=4), period="week")
    command.point(web, NOW - timedelta(days=24), period="month")
    answers["GetMetricStatistics"] = {"Datapoints": [{"Sum": 6.0, "Timestamp": NOW - timedelta(days=2)}]}
    return command


def _resources() -> Iterator[dict[str, str]]:
    """Make what the stack has, and return it as CloudFormation lists it."""
    for period, schedule in SCHEDULES.items():
        client("events").put_rule(
            Name=f"rule-{period}", ScheduleExpression=f"cron({schedule})", State="ENABLED"
        )
        yield _listed("AWS::Events::Rule", f"Rule{period}1A2B3C4D", f"rule-{period}")
    pattern = '{"source": ["aws.ec2"]}'
    client("events").put_rule(Name="rule-failed", EventPattern=pattern, State="ENABLED")
    yield _listed("AWS::Events::Rule", "FailedSnapshotsRule1A2B3C4D", "rule-failed")
    for name in ("UndeliveredEvents", "FailedRuns", "FailedSnapshots"):
        url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
        yield _listed("AWS::SQS::Queue", f"{name}5E6F7A8B", url)
    client("cloudwatch").put_metric_alarm(
        AlarmName="stack-RunFailed",
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    yield _listed("AWS::CloudWatch::Alarm", "RunFailed12345678", "stack-RunFailed")


def _listed(kind: str, logical: str, physical: str) -> dict[str, str]:
    return {"ResourceType": kind, "LogicalResourceId": logical, "PhysicalResourceId": physical}


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStackResources")


def states(command: Command, *topics: str) -> list[tuple[str, str]]:
    """Return the state and text of the checks on these topics."""
    done = command("doctor", "--json")
    assert_conforms(done.json, "doctor")
    return [(check["state"], check["text"]) for check in done.json["checks"] if check["topic"] in topics]


def test_one_screen_says_that_all_is_well(well: Command, golden: Callable[[str, str], None]) -> None:
    done = well("doctor")

    assert (done.status, done.err) == (0, "")
    golden("doctor.txt", well.stable(done.out))


def test_a_rule_that_somebody_disabled_or_deleted_is_bad(well: Command) -> None:
    events = client("events")
    events.disable_rule(Name="rule-week")
    events.delete_rule(Name="rule-month")
    events.disable_rule(Name="rule-failed")

    found = states(well, "rule")

    assert [state for state, _ in found] == ["good", "bad", "bad", "bad"]
    assert found[3][1] == "failed snapshots: the rule is disabled"
    assert found[1][1] == "week: the rule is disabled"
    assert well("doctor").status == 1
    assert "aws events enable-rule --region eu-west-1 --name" in " ".join(well("doctor").out.split())


def test_a_rule_that_fires_at_another_time_than_the_settings_say_is_bad(well: Command) -> None:
    name = "rule-day"
    client("events").put_rule(Name=name, ScheduleExpression="cron(0 5 * * ? *)", State="ENABLED")

    assert states(well, "rule")[0][0] == "bad"


def test_messages_in_a_dead_letter_queue_are_bad(well: Command) -> None:
    queue = client("sqs").get_queue_url(QueueName="FailedRuns")["QueueUrl"]
    client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    about_to_be_taken = client("sqs").get_queue_url(QueueName="FailedSnapshots")["QueueUrl"]
    client("sqs").send_message(QueueUrl=about_to_be_taken, MessageBody="{}")

    assert states(well, "dead letters") == [
        ("good", "events that could not be delivered: none"),
        ("bad", "runs that failed: 1 waiting"),
    ]


def test_an_alarm_that_goes_off_is_silenced_or_gone_is_bad(well: Command) -> None:
    cloudwatch, name = client("cloudwatch"), "stack-RunFailed"

    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="one message")
    assert states(well, "alarm") == [("bad", "RunFailed is going off: one message")]

    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="none")
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    assert states(well, "alarm") == [("bad", "RunFailed mails nobody: its actions are disabled")]

    cloudwatch.delete_alarms(AlarmNames=[name])
    assert states(well, "alarm") == [("bad", "RunFailed was deleted")]


@pytest.mark.parametrize(
    ("arns", "told"),
    [
        ([], ("bad", "nobody is subscribed: nobody is told")),
        (["PendingConfirmation"], ("bad", "not confirmed yet: you@example.com; nobody is told")),
        (["PendingConfirmation", "arn:1"], ("look", "1 subscription confirmed; pending: you@example.com")),
        (["arn:1", "arn:2"], ("good", "2 subscriptions confirmed")),
    ],
)
def test_it_says_who_is_told(well: Command, answers: Answers, arns: list[str], told: tuple[str, str]) -> None:
    answers["ListSubscriptionsByTopic"] = {
        "Subscriptions": [{"SubscriptionArn": arn, "Endpoint": "you@example.com"} for arn in arns]
    }

    assert states(well, "mail") == [told]


def alarms_go_to(*topics: str) -> None:
    """Let the alarm publish to these topics."""
    cloudwatch = client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    kept = {"AlarmName", "MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods", "Threshold"}
    kept |= {"ComparisonOperator"}
    cloudwatch.put_metric_alarm(**{name: alarm[name] for name in kept}, AlarmActions=[*topics])


def test_an_address_that_one_click_would_end_should_be_looked_at_and_the_command_that_helps_is_there(
    well: Command, answers: Answers
) -> None:
    answers["GetSubscriptionAttributes"] = {"Attributes": {"ConfirmationWasAuthenticated": "false"}}

    assert states(well, "mail") == [("good", "2 subscriptions confirmed")]
    assert states(well, "unsubscribe") == [
        ("look", "you@example.com: one click on the link in any mail ends all mails to it")
    ]
    told = " ".join(well("doctor").out.split())
    assert f"aws sns confirm-subscription --region eu-west-1 --topic-arn {TOPIC} --token TOKEN" in told
    assert well("doctor").status == 0  # it still gets every mail


def test_how_it_was_confirmed_may_be_unknown_and_all_else_is_told(well: Command, answers: Answers) -> None:
    answers["GetSubscriptionAttributes"] = refusal("AuthorizationError", "no")

    assert states(well, "mail", "unsubscribe") == [
        ("good", "2 subscriptions confirmed"),
        ("not checked", "not checked: AuthorizationError: no"),
    ]


def test_the_topic_of_the_alarms_is_looked_at_too(well: Command) -> None:
    client("sns").create_topic(Name="pager")
    alarms_go_to(PAGER)
    assert states(well, "alarm mail") == [("bad", "nobody is subscribed: nobody is told")]

    client("sns").subscribe(TopicArn=PAGER, Protocol="email", Endpoint="oncall@example.com")

    assert states(well, "alarm mail") == [("good", "1 subscription confirmed")]
    assert states(well, "unsubscribe") == [
        ("good", "you@example.com: only with credentials"),
        ("good", "oncall@example.com: only with credentials"),
    ]


def test_alarms_on_the_topic_of_the_reports_are_not_told_twice(well: Command) -> None:
    alarms_go_to(TOPIC)

    assert states(well, "alarm mail") == []


def test_the_commands_that_it_prints_are_ones_that_the_aws_cli_takes(well: Command, answers: Answers) -> None:
    client("sns").create_topic(Name="pager")
    alarms_go_to(PAGER)
    answers["GetSubscriptionAttributes"] = {"Attributes": {}}
    found = well("doctor", "--json").json["checks"]

    advice = [check["advice"] for check in found if check["topic"] in ("alarm mail", "unsubscribe")]

    assert len(advice) == 2
    for text in advice:
        (command,) = re.findall(r"aws .+?(?= \. |$)", text)
        check_command(command)


def test_a_volume_that_is_overdue_is_bad_and_named(well: Command) -> None:
    volume = well.volume("db-1 data", Backup="true")
    well.backend.volumes[volume].create_time = NOW - timedelta(days=400)

    assert states(well, "overdue") == [("bad", f"1 volume: db-1 data {volume} (day, week, month)")]


def test_a_firing_that_made_nothing_is_bad(well: Command) -> None:
    for snapshot in well.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        if snapshot["StartTime"].date() == NOW.date():
            well.ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])

    assert states(well, "run")[0] == (
        "bad",
        "day: nothing was made since the rule fired at 2026-11-25 01:30Z; next 2026-11-26 01:30Z",
    )


def test_a_week_without_any_completed_run_asks_for_a_look(well: Command, answers: Answers) -> None:
    answers["GetMetricStatistics"] = {"Datapoints": []}

    assert states(well, "run")[-1] == ("look", "0 runs completed in the last 7 days")


def test_what_only_looks_backed_up_and_what_only_looks_like_a_backup_is_told(well: Command) -> None:
    near = well.volume("log", backup="True")
    foreign = well.point(near, NOW - timedelta(days=1))
    tag = {"Key": "ebs-backup:source", "Value": "volume=vol-0dead zone=eu-west-1a"}
    well.ec2.create_tags(Resources=[foreign], Tags=[tag])

    assert states(well, "near miss") == [("look", "log (its tag is 'backup'='True')")]
    assert states(well, "foreign")[0][0] == "look"
    assert well("doctor").status == 0


def test_a_set_without_any_volume_is_bad(command: Command) -> None:
    command.deploy()

    assert states(command, "volumes") == [("bad", "no volume has the tag Backup=true")]


def test_a_quota_that_is_almost_used_up_is_bad(well: Command, answers: Answers) -> None:
    answers["GetServiceQuota"] = {"Quota": {"Value": 6.0}}

    assert states(well, "quota") == [("bad", "6 of 6 snapshots in eu-west-1")]


def test_a_role_that_may_not_do_its_work_is_bad(well: Command, answers: Answers) -> None:
    answers["SimulatePrincipalPolicy"] = DENIED

    assert states(well, "role") == [("bad", "the function may not ec2:DeleteSnapshot")]


def test_what_it_may_not_read_is_not_checked_and_not_bad(well: Command, answers: Answers) -> None:
    denied = refusal("AccessDenied", "no")
    for operation in (
        "DescribeStackResources",
        "DescribeStacks",
        "SimulatePrincipalPolicy",
        "GetServiceQuota",
    ):
        answers[operation] = denied
    answers["ListSubscriptionsByTopic"] = NotImplementedError("not emulated")

    done = well("doctor", "--json")

    unknown = {
        check["topic"]: check["text"] for check in done.json["checks"] if check["state"] == "not checked"
    }
    stack = {"stack", "rule", "alarm", "alarm mail", "dead letters"}
    assert set(unknown) == stack | {"role", "quota", "mail", "unsubscribe"}
    assert unknown["rule"] == "not checked: AccessDenied: no"
    assert done.status == 0


def test_where_there_is_no_stack_each_line_that_needs_it_says_so(command: Command, answers: Answers) -> None:
    answers["DescribeStackResources"] = refusal("ValidationError", "does not exist")
    command.deploy()

    done = command("doctor", "--json")

    text = {check["topic"]: check["text"] for check in done.json["checks"] if check["state"] == "not checked"}
    assert text["rule"] == text["alarm"] == "not checked: no stack of set 'default' in eu-west-1"


def test_a_long_list_says_how_many_more_there_are() -> None:
    assert some("abcdefg") == "a, b, c, d, e and 2 more"
    assert some("abcde"[:SHOWN]) == "a, b, c, d, e"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"State": "Failed"}, ("bad", "ebs-backup-default is Failed, its last update Successful")),
        ({"LastUpdateStatus": "Failed"}, ("bad", "ebs-backup-default is Active, its last update Failed")),
        (
            {"Description": "EBS backup of set default, version 0.0.1"},
            ("look", f"ebs-backup-default has version 0.0.1, this command {__version__}"),
        ),
    ],
)
def test_a_function_that_is_broken_or_old_is_told(
    well: Command, answers: Answers, changed: dict[str, str], found: tuple[str, str]
) -> None:
    there = client("lambda").get_function_configuration(FunctionName="ebs-backup-default")
    answers["GetFunctionConfiguration"] = {**there, "State": "Active", **changed}

    assert states(well, "function") == [found]


@pytest.mark.parametrize(
    ("status", "state"), [("UPDATE_ROLLBACK_FAILED", "bad"), ("UPDATE_ROLLBACK_COMPLETE", "look")]
)
def test_a_stack_that_could_not_be_deployed_is_told(
    well: Command, answers: Answers, status: str, state: str
) -> None:
    answers["DescribeStacks"] = {"Stacks": [{"StackStatus": status}]}

    assert states(well, "stack") == [(state, f"ebs-backup-default: {status}")]


def test_a_stack_without_rules_alarms_and_function_is_told(well: Command, answers: Answers) -> None:
    answers["DescribeStackResources"] = {"StackResources": []}

    assert [text for _, text in states(well, "rule")] == [
        f"{period}: the stack has no rule" for period in (*SCHEDULES, "failed snapshots")
    ]
    assert states(well, "alarm") == [("look", "the stack has no alarms")]


def test_with_a_settings_file_and_no_stack_what_is_there_is_checked_all_the_same(
    command: Command, answers: Answers, tmp_path: Path
) -> None:
    answers["DescribeStackResources"] = refusal("ValidationError", "does not exist")
    file = tmp_path / "settings.toml"
    file.write_text("keep_day = 2\n", "utf-8")
    command.nights(command.volume("web", Backup="true"), 3)

    done = command("doctor", "--settings", str(file), "--json")

    by_topic = {check["topic"]: check["text"] for check in done.json["checks"]}
    assert by_topic["volumes"] == "1 volume with the tag Backup=true"
    for topic in ("stack", "rule", "mail", "alarm", "dead letters", "role"):
        assert by_topic[topic] == "not checked: no stack of set 'default' in eu-west-1"

    answers["DescribeStackResources"] = {"StackResources": []}
    found = command("doctor", "--settings", str(file), "--json").json["checks"]
    assert [check["text"] for check in found if check["topic"] == "mail"] == [
        "there is no topic: nobody is told"
    ]
