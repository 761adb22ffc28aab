"""The stack's life by the CDK CLI: deployed, deployed again without a change, updated, destroyed."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from emulator.account import DeployedFunction, EmulatedAccount
from emulator.cdk import Cdk
from emulator.server import Emulator

STACK = "ebs-backup-life"
SETTINGS: Mapping[str, object] = {
    "backup_set": "life",
    "tag_name": "Life",
    "alert_email": ["you@example.com", "me@example.com"],
}


@pytest.fixture(scope="module")
def life(cdk: Cdk) -> Iterator[Mapping[str, str]]:
    cdk.deploy(STACK, **SETTINGS)
    yield cdk.outputs(STACK)
    if STACK in stacks(cdk.emulator):
        cdk.destroy(STACK, **SETTINGS)


def stacks(emulator: Emulator) -> set[str]:
    listed = emulator.client("cloudformation").list_stacks(
        StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"]
    )
    return {stack["StackName"] for stack in listed["StackSummaries"]}


def environment(emulator: Emulator, outputs: Mapping[str, str]) -> dict[str, Any]:
    found = emulator.client("lambda").get_function_configuration(FunctionName=outputs["FunctionName"])
    return dict(found["Environment"]["Variables"])


def test_a_deploy_makes_a_stack_that_mails_to_every_address(
    emulator: Emulator, life: Mapping[str, str]
) -> None:
    listed = emulator.client("sns").list_subscriptions_by_topic(TopicArn=life["TopicArn"])

    addresses = {
        subscription["Endpoint"]
        for subscription in listed["Subscriptions"]
        if subscription["Protocol"] == "email"
    }
    assert addresses == {"you@example.com", "me@example.com"}
    assert environment(emulator, life)["EBS_BACKUP_KEEP_DAY"] == "4"


def test_the_same_deploy_again_changes_nothing(cdk: Cdk, life: Mapping[str, str]) -> None:
    said = cdk.deploy(STACK, **SETTINGS)

    assert "no changes" in said
    assert life["FunctionName"] in said


def test_a_period_that_is_off_has_no_rule(cdk: Cdk, emulator: Emulator, life: Mapping[str, str]) -> None:
    events = emulator.client("events")
    arn = emulator.client("lambda").get_function_configuration(FunctionName=life["FunctionName"])[
        "FunctionArn"
    ]
    before = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]

    cdk.deploy(STACK, **SETTINGS, schedule_week="off")

    rules = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    schedules = {events.describe_rule(Name=name)["ScheduleExpression"] for name in rules}
    assert len(before) == 3
    assert schedules == {"cron(30 1 ? * MON-FRI *)", "cron(30 3 1 * ? *)"}
    assert environment(emulator, life)["EBS_BACKUP_SCHEDULE_WEEK"] == "off"


def test_an_update_changes_the_function_and_keeps_the_topic(
    cdk: Cdk, emulator: Emulator, life: Mapping[str, str]
) -> None:
    foreseen = cdk.diff(STACK, **SETTINGS, keep_day=7)
    cdk.deploy(STACK, **SETTINGS, keep_day=7)
    updated = cdk.outputs(STACK)

    assert "EBS_BACKUP_KEEP_DAY" in foreseen
    assert environment(emulator, updated)["EBS_BACKUP_KEEP_DAY"] == "7"
    assert updated["TopicArn"] == life["TopicArn"]
    assert updated["FunctionName"] == life["FunctionName"]


def test_a_destroyed_stack_leaves_no_function_and_every_snapshot(
    cdk: Cdk, emulator: Emulator, account: EmulatedAccount, life: Mapping[str, str]
) -> None:
    account.volume("web", Life="true")
    function = DeployedFunction(client=emulator.client("lambda"), name=life["FunctionName"])
    function.run(period="day")

    cdk.destroy(STACK, **SETTINGS)

    names = {function["FunctionName"] for function in emulator.client("lambda").list_functions()["Functions"]}
    assert life["FunctionName"] not in names
    assert STACK not in stacks(emulator)
    assert len(account.snapshots()) == 1


def test_a_set_that_was_destroyed_can_be_deployed_again(cdk: Cdk, life: Mapping[str, str]) -> None:
    """Function, log and dashboard have fixed names: one of them that stayed would be in the way."""
    cdk.deploy(STACK, **SETTINGS)

    again = cdk.outputs(STACK)
    assert (again["FunctionName"], again["LogGroupName"]) == (life["FunctionName"], life["LogGroupName"])
    assert again["FunctionName"] == "ebs-backup-life"
    assert "--function-name ebs-backup-life" in again["RunDay"]
