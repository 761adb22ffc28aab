"""Somebody listens, or the next run says that nobody does; the alarms are there, on a topic of their own."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from emulator.cdk import Cdk
from emulator.server import Emulator

STACK = "ebs-backup-listen"
SETTINGS: Mapping[str, object] = {
    "backup_set": "listen",
    "tag_name": "Listen",
    "alert_email": "you@example.com",
    "schedule_week": "off",
}


@pytest.fixture(scope="module")
def pager(emulator: Emulator, cdk: Cdk) -> str:
    """Return a topic that somebody else made."""
    assert cdk.emulator is emulator
    return str(emulator.client("sns").create_topic(Name="pager")["TopicArn"])


@pytest.fixture(scope="module")
def stack(cdk: Cdk, pager: str) -> Iterator[Mapping[str, str]]:
    cdk.deploy(STACK, **SETTINGS, alarm_topic_arn=pager)
    yield cdk.outputs(STACK)
    cdk.destroy(STACK, **SETTINGS, alarm_topic_arn=pager)


@pytest.fixture
def backup(emulator: Emulator, stack: Mapping[str, str]) -> DeployedFunction:
    return DeployedFunction(client=emulator.client("lambda"), name=stack["FunctionName"])


def alarms(emulator: Emulator) -> dict[str, dict[str, Any]]:
    """Return the stack's alarms by the name of the metric, and of the period if there is one."""
    listed = emulator.client("cloudwatch").describe_alarms(AlarmNamePrefix=STACK)["MetricAlarms"]
    return {
        f"{alarm['MetricName']} {dimension['Value']}"
        if dimension["Name"] == "period"
        else alarm["MetricName"]: alarm
        for alarm in listed
        for dimension in sorted(alarm["Dimensions"], key=lambda dimension: dimension["Name"])[:1]
    }


def test_the_alarms_on_the_last_run_exist_and_go_to_the_topic_of_the_alarms(
    emulator: Emulator, stack: Mapping[str, str], pager: str
) -> None:
    found = alarms(emulator)

    assert stack["TopicArn"] != pager
    assert {"RunsFailed", "VolumesOverdue day", "VolumesOverdue month"} <= found.keys()
    assert "VolumesOverdue week" not in found
    assert all(alarm["AlarmActions"] == [pager] for alarm in found.values())


def test_when_the_only_one_who_listened_unsubscribes_the_next_run_says_problem(
    emulator: Emulator, stack: Mapping[str, str], backup: DeployedFunction, account: EmulatedAccount
) -> None:
    account.volume("web", Listen="true")
    sns = emulator.client("sns")
    heard = backup.run(period="day")
    for subscription in sns.list_subscriptions_by_topic(TopicArn=stack["TopicArn"])["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])

    unheard = backup.run(period="month")
    sns.subscribe(TopicArn=stack["TopicArn"], Protocol="email", Endpoint="you@example.com")
    again = backup.run(period="day")

    assert (heard["status"], heard["subscribers"]) == ("OK", 1)
    assert (unheard["status"], unheard["created"], unheard["subscribers"]) == ("PROBLEM", 1, 0)
    assert [failure["code"] for failure in unheard["failures"]] == ["NobodyListens"]
    assert (again["status"], again["subscribers"]) == ("OK", 1)


def test_a_role_that_may_not_count_fails_no_run(
    emulator: Emulator, stack: Mapping[str, str], backup: DeployedFunction, account: EmulatedAccount
) -> None:
    account.volume("web", Listen="true")
    inbox = Inbox.of(emulator, stack["TopicArn"])
    iam = emulator.client("iam")
    role = emulator.client("lambda").get_function_configuration(FunctionName=backup.name)["Role"]
    name = role.rpartition("/")[2]
    deny = '{"Statement": [{"Effect": "Deny", "Action": "sns:GetTopicAttributes", "Resource": "*"}]}'
    iam.put_role_policy(RoleName=name, PolicyName="deny", PolicyDocument=deny)

    try:
        answer = backup.run(period="day")
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="deny")

    assert (answer["status"], answer["subscribers"]) == ("OK", None)
    assert [letter.attributes["status"] for letter in inbox.read()] == ["OK"]
