"""The emulator's one type of CloudFormation that ministack lacks: a rule that AWS would refuse fails its stack."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.server import Emulator

TAG = {"ResourceTagKey": "ebs-backup:set", "ResourceTagValue": "web"}


def template(days: int, unit: str = "DAYS", *, rules: int = 1) -> str:
    """Write a template of so many rules for one tag."""
    properties = {
        "ResourceType": "EBS_SNAPSHOT",
        "ResourceTags": [TAG],
        "RetentionPeriod": {"RetentionPeriodValue": days, "RetentionPeriodUnit": unit},
    }
    made = {f"Rule{number}": {"Type": "AWS::Rbin::Rule", "Properties": properties} for number in range(rules)}
    return json.dumps({"Resources": made})


@pytest.fixture
def cloudformation(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client("cloudformation")
    yield client
    client.delete_stack(StackName="rules")
    client.get_waiter("stack_delete_complete").wait(StackName="rules", WaiterConfig={"Delay": 1})


def created(cloudformation: Any, text: str) -> str:  # noqa: ANN401 - a client
    """Create the stack and return what became of it."""
    cloudformation.create_stack(StackName="rules", TemplateBody=text, OnFailure="DO_NOTHING")
    while (status := cloudformation.describe_stacks(StackName="rules")["Stacks"][0]["StackStatus"]).endswith(
        "_IN_PROGRESS"
    ):
        pass
    return str(status)


@pytest.mark.parametrize("days", [1, 365])
def test_a_rule_is_made_and_deleted_with_its_stack(cloudformation: Any, days: int) -> None:  # noqa: ANN401
    assert created(cloudformation, template(days)) == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "text", [template(0), template(366), template(7, "HOURS"), template(7, rules=6)], ids=range(4)
)
def test_a_rule_that_aws_would_refuse_fails_its_stack(cloudformation: Any, text: str) -> None:  # noqa: ANN401
    assert created(cloudformation, text) == "CREATE_FAILED"
