"""Volumes in the emulator are made as AWS makes them; snapshots are read by the block."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.account import EmulatedAccount
from emulator.server import REGION


@pytest.fixture
def snapshot(account: EmulatedAccount) -> str:
    """Return a completed snapshot of an encrypted volume."""
    made = account.ec2.create_volume(
        AvailabilityZone=f"{REGION}a", Size=10, VolumeType="gp3", Iops=4000, Throughput=250, Encrypted=True
    )
    snapshot = account.snapshot(made["VolumeId"])
    account.emulator.clock.set(account.emulator.clock.now() + timedelta(hours=1))
    account.snapshots()
    return snapshot


def volume(account: EmulatedAccount, snapshot: str, **more: object) -> dict[str, Any]:
    made: dict[str, Any] = account.ec2.create_volume(
        **{"AvailabilityZone": f"{REGION}a", "SnapshotId": snapshot, "VolumeType": "gp3"} | more
    )
    return made


def test_a_volume_has_the_performance_that_was_asked_for(account: EmulatedAccount, snapshot: str) -> None:
    made = volume(account, snapshot, Iops=5000, Throughput=300)

    (listed,) = account.ec2.describe_volumes(VolumeIds=[made["VolumeId"]])["Volumes"]
    assert (listed["Iops"], listed["Throughput"]) == (5000, 300)


def test_a_volume_of_an_encrypted_snapshot_has_its_key(account: EmulatedAccount, snapshot: str) -> None:
    made = volume(account, snapshot)

    (listed,) = account.snapshots()
    assert made["Encrypted"]
    assert made["KmsKeyId"] == listed["KmsKeyId"]


def test_the_same_token_makes_one_volume(account: EmulatedAccount, snapshot: str) -> None:
    before = len(account.ec2.describe_volumes()["Volumes"])

    first, second = (volume(account, snapshot, ClientToken="one") for _ in range(2))
    third = volume(account, snapshot, ClientToken="another")

    assert first["VolumeId"] == second["VolumeId"] != third["VolumeId"]
    assert len(account.ec2.describe_volumes()["Volumes"]) == before + 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"AvailabilityZone": "eu-west-1z"}, "InvalidZone.NotFound"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
        ({"Size": 9}, "InvalidParameterValue"),
        ({"VolumeType": "gp2", "Iops": 300}, "InvalidParameterCombination"),
        ({"VolumeType": "io2"}, "MissingParameter"),
        ({"VolumeType": "io2", "Iops": 300, "Throughput": 125}, "InvalidParameterCombination"),
        ({"KmsKeyId": "alias/mine"}, "InvalidParameterDependency"),
        ({"DryRun": True}, "DryRunOperation"),
    ],
)
def test_what_ec2_refuses_is_refused(
    account: EmulatedAccount, snapshot: str, asked: dict[str, object], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        volume(account, snapshot, **asked)

    assert refused.value.response["Error"]["Code"] == code


def test_a_pending_snapshot_makes_no_volume(account: EmulatedAccount) -> None:
    pending = account.snapshot(account.volume("web"))

    with pytest.raises(ClientError, match="IncorrectState"):
        volume(account, pending)


def test_a_snapshot_is_read_by_the_block_each_with_its_checksum(
    account: EmulatedAccount, snapshot: str
) -> None:
    ebs = account.emulator.client("ebs")

    first = ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=200)
    rest = ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=200, NextToken=first["NextToken"])
    block = rest["Blocks"][-1]
    read = ebs.get_snapshot_block(
        SnapshotId=snapshot, BlockIndex=block["BlockIndex"], BlockToken=block["BlockToken"]
    )

    data = read["BlockData"].read()
    assert (len(first["Blocks"]), len(rest["Blocks"]), first["VolumeSize"]) == (200, 120, 10)
    assert read["Checksum"] == base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert len(data) == read["DataLength"] == first["BlockSize"]


def test_a_wrong_token_reads_nothing(account: EmulatedAccount, snapshot: str) -> None:
    ebs = account.emulator.client("ebs")

    with pytest.raises(ClientError, match="ValidationException"):
        ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=0, BlockToken="wrong")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        ebs.list_snapshot_blocks(SnapshotId="snap-0123456789abcdef0")
