"""The stack by its promises: rules, function, queues, topic, outputs."""

import os
import platform
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match, Template

from infra.bundle import RUNTIME
from infra.stack import BackupStack
from tests.infra.conftest import ROOT, planned, statements, synthesize

TOPIC = "arn:aws:sns:eu-west-1:111122223333:existing"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"


def only(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of the one resource of this type."""
    (resource,) = template.find_resources(kind).values()
    return dict(resource["Properties"])


@pytest.mark.parametrize(
    ("period", "schedule"),
    [("day", "30 1 ? * MON-FRI *"), ("week", "30 2 ? * SAT *"), ("month", "30 3 1 * ? *")],
)
def test_each_rule_passes_its_period_and_the_events_own_time(
    template: Template, period: str, schedule: str
) -> None:
    target = {
        "InputTransformer": {
            "InputPathsMap": {"time": "$.time"},
            "InputTemplate": f'{{"period":"{period}","time":<time>}}',
        },
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
        "DeadLetterConfig": Match.any_value(),
    }

    template.has_resource_properties(
        "AWS::Events::Rule",
        {
            "ScheduleExpression": f"cron({schedule})",
            "Targets": [Match.object_like(target)],
            "State": "ENABLED",
        },
    )


def test_it_runs_by_itself_and_holds_no_keys(template: Template) -> None:
    """Makesnapshots runs from a crontab of a machine that may be asleep, with access keys in a file."""
    template.resource_count_is("AWS::Events::Rule", 4)
    template.resource_count_is("AWS::IAM::AccessKey", 0)
    template.resource_count_is("AWS::IAM::User", 0)
    assert not [
        name for name in only(template, "AWS::Lambda::Function")["Environment"]["Variables"] if "KEY" in name
    ]


def test_the_function_runs_on_the_python_that_the_tests_run_on(template: Template) -> None:
    here = ".".join(platform.python_version_tuple()[:2])
    if here != RUNTIME and not os.environ.get("ON_THE_RUNTIME"):
        pytest.skip(f"these tests run on Python {here}: that {RUNTIME} works is shown where it is installed")

    assert only(template, "AWS::Lambda::Function")["Runtime"] == f"python{here}"


def test_the_function_has_fifteen_minutes_arm64_and_json_logs_in_its_own_log_group(
    template: Template,
) -> None:
    function = only(template, "AWS::Lambda::Function")

    assert function["Timeout"] == 900
    assert function["Architectures"] == ["arm64"]
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert only(template, "AWS::Logs::LogGroup")["RetentionInDays"] == 180


def test_the_functions_environment_names_no_address(template: Template) -> None:
    environment = only(template, "AWS::Lambda::Function")["Environment"]["Variables"]

    assert environment["EBS_BACKUP_KEEP_DAY"] == "4"
    assert "example.com" not in str(environment)


def test_what_the_function_cannot_do_goes_to_a_queue_after_two_more_tries(template: Template) -> None:
    config = only(template, "AWS::Lambda::EventInvokeConfig")

    assert config["MaximumRetryAttempts"] == 2
    assert "FailedRuns" in str(config["DestinationConfig"]["OnFailure"])


def test_queues_keep_fourteen_days_encrypted_and_over_tls_only(template: Template) -> None:
    queues = template.find_resources("AWS::SQS::Queue").values()

    template.all_resources_properties("AWS::SQS::Queue", {"SqsManagedSseEnabled": True})
    days = [queue["Properties"]["MessageRetentionPeriod"] / 86400 for queue in queues]
    assert sorted(days) == [
        1,
        14,
        14,
    ]  # failed snapshots are reported within the hour, or by the next run
    template.resource_count_is("AWS::SQS::QueuePolicy", 3)
    for policy in template.find_resources("AWS::SQS::QueuePolicy").values():
        assert "aws:SecureTransport" in str(policy)


def test_the_topic_takes_tls_only_and_lets_this_accounts_alarms_publish(template: Template) -> None:
    statements = only(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allow,) = [statement for statement in statements if statement["Effect"] == "Allow"]
    (deny,) = [statement for statement in statements if statement["Effect"] == "Deny"]

    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_address_is_subscribed(template: Template) -> None:
    found = template.find_resources("AWS::SNS::Subscription").values()

    assert {subscription["Properties"]["Endpoint"] for subscription in found} == {
        "you@example.com",
        "me@example.com",
    }


def test_the_outputs_name_what_an_operator_needs(template: Template) -> None:
    names = set(template.find_outputs("*"))

    assert names == {
        *("FunctionName", "TopicArn", "LogGroupName", "RuleQueueUrl", "FailureQueueUrl"),
        "SnapshotQueueUrl",
        *("DryRun", "RunDay", "RunWeek", "RunMonth", "DashboardUrl"),
    }


def test_a_given_topic_is_used_and_none_is_made() -> None:
    template = synthesize(topic_arn=TOPIC, alert_email="you@example.com")

    template.resource_count_is("AWS::SNS::Topic", 0)
    assert only(template, "AWS::SNS::Subscription")["TopicArn"] == TOPIC
    assert (
        only(template, "AWS::Lambda::Function")["Environment"]["Variables"]["EBS_BACKUP_TOPIC_ARN"] == TOPIC
    )
    for alarm in template.find_resources("AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"] == [TOPIC]


def test_function_and_log_are_named_after_the_set_and_the_log_goes_with_the_stack(template: Template) -> None:
    """A log that stayed would stop the next deploy: its name is taken."""
    (log,) = template.find_resources("AWS::Logs::LogGroup").values()

    assert only(template, "AWS::Lambda::Function")["FunctionName"] == "ebs-backup-default"
    assert log["Properties"]["LogGroupName"] == "/aws/lambda/ebs-backup-default"
    assert log["DeletionPolicy"] == log["UpdateReplacePolicy"] == "Delete"


@pytest.mark.parametrize(
    ("backup_set", "name"),
    [
        ("s" * 53, f"ebs-backup-{'s' * 53}"),
        ("s" * 54, f"ebs-backup-{'s' * 44}-bcc39bf7"),
        (f"{'s' * 63}t", f"ebs-backup-{'s' * 44}-c482a309"),
    ],
)
def test_the_name_of_a_long_set_is_cut_to_what_lambda_takes_and_stays_its_own(
    backup_set: str, name: str
) -> None:
    template = synthesize(backup_set=backup_set)

    assert only(template, "AWS::Lambda::Function")["FunctionName"] == name
    assert len(name) == 64
    assert "TopicName" not in only(template, "AWS::SNS::Topic")


def test_with_a_key_of_ones_own_topic_queues_and_log_are_encrypted_with_it() -> None:
    template = synthesize(kms_key_arn=KEY)

    assert only(template, "AWS::SNS::Topic")["KmsMasterKeyId"] == KEY
    assert only(template, "AWS::Logs::LogGroup")["KmsKeyId"] == KEY
    template.all_resources_properties("AWS::SQS::Queue", {"KmsMasterKeyId": KEY})


def test_with_a_key_of_ones_own_alarms_rules_and_the_function_still_reach_topic_and_queues() -> None:
    template = synthesize(kms_key_arn=KEY)

    use = statements(template)["UseTheKey"]
    assert (set(use["Action"]), use["Resource"]) == ({"kms:GenerateDataKey", "kms:Decrypt"}, KEY)
    assert use["Condition"] == {
        "StringEquals": {"kms:ViaService": ["sns.eu-west-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com"]}
    }
    assert "cloudwatch.amazonaws.com" in str(only(template, "AWS::SNS::TopicPolicy"))
    assert "events.amazonaws.com" in str(template.find_resources("AWS::SQS::QueuePolicy"))


@pytest.mark.parametrize(("key", "warned"), [("", True), (KEY, False)])
def test_a_given_topic_without_its_key_is_warned_of(key: str, *, warned: bool) -> None:
    """A topic that is encrypted with a key of one's own takes no message from a role that may not use the key."""
    (target,) = planned(topic_arn=TOPIC, kms_key_arn=key)

    stack = BackupStack(App(), target, function=ROOT / "lambda", account="111122223333")

    found = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp("that topic is encrypted")
    )
    assert bool(found) == warned


def test_a_given_encrypted_topic_takes_the_reports_with_its_key() -> None:
    template = synthesize(topic_arn=TOPIC, kms_key_arn=KEY)

    assert statements(template)["MailTheReport"]["Resource"] == TOPIC
    assert statements(template)["UseTheKey"]["Resource"] == KEY
