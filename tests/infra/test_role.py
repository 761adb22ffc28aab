"""What the function may do: exactly these statements, each with its condition."""

import pytest
from aws_cdk.assertions import Template

from tests.infra.conftest import statements, synthesize

EC2 = {
    "ListVolumesAndSnapshots": (
        ["ec2:DescribeVolumes", "ec2:DescribeSnapshots", "ec2:DescribeTags"],
        "*",
        {"aws:RequestedRegion": "eu-west-1"},
    ),
    "SnapshotTaggedVolumes": (
        "ec2:CreateSnapshot",
        ":ec2:eu-west-1:111122223333:volume/*",
        {"aws:ResourceTag/Backup": "true"},
    ),
    "LabelNewSnapshotsAsOurs": (
        "ec2:CreateSnapshot",
        ":ec2:eu-west-1::snapshot/*",
        {"aws:RequestTag/ebs-backup:set": "default"},
    ),
    "TagOnlyWhileCreating": (
        "ec2:CreateTags",
        ":ec2:eu-west-1::snapshot/*",
        {"ec2:CreateAction": "CreateSnapshot"},
    ),
    "DeleteOurSnapshots": (
        "ec2:DeleteSnapshot",
        ":ec2:eu-west-1::snapshot/*",
        {"aws:ResourceTag/ebs-backup:set": "default"},
    ),
}
OTHERS = {
    "MailTheReport": "sns:Publish",
    "CountTheSubscribers": "sns:GetTopicAttributes",
    "WriteTheLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "KeepFailedRuns": "sqs:SendMessage",
    "TakeFailedSnapshots": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "GoOnInAFurtherInvocation": "lambda:InvokeFunction",
}


def test_the_role_has_exactly_these_statements_and_no_managed_policy(template: Template) -> None:
    (role,) = template.find_resources("AWS::IAM::Role").values()

    assert statements(template).keys() == EC2.keys() | OTHERS.keys()
    assert "ManagedPolicyArns" not in role["Properties"]


@pytest.mark.parametrize("sid", EC2)
def test_each_ec2_statement_is_bound_to_its_resource_and_condition(template: Template, sid: str) -> None:
    action, resource, equals = EC2[sid]

    statement = statements(template)[sid]

    assert statement["Action"] == action
    assert str(resource) in str(statement["Resource"])
    assert statement["Condition"] == {"StringEquals": equals}


@pytest.mark.parametrize("sid", OTHERS)
def test_each_other_statement_names_one_resource_of_this_stack(template: Template, sid: str) -> None:
    statement = statements(template)[sid]

    assert statement["Action"] == OTHERS[sid]
    assert {"Ref", "Fn::GetAtt", "Fn::Join"} & statement["Resource"].keys()


def test_the_function_may_invoke_itself_alone_in_a_policy_that_it_does_not_wait_for(
    template: Template,
) -> None:
    """CloudFormation could not begin anywhere if the policy named the function, and the function waited for it."""
    ((function_id, function),) = template.find_resources("AWS::Lambda::Function").items()
    policies = template.find_resources("AWS::IAM::Policy")
    (go_on,) = [name for name, policy in policies.items() if "lambda:InvokeFunction" in str(policy)]

    statement = statements(template)["GoOnInAFurtherInvocation"]

    assert statement["Resource"] == {"Fn::GetAtt": [function_id, "Arn"]}
    assert go_on not in function["DependsOn"]
    assert len(policies[go_on]["Properties"]["PolicyDocument"]["Statement"]) == 1


def test_only_listings_are_allowed_on_everything(template: Template) -> None:
    wide = [sid for sid, statement in statements(template).items() if statement["Resource"] == "*"]

    assert wide == ["ListVolumesAndSnapshots"]


def test_the_conditions_carry_the_sets_own_name_and_tag() -> None:
    found = statements(synthesize(backup_set="web", tag_name="Team", tag_value="a b"))

    assert found["SnapshotTaggedVolumes"]["Condition"]["StringEquals"] == {"aws:ResourceTag/Team": "a b"}
    assert found["DeleteOurSnapshots"]["Condition"]["StringEquals"] == {
        "aws:ResourceTag/ebs-backup:set": "web"
    }
