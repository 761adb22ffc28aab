"""Authorization in the emulator: every resource of a call to EC2 is checked, each with its own conditions; logs too."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError

from emulator.account import EmulatedAccount
from emulator.server import REGION

Statement = dict[str, Any]
VOLUMES, SNAPSHOTS = "arn:aws:ec2:*:*:volume/*", "arn:aws:ec2:*::snapshot/*"


def allow(action: str, resource: str, key: str, value: str) -> Statement:
    condition = {"StringEquals": {key: value}}
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}


CREATE = [
    allow("ec2:CreateSnapshot", VOLUMES, "aws:ResourceTag/Backup", "true"),
    allow("ec2:CreateSnapshot", SNAPSHOTS, "aws:RequestTag/set", "a"),
    allow("ec2:CreateTags", SNAPSHOTS, "ec2:CreateAction", "CreateSnapshot"),
]


@pytest.fixture
def as_role(account: EmulatedAccount) -> Callable[..., Any]:
    """Return a client, of EC2 or another service, of a role that has exactly these statements."""

    def client(statements: list[Statement], service: str = "ec2") -> Any:  # noqa: ANN401 - a client
        iam = account.emulator.client("iam")
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        name = f"role-{len(iam.list_roles()['Roles'])}"
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=policy)
        keys = account.emulator.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")[
            "Credentials"
        ]
        session = Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)
        any_service: Any = session.client  # the stubs know services by literal names alone
        return any_service(service, endpoint_url=account.emulator.endpoint)

    return client


def create(ec2: Any, volume: str, **tags: str) -> None:  # noqa: ANN401 - a client
    every = [{"Key": key, "Value": value} for key, value in tags.items()]
    specification = [{"ResourceType": "snapshot", "Tags": every}] if tags else []
    ec2.create_snapshot(VolumeId=volume, TagSpecifications=specification)


def test_a_create_that_every_statement_allows_is_done(
    account: EmulatedAccount, as_role: Callable[[list[Statement]], Any]
) -> None:
    create(as_role(CREATE), account.volume("web", Backup="true"), set="a")

    assert len(account.snapshots()) == 1


@pytest.mark.parametrize(
    ("without", "volume_tag", "tags"),
    [
        (0, "true", {"set": "a"}),  # not allowed on the volume
        (1, "true", {"set": "a"}),  # not allowed on the new snapshot
        (2, "true", {"set": "a"}),  # not allowed to tag
        (None, "false", {"set": "a"}),  # the volume has another tag
        (None, "true", {"set": "b"}),  # the snapshot would get another tag
        (None, "true", {}),  # ... or none
    ],
)
def test_a_create_needs_the_volume_the_snapshot_and_the_tagging_allowed(
    account: EmulatedAccount,
    as_role: Callable[[list[Statement]], Any],
    without: int | None,
    volume_tag: str,
    tags: dict[str, str],
) -> None:
    ec2 = as_role([check for number, check in enumerate(CREATE) if number != without])
    volume = account.volume("web", Backup=volume_tag)

    with pytest.raises(ClientError) as refused:
        create(ec2, volume, **tags)

    assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation"
    assert not account.snapshots()


def test_a_delete_is_checked_against_the_snapshots_own_tags(
    account: EmulatedAccount, as_role: Callable[[list[Statement]], Any]
) -> None:
    ec2 = as_role([allow("ec2:DeleteSnapshot", SNAPSHOTS, "aws:ResourceTag/set", "a")])
    volume = account.volume("web")
    ours, theirs = account.snapshot(volume, set="a"), account.snapshot(volume, set="b")

    ec2.delete_snapshot(SnapshotId=ours)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.delete_snapshot(SnapshotId=theirs)

    assert [snapshot["SnapshotId"] for snapshot in account.snapshots()] == [theirs]


def test_tagging_outside_a_create_call_is_refused(
    account: EmulatedAccount, as_role: Callable[[list[Statement]], Any]
) -> None:
    ec2 = as_role(CREATE)
    snapshot = account.snapshot(account.volume("web"))

    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.create_tags(Resources=[snapshot], Tags=[{"Key": "set", "Value": "a"}])


def test_a_tag_on_an_instance_is_checked_on_an_instance(as_role: Callable[[list[Statement]], Any]) -> None:
    instances, volumes = (
        as_role([{"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": f"arn:aws:ec2:*:*:{kind}/*"}])
        for kind in ("instance", "volume")
    )
    tag = {"Resources": ["i-0123456789abcdef0"], "Tags": [{"Key": "a", "Value": "b"}]}

    instances.create_tags(**tag)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        volumes.create_tags(**tag)


def test_a_log_is_written_by_who_may_write_to_streams_of_its_group_and_of_no_other(
    account: EmulatedAccount, as_role: Callable[..., Any]
) -> None:
    """`log-group:NAME:*` allows what is in the group; `log-group:NAME` does not."""
    owner = account.emulator.client("logs")
    for group in ("in", "whole", "other"):
        owner.create_log_group(logGroupName=group)
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [f"arn:aws:logs:*:*:log-group:{group}" for group in ("in:*", "whole")]
    logs = as_role([{"Effect": "Allow", "Action": actions, "Resource": resources}], "logs")
    event = {"timestamp": int(time.time() * 1000), "message": "words"}

    logs.create_log_stream(logGroupName="in", logStreamName="a")
    logs.put_log_events(logGroupName="in", logStreamName="a", logEvents=[event])
    for group in ("whole", "other"):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            logs.create_log_stream(logGroupName=group, logStreamName="a")

    told = owner.get_log_events(logGroupName="in", logStreamName="a")["events"]
    assert [refusal["message"] for refusal in told] == ["words"]


@pytest.mark.parametrize(("value", "decision"), [("true", "allowed"), ("false", "implicitDeny")])
def test_a_simulation_of_a_policy_heeds_its_context(
    account: EmulatedAccount, value: str, decision: str
) -> None:
    iam = account.emulator.client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=f"simulated-{value}", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": CREATE})
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="all", PolicyDocument=policy)

    answer = iam.simulate_principal_policy(
        PolicySourceArn=role["Arn"],
        ActionNames=["ec2:CreateSnapshot"],
        ResourceArns=["arn:aws:ec2:eu-west-1:111122223333:volume/vol-0a"],
        ContextEntries=[
            {
                "ContextKeyName": "aws:ResourceTag/Backup",
                "ContextKeyType": "string",
                "ContextKeyValues": [value],
            }
        ],
    )

    assert [result["EvalDecision"] for result in answer["EvaluationResults"]] == [decision]
