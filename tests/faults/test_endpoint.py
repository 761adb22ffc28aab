"""The endpoint is as strict as AWS: what it accepts, AWS accepts."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError

from fake_aws.account import REGION, TOPIC, FakeAccount
from fake_aws.buckets import ec2_buckets
from fake_aws.records import SnapshotRecord, VolumeRecord
from fake_aws.server import Endpoint
from fake_aws.service import Service
from tests.faults.clock import VirtualClock

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

VOLUME = "vol-00000000000000001"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def account(endpoint: Endpoint, clock: VirtualClock) -> FakeAccount:
    account = FakeAccount(clock=clock)
    account.volumes[VOLUME] = VolumeRecord(id=VOLUME, tags={"Backup": "true"})
    endpoint.service = Service(account=account)
    return account


def client(endpoint: Endpoint, service: str) -> Any:  # noqa: ANN401 - boto3's type differs by service
    session = Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    return session.client(service, endpoint_url=endpoint.url, config=once)  # type: ignore[call-overload]


@pytest.fixture
def ec2(endpoint: Endpoint) -> "Iterator[EC2Client]":
    made = client(endpoint, "ec2")
    yield made
    made.close()


def history(account: FakeAccount, *values: str) -> None:
    for number, value in enumerate(values):
        tags = {"set": value}
        account.add(SnapshotRecord(id=f"snap-{number:04}", volume_id=VOLUME, started=number, tags=tags))


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("a*", ["a", "ab", "a*"]), ("a?", ["ab", "a*"]), (r"a\*", ["a*"]), ("A", []), ("a", ["a"])],
)
def test_filters_take_wildcards_and_escapes(
    ec2: "EC2Client", account: FakeAccount, pattern: str, found: list[str]
) -> None:
    history(account, "a", "ab", "a*", "b")

    listed = ec2.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": "tag:set", "Values": [pattern]}])

    assert [snapshot["Tags"][0]["Value"] for snapshot in listed["Snapshots"]] == found


def test_pages_hold_no_more_than_asked_for_and_lead_to_the_end(
    ec2: "EC2Client", account: FakeAccount
) -> None:
    history(account, *"abcdefghijkl")
    paginator = ec2.get_paginator("describe_snapshots")

    pages = list(paginator.paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 5}))

    assert [len(page["Snapshots"]) for page in pages] == [5, 5, 2]
    assert len({snapshot["SnapshotId"] for page in pages for snapshot in page["Snapshots"]}) == 12


@pytest.mark.parametrize("size", [4, 1001])
def test_a_page_size_that_ec2_refuses_is_refused(ec2: "EC2Client", account: FakeAccount, size: int) -> None:
    history(account, "a")

    with pytest.raises(ClientError) as error:
        ec2.describe_snapshots(OwnerIds=["self"], MaxResults=size)

    assert code(error) == "InvalidParameterValue"


@pytest.mark.usefixtures("account")
def test_a_parameter_that_the_endpoint_does_not_know_is_never_ignored(ec2: "EC2Client") -> None:
    with pytest.raises(ClientError) as error:
        ec2.describe_snapshots(OwnerIds=["self"], RestorableByUserIds=["all"])

    assert code(error) == "UnknownParameter"


def test_a_volume_takes_one_snapshot_in_15_seconds(
    ec2: "EC2Client", account: FakeAccount, clock: VirtualClock
) -> None:
    ec2.create_snapshot(VolumeId=VOLUME)
    clock.sleep(14)
    with pytest.raises(ClientError) as error:
        ec2.create_snapshot(VolumeId=VOLUME)
    clock.sleep(1)
    ec2.create_snapshot(VolumeId=VOLUME)

    assert code(error) == "SnapshotCreationPerVolumeRateExceeded"
    assert len(account.snapshots) == 2


@pytest.mark.parametrize(("kind", "most"), [("gp3", 5), ("st1", 1)])
def test_a_volume_has_so_many_snapshots_pending_or_failed_at_once(
    ec2: "EC2Client", account: FakeAccount, clock: VirtualClock, kind: str, most: int
) -> None:
    account.volumes[VOLUME].type = kind
    account.fate = lambda _: (10, "error")
    for _ in range(most):
        ec2.create_snapshot(VolumeId=VOLUME)
        clock.sleep(60)

    with pytest.raises(ClientError) as error:
        ec2.create_snapshot(VolumeId=VOLUME)

    assert code(error) == "ConcurrentSnapshotLimitExceeded"


def test_listings_trail_the_writes(ec2: "EC2Client", account: FakeAccount, clock: VirtualClock) -> None:
    account.lag = 3
    made = ec2.create_snapshot(VolumeId=VOLUME)["SnapshotId"]
    clock.sleep(2)
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    clock.sleep(2)
    ec2.delete_snapshot(SnapshotId=made)

    assert [
        snapshot["SnapshotId"] for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    ] == [made]


def test_a_snapshot_that_an_image_uses_or_a_lock_holds_stays(ec2: "EC2Client", account: FakeAccount) -> None:
    history(account, "used", "locked")
    used, locked = account.snapshots.values()
    used.ami, locked.locked = "ami-0123", True
    codes = []
    for snapshot in (used, locked):
        with pytest.raises(ClientError) as error:
            ec2.delete_snapshot(SnapshotId=snapshot.id)
        codes.append(code(error))

    assert codes == ["InvalidSnapshot.InUse", "OperationNotPermitted"]
    assert not used.deleted
    assert not locked.deleted


def test_an_empty_bucket_throttles_and_fills_again(
    ec2: "EC2Client", account: FakeAccount, clock: VirtualClock
) -> None:
    account.buckets = ec2_buckets()
    history(account, *("x" for _ in range(102)))
    for number in range(100):
        ec2.delete_snapshot(SnapshotId=f"snap-{number:04}")
    with pytest.raises(ClientError) as error:
        ec2.delete_snapshot(SnapshotId="snap-0100")
    clock.sleep(0.2)
    ec2.delete_snapshot(SnapshotId="snap-0100")

    assert code(error) == "RequestLimitExceeded"
    assert account.refused == {"DeleteSnapshot": 1}


@pytest.mark.parametrize(
    ("subject", "body", "allowed"),
    [
        ("x" * 99, "y", True),
        ("x" * 100, "y", False),
        ("two\nlines", "y", False),
        ("ümlaut", "y", False),
        ("x", "y" * 262_000, True),
        ("x", "ü" * 131_073, False),
        ("x", "", False),
    ],
    ids=range(7),
)
def test_a_mail_keeps_to_sns_limits(
    endpoint: Endpoint, account: FakeAccount, subject: str, body: str, *, allowed: bool
) -> None:
    sns = client(endpoint, "sns")
    message = json.dumps({"default": "d", "email": body}, ensure_ascii=False)
    attributes = {"status": {"DataType": "String", "StringValue": "OK"}}
    try:
        sns.publish(
            TopicArn=TOPIC,
            Subject=subject,
            Message=message,
            MessageStructure="json",
            MessageAttributes=attributes,
        )
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidParameter"  # noqa: PT017 - one of two outcomes
    finally:
        sns.close()

    assert len(account.mails) == allowed


def test_an_asynchronous_invocation_is_queued(endpoint: Endpoint, account: FakeAccount) -> None:
    function = client(endpoint, "lambda")
    answer = function.invoke(
        FunctionName="ebs-backup", InvocationType="Event", Payload=json.dumps({"period": "day"})
    )
    function.close()

    assert answer["StatusCode"] == 202
    assert [json.loads(payload) for payload in account.queued] == [{"period": "day"}]
