"""Every action, resource and condition key of every policy is one that AWS knows, and takes together."""

import pytest
from aws_cdk.assertions import Template

from tests.infra import documents, reference, wire
from tests.infra.conftest import synthesize
from tests.infra.documents import Statement

SNAPSHOTS, VOLUMES = "arn:aws:ec2:eu-west-1::snapshot/*", "arn:aws:ec2:eu-west-1:111122223333:volume/*"
OUR_TAG = "aws:ResourceTag/ebs-backup:set"


def allow(action: str, resource: str, *keys: str) -> Statement:
    condition = {"StringEquals": dict.fromkeys(keys, "a")}
    return {"Effect": "Allow", "Action": [action], "Resource": [resource], "Condition": condition}


@pytest.fixture(scope="module")
def encrypted() -> Template:
    """Return the template that has every statement that any setting adds."""
    return synthesize(alert_email="you@example.com", kms_key_arn=wire.KEY, recycle_days=7)


def test_aws_takes_every_statement_of_the_role(encrypted: Template) -> None:
    policy = documents.of_role(encrypted)

    assert {sid: reference.complaints(statement) for sid, statement in policy.items()} == {
        sid: [] for sid in policy
    }


def test_aws_takes_every_statement_of_the_topics_and_queues_own_policies(encrypted: Template) -> None:
    statements = documents.of_resources(encrypted)

    assert {action for statement in statements for action in statement["Action"]} >= {
        "sns:Publish",
        "sqs:SendMessage",
    }
    assert [reference.complaints(statement) for statement in statements] == [[] for _ in statements]


def test_every_resource_that_an_action_is_checked_on_is_allowed(encrypted: Template) -> None:
    """CreateSnapshot is checked on the volume and on the new snapshot: one alone would allow nothing."""
    policy = documents.of_role(encrypted).values()
    allowed = {
        action: [resource for one in policy if action in one["Action"] for resource in one["Resource"]]
        for statement in policy
        for action in statement["Action"]
    }

    missing = {
        (action, pattern)
        for action, resources in allowed.items()
        for pattern in reference.needs(action)
        if not any(reference.fits(resource, pattern) for resource in resources)
    }

    assert len(reference.needs("ec2:CreateSnapshot")) == 2
    assert not missing


def test_no_other_action_can_be_told_that_a_create_is_under_way() -> None:
    """So the statement that allows tags only during a create allows nothing else, whatever actions it lists."""
    assert reference.takes("ec2", "ec2:CreateAction") == {"ec2:CreateTags"}


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        (allow("ec2:DescribeVolume", "*"), "ec2:DescribeVolume: no such action"),
        (allow("ebs:DeleteSnapshot", SNAPSHOTS), "ebs:DeleteSnapshot: no such action"),
        (allow("nothing:DeleteSnapshot", SNAPSHOTS), "nothing:DeleteSnapshot: no such action"),
        (allow("ec2:DeleteSnapshot", VOLUMES), f"ec2:DeleteSnapshot: not on {VOLUMES}"),
        (
            allow("ec2:DeleteSnapshot", "arn:aws:ec2:eu-west-1:111122223333:snapshot/*"),
            "ec2:DeleteSnapshot: not on arn:aws:ec2:eu-west-1:111122223333:snapshot/*",
        ),
        (allow("ec2:DescribeVolumes", VOLUMES), f"ec2:DescribeVolumes: not on {VOLUMES}"),
        (
            allow("ec2:DeleteSnapshot", SNAPSHOTS, "aws:RequestTag/ebs-backup:set"),
            f"ec2:DeleteSnapshot: no aws:RequestTag/ebs-backup:set on {SNAPSHOTS}",
        ),
        (
            allow("ec2:CreateSnapshot", SNAPSHOTS, OUR_TAG),
            f"ec2:CreateSnapshot: no {OUR_TAG} on {SNAPSHOTS}",
        ),
        (
            allow("ec2:CreateSnapshot", VOLUMES, "aws:RequestTag/ebs-backup:set"),
            f"ec2:CreateSnapshot: no aws:RequestTag/ebs-backup:set on {VOLUMES}",
        ),
        (allow("ec2:DescribeSnapshots", "*", OUR_TAG), f"ec2:DescribeSnapshots: no {OUR_TAG} on *"),
        (
            allow("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111122223333:log-group:a"),
            "logs:PutLogEvents: not on arn:aws:logs:eu-west-1:111122223333:log-group:a",
        ),
        (allow("sqs:*", SNAPSHOTS), f"sqs:AddPermission: not on {SNAPSHOTS}"),
    ],
)
def test_what_aws_would_not_take_is_reported(statement: Statement, complaint: str) -> None:
    assert reference.complaints(statement) == [complaint]
