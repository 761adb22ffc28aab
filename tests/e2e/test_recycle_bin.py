"""`recycle_days` in a live stack: the rule comes, changes and goes by deploys, and goes with the stack."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.cdk import Cdk, CdkError
from emulator.server import Emulator

STACK, RULE = "ebs-backup-bin", "AWS::Rbin::Rule"


@pytest.fixture(scope="module")
def deployed(cdk: Cdk) -> Iterator[Cdk]:
    cdk.deploy(STACK, backup_set="bin", recycle_days=7)
    yield cdk
    cdk.destroy(STACK, backup_set="bin")


def rules(emulator: Emulator) -> list[str]:
    """Return the physical ids of the stack's rules."""
    listed: list[dict[str, Any]] = emulator.client("cloudformation").describe_stack_resources(
        StackName=STACK
    )["StackResources"]
    return [found["PhysicalResourceId"] for found in listed if found["ResourceType"] == RULE]


def test_the_rule_is_made_changed_in_place_and_taken_away(deployed: Cdk, emulator: Emulator) -> None:
    (made,) = rules(emulator)

    deployed.deploy(STACK, backup_set="bin", recycle_days=30)
    changed = rules(emulator)
    deployed.deploy(STACK, backup_set="bin")

    assert made.startswith("arn:aws:rbin:eu-west-1:111122223333:rule/")
    assert changed == [made]
    assert rules(emulator) == []


def test_a_stack_with_a_rule_can_be_destroyed(deployed: Cdk, emulator: Emulator) -> None:
    deployed.deploy(STACK, backup_set="bin", recycle_days=7)
    assert rules(emulator)

    deployed.destroy(STACK, backup_set="bin", recycle_days=7)

    listed = emulator.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])
    assert STACK not in {stack["StackName"] for stack in listed["StackSummaries"]}


def test_a_bad_value_stops_the_deploy_with_one_line(cdk: Cdk) -> None:
    with pytest.raises(CdkError, match="recycle_days must be off, or a whole number from 1 to 365, got 400"):
        cdk.deploy(STACK, backup_set="bin", recycle_days=400)
