"""The deployed role from inside: its credentials allow every needed call, and no forbidden one.

The calls are those that judge the policy in tests/infra; here they meet the real stack's role, resources and policies.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError

from emulator.account import DeployedFunction, EmulatedAccount, FunctionError
from emulator.server import REGION, Emulator
from tests.infra.calls import (
    ELSEWHERE,
    NEEDED,
    NEEDED_BY_LAMBDA,
    SNAPSHOTS,
    SNAPSHOTS_ELSEWHERE,
    STREAM,
    VOLUMES,
    Call,
)
from tests.infra.forbidden import REFUSED

NOT_AUTHORIZED = {  # how each service says so
    "ec2": "UnauthorizedOperation",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "s3": "AccessDenied",
    "iam": "AccessDenied",
    "logs": "AccessDeniedException",
    "lambda": "AccessDeniedException",
    "kms": "AccessDeniedException",
}


@pytest.fixture(scope="module")
def role(emulator: Emulator, outputs: Mapping[str, str]) -> str:
    """Return the role that the stack gave its function."""
    configuration = emulator.client("lambda").get_function_configuration(FunctionName=outputs["FunctionName"])
    return str(configuration["Role"])


@pytest.fixture(scope="module")
def inside(emulator: Emulator, role: str) -> Session:
    """Return a session with that role's credentials, as Lambda gets them: the emulator lets its root play Lambda."""
    sts = emulator.client("sts")
    keys = sts.assume_role(RoleArn=role, RoleSessionName="inside")["Credentials"]
    return Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)


@pytest.fixture(scope="module")
def names(emulator: Emulator, outputs: Mapping[str, str], role: str) -> Iterator[dict[str, str]]:
    """Return what each name in a call's parameters stands for, and make what the stack has not made."""
    account = EmulatedAccount(emulator)
    volumes = {name: account.volume(name, **tags) for name, tags in VOLUMES.items()}  # type: ignore[arg-type] # no size
    volume = volumes["tagged volume"]
    snapshots = {name: account.snapshot(volume, **tags) for name, tags in SNAPSHOTS.items()}
    elsewhere, failures = _elsewhere(emulator), outputs["FailureQueueUrl"]
    sqs, logs = emulator.client("sqs"), emulator.client("logs")
    logs.create_log_group(logGroupName="another")
    logs.create_log_stream(logGroupName="another", logStreamName=STREAM)
    keys = (emulator.client("kms").create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    yield {
        **volumes,
        **snapshots,
        **elsewhere,
        "topic": outputs["TopicArn"],
        "another topic": emulator.client("sns").create_topic(Name="another")["TopicArn"],
        "log group": outputs["LogGroupName"],
        "another log": "another",
        "failures": failures,
        "failed snapshots": outputs["SnapshotQueueUrl"],
        "another queue": sqs.create_queue(QueueName="another")["QueueUrl"],
        "function": outputs["FunctionName"],
        "another function": "another",
        "key": next(keys),
        "another key": next(keys),
        "bucket": emulator.client("s3").list_buckets()["Buckets"][0]["Name"],
        "role": role.rpartition("/")[2],
    }
    sqs.purge_queue(QueueUrl=failures)
    account.clear()
    for snapshot in elsewhere.values():
        emulator.client("ec2", region=ELSEWHERE).delete_snapshot(SnapshotId=snapshot)


def _elsewhere(emulator: Emulator) -> dict[str, str]:
    """Make the snapshots of the other region."""
    ec2 = emulator.client("ec2", region=ELSEWHERE)
    volume = ec2.create_volume(AvailabilityZone=f"{ELSEWHERE}a", Size=8)["VolumeId"]
    made = {}
    for name, tags in SNAPSHOTS_ELSEWHERE.items():
        made[name] = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        every = [{"Key": key, "Value": value} for key, value in tags.items()]
        ec2.create_tags(Resources=[made[name]], Tags=every)
    return made


@pytest.fixture
def bare(emulator: Emulator, role: str) -> Iterator[None]:
    """Take the role's policies away, until the test ends."""
    iam, name = emulator.client("iam"), role.rpartition("/")[2]
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    documents = {
        policy: json.dumps(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
        for policy in policies
    }
    for policy in policies:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    yield
    for policy, document in documents.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)


def make(call: Call, inside: Session, names: Mapping[str, str], endpoint: str) -> None:
    any_service: Any = inside.client  # the stubs know services by literal names alone
    client = any_service(call.service, region_name=call.region, endpoint_url=endpoint)
    getattr(client, call.operation)(**call.filled(names))


@pytest.mark.usefixtures("bare")
def test_the_function_can_do_nothing_but_by_its_roles_policies(function: DeployedFunction) -> None:
    with pytest.raises(FunctionError, match="UnauthorizedOperation"):
        function.run(period="day")


def test_every_needed_call_is_done(inside: Session, names: Mapping[str, str], emulator: Emulator) -> None:
    for call in (*NEEDED, *NEEDED_BY_LAMBDA):
        try:
            make(call, inside, names, emulator.endpoint)
        except ClientError as error:  # a handle is read only once the call is allowed
            if error.response["Error"]["Code"] != "ReceiptHandleIsInvalid":
                raise


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: call.what)
def test_every_other_call_is_refused(
    inside: Session, names: Mapping[str, str], emulator: Emulator, call: Call
) -> None:
    with pytest.raises(ClientError) as refused:
        make(call, inside, names, emulator.endpoint)

    assert refused.value.response["Error"]["Code"] == NOT_AUTHORIZED[call.service]
